"""Reads the numpy arrays out of a pickle without running anything it names.

CIFAR-10's python batches are pickles of dictionaries with lists, strings and uint8 arrays. The
few callables such a pickle needs are replaced by the stand-ins below; any other name is refused,
so no code outside this file is ever looked up, let alone called.
"""

from __future__ import annotations

import io
import math
import pickle
from typing import Any

import numpy as np


class UnsafePickle(ValueError):
    """The pickle asks for something that a data file has no need of."""


class _ByteType:
    """Stands for numpy.dtype: only single unsigned bytes."""

    def __init__(self, code: Any, align: Any = False, copy: Any = True) -> None:
        if code not in ("u1", b"u1", "B", b"B"):
            raise UnsafePickle(f"the pickle holds an array of type {code!r}, expected 'u1'")

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or any(part is not None for part in state[2:5]):
            raise UnsafePickle("the pickle holds a structured array, expected plain bytes")


class _Array:
    """Stands for numpy.ndarray until its content is known."""

    value: np.ndarray | None = None

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, data = state
        if not isinstance(dtype, _ByteType) or not isinstance(data, bytes):
            raise UnsafePickle("the pickle holds an array of objects, expected bytes")
        if not isinstance(shape, tuple) or any(type(n) is not int or n < 0 for n in shape):
            raise ValueError(f"array shape {shape!r}")
        if math.prod(shape) != len(data):
            raise ValueError(f"array of shape {shape} with {len(data)} bytes")
        self.value = np.frombuffer(data, np.uint8).reshape(shape, order="F" if fortran else "C")


def _reconstruct(kind: Any, shape: Any, code: Any) -> _Array:
    if kind is not _Array:
        raise UnsafePickle("the pickle asks numpy to rebuild something that is not an array")
    return _Array()


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    """Stands for _codecs.encode, which Python 3 uses to write bytes in old protocols."""
    if not isinstance(text, str) or encoding != "latin1":
        raise UnsafePickle(f"the pickle asks for the codec {encoding!r}, expected 'latin1'")
    return text.encode("latin1")


_ADMITTED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _ByteType,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("_codecs", "encode"): _encode,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise UnsafePickle(f"the pickle asks for {module}.{name}") from None

    def persistent_load(self, pid: Any) -> Any:
        raise UnsafePickle("the pickle refers to objects outside the file")


def load_arrays(content: bytes) -> Any:
    """The object pickled in `content`: dictionaries, lists, strings, numbers and uint8 arrays."""
    value = _Unpickler(io.BytesIO(content), encoding="bytes").load()
    if isinstance(value, dict):
        value = {k: v.value if isinstance(v, _Array) else v for k, v in value.items()}
    return value
