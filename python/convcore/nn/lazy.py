"""Layers that learn the size of their input from the first one they see."""

from __future__ import annotations

from typing import Any

from convcore import _core
from convcore import _functions as functions
from convcore._tensor import Tensor
from convcore.nn.conv import (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
)
from convcore.nn.linear import Linear
from convcore.nn.normalization import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
)


class _Lazy:
    """A layer of size 0 that its first input, or a state dict, makes an ordinary one."""

    __slots__ = ()
    cls_to_become: Any = None
    _size = ""  # the attribute to be found out
    _ranks: tuple[int, ...] = ()  # of inputs; empty: any
    _divided = False  # the weight holds the size divided by groups

    def has_uninitialized_params(self) -> bool:
        """Whether the size is still unknown."""
        return getattr(self, self._size) == 0

    def initialize_parameters(self, input: Tensor) -> None:
        """Take the size of `input`, draw the first values and become the ordinary layer."""
        if self._ranks and input.ndim not in self._ranks:
            ranks = " or ".join(map(str, self._ranks))
            raise _core.ArgumentError(
                f"{type(self).__name__}: input must have {ranks} dimensions, "
                f"got shape {tuple(input.shape)}"
            )
        self._materialize(self._size_of(input))
        self.reset_parameters()

    def forward(self, input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """Become the ordinary layer and compute what that computes."""
        self.initialize_parameters(input)
        return self.forward(input, *args, **kwargs)

    def _size_of(self, input: Tensor) -> int:
        return input.shape[input.ndim - max(self._ranks) + 1]

    def _materialize(self, size: int) -> None:
        groups = getattr(self, "groups", 1)
        if size == 0 or size % groups:
            raise _core.ArgumentError(
                f"{type(self).__name__}: {self._size} must be a positive multiple of "
                f"groups={groups}, the input has {size}"
            )
        setattr(self, self._size, size)
        part = size // groups if self._divided else size
        for tensor in (*self._parameters.values(), *self._buffers.values()):
            if tensor is not None and tensor.numel() == 0:
                shape = [n or part for n in tensor.shape]
                tensor.data = functions.zeros(shape, dtype=tensor.dtype)
        self.__class__ = self.cls_to_become
        self._foreign_forward = "forward" in self.__dict__

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *rest: Any) -> None:
        for name in ("weight", "running_mean"):
            value, own = state_dict.get(prefix + name), getattr(self, name, None)
            if own is None or value is None or len(value.shape) != own.ndim or 0 in value.shape:
                continue
            size = value.shape[tuple(own.shape).index(0)]
            self._materialize(size * self.groups if self._divided else size)
            return self._load_from_state_dict(state_dict, prefix, *rest)
        return super()._load_from_state_dict(state_dict, prefix, *rest)


class LazyLinear(_Lazy, Linear):
    """A Linear that takes `in_features` from its first input.

    Until then its weight has no elements. Build an optimizer before or after: the parameters stay the same objects.

    >>> import convcore as cc
    >>> layer = cc.nn.LazyLinear(2)
    >>> tuple(layer(cc.zeros(3, 5)).shape), layer
    ((3, 2), Linear(in_features=5, out_features=2, bias=True))
    """

    cls_to_become = Linear
    _size = "in_features"

    def __init__(
        self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(0, out_features, bias, device, dtype)

    def _size_of(self, input: Tensor) -> int:
        return input.shape[-1] if input.ndim else 0


class _LazyConv(_Lazy):
    __slots__ = ()
    _size, _divided = "in_channels", True

    def __init__(
        self,
        out_channels: int,
        kernel_size: int | tuple,
        stride: int | tuple = 1,
        padding: str | int | tuple = 0,
        dilation: int | tuple = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
        *,
        flip: bool = False,
    ) -> None:
        super().__init__(
            0, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode,
            device, dtype, flip=flip,
        )  # fmt: skip


class _LazyConvTranspose(_Lazy):
    __slots__ = ()
    _size = "in_channels"

    def __init__(
        self,
        out_channels: int,
        kernel_size: int | tuple,
        stride: int | tuple = 1,
        padding: int | tuple = 0,
        output_padding: int | tuple = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | tuple = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
        *,
        flip: bool = False,
    ) -> None:
        super().__init__(
            0, out_channels, kernel_size, stride, padding, output_padding, groups, bias, dilation,
            padding_mode, device, dtype, flip=flip,
        )  # fmt: skip


class _LazyNorm(_Lazy):
    __slots__ = ()
    _size = "num_features"

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)


class LazyConv1d(_LazyConv, Conv1d):
    """A Conv1d that takes `in_channels` from its first input, as LazyLinear does.

    >>> import convcore as cc
    >>> layer = cc.nn.LazyConv1d(4, 3)
    >>> y = layer(cc.zeros(1, 2, 5))
    >>> type(layer).__name__, layer.in_channels
    ('Conv1d', 2)
    """

    cls_to_become = Conv1d
    _ranks = (2, 3)


class LazyConv2d(_LazyConv, Conv2d):
    """A Conv2d that takes `in_channels` from its first input, as LazyLinear does.

    >>> import convcore as cc
    >>> layer = cc.nn.LazyConv2d(4, 3)
    >>> y = layer(cc.zeros(1, 2, 5, 5))
    >>> type(layer).__name__, layer.in_channels
    ('Conv2d', 2)
    """

    cls_to_become = Conv2d
    _ranks = (3, 4)


