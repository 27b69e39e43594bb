"""Files: tensors as safetensors, everything else as JSON in the same file's metadata.

A file is written under a temporary name, flushed to the disk and renamed, so under its own name
there is always a whole one. A checksum of the tensors shows damage. No pickle is read or written.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from convcore import _convert as convert
from convcore import _core
from convcore._tensor import Parameter, Tensor

FORMAT = "convcore-1"
PathLike = str | os.PathLike[str]

# What other files begin with, and what to do about them.
_NO_PICKLE = (
    "which may hold code and is never read; where it was made, write the state dict with "
    "safetensors (safetensors.torch.save_file) and load that"
)
_OTHERS = {
    b"PK\x03\x04": "a zip archive: if it is of torch.save, it holds a pickle, "
    + _NO_PICKLE
    + "; if it is an .npz, use numpy.load",
    b"\x80": "a pickle, " + _NO_PICKLE,
    b"\x93NUMPY": "a numpy array; use numpy.load",
    b"\x89HDF": "an HDF5 file; convert it to safetensors with the program that made it",
}


def save(obj: Any, f: PathLike | BinaryIO) -> None:
    """Write tensors, arrays, numbers, strings, and dicts, lists and tuples of them, to a path or file object.

    This holds every `state_dict`: of modules, optimizers, schedulers and loaders. The file is a
    safetensors one, its tensors named by their path (`model.0.weight`); one that appears twice, as
    tied weights do, is written once and is shared again when loaded. A path is replaced in one
    step, so a crash leaves the old file whole. Raises TypeError, naming the place, for any other
    object: of a module save its `state_dict()`.

    >>> import io
    >>> import convcore as cc
    >>> file = io.BytesIO()
    >>> cc.save({"weight": cc.ones(2), "epoch": 3}, file)
    >>> _ = file.seek(0)
    >>> cc.load(file)
    {'weight': tensor([1., 1.]), 'epoch': 3}
    """
    from safetensors.numpy import save as to_bytes

    packer = _Packer()
    try:
        state = packer.pack(obj, "")
    except RecursionError:
        raise ValueError("save: obj contains itself, or is too deep") from None
    # One entry: the order of several is not fixed, and equal states shall give equal files.
    metadata = {"format": FORMAT, "crc32": _checksum(packer.arrays), "state": state}
    content = to_bytes(packer.arrays, {"convcore": json.dumps(metadata)})
    bits = [name for name, array in packer.arrays.items() if isinstance(array, convert.Bits)]
    content = _relabelled(content, bits, "BF16") if bits else content
    if hasattr(f, "write"):
        f.write(content)
    else:
        write_atomically(f, content)


def load(
    f: PathLike | BinaryIO,
    map_location: Any = None,
    *,
    weights_only: bool = True,
) -> Any:
    """Read what `save` wrote, or the tensors of any other safetensors file, from a path or file object.

    Everything lands on the CPU, so `map_location` may say nothing else; no file is executed, so
    `weights_only` changes nothing. Raises FileNotFoundError, or ValueError for a file that is cut,
    damaged or of another kind, saying which.

    >>> import convcore as cc
    >>> cc.save(cc.nn.Linear(2, 1).state_dict(), "/tmp/linear.safetensors")
    >>> list(cc.load("/tmp/linear.safetensors"))
    ['weight', 'bias']
    """
    if isinstance(map_location, Mapping):
        for target in map_location.values():
            convert.check_device(target)
    elif not callable(map_location):
        convert.check_device(map_location)
    name = getattr(f, "name", type(f).__name__) if hasattr(f, "read") else os.fspath(f)
    with naming(name):
        arrays, text = _read_stream(f) if hasattr(f, "read") else _read_path(f)
        metadata = json.loads(text)
        if "crc32" in metadata and metadata["crc32"] != _checksum(arrays):
            raise ValueError("the tensors do not match their checksum: the file is damaged")
        if "state" not in metadata:
            return {key: convert.from_array(array, copy=False) for key, array in arrays.items()}
        try:
            return _Unpacker(arrays).unpack(metadata["state"])
        except (TypeError, LookupError, ValueError) as error:
            raise ValueError(
                f"the description of its contents is damaged ({type(error).__name__}: {error})"
            ) from None


@contextlib.contextmanager
def naming(path: Any) -> Iterator[None]:
    """Turn what goes wrong with a file's content into ValueErrors that name the file."""
    try:
        yield
    except OSError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, RuntimeError) as error:
        raise ValueError(f"{path}: {error}") from None


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


