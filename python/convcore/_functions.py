"""Functions that make tensors or take several: creation, random numbers, joining."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from convcore import _convert as convert
from convcore import _core
from convcore._tensor import Tensor

Dtype = _core.dtype


def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor with a copy of data: nested lists, numbers, a numpy array or another tensor.

    Python floats become float32, numpy arrays keep their dtype.

    >>> import convcore as cc
    >>> cc.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    convert.check_device(device)
    if isinstance(data, _core.TensorBase):
        out = _core.clone(data.detach())
    else:
        array = _as_array(data)
        if (
            dtype is None
            and not hasattr(data, "dtype")
            and array.dtype == np.float64
            and not _holds_float64(data)
        ):
            array = array.astype(np.float32)
        out = convert.from_array(array, copy=True)
    if dtype is not None:
        out = _core.to_dtype(out, convert.to_dtype(dtype))
    return out.requires_grad_() if requires_grad else out


def _as_array(data: Any) -> np.ndarray:
    if isinstance(data, list | tuple) and data and isinstance(data[0], _core.TensorBase):
        return np.stack([np.asarray(item) for item in data])
    try:
        array = np.asarray(data)
    except ValueError as error:
        raise _core.ArgumentError(f"tensor: data must be rectangular: {error}") from None
    if array.dtype == object or (array.dtype.kind in "USV" and array.dtype.name != "bfloat16"):
        raise TypeError(
            f"tensor: expected numbers, got {type(data).__name__} with dtype {array.dtype}"
        )
    return array


def _holds_float64(data: Any) -> bool:
    while isinstance(data, list | tuple) and data:
        data = data[0]
    return isinstance(data, np.ndarray | np.generic) and data.dtype == np.float64


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """data itself when it is a tensor of that dtype; over the same memory when it is a numpy array; else a copy."""
    convert.check_device(device)
    if not isinstance(data, _core.TensorBase):
        data = from_numpy(data) if isinstance(data, np.ndarray) else tensor(data)
    return data if dtype is None else _core.to_dtype(data, convert.to_dtype(dtype))


def from_numpy(array: np.ndarray) -> Tensor:
    """A tensor over the array's memory: writes are seen on both sides.

    Read-only arrays and types the library lacks (int8, float16, …) are copied into the nearest type that holds them.
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"from_numpy: expected a numpy array, got {type(array).__name__}")
    return convert.from_array(array, copy=False)


def from_dlpack(source: Any) -> Tensor:
    """A tensor over the memory of anything that speaks DLPack (PyTorch, JAX, numpy, …)."""
    try:
        return _core.from_dlpack(source)
    except TypeError:
        if hasattr(source, "__dlpack__") and hasattr(source, "__array__"):
            return convert.from_array(np.asarray(source), copy=False)
        raise TypeError(
            f"from_dlpack: expected an object with __dlpack__, got {type(source).__name__}"
        ) from None


def _finish(out: Tensor, requires_grad: bool, device: Any) -> Tensor:
    convert.check_device(device)
    return out.requires_grad_() if requires_grad else out


def _dtype(dtype: Any, default: Any = Dtype.float32) -> Any:
    return default if dtype is None else convert.to_dtype(dtype)