class LazyConv3d(_LazyConv, Conv3d):
    """A Conv3d that takes `in_channels` from its first input, as LazyLinear does.

    >>> import convcore as cc
    >>> layer = cc.nn.LazyConv3d(4, 3)
    >>> y = layer(cc.zeros(1, 2, 5, 5, 5))
    >>> type(layer).__name__, layer.in_channels
    ('Conv3d', 2)
    """

    cls_to_become = Conv3d
    _ranks = (4, 5)


class LazyConvTranspose1d(_LazyConvTranspose, ConvTranspose1d):
    """A ConvTranspose1d that takes `in_channels` from its first input, as LazyLinear does.

    >>> import convcore as cc
    >>> layer = cc.nn.LazyConvTranspose1d(4, 3)
    >>> y = layer(cc.zeros(1, 2, 5))
    >>> type(layer).__name__, layer.in_channels
    ('ConvTranspose1d', 2)
    """

    cls_to_become = ConvTranspose1d
    _ranks = (2, 3)


class LazyConvTranspose2d(_LazyConvTranspose, ConvTranspose2d):
    """A ConvTranspose2d that takes `in_channels` from its first input, as LazyLinear does.

    >>> import convcore as cc
    >>> layer = cc.nn.LazyConvTranspose2d(4, 3)
    >>> y = layer(cc.zeros(1, 2, 5, 5))
    >>> type(layer).__name__, layer.in_channels
    ('ConvTranspose2d', 2)
    """

    cls_to_become = ConvTranspose2d
    _ranks = (3, 4)


class LazyConvTranspose3d(_LazyConvTranspose, ConvTranspose3d):
    """A ConvTranspose3d that takes `in_channels` from its first input, as LazyLinear does.

    >>> import convcore as cc
    >>> layer = cc.nn.LazyConvTranspose3d(4, 3)
    >>> y = layer(cc.zeros(1, 2, 5, 5, 5))
    >>> type(layer).__name__, layer.in_channels
    ('ConvTranspose3d', 2)
    """

    cls_to_become = ConvTranspose3d
    _ranks = (4, 5)


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    """A BatchNorm1d that takes `num_features` from its first input, as LazyLinear does.

    >>> import convcore as cc
    >>> layer = cc.nn.LazyBatchNorm1d()
    >>> y = layer(cc.zeros(1, 2, 5))
    >>> type(layer).__name__, layer.num_features
    ('BatchNorm1d', 2)
    """

    cls_to_become = BatchNorm1d
    _ranks = (2, 3)

    def _size_of(self, input: Tensor) -> int:
        return input.shape[1]


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    """A BatchNorm2d that takes `num_features` from its first input, as LazyLinear does.

    >>> import convcore as cc
    >>> layer = cc.nn.LazyBatchNorm2d()
    >>> y = layer(cc.zeros(1, 2, 5, 5))
    >>> type(layer).__name__, layer.num_features
    ('BatchNorm2d', 2)
    """

    cls_to_become = BatchNorm2d
    _ranks = (4,)


class LazyBatchNorm3d(_LazyNorm, BatchNorm3d):
    """A BatchNorm3d that takes `num_features` from its first input, as LazyLinear does.

    >>> import convcore as cc
    >>> layer = cc.nn.LazyBatchNorm3d()
    >>> y = layer(cc.zeros(1, 2, 5, 5, 5))
    >>> type(layer).__name__, layer.num_features
    ('BatchNorm3d', 2)
    """

    cls_to_become = BatchNorm3d
    _ranks = (5,)


class LazyInstanceNorm1d(_LazyNorm, InstanceNorm1d):
    """A InstanceNorm1d that takes `num_features` from its first input, as LazyLinear does.

    >>> import convcore as cc
    >>> layer = cc.nn.LazyInstanceNorm1d()
    >>> y = layer(cc.zeros(1, 2, 5))
    >>> type(layer).__name__, layer.num_features
    ('InstanceNorm1d', 2)
    """

    cls_to_become = InstanceNorm1d
    _ranks = (2, 3)


class LazyInstanceNorm2d(_LazyNorm, InstanceNorm2d):
    """A InstanceNorm2d that takes `num_features` from its first input, as LazyLinear does.

    >>> import convcore as cc
    >>> layer = cc.nn.LazyInstanceNorm2d()
    >>> y = layer(cc.zeros(1, 2, 5, 5))
    >>> type(layer).__name__, layer.num_features
    ('InstanceNorm2d', 2)
    """

    cls_to_become = InstanceNorm2d
    _ranks = (3, 4)


class LazyInstanceNorm3d(_LazyNorm, InstanceNorm3d):
    """A InstanceNorm3d that takes `num_features` from its first input, as LazyLinear does.

    >>> import convcore as cc
    >>> layer = cc.nn.LazyInstanceNorm3d()
    >>> y = layer(cc.zeros(1, 2, 5, 5, 5))
    >>> type(layer).__name__, layer.num_features
    ('InstanceNorm3d', 2)
    """

    cls_to_become = InstanceNorm3d
    _ranks = (4, 5)
