"""The Tensor class: PyTorch's methods over the C++ core. Functions of the same name in `convcore` are these methods."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from convcore import _core
from convcore import _convert as convert
from convcore._repr import format_tensor

Dtype = _core.dtype


class Tensor(_core.TensorBase):
    """A multi-dimensional array that can record what is computed from it.

    >>> import convcore as cc
    >>> x = cc.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4., 6.])
    """

    __array_priority__ = 1000
    __array_ufunc__ = None

    def __init__(self, data: Any = (), requires_grad: builtins.bool = False, parameter: builtins.bool = False) -> None:
        if not isinstance(data, _core.TensorBase):
            data = convert.from_array(np.asarray(data, dtype=np.float32), copy=True)
        super().__init__(data, requires_grad, parameter)

    # --- what it is -------------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return format_tensor(self)

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one dimension."""
        return self.shape if dim is None else self.shape[dim]

    def dim(self) -> int:
        """The number of dimensions."""
        return self.ndim

    nelement = _core.TensorBase.numel
    ndimension = dim

    @property
    def device(self) -> Any:
        from convcore import device

        return device("cpu")

    @property
    def is_cuda(self) -> builtins.bool:
        return False

    @property
    def itemsize(self) -> int:
        return self.element_size()

    @property
    def T(self) -> Tensor:
        """The transpose of a matrix."""
        return self.permute(*range(self.ndim - 1, -1, -1))

    @property
    def mT(self) -> Tensor:
        """The last two dimensions exchanged."""
        return self.transpose(-2, -1)

    def is_floating_point(self) -> builtins.bool:
        """Whether the dtype is a floating-point one."""
        return self.dtype.is_floating_point

    def is_contiguous(self, memory_format: _core.memory_format = _core.memory_format.contiguous_format) -> builtins.bool:
        """Whether memory is dense in that format (sizes of one never count)."""
        return self._is_format(memory_format)

    def contiguous(self, memory_format: _core.memory_format = _core.memory_format.contiguous_format) -> Tensor:
        """Itself where memory is already dense in that format, else a copy."""
        return _core.contiguous(self, memory_format)

    # --- interchange ------------------------------------------------------------------------------------------------

    def numpy(self, *, force: builtins.bool = False) -> np.ndarray:
        """A numpy array over the same memory; `force` first detaches. Raises if a gradient is required."""
        if self.requires_grad and not force:
            raise _core.ArgumentError("numpy: the tensor requires a gradient; use detach().numpy() or numpy(force=True)")
        return _core.to_numpy(self, True)

    def __array__(self, dtype: Any = None, copy: builtins.bool | None = None) -> np.ndarray:
        array = _core.to_numpy(self, False)
        if dtype is not None and array.dtype != dtype:
            if copy is False:
                raise ValueError(f"__array__: a copy is needed to convert {array.dtype} to {np.dtype(dtype)}")
            return array.astype(dtype)
        return array.copy() if copy else array

    def __dlpack__(self, **kwargs: Any) -> Any:
        if self.requires_grad:
            raise BufferError("__dlpack__: the tensor requires a gradient; use detach()")
        return _core.to_dlpack(self).__dlpack__(**kwargs)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _rebuild, (type(self), np.array(_core.to_numpy(self, False)), self.requires_grad, self.__dict__)

    def __deepcopy__(self, memo: dict) -> Tensor:
        if id(self) in memo:
            return memo[id(self)]
        if not self.is_leaf:
            raise _core.ArgumentError("deepcopy: only leaf tensors can be copied deeply; use detach() or clone()")
        copied = type(self)(_core.clone(self.detach()), requires_grad=self.requires_grad)
        memo[id(self)] = copied
        if self.grad is not None:
            copied.grad = self.grad.detach().clone()
        return copied

    # --- conversion -------------------------------------------------------------------------------------------------

    def to(self, *args: Any, dtype: Any = None, device: Any = None, copy: builtins.bool = False, **kwargs: Any) -> Tensor:
        """Another dtype, device or memory format; itself when nothing changes."""
        for arg in args:
            if isinstance(arg, _core.TensorBase):
                dtype = arg.dtype
            elif isinstance(arg, Dtype) or arg in (float, int, builtins.bool):
                dtype = arg
            elif not isinstance(arg, builtins.bool):
                device = arg
        convert.check_device(device)
        out = self if dtype is None else _core.to_dtype(self, convert.to_dtype(dtype))
        memory_format = kwargs.get("memory_format")
        if memory_format is not None:
            out = out.contiguous(memory_format)
        return out.clone() if copy and out is self else out

    def type(self, dtype: Any = None) -> Any:
        """The dtype's name, or the tensor in another dtype."""
        return str(self.dtype) if dtype is None else self.to(dtype=dtype)

    def type_as(self, other: Tensor) -> Tensor:
        """In other's dtype."""
        return self.to(dtype=other.dtype)

    def float(self) -> Tensor:
        """In float32."""
        return self.to(dtype=Dtype.float32)

    def double(self) -> Tensor:
        """In float64."""
        return self.to(dtype=Dtype.float64)

    def long(self) -> Tensor:
        """In int64."""
        return self.to(dtype=Dtype.int64)

    def int(self) -> Tensor:
        """In int32."""
        return self.to(dtype=Dtype.int32)

    def byte(self) -> Tensor:
        """In uint8."""
        return self.to(dtype=Dtype.uint8)

    def bool(self) -> Tensor:
        """In bool: what is not zero is True."""
        return self.to(dtype=Dtype.bool)

    def cpu(self) -> Tensor:
        """Itself."""
        return self

    # --- tape -------------------------------------------------------------------------------------------------------

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: builtins.bool | None = None,
        create_graph: builtins.bool = False,
        inputs: Any = None,
    ) -> None:
        """Adds the gradient of this tensor to `.grad` of every leaf it was computed from.

        `gradient` (this tensor's shape) may be left out for a tensor with one element.
        """
        retain = create_graph if retain_graph is None else retain_graph
        if inputs is None:
            _core.backward([self], [gradient], retain, create_graph)
            return
        targets = [inputs] if isinstance(inputs, _core.TensorBase) else list(inputs)
        grads = _core.grad([self], targets, [gradient], retain, create_graph, True)
        for target, grad in zip(targets, grads):
            if grad is not None:
                target.grad = grad if target.grad is None else target.grad + grad

    def requires_grad_(self, requires_grad: builtins.bool = True) -> Tensor:
        """Starts (or, on a leaf, stops) recording what is computed from this tensor."""
        self.requires_grad = requires_grad
        return self

    def detach_(self) -> Tensor:
        """Takes this tensor off the tape."""
        raise NotImplementedError("detach_: use x = x.detach()")

    def register_hook(self, hook: Any) -> RemovableHandle:
        """Calls hook(grad) when this tensor's gradient is known; what it returns, if not None, replaces the gradient."""
        return RemovableHandle(self._register_hook(hook))

    # --- shape ------------------------------------------------------------------------------------------------------

    def view(self, *shape: Any) -> Tensor:
        """The same elements in another shape (one size may be -1), over the same memory where strides allow."""
        return _core.view(self, convert.sizes(shape))

    def view_as(self, other: Tensor) -> Tensor:
        """view(other.shape)."""
        return _core.view(self, other.shape)

    def reshape(self, *shape: Any) -> Tensor:
        """The same elements in another shape (one size may be -1): a view where strides allow, else a copy."""
        return _core.reshape(self, convert.sizes(shape))

    def reshape_as(self, other: Tensor) -> Tensor:
        """reshape(other.shape)."""
        return _core.reshape(self, other.shape)

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Tensor:
        """Dimensions start_dim … end_dim joined into one."""
        return _core.flatten(self, start_dim, end_dim)

    def unflatten(self, dim: int, sizes: Any) -> Tensor:
        """Dimension `dim` cut into `sizes`."""
        axis = dim % self.ndim
        return self.reshape(*self.shape[:axis], *sizes, *self.shape[axis + 1 :])

    def ravel(self) -> Tensor:
        """All elements in one dimension."""
        return _core.reshape(self, [-1])

    def permute(self, *dims: Any) -> Tensor:
        """Dimensions in another order."""
        return _core.permute(self, convert.sizes(dims, "dims"))

    def transpose(self, dim0: int, dim1: int) -> Tensor:
        """Two dimensions exchanged."""
        return _core.transpose(self, dim0, dim1)

    def t(self) -> Tensor:
        """The transpose of a matrix."""
        if self.ndim > 2:
            raise _core.ArgumentError(f"t: expected at most 2 dimensions, got shape {self.shape}")
        return self if self.ndim < 2 else _core.transpose(self, 0, 1)

    def movedim(self, source: int, destination: int) -> Tensor:
        """Dimension `source` moved to `destination`."""
        order = [d for d in range(self.ndim) if d != source % self.ndim]
        order.insert(destination % self.ndim, source % self.ndim)
        return _core.permute(self, order)

    def expand(self, *sizes: Any) -> Tensor:
        """Sizes of one broadcast without copying; -1 keeps a size."""
        return _core.expand(self, convert.sizes(sizes))

    def expand_as(self, other: Tensor) -> Tensor:
        """expand(other.shape)."""
        return _core.expand(self, other.shape)

    def squeeze(self, dim: int | None = None) -> Tensor:
        """Without dimensions of size one (or without that one)."""
        return _core.squeeze(self, dim)

    def unsqueeze(self, dim: int) -> Tensor:
        """With a new dimension of size one."""
        return _core.unsqueeze(self, dim)

    def narrow(self, dim: int, start: int, length: int) -> Tensor:
        """length elements of a dimension from start on."""
        index = [slice(None)] * (dim % self.ndim) + [slice(start, start + length)]
        return self[tuple(index)]

    def select(self, dim: int, index: int) -> Tensor:
        """One index of a dimension."""
        return self[tuple([slice(None)] * (dim % self.ndim) + [index])]

    def clone(self, *, memory_format: Any = None) -> Tensor:
        """A copy, on the tape."""
        copied = _core.clone(self)
        return copied if memory_format is None else copied.contiguous(memory_format)

    def __getitem__(self, index: Any) -> Tensor:
        return _core.getitem(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(value, np.ndarray | list | tuple):
            value = convert.from_array(np.asarray(value), copy=True)
        _core.setitem(self, index, value)

    def __iter__(self) -> Any:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return (self[i] for i in range(self.shape[0]))

    def __contains__(self, value: Any) -> builtins.bool:
        return builtins.bool((self == value).any())

    def split(self, split_size: Any, dim: int = 0) -> tuple[Tensor, ...]:
        """Views of split_size (the last may be smaller), or of each size in a list, along dim."""
        if hasattr(split_size, "__index__"):
            return tuple(_core.split(self, split_size, dim))
        return tuple(_core.split_with_sizes(self, list(split_size), dim))

    def chunk(self, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
        """At most `chunks` views of equal size along dim (the last may be smaller)."""
        return tuple(_core.chunk(self, chunks, dim))

    def unbind(self, dim: int = 0) -> tuple[Tensor, ...]:
        """A view of each index of dim."""
        return tuple(_core.unbind(self, dim))

    def flip(self, *dims: Any) -> Tensor:
        """The order along dims reversed."""
        return _core.flip(self, convert.sizes(dims, "dims"))

    def roll(self, shifts: Any, dims: Any = None) -> Tensor:
        """Elements shifted along dims (flattened without dims), those pushed out coming in at the other end."""
        if dims is None:
            return _core.roll(self.flatten(), convert.values(shifts, "shifts"), [0]).reshape(self.shape)
        return _core.roll(self, convert.values(shifts, "shifts"), convert.values(dims, "dims"))

    def tril(self, diagonal: int = 0) -> Tensor:
        """Zeros above the diagonal of the last two dimensions."""
        return _core.tril(self, diagonal)

    def triu(self, diagonal: int = 0) -> Tensor:
        """Zeros below the diagonal of the last two dimensions."""
        return _core.triu(self, diagonal)

    def gather(self, dim: int, index: Tensor) -> Tensor:
        """out[i][j] = self[index[i][j]][j] for dim 0, and so on: an int64 index along dim for each element."""
        return _core.gather(self, dim, index)

    def scatter(self, dim: int, index: Tensor, src: Any) -> Tensor:
        """A copy with out[index[i][j]][j] = src[i][j] for dim 0, and so on; the last write wins."""
        return _core.scatter(self, dim, index, _filled(src, index, self))

    def scatter_add(self, dim: int, index: Tensor, src: Any) -> Tensor:
        """As scatter, adding."""
        return _core.scatter_add(self, dim, index, _filled(src, index, self))

    def scatter_(self, dim: int, index: Tensor, src: Any) -> Tensor:
        """scatter in place."""
        _core.assign(self, self.scatter(dim, index, src))
        return self

    def scatter_add_(self, dim: int, index: Tensor, src: Any) -> Tensor:
        """scatter_add in place."""
        _core.assign(self, self.scatter_add(dim, index, src))
        return self

    def index_select(self, dim: int, index: Tensor) -> Tensor:
        """The indices of dim that the 1-D int64 tensor names."""
        return _core.index_select(self, dim, index)

    def index_add(self, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
        """A copy with alpha·source's slices added at the indices of dim."""
        return _core.index_add(self, dim, index, source if alpha == 1 else source * alpha)

    def index_add_(self, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
        """index_add in place."""
        _core.assign(self, self.index_add(dim, index, source, alpha=alpha))
        return self

    def masked_select(self, mask: Tensor) -> Tensor:
        """The elements where mask holds, in one dimension."""
        return _core.masked_select(self, mask)

    def masked_fill(self, mask: Tensor, value: Any) -> Tensor:
        """value where mask holds, else self."""
        return _core.masked_fill(self, mask, value)

    def masked_fill_(self, mask: Tensor, value: Any) -> Tensor:
        """masked_fill in place."""
        _core.assign(self, self.masked_fill(mask, value))
        return self

    def nonzero(self, *, as_tuple: builtins.bool = False) -> Any:
        """The coordinates of the elements that are not zero: one row each, or one vector per dimension."""
        found = _core.nonzero(self)
        return tuple(_core.unbind(found, 1)) if as_tuple else found

    # --- reductions -------------------------------------------------------------------------------------------------

    def sum(self, dim: Any = None, keepdim: builtins.bool = False, *, dtype: Any = None) -> Tensor:
        """The sum over some or all dimensions (integers in int64)."""
        x = self if dtype is None else self.to(dtype=dtype)
        return _core.sum(x, convert.axes(dim), keepdim)

    def mean(self, dim: Any = None, keepdim: builtins.bool = False, *, dtype: Any = None) -> Tensor:
        """The mean over some or all dimensions."""
        x = self if dtype is None else self.to(dtype=dtype)
        return _core.mean(x, convert.axes(dim), keepdim)

    def prod(self, dim: Any = None, keepdim: builtins.bool = False) -> Tensor:
        """The product over some or all dimensions (integers in int64)."""
        return _core.prod(self, convert.axes(dim), keepdim)

    def var(
        self, dim: Any = None, unbiased: builtins.bool = True, keepdim: builtins.bool = False, *, correction: Any = None
    ) -> Tensor:
        """The variance, divided by n − correction (1 unless told)."""
        if isinstance(dim, builtins.bool):
            dim, unbiased = None, dim
        degrees = builtins.float(unbiased) if correction is None else builtins.float(correction)
        return _core.var(self, convert.axes(dim), degrees, keepdim)

    def std(
        self, dim: Any = None, unbiased: builtins.bool = True, keepdim: builtins.bool = False, *, correction: Any = None
    ) -> Tensor:
        """The standard deviation, √var."""
        if isinstance(dim, builtins.bool):
            dim, unbiased = None, dim
        degrees = builtins.float(unbiased) if correction is None else builtins.float(correction)
        return _core.std(self, convert.axes(dim), degrees, keepdim)

    def amax(self, dim: Any = None, keepdim: builtins.bool = False) -> Tensor:
        """The greatest value over some or all dimensions; ties share the gradient."""
        return _core.amax(self, convert.axes(dim), keepdim)

    def amin(self, dim: Any = None, keepdim: builtins.bool = False) -> Tensor:
        """The least value over some or all dimensions; ties share the gradient."""
        return _core.amin(self, convert.axes(dim), keepdim)

    def max(self, dim: Any = None, keepdim: builtins.bool = False) -> Any:
        """The greatest value; with an integer dim, (values, indices); with a tensor, the elementwise maximum."""
        return _extremum(self, dim, keepdim, _core.amax, _core.max_dim, "maximum")

    def min(self, dim: Any = None, keepdim: builtins.bool = False) -> Any:
        """The least value; with an integer dim, (values, indices); with a tensor, the elementwise minimum."""
        return _extremum(self, dim, keepdim, _core.amin, _core.min_dim, "minimum")

    def argmax(self, dim: int | None = None, keepdim: builtins.bool = False) -> Tensor:
        """The index of the greatest value, the first among equals."""
        return _core.argmax(self, dim, keepdim)

    def argmin(self, dim: int | None = None, keepdim: builtins.bool = False) -> Tensor:
        """The index of the least value, the first among equals."""
        return _core.argmin(self, dim, keepdim)

    def any(self, dim: Any = None, keepdim: builtins.bool = False) -> Tensor:
        """Whether any element is not zero."""
        return _core.any(self, convert.axes(dim), keepdim)

    def all(self, dim: Any = None, keepdim: builtins.bool = False) -> Tensor:
        """Whether all elements are not zero."""
        return _core.all(self, convert.axes(dim), keepdim)

    # --- elementwise and products ------------------------------------------------------------------------------------

    def clamp(self, min: Any = None, max: Any = None) -> Tensor:
        """Values limited to [min, max]; None leaves a side open."""
        if isinstance(min, _core.TensorBase) or isinstance(max, _core.TensorBase):
            low = self if min is None else _core.binary("maximum", self, min)
            return low if max is None else _core.binary("minimum", low, max)
        return _core.clamp(self, -np.inf if min is None else min, np.inf if max is None else max)

    clip = clamp

    def matmul(self, other: Tensor) -> Tensor:
        """The matrix product; leading dimensions broadcast."""
        return _core.matmul(self, other)

    def mm(self, mat2: Tensor) -> Tensor:
        """The product of two matrices."""
        _check_ranks("mm", 2, self, mat2)
        return _core.matmul(self, mat2)

    def bmm(self, mat2: Tensor) -> Tensor:
        """The products of two batches of matrices."""
        _check_ranks("bmm", 3, self, mat2)
        return _core.matmul(self, mat2)

    def dot(self, other: Tensor) -> Tensor:
        """The inner product of two vectors."""
        _check_ranks("dot", 1, self, other)
        return _core.matmul(self, other)

    def softmax(self, dim: int) -> Tensor:
        """exp(x) over its sum along dim."""
        return _core.softmax(self, dim)

    def log_softmax(self, dim: int) -> Tensor:
        """The logarithm of softmax, computed without overflow."""
        return _core.log_softmax(self, dim)

    def where(self, condition: Tensor, other: Any) -> Tensor:
        """Elements of self where condition holds, else of other."""
        return _core.where(condition, self, other)

    # --- in place ---------------------------------------------------------------------------------------------------

    def copy_(self, src: Any) -> Tensor:
        """Overwrites this tensor with src, broadcast and converted."""
        _core.assign(self, src)
        return self

    def fill_(self, value: Any) -> Tensor:
        """Overwrites every element."""
        _core.assign(self, value)
        return self

    def zero_(self) -> Tensor:
        """Overwrites every element with zero."""
        return self.fill_(0)

    def clamp_(self, min: Any = None, max: Any = None) -> Tensor:
        """clamp in place."""
        _core.assign(self, (self.clone() if self.requires_grad else self).clamp(min, max))
        return self

    def add_(self, other: Any, *, alpha: Any = 1) -> Tensor:
        """Adds alpha·other in place."""
        _core.binary_("add", self, other if isinstance(alpha, builtins.int) and alpha == 1 else other * alpha)
        return self

    def add(self, other: Any, *, alpha: Any = 1) -> Tensor:
        """self + alpha·other."""
        return self + (other if isinstance(alpha, builtins.int) and alpha == 1 else other * alpha)

    def sub(self, other: Any, *, alpha: Any = 1) -> Tensor:
        """self − alpha·other."""
        return self - (other if isinstance(alpha, builtins.int) and alpha == 1 else other * alpha)

    def sub_(self, other: Any, *, alpha: Any = 1) -> Tensor:
        """Subtracts alpha·other in place."""
        _core.binary_("sub", self, other if isinstance(alpha, builtins.int) and alpha == 1 else other * alpha)
        return self


class Parameter(Tensor):
    """A tensor that a Module registers as one of its parameters when it is assigned to an attribute.

    >>> import convcore as cc
    >>> cc.nn.Parameter(cc.zeros(2))
    Parameter containing:
    tensor([0., 0.], requires_grad=True)
    """

    def __init__(self, data: Any = (), requires_grad: builtins.bool = True) -> None:
        super().__init__(data, requires_grad, True)

    def __repr__(self) -> str:
        return "Parameter containing:\n" + format_tensor(self)


class RemovableHandle:
    """What register_hook returns: remove() takes the hook away."""

    def __init__(self, hook: Any) -> None:
        self._hook = hook

    def remove(self) -> None:
        _core.remove_hook(self._hook)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: Any) -> None:
        self.remove()


def _rebuild(cls: builtins.type, array: np.ndarray, requires_grad: builtins.bool, attributes: dict) -> Tensor:
    x = cls(convert.from_array(array, copy=True), requires_grad=requires_grad)
    x.__dict__.update(attributes)
    return x


def _check_ranks(op: str, rank: int, a: Tensor, b: Tensor) -> None:
    if a.ndim != rank or b.ndim != rank:
        raise _core.ArgumentError(f"{op}: expected two tensors with {rank} dimensions, got shapes {a.shape} and {b.shape}")
    if rank == 3 and a.shape[0] != b.shape[0]:
        raise _core.ArgumentError(f"{op}: batch sizes differ, got shapes {a.shape} and {b.shape}")


def _extremum(x: Tensor, dim: Any, keepdim: builtins.bool, over_all: Any, along: Any, elementwise: str) -> Any:
    if dim is None:
        return over_all(x, [], False)
    if isinstance(dim, _core.TensorBase):
        return _core.binary(elementwise, x, dim)
    from convcore._functions import ValuesIndices

    return ValuesIndices(*along(x, dim, keepdim))


def _filled(src: Any, index: Tensor, like: Tensor) -> Tensor:
    return src if isinstance(src, _core.TensorBase) else _core.full(index.shape, src, like.dtype)


def _unary_method(op: str, text: str) -> Any:
    def method(self: Tensor) -> Tensor:
        return _core.unary(op, self)

    method.__name__ = method.__qualname__ = op
    method.__doc__ = text
    return method


def _binary_method(name: str, op: str, text: str) -> Any:
    def method(self: Tensor, other: Any) -> Tensor:
        return _core.binary(op, self, other)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = text
    return method


def _unary_in_place(op: str) -> Any:
    def method(self: Tensor) -> Tensor:
        _core.unary_(op, self)
        return self

    method.__name__ = method.__qualname__ = op + "_"
    method.__doc__ = f"{op} in place."
    return method


def _binary_in_place(op: str) -> Any:
    def method(self: Tensor, other: Any) -> Tensor:
        _core.binary_(op, self, other)
        return self

    method.__name__ = method.__qualname__ = op + "_"
    method.__doc__ = f"{op} in place; TypeError where the result's dtype does not fit."
    return method


UNARY = {
    "neg": "−x.",
    "abs": "|x|.",
    "sign": "−1, 0 or 1.",
    "square": "x².",
    "floor": "The greatest integer ≤ x.",
    "ceil": "The least integer ≥ x.",
    "round": "The nearest integer, halves to even.",
    "trunc": "Without the fraction.",
    "relu": "max(x, 0).",
    "exp": "eˣ.",
    "expm1": "eˣ − 1, exact near 0.",
    "log": "The natural logarithm.",
    "log1p": "ln(1 + x), exact near 0.",
    "sqrt": "√x.",
    "rsqrt": "1/√x.",
    "reciprocal": "1/x.",
    "sin": "The sine (radians).",
    "cos": "The cosine (radians).",
    "tan": "The tangent (radians).",
    "tanh": "The hyperbolic tangent.",
    "erf": "The error function.",
    "sigmoid": "1/(1 + e⁻ˣ).",
    "logical_not": "Where x is zero.",
    "isnan": "Where x is not a number.",
    "isinf": "Where x is ±∞.",
    "isfinite": "Where x is neither ±∞ nor NaN.",
}
BINARY = {
    "mul": ("mul", "x·other."),
    "multiply": ("mul", "x·other."),
    "div": ("div", "x/other (integers give floating point)."),
    "true_divide": ("div", "x/other."),
    "pow": ("pow", "x to the power other."),
    "maximum": ("maximum", "The greater of the two; NaN wins."),
    "minimum": ("minimum", "The lesser of the two; NaN wins."),
    "remainder": ("remainder", "The remainder, with other's sign."),
    "floor_divide": ("floor_divide", "⌊x/other⌋."),
    "atan2": ("atan2", "The angle of (other, x)."),
    "eq": ("eq", "Where equal."),
    "ne": ("ne", "Where different."),
    "lt": ("lt", "Where less."),
    "le": ("le", "Where less or equal."),
    "gt": ("gt", "Where greater."),
    "ge": ("ge", "Where greater or equal."),
    "logical_and": ("logical_and", "Where both are not zero."),
    "logical_or": ("logical_or", "Where one is not zero."),
    "logical_xor": ("logical_xor", "Where exactly one is not zero."),
}
for _name, _text in UNARY.items():
    setattr(Tensor, _name, _unary_method(_name, _text))
for _name, (_op, _text) in BINARY.items():
    setattr(Tensor, _name, _binary_method(_name, _op, _text))
for _name in UNARY:
    if not _name.startswith(("is", "logical")):
        setattr(Tensor, _name + "_", _unary_in_place(_name))
for _name in ("mul", "div", "pow", "remainder", "floor_divide"):
    setattr(Tensor, _name + "_", _binary_in_place(_name))

_core.set_tensor_classes(Tensor, Parameter)
