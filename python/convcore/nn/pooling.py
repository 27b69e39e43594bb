"""Pooling layers."""

from __future__ import annotations

from typing import Any

from convcore import _convert as convert
from convcore import _core
from convcore.nn import functional as F
from convcore.nn.module import Module


def _given(value: Any, name: str) -> list[int]:
    """What was given; None is empty: the kernel's own size."""
    return [] if value is None else convert.values(value, name)


class _MaxPool(_core.nn.MaxPool):
    _rank = 0

    def __init__(
        self,
        kernel_size: int | tuple,
        stride: int | tuple | None = None,
        padding: int | tuple = 0,
        dilation: int | tuple = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        sizes = convert.values(kernel_size, "kernel_size")
        super().__init__(
            self._rank,
            sizes,
            _given(stride, "stride") or sizes,
            convert.values(padding, "padding"),
            convert.values(dilation, "dilation"),
            return_indices,
            ceil_mode,
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The greatest value in windows of (N, C, L); with `return_indices` also where it is.

    >>> import convcore as cc
    >>> tuple(cc.nn.MaxPool1d(2)(cc.zeros(1, 3, 8)).shape)
    (1, 3, 4)
    """

    _rank = 1


class MaxPool2d(_MaxPool):
    """The greatest value in windows of (N, C, H, W); with `return_indices` also where it is.

    >>> import convcore as cc
    >>> tuple(cc.nn.MaxPool2d(3, stride=2, padding=1)(cc.zeros(1, 3, 8, 8)).shape)
    (1, 3, 4, 4)
    """

    _rank = 2


class MaxPool3d(_MaxPool):
    """The greatest value in windows of (N, C, D, H, W); with `return_indices` also where it is.

    >>> import convcore as cc
    >>> tuple(cc.nn.MaxPool3d(2)(cc.zeros(1, 3, 8, 8, 8)).shape)
    (1, 3, 4, 4, 4)
    """

    _rank = 3


class _AvgPool(_core.nn.AvgPool):
    _rank = 0

    def __init__(
        self,
        kernel_size: int | tuple,
        stride: int | tuple | None = None,
        padding: int | tuple = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        if divisor_override is not None and divisor_override <= 0:
            raise ValueError(
                f"{type(self).__name__}: divisor_override must be positive, got {divisor_override}"
            )
        sizes = convert.values(kernel_size, "kernel_size")
        super().__init__(
            self._rank,
            sizes,
            _given(stride, "stride") or sizes,
            convert.values(padding, "padding"),
            ceil_mode,
            count_include_pad,
            divisor_override or 0,
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPool):
    """The mean of windows of (N, C, L).

    >>> import convcore as cc
    >>> cc.nn.AvgPool1d(2)(cc.tensor([[[1.0, 3.0, 5.0, 7.0]]]))
    tensor([[[2., 6.]]])
    """

    _rank = 1

    def __init__(
        self,
        kernel_size: int | tuple[int],
        stride: int | tuple[int] | None = None,
        padding: int | tuple[int] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        sizes = convert.values(kernel_size, "kernel_size")
        super().__init__(
            sizes,
            _given(stride, "stride") or sizes,
            convert.values(padding, "padding"),
            ceil_mode,
            count_include_pad,
        )


class AvgPool2d(_AvgPool):
    """The mean of windows of (N, C, H, W).

    >>> import convcore as cc
    >>> tuple(cc.nn.AvgPool2d(2)(cc.zeros(1, 3, 8, 8)).shape)
    (1, 3, 4, 4)
    """

    _rank = 2


class AvgPool3d(_AvgPool):
    """The mean of windows of (N, C, D, H, W).

    >>> import convcore as cc
    >>> tuple(cc.nn.AvgPool3d(2)(cc.zeros(1, 3, 8, 8, 8)).shape)
    (1, 3, 4, 4, 4)
    """

    _rank = 3


def _sizes(field: str, listed: Any = None) -> Any:
    """A property over the core's list of sizes: one number, one per axis, or None; -1 stands for None among several."""

    def get(self: Any) -> Any:
        found = tuple(None if size == -1 else size for size in getattr(self, field))
        return None if not found else found[0] if len(found) == 1 else found

    def put(self: Any, value: Any) -> None:
        setattr(self, field, (listed or _listed)(value, field[1:]))

    return property(get, put)


def _listed(value: Any, name: str) -> list[int]:
    several = value if isinstance(value, tuple | list) else [value]
    return convert.values([-1 if size is None else size for size in several], name)


class _Adaptive:
    _rank = 0
    output_size = _sizes("_output_size")

    def _checked(self, output_size: Any) -> list[int]:
        sizes = _listed(output_size, "output_size")
        if len(sizes) not in (1, self._rank):
            raise _core.ArgumentError(
                f"{type(self).__name__}: output_size must be one number or {self._rank} numbers, "
                f"got {len(sizes)}"
            )
        if any(size < -1 for size in sizes):
            raise _core.ArgumentError(
                f"{type(self).__name__}: output_size must not be negative, got {output_size}"
            )
        return sizes

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class _AdaptiveAvgPool(_Adaptive, _core.nn.AdaptiveAvgPool):
    def __init__(self, output_size: int | tuple | None) -> None:
        super().__init__(self._rank, self._checked(output_size))


class _AdaptiveMaxPool(_Adaptive, _core.nn.AdaptiveMaxPool):
    def __init__(self, output_size: int | tuple | None, return_indices: bool = False) -> None:
        super().__init__(self._rank, self._checked(output_size), return_indices)


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """The mean of windows of (N, C, L) that give `output_size`; None keeps the size.

    >>> import convcore as cc
    >>> cc.nn.AdaptiveAvgPool1d(2)(cc.tensor([[[1.0, 2.0, 4.0]]]))
    tensor([[[1.5000, 3.0000]]])
    """

    _rank = 1


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """The mean of windows of (N, C, H, W) that give `output_size`; None keeps an axis's size.

    >>> import convcore as cc
    >>> cc.nn.AdaptiveAvgPool2d((1, 2))(cc.tensor([[[[1.0, 2.0, 4.0]]]]))
    tensor([[[[1.5000, 3.0000]]]])
    """

    _rank = 2


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """The mean of windows of (N, C, D, H, W) that give `output_size`; None keeps an axis's size.

    >>> import convcore as cc
    >>> cc.nn.AdaptiveAvgPool3d((1, 1, 2))(cc.tensor([[[[[1.0, 2.0, 4.0]]]]]))
    tensor([[[[[1.5000, 3.0000]]]]])
    """

    _rank = 3


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The greatest value of windows of (N, C, L) that give `output_size`; with `return_indices` also where it is.

    >>> import convcore as cc
    >>> cc.nn.AdaptiveMaxPool1d(2)(cc.tensor([[[1.0, 2.0, 4.0]]]))
    tensor([[[2., 4.]]])
    """

    _rank = 1


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The greatest value of windows of (N, C, H, W) that give `output_size`; with `return_indices` also where it is.

    >>> import convcore as cc
    >>> cc.nn.AdaptiveMaxPool2d((1, 2))(cc.tensor([[[[1.0, 2.0, 4.0]]]]))
    tensor([[[[2., 4.]]]])
    """

    _rank = 2


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """The greatest value of windows of (N, C, D, H, W) that give `output_size`; with `return_indices` also where it is.

    >>> import convcore as cc
    >>> cc.nn.AdaptiveMaxPool3d((1, 1, 2))(cc.tensor([[[[[1.0, 2.0, 4.0]]]]]))
    tensor([[[[[2., 4.]]]]])
    """

    _rank = 3


class _LPPool(_core.nn.LPPool):
    _rank = 0
    kernel_size = _sizes("_kernel_size")
    stride = _sizes("_stride")

    def __init__(
        self,
        norm_type: float,
        kernel_size: int | tuple,
        stride: int | tuple | None = None,
        ceil_mode: bool = False,
    ) -> None:
        sizes = convert.values(kernel_size, "kernel_size")
        super().__init__(self._rank, norm_type, sizes, _given(stride, "stride"), ceil_mode)

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type:g}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPool):
    """(Σ xᵖ)^(1/p) over windows of (N, C, L), p = `norm_type`; infinity takes the greatest |x|.

    >>> import convcore as cc
    >>> cc.nn.LPPool1d(2, 2)(cc.tensor([[[3.0, 4.0]]]))
    tensor([[[5.]]])
    """

    _rank = 1