def full(
    size: Any,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of that shape with every element fill_value."""
    kind = (
        Dtype.bool
        if isinstance(fill_value, bool)
        else Dtype.int64
        if isinstance(fill_value, int)
        else Dtype.float32
    )
    return _finish(
        _core.full(convert.sizes((size,)), fill_value, _dtype(dtype, kind)), requires_grad, device
    )


def zeros(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of zeros."""
    return _finish(_core.full(convert.sizes(size), 0, _dtype(dtype)), requires_grad, device)


def ones(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of ones."""
    return _finish(_core.full(convert.sizes(size), 1, _dtype(dtype)), requires_grad, device)


def empty(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor whose elements are not set."""
    return _finish(_core.empty(convert.sizes(size), _dtype(dtype)), requires_grad, device)


def full_like(
    input: Tensor,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """full with input's shape, dtype and memory format."""
    out = _core.full_like(input, fill_value, _dtype(dtype, input.dtype))
    out = out if memory_format is None else out.contiguous(memory_format)
    return _finish(out, requires_grad, device)


def zeros_like(
    input: Tensor,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """zeros with input's shape, dtype and memory format."""
    return full_like(
        input,
        0,
        dtype=dtype,
        device=device,
        requires_grad=requires_grad,
        memory_format=memory_format,
    )


def ones_like(
    input: Tensor,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """ones with input's shape, dtype and memory format."""
    return full_like(
        input,
        1,
        dtype=dtype,
        device=device,
        requires_grad=requires_grad,
        memory_format=memory_format,
    )


def empty_like(
    input: Tensor,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """empty with input's shape, dtype and memory format."""
    return full_like(
        input,
        0,
        dtype=dtype,
        device=device,
        requires_grad=requires_grad,
        memory_format=memory_format,
    )


def arange(
    *args: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """arange(end), arange(start, end) or arange(start, end, step): int64 for integers, else float32."""
    start, end, step = (0, args[0], 1) if len(args) == 1 else (*args, 1) if len(args) == 2 else args
    integers = all(hasattr(v, "__index__") for v in (start, end, step))
    return _finish(
        _core.arange(start, end, step, _dtype(dtype, Dtype.int64 if integers else Dtype.float32)),
        requires_grad,
        device,
    )


def linspace(
    start: float,
    end: float,
    steps: int,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """steps values from start to end, both included."""
    return _finish(_core.linspace(start, end, steps, _dtype(dtype)), requires_grad, device)


def eye(
    n: int,
    m: int | None = None,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The identity matrix, n × m."""
    return _finish(_core.eye(n, n if m is None else m, _dtype(dtype)), requires_grad, device)


def rand(
    *size: Any,
    generator: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Uniform random numbers in [0, 1)."""
    return _finish(_core.rand(convert.sizes(size), _dtype(dtype), generator), requires_grad, device)


def randn(
    *size: Any,
    generator: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Standard normal random numbers."""
    return _finish(
        _core.randn(convert.sizes(size), _dtype(dtype), generator), requires_grad, device
    )


def rand_like(
    input: Tensor,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """rand with input's shape and dtype."""
    out = _core.rand(input.shape, _dtype(dtype, input.dtype), None)
    out = out if memory_format is None else out.contiguous(memory_format)
    return _finish(out, requires_grad, device)


def randn_like(
    input: Tensor,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """randn with input's shape and dtype."""
    out = _core.randn(input.shape, _dtype(dtype, input.dtype), None)
    out = out if memory_format is None else out.contiguous(memory_format)
    return _finish(out, requires_grad, device)


def randint(
    *args: Any,
    generator: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    **named: Any,
) -> Tensor:
    """randint(high, size) or randint(low, high, size): random integers in [low, high)."""
    order = ("low", "high", "size") if len(args) + len(named) == 3 else ("high", "size")
    given = {**dict(zip(order, args)), **named}
    if set(given) - {"low"} != {"high", "size"}:
        raise TypeError(f"randint: expected low, high and size, got {sorted(given)}")
    size = convert.sizes((given["size"],))
    out = _core.randint(
        given.get("low", 0), given["high"], size, _dtype(dtype, Dtype.int64), generator
    )
    return _finish(out, requires_grad, device)


def randperm(
    n: int,
    *,
    generator: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The integers 0 … n − 1 in random order."""
    out = _core.randperm(n, generator)
    return _finish(out if dtype is None else out.to(dtype=dtype), requires_grad, device)


def bernoulli(input: Tensor, *, generator: Any = None) -> Tensor:
    """One with the probability input gives, else zero."""
    return _core.bernoulli(input, generator)


def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Any = None
) -> Tensor:
    """Indices drawn with the (unnormalised) probabilities of input's last dimension."""
    return _core.multinomial(input, num_samples, replacement, generator)


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors joined along a dimension; their other sizes are equal.

    >>> import convcore as cc
    >>> cc.cat([cc.zeros(1, 2), cc.ones(1, 2)])
    tensor([[0., 0.],
            [1., 1.]])
    """
    return _core.cat(list(tensors), dim)


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape joined along a new dimension."""
    return _core.stack(list(tensors), dim)


def where(condition: Tensor, input: Tensor | float, other: Tensor | float) -> Tensor:
    """Elements of input where condition holds, else of other, all broadcast."""
    return _core.where(condition, input, other)


def result_type(tensor1: Any, tensor2: Any) -> Any:
    """The dtype arithmetic on the two gives (PyTorch's promotion)."""
    return _core.result_type(tensor1, tensor2)


def allclose(
    input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> bool:
    """Whether |input − other| ≤ atol + rtol·|other| everywhere."""
    return builtins.bool(np.allclose(np.asarray(input), np.asarray(other), rtol, atol, equal_nan))


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether shapes and all elements are equal."""
    return input.shape == other.shape and builtins.bool((input == other).all())


def is_tensor(obj: Any) -> bool:
    """Whether obj is a Tensor."""
    return isinstance(obj, _core.TensorBase)


def numel(input: Tensor) -> int:
    """The number of elements."""
    return input.numel()


def _random_method(name: str, *defaults: float) -> Any:
    def method(self: Tensor, *args: float, generator: Any = None) -> Tensor:
        getattr(_core, name)(self, *args, *defaults[len(args) :], generator)
        return self

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"Overwrites every element with a random number ({name[:-1]})."
    return method


for _name, _defaults in {
    "uniform_": (0.0, 1.0),
    "normal_": (0.0, 1.0),
    "bernoulli_": (0.5,),
}.items():
    setattr(Tensor, _name, _random_method(_name, *_defaults))


def _new(make: Any, what: str) -> Any:
    def method(self: Tensor, *args: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        return make(*args, dtype=self.dtype if dtype is None else dtype, **kwargs)

    method.__name__ = method.__qualname__ = f"new_{make.__name__}"
    method.__doc__ = f"{what}, with this tensor's dtype unless another is given."
    return method


Tensor.new_zeros = _new(zeros, "A tensor of zeros")
Tensor.new_ones = _new(ones, "A tensor of ones")
Tensor.new_empty = _new(empty, "A tensor of numbers not yet written")
Tensor.new_full = _new(full, "A tensor of one value")
Tensor.new_tensor = _new(tensor, "A tensor with a copy of data")
for _function in (allclose, equal, bernoulli, multinomial):
    setattr(Tensor, _function.__name__, _function)
