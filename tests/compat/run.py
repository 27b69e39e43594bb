"""Runs a PyTorch script with either library, from weights and data that numpy made.

python -m tests.compat.run writes the losses PyTorch gives into losses.json.
"""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent
LOSSES = FOLDER / "losses.json"
SCRIPTS = ("lenet", "resnet18", "net3d")
STEPS = 20


def load(script: str, library: str) -> ModuleType:
    """The script as a module, its import lines naming `library`."""
    source = (FOLDER / f"{script}.py").read_text()
    source = re.sub(r"^((?:import|from) )convcore\b", rf"\1{library}", source, flags=re.M)
    module = ModuleType(f"{script}_{library}")
    exec(compile(source, f"{script}.py", "exec"), module.__dict__)
    return module


def run(script: str, library: str) -> tuple[list[float], float]:
    """The losses of STEPS steps and the final accuracy on the first batch."""
    module, lib = load(script, library), importlib.import_module(library)
    if library == "torch":
        lib.set_num_threads(1)  # two thread teams at once would wait for each other
    model = module.build()
    _fill(model, lib, np.random.default_rng(1))
    rng = np.random.default_rng(2)
    inputs, targets = [], []
    for _ in range(4):
        y = rng.integers(0, 10, module.SHAPE[0])
        x = rng.standard_normal(module.SHAPE) + y.reshape(-1, *[1] * (len(module.SHAPE) - 1)) / 5
        inputs.append(lib.tensor(x.astype(np.float32)))
        targets.append(lib.tensor(y))
    return module.train(model, inputs, targets, STEPS)


def _fill(model: Any, lib: Any, rng: np.random.Generator) -> None:
    """Kernels and matrices with the spread of He's initialisation, biases zero; the rest as the script sets it."""
    state = model.state_dict()
    for key, value in state.items():
        shape = tuple(value.shape)
        if len(shape) > 1:
            array = rng.standard_normal(shape) * np.sqrt(2 / int(np.prod(shape[1:])))
            state[key] = lib.tensor(array.astype(np.float32))
        elif key.endswith("bias"):
            state[key] = lib.zeros(shape)
    model.load_state_dict(state)


def main() -> None:
    import torch

    recorded = {"torch": torch.__version__, "losses": {s: run(s, "torch")[0] for s in SCRIPTS}}
    LOSSES.write_text(json.dumps(recorded, indent=1) + "\n")


if __name__ == "__main__":
    main()
