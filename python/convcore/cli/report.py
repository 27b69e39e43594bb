"""What the commands print: predictions and facts about the build and the machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import convcore as cc
from convcore.data.folder import load_image
from convcore.data.transforms import Normalize
from convcore.train import predict

from .run import Config


def predictions(
    config: Config, model: Any, images: Sequence[Path], top: int, invert: bool
) -> Iterator[str]:
    """For each image the likeliest classes: `7 99.2%, 1 0.5%`."""
    channels, height, width = config.input_shape
    mode = "L" if channels == 1 else "RGB"
    pixels = np.stack([load_image(path, mode, (height, width)) for path in images])
    if invert:
        pixels = 255 - pixels
    scores = np.asarray(predict(model, Normalize(config.mean, config.std)(pixels)))
    shares = np.exp(scores - scores.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    for row in shares:
        best = np.argsort(-row, kind="stable")[:top]
        yield ", ".join(f"{config.classes[i]} {100 * row[i]:.1f}%" for i in best)


def information() -> dict[str, Any]:
    """Facts by name, in the order in which they are shown."""
    return {
        "convcore": cc.__version__,
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "numpy": np.__version__,
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "threads": cc.get_num_threads(),
    }
