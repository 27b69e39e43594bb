"""Pooling layers."""

from __future__ import annotations

from typing import Any

from convcore import _convert as convert
from convcore import _core


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


class _AdaptiveAvgPool(_core.nn.AdaptiveAvgPool):
    _rank = 0

    def __init__(self, output_size: int | tuple | None) -> None:
        sizes = output_size if isinstance(output_size, tuple | list) else [output_size] * self._rank
        sizes = [-1 if size is None else size for size in sizes]
        super().__init__(self._rank, convert.values(sizes, "output_size"))
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """The mean of equal windows of (N, C, L) so that the result has `output_size`.

    Raises NotImplementedError where the size does not divide the input's.

    >>> import convcore as cc
    >>> cc.nn.AdaptiveAvgPool1d(1)(cc.tensor([[[1.0, 3.0]]]))
    tensor([[[2.]]])
    """

    _rank = 1


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """The mean of equal windows of (N, C, H, W) so that the result has `output_size`.

    Raises NotImplementedError where a size does not divide the input's.

    >>> import convcore as cc
    >>> tuple(cc.nn.AdaptiveAvgPool2d((1, 1))(cc.zeros(2, 3, 7, 5)).shape)
    (2, 3, 1, 1)
    """

    _rank = 2


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """The mean of equal windows of (N, C, D, H, W) so that the result has `output_size`.

    Raises NotImplementedError where a size does not divide the input's.

    >>> import convcore as cc
    >>> tuple(cc.nn.AdaptiveAvgPool3d(1)(cc.zeros(2, 3, 4, 4, 4)).shape)
    (2, 3, 1, 1, 1)
    """

    _rank = 3