class LPPool2d(_LPPool):
    """(Σ xᵖ)^(1/p) over windows of (N, C, H, W), p = `norm_type`; infinity takes the greatest |x|.

    >>> import convcore as cc
    >>> cc.nn.LPPool2d(2, (1, 2))(cc.tensor([[[[3.0, 4.0]]]]))
    tensor([[[[5.]]]])
    """

    _rank = 2


class LPPool3d(_LPPool):
    """(Σ xᵖ)^(1/p) over windows of (N, C, D, H, W), p = `norm_type`; infinity takes the greatest |x|.

    >>> import convcore as cc
    >>> cc.nn.LPPool3d(2, (1, 1, 2))(cc.tensor([[[[[3.0, 4.0]]]]]))
    tensor([[[[[5.]]]]])
    """

    _rank = 3


class _GaussianPool(_core.nn.GaussianPool):
    _rank = 0
    kernel_size = _sizes("_kernel_size")
    stride = _sizes("_stride")
    padding = _sizes("_padding")
    sigma = _sizes("_sigma", convert.factors)

    def __init__(
        self,
        kernel_size: int | tuple,
        stride: int | tuple | None = None,
        padding: int | tuple = 0,
        sigma: float | tuple | None = None,
        count_include_pad: bool = True,
    ) -> None:
        sizes = convert.values(kernel_size, "kernel_size")
        super().__init__(
            self._rank,
            sizes,
            _given(stride, "stride") or sizes,
            convert.values(padding, "padding"),
            [size / 4 for size in sizes] if sigma is None else convert.factors(sigma, "sigma"),
            count_include_pad,
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"sigma={self.sigma}"
        )