class _Packer:
    """Turns a value into plain JSON; its tensors and arrays move to `arrays` under their path."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        self._written: dict[tuple, tuple[str, np.ndarray]] = {}  # memory → its name; kept alive

    def pack(self, value: Any, path: str) -> Any:
        if isinstance(value, Tensor):
            return self._tensor(value, path)
        if isinstance(value, np.ndarray):
            return {"$array": self._store(value, path)}
        if isinstance(value, Mapping):
            return self._mapping(value, path)
        if isinstance(value, list | tuple):
            parts = [self.pack(v, _join(path, i)) for i, v in enumerate(value)]
            return parts if isinstance(value, list) else {"$tuple": parts}
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, _core.dtype):
            return {"$dtype": value.name}
        if value is None or isinstance(value, bool | int | float | str):
            return value
        hint = "; save its state_dict()" if hasattr(value, "state_dict") else ""
        raise TypeError(
            f"save: {path or 'obj'}: expected tensors, numbers, strings, or dicts, lists and tuples "
            f"of them, got {type(value).__name__}{hint}"
        )

    def _mapping(self, value: Mapping, path: str) -> dict[str, Any]:
        items = [(k, self.pack(v, _join(path, k))) for k, v in value.items()]
        plain = all(isinstance(k, str) and not k.startswith("$") for k in value)
        if plain and not isinstance(value, Counter):
            return dict(items)
        kind = "$counter" if isinstance(value, Counter) else "$items"
        return {kind: [[self._key(k, path), v] for k, v in items]}

    def _key(self, key: Any, path: str) -> Any:
        if isinstance(key, Tensor | np.ndarray | Mapping):
            raise TypeError(f"save: {path or 'obj'}: a {type(key).__name__} cannot be a key")
        return self.pack(key, path)

    def _tensor(self, value: Tensor, path: str) -> dict[str, Any]:
        packed: dict[str, Any] = {"$tensor": self._store(convert.memory(value), path)}
        if value.requires_grad:
            packed["requires_grad"] = True
        if isinstance(value, Parameter):
            packed["parameter"] = True
        return packed

    def _store(self, array: np.ndarray, path: str) -> str:
        """The name under which the array is written: of equal memory the first, else one of its own."""
        if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
            raise TypeError(f"save: {path or 'obj'}: cannot write an array of {array.dtype}")
        start = array.__array_interface__["data"][0]
        memory = (start if array.size else id(array), array.shape, array.strides, array.dtype.str)
        if memory in self._written:
            return self._written[memory][0]
        name = path or "obj"
        while name in self.arrays:  # {"a": {"b": x}, "a.b": y}
            name += "'"
        self._written[memory] = (name, array)
        self.arrays[name] = np.asanyarray(array, array.dtype.newbyteorder("="), order="C")
        return name


def readable(obj: Any) -> Any:
    """`obj` as the JSON that `save` writes, a name in each tensor's place."""
    return _Packer().pack(obj, "")


