"""More functions that make tensors, and the limits of dtypes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from convcore import _convert as convert
from convcore import _core
from convcore._functions import as_tensor, full, linspace, tensor
from convcore._tensor import Tensor

__all__ = [
    "asarray", "bartlett_window", "blackman_window", "can_cast", "finfo", "frombuffer", "get_default_dtype", "hamming_window",
    "hann_window", "iinfo", "is_complex", "logspace", "normal", "promote_types", "randint_like", "scalar_tensor",
]  # fmt: skip


def asarray(obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None) -> Tensor:
    """obj as a tensor, over the same memory where it can be, unless `copy` asks for one."""
    return tensor(obj, dtype=dtype, device=device) if copy else as_tensor(obj, dtype, device)


def scalar_tensor(s: float, *, dtype: Any = None, device: Any = None) -> Tensor:
    """A tensor without dimensions: one number, float32 unless told."""
    return full((), s, dtype=_core.dtype.float32 if dtype is None else dtype, device=device)


def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0) -> Tensor:
    """The numbers in a buffer of bytes, copied.

    >>> import convcore as cc
    >>> cc.frombuffer(bytearray([1, 2]), dtype=cc.uint8)
    tensor([1, 2], dtype=uint8)
    """
    kind = convert.to_dtype(dtype)
    if kind == _core.dtype.bfloat16:
        numbers = np.frombuffer(buffer, np.uint16, count, offset).view(convert.Bits)
    else:
        numbers = np.frombuffer(buffer, convert.to_numpy_dtype(kind), count, offset)
    return convert.from_array(numbers, copy=True)


def logspace(
    start: float,
    end: float,
    steps: int,
    base: float = 10.0,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """steps values from base^start to base^end, their logarithms evenly spaced.

    >>> import convcore as cc
    >>> cc.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
    exponents = linspace(start, end, steps, dtype=_core.dtype.float64, device=device)
    out = (base**exponents).to(dtype=_core.dtype.float32 if dtype is None else dtype)
    return out.requires_grad_() if requires_grad else out


def normal(mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, generator: Any = None) -> Tensor:
    """Normally distributed numbers; mean and std are numbers (with `size`) or tensors that broadcast.

    >>> import convcore as cc
    >>> tuple(cc.normal(0.0, cc.ones(3)).shape)
    (3,)
    """
    given = [value for value in (mean, std) if isinstance(value, _core.TensorBase)]
    if not given and size is None:
        raise TypeError("normal: size must be given where mean and std are numbers")
    like = given[0] + given[1] if len(given) > 1 else given[0] if given else None
    shape = convert.sizes((size,)) if like is None else list(like.shape)
    dtype = _core.dtype.float32 if like is None else like.dtype
    return _core.randn(shape, dtype, generator) * std + mean


def randint_like(input: Tensor, low: int, high: int | None = None, *, dtype: Any = None) -> Tensor:
    """Random integers in [low, high) (or [0, low)) with input's shape and dtype."""
    low, high = (0, low) if high is None else (low, high)
    out = _core.randint(low, high, list(input.shape), _core.dtype.int64, None)
    return out.to(dtype=input.dtype if dtype is None else dtype)


def promote_types(type1: Any, type2: Any) -> Any:
    """The smallest dtype that holds the values of both, as PyTorch promotes them.

    >>> import convcore as cc
    >>> cc.promote_types(cc.int32, cc.float32)
    convcore.float32
    """
    one, other = (_core.full([1], 0, convert.to_dtype(type)) for type in (type1, type2))
    return _core.result_type(one, other)


def can_cast(from_: Any, to: Any) -> bool:
    """Whether a conversion keeps the kind of number: floats do not become integers, nor numbers bool."""
    kinds = {"bool": 0, "uint8": 1, "int32": 1, "int64": 1}
    return kinds.get(convert.to_dtype(from_).name, 2) <= kinds.get(convert.to_dtype(to).name, 2)


def is_complex(input: Tensor) -> bool:
    """False: there are no complex numbers."""
    return input.is_complex()


def get_default_dtype() -> Any:
    """float32: what Python's floats become."""
    return _core.dtype.float32


_BFLOAT16_LIMITS = SimpleNamespace(
    bits=16, dtype="bfloat16", eps=2.0**-7, max=(2 - 2.0**-7) * 2.0**127, min=(2.0**-7 - 2) * 2.0**127,
    resolution=0.01, smallest_normal=2.0**-126, tiny=2.0**-126,
)  # fmt: skip


def finfo(type: Any = None) -> Any:
    """The limits of a floating-point dtype (float32 unless told): eps, max, min, tiny, …

    >>> import convcore as cc
    >>> float(cc.finfo(cc.float64).eps)
    2.220446049250313e-16
    """
    dtype = _core.dtype.float32 if type is None else convert.to_dtype(type)
    if dtype == _core.dtype.bfloat16:
        return _BFLOAT16_LIMITS
    return np.finfo(convert.to_numpy_dtype(dtype))


def iinfo(type: Any) -> np.iinfo:
    """The limits of an integer dtype: min and max.

    >>> import convcore as cc
    >>> cc.iinfo(cc.uint8).max
    255
    """
    return np.iinfo(convert.to_numpy_dtype(convert.to_dtype(type)))


def _window(shape: Any, length: int, periodic: bool, dtype: Any) -> Tensor:
    points = length + 1 if periodic and length > 1 else length
    values = np.asarray(shape(points))[:length]
    return convert.from_array(values, copy=True).to(
        dtype=_core.dtype.float32 if dtype is None else dtype
    )


def hann_window(window_length: int, periodic: bool = True, *, dtype: Any = None) -> Tensor:
    """Hann's window ½ − ½·cos(2πn/N), of one period (`periodic`) or symmetric."""
    return _window(np.hanning, window_length, periodic, dtype)


def hamming_window(window_length: int, periodic: bool = True, *, dtype: Any = None) -> Tensor:
    """Hamming's window 0.54 − 0.46·cos(2πn/N)."""
    return _window(np.hamming, window_length, periodic, dtype)


def blackman_window(window_length: int, periodic: bool = True, *, dtype: Any = None) -> Tensor:
    """Blackman's window 0.42 − 0.5·cos(2πn/N) + 0.08·cos(4πn/N)."""
    return _window(np.blackman, window_length, periodic, dtype)


def bartlett_window(window_length: int, periodic: bool = True, *, dtype: Any = None) -> Tensor:
    """Bartlett's window, a triangle."""
    return _window(np.bartlett, window_length, periodic, dtype)
