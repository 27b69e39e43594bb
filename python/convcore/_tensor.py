"""The Tensor class: PyTorch's methods over the C++ core. Functions of the same name in `convcore` are these methods."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from convcore import _convert as convert
from convcore import _core
from convcore._math_methods import MathMethods
from convcore._repr import format_tensor

Dtype = _core.dtype


class Tensor(MathMethods):
    """A multi-dimensional array that can record what is computed from it.

    >>> import convcore as cc
    >>> x = cc.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4., 6.])
    """

    __array_priority__ = 1000
    __array_ufunc__ = None

    def __init__(
        self, data: Any = (), requires_grad: builtins.bool = False, parameter: builtins.bool = False
    ) -> None:
        if not isinstance(data, _core.TensorBase):
            data = convert.from_array(np.asarray(data, dtype=np.float32), copy=True)
        super().__init__(data, requires_grad, parameter)

    # --- what it is -------------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return format_tensor(self)

    def __pos__(self) -> Tensor:
        return self

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if self.ndim == 0 else object.__format__(self, spec)

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
    def nbytes(self) -> int:
        """The size of the elements in bytes."""
        return self.numel() * self.element_size()

    @property
    def is_cpu(self) -> builtins.bool:
        return True

    def get_device(self) -> int:
        """−1, as for every tensor of the CPU."""
        return -1

    def is_complex(self) -> builtins.bool:
        """False: there are no complex numbers."""
        return False

    def is_signed(self) -> builtins.bool:
        """Whether the dtype has negative numbers."""
        return self.dtype not in (Dtype.uint8, Dtype.bool)

    def is_nonzero(self) -> builtins.bool:
        """Whether the one element is not zero."""
        if self.numel() != 1:
            raise _core.ArgumentError(
                f"is_nonzero: expected one element, got shape {tuple(self.shape)}"
            )
        return self.item() != 0

    def is_same_size(self, other: Tensor) -> builtins.bool:
        """Whether the shapes are equal."""
        return self.shape == other.shape

    @property
    def T(self) -> Tensor:
        """The transpose of a matrix."""
        return self.permute(*range(self.ndim - 1, -1, -1))

    @property
    def mT(self) -> Tensor:
        """The last two dimensions exchanged."""
        return self.transpose(-2, -1)

    @property
    def H(self) -> Tensor:
        """The transpose of a matrix, as T: there are no complex numbers."""
        return self.T

    @property
    def mH(self) -> Tensor:
        """The last two dimensions exchanged, as mT."""
        return self.mT

    def adjoint(self) -> Tensor:
        """The last two dimensions exchanged, as mT."""
        return self.mT

    def is_floating_point(self) -> builtins.bool:
        """Whether the dtype is a floating-point one."""
        return self.dtype.is_floating_point

    def is_contiguous(
        self, memory_format: _core.memory_format = _core.memory_format.contiguous_format
    ) -> builtins.bool:
        """Whether memory is dense in that format (sizes of one never count)."""
        return self._is_format(memory_format)

    def contiguous(
        self, memory_format: _core.memory_format = _core.memory_format.contiguous_format
    ) -> Tensor:
        """Itself where memory is already dense in that format, else a copy."""
        return _core.contiguous(self, memory_format)

    # --- interchange ------------------------------------------------------------------------------------------------

    def numpy(self, *, force: builtins.bool = False) -> np.ndarray:
        """A numpy array over the same memory; `force` first detaches. Raises if a gradient is required."""
        if self.requires_grad and not force:
            raise _core.ArgumentError(
                "numpy: the tensor requires a gradient; use detach().numpy() or numpy(force=True)"
            )
        return convert.to_numpy(self, True)

    def __array__(self, dtype: Any = None, copy: builtins.bool | None = None) -> np.ndarray:
        other = dtype is not None and np.dtype(dtype).name != "bfloat16"
        if other and self.dtype == Dtype.bfloat16:
            return self.detach().float().__array__(dtype, copy)
        array = convert.to_numpy(self, False)
        if dtype is not None and array.dtype != dtype:
            if copy is False:
                raise ValueError(
                    f"__array__: a copy is needed to convert {array.dtype} to {np.dtype(dtype)}"
                )
            return array.astype(dtype)
        return array.copy() if copy else array

    def __dlpack__(self, **kwargs: Any) -> Any:
        if self.requires_grad:
            raise BufferError("__dlpack__: the tensor requires a gradient; use detach()")
        return _core.to_dlpack(self).__dlpack__(**kwargs)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _rebuild, (
            type(self),
            np.array(convert.memory(self), subok=True),
            self.requires_grad,
            self.__dict__,
        )

    def __deepcopy__(self, memo: dict) -> Tensor:
        if id(self) in memo:
            return memo[id(self)]
        if not self.is_leaf:
            raise _core.ArgumentError(
                "deepcopy: only leaf tensors can be copied deeply; use detach() or clone()"
            )
        copied = type(self)(_core.clone(self.detach()), requires_grad=self.requires_grad)
        memo[id(self)] = copied
        if self.grad is not None:
            copied.grad = self.grad.detach().clone()
        return copied

    # --- conversion -------------------------------------------------------------------------------------------------

    def to(
        self,
        *args: Any,
        dtype: Any = None,
        device: Any = None,
        copy: builtins.bool = False,
        **kwargs: Any,
    ) -> Tensor:
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

    def bfloat16(self) -> Tensor:
        """In bfloat16."""
        return self.to(dtype=Dtype.bfloat16)

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


def _rebuild(
    cls: builtins.type, array: np.ndarray, requires_grad: builtins.bool, attributes: dict
) -> Tensor:
    x = cls(convert.from_array(array, copy=True), requires_grad=requires_grad)
    x.__dict__.update(attributes)
    return x


_core.set_tensor_classes(Tensor, Parameter)