class _Unpacker:
    """The inverse of `_Packer`."""

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self._arrays = arrays
        self._tensors: dict[tuple, Tensor] = {}

    def unpack(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.unpack(v) for v in value]
        if not isinstance(value, dict):
            return value
        if "$tensor" in value:
            return self._tensor(value)
        if "$array" in value:
            return self._arrays[value["$array"]]
        if "$tuple" in value:
            return tuple(self.unpack(v) for v in value["$tuple"])
        if "$items" in value:
            return {self.unpack(k): self.unpack(v) for k, v in value["$items"]}
        if "$counter" in value:
            return Counter({self.unpack(k): v for k, v in value["$counter"]})
        if "$dtype" in value:
            return convert.to_dtype(value["$dtype"])
        return {k: self.unpack(v) for k, v in value.items()}

    def _tensor(self, packed: dict[str, Any]) -> Tensor:
        name, parameter = packed["$tensor"], packed.get("parameter", False)
        requires_grad = packed.get("requires_grad", False)
        key = (name, parameter, requires_grad)
        if key not in self._tensors:
            tensor = convert.from_array(self._arrays[name], copy=False)
            if parameter:
                tensor = Parameter(tensor, requires_grad)
            elif requires_grad:
                tensor.requires_grad_()
            self._tensors[key] = tensor
        return self._tensors[key]


def _join(path: str, key: Any) -> str:
    return f"{path}.{key}" if path else str(key)


def _checksum(arrays: Mapping[str, np.ndarray]) -> str:
    value = 0
    for name in sorted(arrays):
        value = zlib.crc32(arrays[name].reshape(-1).view(np.uint8), value)
    return f"{value:08x}"


def _read_path(path: PathLike) -> tuple[dict[str, np.ndarray], str]:
    from safetensors import SafetensorError, safe_open

    if not os.path.isfile(path):
        raise FileNotFoundError(f"{path}: no such file")
    with open(path, "rb") as file:
        _check_kind(file.read(9))
    try:
        with safe_open(path, framework="numpy") as file:
            names = file.keys()
            if any(file.get_slice(name).get_dtype() == "BF16" for name in names):
                with open(path, "rb") as stream:
                    return _read_stream(stream)
            return {name: file.get_tensor(name) for name in names}, _own(file.metadata())
    except (SafetensorError, OSError) as error:
        raise _not_whole(error) from None


def _read_stream(file: BinaryIO) -> tuple[dict[str, np.ndarray], str]:
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_bytes

    content = file.read()
    if not isinstance(content, bytes):
        raise TypeError("expected a file opened in binary mode")
    _check_kind(content)
    bits = []
    # A damaged header is for the library to tell.
    with contextlib.suppress(ValueError, AttributeError):
        bits = [name for name, entry in _header(content).items() if entry.get("dtype") == "BF16"]
    if bits:
        content = _relabelled(content, bits, "U16")
    try:
        arrays = from_bytes(content)
    except SafetensorError as error:
        raise _not_whole(error) from None
    arrays.update({name: arrays[name].view(convert.Bits) for name in bits})
    return arrays, _own(_header(content).get("__metadata__"))


def _header(content: bytes) -> dict[str, Any]:
    return json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])


def _relabelled(content: bytes, names: list[str], dtype: str) -> bytes:
    """The file with another dtype of the same width for these tensors.

    The library's numpy side reads and writes bfloat16 as uint16.
    """
    header = _header(content)
    for name in names:
        header[name]["dtype"] = dtype
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    data = content[8 + int.from_bytes(content[:8], "little") :]
    return len(text).to_bytes(8, "little") + text + data


def _own(metadata: dict[str, str] | None) -> str:
    return (metadata or {}).get("convcore", "{}")


def _check_kind(content: bytes) -> None:
    if content[8:9] == b"{":  # after the header's length
        return
    for start, what in _OTHERS.items():
        if content.startswith(start):
            raise ValueError(f"expected a safetensors file, got {what}")


def _not_whole(error: Exception) -> ValueError:
    return ValueError(
        f"expected a whole safetensors file ({error}); it was cut, is damaged or of another kind: "
        "copy or write it again"
    )
