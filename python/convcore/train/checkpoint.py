"""Files of a training run, written and read by `convcore.save` and `convcore.load`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from convcore._files import PathLike, load, naming, readable, save, write_atomically


def save_weights(path: PathLike, model: Any) -> None:
    """Write the model's `state_dict` as a safetensors file.

    >>> from convcore import nn
    >>> save_weights("/tmp/linear.safetensors", nn.Linear(2, 2))
    """
    save(model.state_dict(), path)


def load_weights(path: PathLike, model: Any) -> None:
    """Load weights into `model`: all of them, or ValueError naming the file and what differs."""
    state = load(path)
    with naming(path):
        model.load_state_dict(state)


def save_checkpoint(path: PathLike, state: Mapping[str, Any]) -> None:
    """Write nested dictionaries of tensors, numbers and strings, with a readable `.json` beside."""
    save(state, path)
    text = json.dumps(readable(state), indent=1) + "\n"
    write_atomically(Path(path).with_suffix(".json"), text.encode(), durable=False)


def load_checkpoint(path: PathLike) -> dict[str, Any]:
    """Read what `save_checkpoint` wrote (from the safetensors file alone).

    Raises FileNotFoundError, or ValueError for a damaged file or one of another kind.
    """
    return load(path)