class GaussianPool1d(_GaussianPool):
    """The mean of windows of (N, C, L) with a Gaussian's weights, see `functional.gaussian_pool1d`.

    >>> import convcore as cc
    >>> cc.nn.GaussianPool1d(3, sigma=0.5)(cc.tensor([[[0.0, 1.0, 0.0]]]))
    tensor([[[0.7870]]])
    """

    _rank = 1


class GaussianPool2d(_GaussianPool):
    """The mean of windows of (N, C, H, W) with a Gaussian's weights, see `functional.gaussian_pool2d`.

    >>> import convcore as cc
    >>> cc.nn.GaussianPool2d((1, 3), sigma=0.5)(cc.tensor([[[[0.0, 1.0, 0.0]]]]))
    tensor([[[[0.7870]]]])
    """

    _rank = 2


class GaussianPool3d(_GaussianPool):
    """The mean of windows of (N, C, D, H, W) with a Gaussian's weights, see `functional.gaussian_pool3d`.

    >>> import convcore as cc
    >>> cc.nn.GaussianPool3d((1, 1, 3), sigma=0.5)(cc.tensor([[[[[0.0, 1.0, 0.0]]]]]))
    tensor([[[[[0.7870]]]]])
    """

    _rank = 3


class SpatialPyramidPool2d(_core.nn.SpatialPyramidPool2d):
    """Maps (N, C, H, W) of any size as vectors (N, C·Σn²): pooled to n × n for each n of `levels`, one after the other.

    `mode` is "max" or "avg". He et al., "Spatial pyramid pooling in deep convolutional networks", 2014.

    >>> import convcore as cc
    >>> pool = cc.nn.SpatialPyramidPool2d((3, 2, 1))
    >>> tuple(pool(cc.zeros(2, 5, 13, 10)).shape), tuple(pool(cc.zeros(2, 5, 7, 7)).shape)
    ((2, 70), (2, 70))
    """

    def __init__(self, levels: tuple[int, ...] = (4, 2, 1), mode: str = "max") -> None:
        super().__init__(convert.values(levels, "levels"), mode)

    def extra_repr(self) -> str:
        return f"levels={self.levels}, mode={self.mode!r}"


def _each_axis(value: Any, name: str, rank: int) -> tuple[int, ...]:
    found = convert.values(value, name)
    return tuple(found * rank if len(found) == 1 else found)


