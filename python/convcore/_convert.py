"""From Python and numpy values to tensors and to the core's plain arguments."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from convcore import _core

Dtype = _core.dtype
axes, sizes, values = _core.axes, _core.sizes, _core.several
_DTYPES = {
    np.dtype(np.bool_): Dtype.bool,
    np.dtype(np.uint8): Dtype.uint8,
    np.dtype(np.int32): Dtype.int32,
    np.dtype(np.int64): Dtype.int64,
    np.dtype(np.float32): Dtype.float32,
    np.dtype(np.float64): Dtype.float64,
}
_BFLOAT16 = "bfloat16"  # the name of ml_dtypes' type, which numpy itself lacks
_NUMPY = {dtype: numpy for numpy, dtype in _DTYPES.items()}
_PYTHON = {builtins.bool: Dtype.bool, builtins.int: Dtype.int64, builtins.float: Dtype.float32}
# Types we do not have, as the nearest one that holds their values.
_WIDENED = {
    np.dtype(np.int8): np.int32,
    np.dtype(np.int16): np.int32,
    np.dtype(np.uint16): np.int32,
    np.dtype(np.uint32): np.int64,
    np.dtype(np.float16): np.float32,
}


def to_dtype(value: Any) -> _core.dtype:
    """The dtype that `value` (ours, numpy's or a Python type) stands for."""
    if isinstance(value, Dtype):
        return value
    if value in _PYTHON:
        return _PYTHON[value]
    if value == _BFLOAT16:
        return Dtype.bfloat16
    try:
        numpy = np.dtype(value)
        return Dtype.bfloat16 if numpy.name == _BFLOAT16 else _DTYPES[numpy]
    except (TypeError, KeyError):
        names = ", ".join(d.name for d in Dtype)
        raise TypeError(f"dtype: expected one of {names}, got {value!r}") from None


def to_numpy_dtype(dtype: _core.dtype) -> np.dtype:
    if dtype == Dtype.bfloat16:
        try:
            import ml_dtypes
        except ImportError:
            raise ImportError(
                "numpy has no bfloat16 of its own: install ml_dtypes, or convert with float() first"
            ) from None
        return np.dtype(ml_dtypes.bfloat16)
    return _NUMPY[dtype]


class Bits(np.ndarray):
    """bfloat16 by its bits, an array of uint16: what is kept and written needs no ml_dtypes."""


def memory(x: _core.TensorBase) -> np.ndarray:
    """A tensor's memory, read-only; of bfloat16 as Bits."""
    array = _core.to_numpy(x, False)
    return array.view(Bits) if x.dtype == Dtype.bfloat16 else array


def to_numpy(x: _core.TensorBase, writable: builtins.bool) -> np.ndarray:
    """A tensor's memory as numpy sees it."""
    if x.dtype == Dtype.bfloat16:
        numpy = to_numpy_dtype(x.dtype)
        return _core.to_numpy(x, writable).view(numpy)
    return _core.to_numpy(x, writable)


def check_device(device: Any) -> None:
    """Everything lives on the CPU; any other device is refused."""
    if device is None or str(device) == "cpu":
        return
    raise NotImplementedError(f"device: only 'cpu' is available in this build, got {str(device)!r}")


def from_array(array: np.ndarray, *, copy: builtins.bool) -> _core.TensorBase:
    """A tensor over a numpy array's memory, or over a copy where it cannot be shared."""
    dtype = _DTYPES.get(array.dtype)
    if isinstance(array, Bits) or array.dtype.name == _BFLOAT16:
        dtype = Dtype.bfloat16
    elif array.dtype in _WIDENED:
        array, copy = array.astype(_WIDENED[array.dtype], order="C"), False
    if not array.dtype.isnative:
        array, copy = array.astype(array.dtype.newbyteorder("="), order="C"), False
    dtype = dtype or _DTYPES.get(array.dtype)
    if dtype is None:
        raise TypeError(f"tensor: no dtype for a numpy array of {array.dtype}")
    itemsize = array.dtype.itemsize
    shareable = array.flags.writeable and array.flags.aligned
    if copy or not shareable or builtins.any(stride % itemsize for stride in array.strides):
        array = np.array(array, order="C", copy=True)
    strides = [stride // itemsize for stride in array.strides]
    return _core.from_memory(array.ctypes.data, list(array.shape), strides, dtype, array)


def index_tensor(item: Any) -> _core.TensorBase:
    """An integer or boolean index array as an int64 or bool tensor."""
    if isinstance(item, _core.TensorBase):
        x = item
    else:
        array = np.asarray(item)
        x = from_array(array.astype(np.int64) if array.size == 0 else array, copy=True)
    if x.dtype == Dtype.bool or x.dtype == Dtype.int64:
        return x
    if x.dtype == Dtype.int32 or x.dtype == Dtype.uint8:
        return _core.to_dtype(x, Dtype.int64)
    raise IndexError(f"index: arrays must be of integers or bool, got {x.dtype}")


def axis(op: str, name: str, dim: int, ndim: int) -> int:
    """A dimension counted from the front."""
    if not -ndim <= dim < ndim:
        raise IndexError(f"{op}: {name} must be in [{-ndim}, {ndim - 1}], got {dim}")
    return dim + ndim if dim < 0 else dim


def factors(value: Any, name: str) -> list[float]:
    """One number or several, as a list."""
    try:
        return [float(value)] if not isinstance(value, list | tuple) else [float(v) for v in value]
    except (TypeError, ValueError):
        raise TypeError(f"{name}: expected a number or several, got {value!r}") from None
