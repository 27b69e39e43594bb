"""What the commands print: predictions and facts about the build and the machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import convcore as cc
from convcore import _core
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


def information() -> dict[str, str]:
    """Facts by name, in the order in which they are shown."""
    rows = {}
    for line in cc.show_config().splitlines():
        name, _, value = line.partition(": ") if ": " in line else line.partition(" ")
        rows[name] = value
    rows["extension"] = Path(_core.__file__).name
    rows["python"] = f"{platform.python_version()} ({platform.python_implementation()})"
    rows["numpy"] = np.__version__
    rows["platform"] = platform.platform()
    rows["cpus"] = str(os.cpu_count())
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    rows["memory"] = f"{pages * size / 2**30:.1f} GiB"
    held = cc.memory_stats()
    rows["allocator"] = ", ".join(f"{name} {value:,} B" for name, value in held.items())
    return rows