class _MaxUnpool(Module):
    _rank = 0

    def __init__(
        self, kernel_size: int | tuple, stride: int | tuple | None = None, padding: int | tuple = 0
    ) -> None:
        super().__init__()
        self.kernel_size = _each_axis(kernel_size, "kernel_size", self._rank)
        self.stride = _each_axis(kernel_size if stride is None else stride, "stride", self._rank)
        self.padding = _each_axis(padding, "padding", self._rank)

    def forward(self, input: Any, indices: Any, output_size: Any = None) -> Any:
        unpool = getattr(F, f"max_unpool{self._rank}d")
        return unpool(input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """Maps (N, C, L) back at the places that MaxPool1d gave with `return_indices`, zeros elsewhere.

    Called as unpool(input, indices, output_size=None). Zeiler and Fergus, 2014.

    >>> import convcore as cc
    >>> pool = cc.nn.MaxPool1d(2, return_indices=True)
    >>> cc.nn.MaxUnpool1d(2)(*pool(cc.tensor([[[1.0, 3.0, 4.0, 2.0]]])))
    tensor([[[0., 3., 4., 0.]]])
    """

    _rank = 1


class MaxUnpool2d(_MaxUnpool):
    """Maps (N, C, H, W) back at the places that MaxPool2d gave with `return_indices`, zeros elsewhere.

    Called as unpool(input, indices, output_size=None). Zeiler and Fergus, 2014.

    >>> import convcore as cc
    >>> pool = cc.nn.MaxPool2d((1, 2), return_indices=True)
    >>> cc.nn.MaxUnpool2d((1, 2))(*pool(cc.tensor([[[[1.0, 3.0, 4.0, 2.0]]]])))
    tensor([[[[0., 3., 4., 0.]]]])
    """

    _rank = 2


class MaxUnpool3d(_MaxUnpool):
    """Maps (N, C, D, H, W) back at the places that MaxPool3d gave with `return_indices`, zeros elsewhere.

    Called as unpool(input, indices, output_size=None). Zeiler and Fergus, 2014.

    >>> import convcore as cc
    >>> pool = cc.nn.MaxPool3d((1, 1, 2), return_indices=True)
    >>> cc.nn.MaxUnpool3d((1, 1, 2))(*pool(cc.tensor([[[[[1.0, 3.0, 4.0, 2.0]]]]])))
    tensor([[[[[0., 3., 4., 0.]]]]])
    """

    _rank = 3


class _FractionalMaxPool(Module):
    _rank = 0

    def __init__(
        self,
        kernel_size: int | tuple,
        output_size: int | tuple | None = None,
        output_ratio: float | tuple | None = None,
        return_indices: bool = False,
        _random_samples: Any = None,
    ) -> None:
        super().__init__()
        name, rank = type(self).__name__, self._rank
        if (output_size is None) == (output_ratio is None):
            raise _core.ArgumentError(f"{name}: expected either output_size or output_ratio")
        self.kernel_size = _each_axis(kernel_size, "kernel_size", rank)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = (
            None if output_size is None else _each_axis(output_size, "output_size", rank)
        )
        self.output_ratio = None
        if output_ratio is not None:
            ratios = convert.factors(output_ratio, "output_ratio")
            self.output_ratio = tuple(ratios * rank if len(ratios) == 1 else ratios)
            if not all(0 < ratio < 1 for ratio in self.output_ratio):
                raise _core.ArgumentError(
                    f"{name}: output_ratio must be between 0 and 1, got {output_ratio}"
                )

    def forward(self, input: Any) -> Any:
        pool = getattr(F, f"fractional_max_pool{self._rank}d")
        return pool(
            input,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            self._random_samples,
        )


class FractionalMaxPool2d(_FractionalMaxPool):
    """The greatest value in windows of (N, C, H, W) at random distances that give `output_size`, or a ratio of the input's.

    Graham, "Fractional max-pooling", 2014.

    >>> import convcore as cc
    >>> tuple(cc.nn.FractionalMaxPool2d(2, output_size=5)(cc.rand(1, 3, 8, 8)).shape)
    (1, 3, 5, 5)
    """

    _rank = 2


class FractionalMaxPool3d(_FractionalMaxPool):
    """The greatest value in windows of (N, C, D, H, W) at random distances that give `output_size`, or a ratio of the input's.

    Graham, "Fractional max-pooling", 2014.

    >>> import convcore as cc
    >>> tuple(cc.nn.FractionalMaxPool3d(2, output_size=5)(cc.rand(1, 3, 8, 8, 8)).shape)
    (1, 3, 5, 5, 5)
    """

    _rank = 3
