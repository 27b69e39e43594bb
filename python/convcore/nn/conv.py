"""Convolution layers and their transposes."""

from __future__ import annotations

from typing import Any

from convcore import _convert as convert
from convcore import _core


class _ConvText:
    """What a convolution's `repr` says of it."""

    def extra_repr(self) -> str:
        zeros, ones = (0,) * len(self.kernel_size), (1,) * len(self.kernel_size)
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}"
        )
        if self.padding != zeros:
            text += f", padding={self.padding}"
        if self.dilation != ones:
            text += f", dilation={self.dilation}"
        if self.output_padding != zeros:
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        if self.flip:
            text += ", flip=True"
        return text


class _Conv(_ConvText, _core.nn.Conv):
    _rank = 0

    def __init__(
        self,
        in_channels: int,
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
        convert.check_device(device)
        super().__init__(
            self._rank,
            in_channels,
            out_channels,
            convert.values(kernel_size, "kernel_size"),
            (stride, padding, dilation, groups, flip, padding_mode),
            bool(bias),
            None if dtype is None else convert.to_dtype(dtype),
        )
        self.reset_parameters()


class Conv1d(_Conv):
    """Convolve (N, in_channels, L) into (N, out_channels, L').

    `padding` is a number, one (before, after) pair, "valid", "same", "same_lower" or "full"; `padding_mode` "zeros", "reflect",
    "replicate" or "circular"; `flip=True` gives true convolution: see functional.conv1d.

    >>> import convcore as cc
    >>> tuple(cc.nn.Conv1d(3, 8, 5, padding=2)(cc.zeros(2, 3, 16)).shape)
    (2, 8, 16)
    """

    _rank = 1


class Conv2d(_Conv):
    """Convolve (N, in_channels, H, W) into (N, out_channels, H', W').

    Arguments as Conv1d's; `padding` is also one number or (before, after) pair per axis.

    >>> import convcore as cc
    >>> tuple(cc.nn.Conv2d(3, 8, 3, stride=2, padding=1)(cc.zeros(2, 3, 16, 16)).shape)
    (2, 8, 8, 8)
    """

    _rank = 2


class Conv3d(_Conv):
    """Convolve (N, in_channels, D, H, W) into (N, out_channels, D', H', W').

    Arguments as Conv1d's; `padding` is also one number or (before, after) pair per axis.

    >>> import convcore as cc
    >>> tuple(cc.nn.Conv3d(1, 4, 3)(cc.zeros(1, 1, 8, 8, 8)).shape)
    (1, 4, 6, 6, 6)
    """

    _rank = 3


class _ConvTranspose(_ConvText, _core.nn.ConvTranspose):
    _rank = 0

    def __init__(
        self,
        in_channels: int,
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
        convert.check_device(device)
        super().__init__(
            self._rank,
            in_channels,
            out_channels,
            convert.values(kernel_size, "kernel_size"),
            (stride, padding, dilation, groups, flip, padding_mode),
            convert.values(output_padding, "output_padding"),
            bool(bias),
            None if dtype is None else convert.to_dtype(dtype),
        )
        self.reset_parameters()


class ConvTranspose1d(_ConvTranspose):
    """Transposed convolution of (N, in_channels, L) into (N, out_channels, L'), the adjoint of a Conv1d the other way.

    L' = (L − 1)·stride − 2·padding + dilation·(kernel_size − 1) + output_padding + 1. Calling it with `output_size`
    (L', or the whole shape) chooses among the sizes a strided Conv1d cannot tell apart, instead of `output_padding`.

    >>> import convcore as cc
    >>> up = cc.nn.ConvTranspose1d(8, 3, 4, stride=2, padding=1)
    >>> tuple(up(cc.zeros(2, 8, 16)).shape), tuple(up(cc.zeros(2, 8, 16), output_size=[33]).shape)
    ((2, 3, 32), (2, 3, 33))
    """

    _rank = 1


class ConvTranspose2d(_ConvTranspose):
    """Transposed convolution of (N, in_channels, H, W) into (N, out_channels, H', W').

    Sizes as in ConvTranspose1d, each argument one number or one per axis.

    >>> import convcore as cc
    >>> tuple(cc.nn.ConvTranspose2d(8, 3, 2, stride=2)(cc.zeros(2, 8, 16, 16)).shape)
    (2, 3, 32, 32)
    """

    _rank = 2


class ConvTranspose3d(_ConvTranspose):
    """Transposed convolution of (N, in_channels, D, H, W) into (N, out_channels, D', H', W').

    Sizes as in ConvTranspose1d, each argument one number or one per axis.

    >>> import convcore as cc
    >>> tuple(cc.nn.ConvTranspose3d(2, 1, 3, stride=2, padding=1, output_padding=1)(cc.zeros(1, 2, 4, 4, 4)).shape)
    (1, 1, 8, 8, 8)
    """

    _rank = 3
