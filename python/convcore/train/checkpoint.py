"""Files of a training run: weights in safetensors, everything else as JSON in the same file.

A file is written under a temporary name, flushed to the disk and renamed, so under its own name
there is always a whole one. Its metadata holds the JSON text and a checksum of the tensors. No
pickle is read or written.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import convcore as cc

FORMAT = "convcore-1"
PathLike = str | os.PathLike[str]


def write_atomically(path: PathLike, content: bytes, *, durable: bool = True) -> None:
    """Write `content` to `path` so that a reader, or a crash, sees the old file or the new one.

    `durable=False` skips the flush to the disk, for what can be made again.
    """
    path = Path(path)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    if not durable:
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def pack(value: Any, tensors: dict[str, np.ndarray], name: str = "") -> Any:
    """`value` as plain JSON, its tensors and arrays moved to `tensors` under their path."""
    if isinstance(value, (cc.Tensor, np.ndarray)):
        array = np.asarray(value.detach() if isinstance(value, cc.Tensor) else value)
        tensors[name] = np.asarray(array, order="C")
        return {"$tensor" if isinstance(value, cc.Tensor) else "$array": name}
    if isinstance(value, Mapping):
        items = [[k, pack(v, tensors, f"{name}.{k}" if name else str(k))] for k, v in value.items()]
        if all(isinstance(k, str) and k[:1] != "$" for k in value):
            return dict(items)
        if not all(isinstance(k, (str, int)) for k in value):
            raise TypeError(f"checkpoint: {name}: expected keys of type str or int")
        return {"$items": items}
    if isinstance(value, (list, tuple)):
        parts = [pack(v, tensors, f"{name}.{i}") for i, v in enumerate(value)]
        return parts if isinstance(value, list) else {"$tuple": parts}
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"checkpoint: {name}: cannot store a {type(value).__name__}")


def unpack(value: Any, tensors: Mapping[str, np.ndarray]) -> Any:
    """The inverse of `pack`."""
    if isinstance(value, list):
        return [unpack(v, tensors) for v in value]
    if not isinstance(value, dict):
        return value
    if "$tensor" in value:
        return cc.from_numpy(tensors[value["$tensor"]])
    if "$array" in value:
        return tensors[value["$array"]]
    if "$tuple" in value:
        return tuple(unpack(v, tensors) for v in value["$tuple"])
    if "$items" in value:
        return {k: unpack(v, tensors) for k, v in value["$items"]}
    return {k: unpack(v, tensors) for k, v in value.items()}


def _checksum(tensors: Mapping[str, np.ndarray]) -> str:
    value = 0
    for name in sorted(tensors):
        value = zlib.crc32(np.ascontiguousarray(tensors[name]).data.cast("B"), value)
    return f"{value:08x}"


def _write(path: PathLike, tensors: dict[str, np.ndarray], metadata: dict[str, Any]) -> None:
    from safetensors.numpy import save

    # One entry: the order of several is not fixed, and equal runs shall give equal files.
    metadata = {"format": FORMAT, "crc32": _checksum(tensors), **metadata}
    write_atomically(path, save(tensors, {"convcore": json.dumps(metadata)}))


def _read(path: PathLike) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    from safetensors import SafetensorError, safe_open

    if not os.path.isfile(path):
        raise FileNotFoundError(f"{path}: no such file")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = json.loads((file.metadata() or {}).get("convcore", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError, TypeError, KeyError, OSError) as error:
        raise ValueError(f"{path}: expected a whole safetensors file ({error})") from None
    if "crc32" in metadata and metadata["crc32"] != _checksum(tensors):
        raise ValueError(f"{path}: the tensors do not match their checksum; the file is damaged")
    return tensors, metadata


def save_weights(path: PathLike, model: Any) -> None:
    """Write the model's `state_dict` as a safetensors file.

    >>> from convcore import nn
    >>> save_weights("/tmp/linear.safetensors", nn.Linear(2, 2))
    """
    tensors: dict[str, np.ndarray] = {}
    for name, value in model.state_dict().items():
        pack(value, tensors, name)
    _write(path, tensors, {})


def load_weights(path: PathLike, model: Any) -> None:
    """Load weights into `model`: all of them, or ValueError naming the file and what differs."""
    tensors, _ = _read(path)
    with _naming(path):
        model.load_state_dict({name: cc.from_numpy(array) for name, array in tensors.items()})


def save_checkpoint(path: PathLike, state: Mapping[str, Any]) -> None:
    """Write nested dictionaries of tensors, numbers and strings, with a readable `.json` beside."""
    tensors: dict[str, np.ndarray] = {}
    packed = pack(state, tensors)
    _write(path, tensors, {"state": packed})
    text = json.dumps(packed, indent=1) + "\n"
    write_atomically(Path(path).with_suffix(".json"), text.encode(), durable=False)


def load_checkpoint(path: PathLike) -> dict[str, Any]:
    """Read what `save_checkpoint` wrote (from the safetensors file alone).

    Raises FileNotFoundError, or ValueError for a damaged file or one of another kind.
    """
    tensors, metadata = _read(path)
    if metadata.get("format") != FORMAT or "state" not in metadata:
        raise ValueError(f"{path}: expected a checkpoint of format {FORMAT}, got other tensors")
    with _naming(path):
        return unpack(metadata["state"], tensors)


@contextlib.contextmanager
def _naming(path: PathLike) -> Iterator[None]:
    """Turn what goes wrong with a file's content into ValueErrors that name the file."""
    try:
        yield
    except (ValueError, TypeError, RuntimeError, KeyError, IndexError, AttributeError) as error:
        raise ValueError(f"{path}: {error}") from None
