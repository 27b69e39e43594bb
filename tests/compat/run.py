"""Runs a PyTorch script with either library, from weights and data that numpy made.

python -m tests.compat.run writes the losses PyTorch gives into losses.json.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent
LOSSES = FOLDER / "losses.json"
SCRIPTS = (
    "lenet", "cifar", "resnet18", "densenet", "unet", "vae", "dcgan", "adversarial", "net3d", "char_rnn",
)  # fmt: skip
STEPS = 20


def load(script: str, library: str) -> ModuleType:
    """The script as a module, its import lines naming `library`."""
    source = (FOLDER / f"{script}.py").read_text()
    source = re.sub(r"^((?:import|from) )convcore\b", rf"\1{library}", source, flags=re.M)
    module = ModuleType(f"{script}_{library}")
    exec(compile(source, f"{script}.py", "exec"), module.__dict__)
    return module


def run(script: str, library: str) -> tuple[list[float], float]:
    """The losses of STEPS steps and a final score, often the accuracy on the first batch."""
    module, lib = load(script, library), importlib.import_module(library)
    if library == "torch":
        lib.set_num_threads(1)  # two thread teams at once would wait for each other
    models = module.build()
    for model in models if isinstance(models, tuple) else (models,):
        _fill(model, lib, np.random.default_rng(1))
    draw = BATCHES[script] if script in BATCHES else partial(_classes, module.SHAPE)
    rng = np.random.default_rng(2)
    batches = [[lib.tensor(a) for a in draw(rng)] for _ in range(4)]
    with _noise(lib), redirect_stdout(StringIO()):
        return module.train(models, *zip(*batches, strict=True), STEPS)


def _classes(shape: tuple[int, ...], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Noise, brighter with the number of the class."""
    y = rng.integers(0, 10, shape[0])
    x = rng.standard_normal(shape) + y.reshape(-1, *[1] * (len(shape) - 1)) / 5
    return x.astype(np.float32), y


def _disks(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Noisy images with a disk, and its mask; of a size that four halvings do not divide."""
    centre, radius = rng.uniform(8, 20, (2, 4, 1, 1)), rng.uniform(4, 8, (4, 1, 1))
    rows, columns = np.mgrid[:28, :28]
    mask = np.hypot(rows - centre[0], columns - centre[1]) < radius
    image = rng.standard_normal((4, 3, 28, 28)) + 2 * mask[:, None]
    return image.astype(np.float32), mask


def _images(shape: tuple[int, ...], low: float, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Waves with values from low to 1, turned by the number of the class."""
    y = rng.integers(0, 10, shape[0])
    phase = rng.uniform(0, 1, (2, *shape[:2], 1, 1)) + y.reshape(-1, 1, 1, 1)
    rows, columns = np.mgrid[: shape[2], : shape[3]] / 4
    wave = np.sin(rows + phase[0]) * np.sin(columns + phase[1])
    return (low + (1 - low) * (wave + 1) / 2).astype(np.float32), y


BATCHES = {
    "unet": _disks,
    "vae": partial(_images, (16, 1, 28, 28), 0.0),
    "densenet": partial(_classes, (16, 3, 32, 32)),
    "dcgan": partial(_images, (16, 3, 32, 32), -1.0),
    "char_rnn": lambda rng: (rng.random(1), rng.random(1)),  # the script brings its text
    "adversarial": partial(_images, (16, 1, 28, 28), 0.0),
}


@contextmanager
def _noise(lib: Any) -> Iterator[None]:
    """Normal random numbers from numpy: the streams of the libraries differ."""
    rng = np.random.default_rng(3)

    def randn(*size: int) -> Any:
        return lib.tensor(rng.standard_normal(size).astype(np.float32))

    before = lib.randn, lib.randn_like
    lib.randn, lib.randn_like = randn, lambda input: randn(*input.shape)
    try:
        yield
    finally:
        lib.randn, lib.randn_like = before


def _fill(model: Any, lib: Any, rng: np.random.Generator) -> None:
    """Kernels and matrices with the spread of He's initialisation, biases zero, other random vectors near one."""
    state = model.state_dict()
    for key, value in state.items():
        shape = tuple(value.shape)
        if len(shape) > 1:
            array = rng.standard_normal(shape) * np.sqrt(2 / int(np.prod(shape[1:])))
            state[key] = lib.tensor(array.astype(np.float32))
        elif "bias" in key:
            state[key] = lib.zeros(shape)
        elif len(shape) == 1 and len(set(value.tolist())) > 1:
            state[key] = lib.tensor((1 + 0.02 * rng.standard_normal(shape)).astype(np.float32))
    model.load_state_dict(state)


def main() -> None:
    import torch

    recorded = {"torch": torch.__version__, "losses": {s: run(s, "torch")[0] for s in SCRIPTS}}
    LOSSES.write_text(json.dumps(recorded, indent=1) + "\n")


if __name__ == "__main__":
    main()
