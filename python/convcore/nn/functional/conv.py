"""Convolution, its two gradients and transposed convolution."""

from __future__ import annotations

from typing import Any

from convcore import _core
from convcore._convert import values as _values
from convcore._tensor import Tensor


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    *,
    flip: bool = False,
    padding_mode: str = "zeros",
) -> Tensor:
    """1-D cross-correlation of input (N, C, L) with weight (K, C/groups, kernel), plus bias (K): (N, K, L_out).

    L_out = ⌊(L + pads − dilation·(kernel − 1) − 1)/stride⌋ + 1. `padding` is an integer, a (low, high) pair in a list or a word:

    - "valid": none;
    - "same": as many as make L_out = ⌈L/stride⌉, half of them on each side and an odd one at the end, which is TensorFlow's
      rule and at stride 1 PyTorch's (PyTorch has no other stride); "same_lower": an odd one at the start, as in ONNX;
    - "full": dilation·(kernel − 1) on each side, every position where kernel and input meet.

    `padding_mode` says what the padding is: "zeros", "reflect", "replicate" or "circular". `flip=True` gives true
    convolution. ValueError for sizes that do not fit.

    >>> import convcore as cc
    >>> cc.nn.functional.conv1d(cc.ones(1, 1, 4), cc.ones(1, 1, 2))
    tensor([[[2., 2., 2.]]])
    """
    options = (stride, padding, dilation, groups, flip, padding_mode)
    return _core.conv(1, input, weight, bias, options)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    *,
    flip: bool = False,
    padding_mode: str = "zeros",
) -> Tensor:
    """2-D cross-correlation of input (N, C, H, W) with weight (K, C/groups, kH, kW), plus bias (K).

    Arguments as conv1d's, one value or one per axis; padding also ((top, bottom), (left, right)).

    >>> import convcore as cc
    >>> cc.nn.functional.conv2d(cc.ones(1, 1, 3, 3), cc.ones(1, 1, 3, 3), padding=1)[0, 0]
    tensor([[4., 6., 4.],
            [6., 9., 6.],
            [4., 6., 4.]])
    """
    options = (stride, padding, dilation, groups, flip, padding_mode)
    return _core.conv(2, input, weight, bias, options)


def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    *,
    flip: bool = False,
    padding_mode: str = "zeros",
) -> Tensor:
    """3-D cross-correlation of input (N, C, D, H, W) with weight (K, C/groups, kD, kH, kW), plus bias (K).

    >>> import convcore as cc
    >>> cc.nn.functional.conv3d(cc.ones(1, 1, 2, 2, 2), cc.ones(1, 1, 2, 2, 2)).item()
    8.0
    """
    options = (stride, padding, dilation, groups, flip, padding_mode)
    return _core.conv(3, input, weight, bias, options)


def _conv_transpose(
    rank: int,
    input: Tensor,
    weight: Tensor,
    bias: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
    flip: bool,
) -> Tensor:
    options = (stride, padding, dilation, groups, flip, "zeros")
    extra = _values(output_padding, "output_padding")
    return _core.conv_transpose(rank, input, weight, bias, options, extra, [])


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
    *,
    flip: bool = False,
) -> Tensor:
    """The adjoint of conv1d in its input: (N, C, L) with weight (C, K/groups, kernel) into (N, K, L_out), plus bias (K).

    L_out = (L − 1)·stride − pads + dilation·(kernel − 1) + output_padding + 1; `output_padding` is smaller than stride or
    dilation and lengthens the output at its end. `padding` is an integer or a (low, high) pair in a list: what a conv1d
    would pad. ValueError for sizes that do not fit.

    >>> import convcore as cc
    >>> cc.nn.functional.conv_transpose1d(cc.ones(1, 1, 3), cc.ones(1, 1, 2), stride=2)
    tensor([[[1., 1., 1., 1., 1., 1.]]])
    """
    return _conv_transpose(
        1, input, weight, bias, stride, padding, output_padding, groups, dilation, flip
    )


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
    *,
    flip: bool = False,
) -> Tensor:
    """The adjoint of conv2d in its input: (N, C, H, W) with weight (C, K/groups, kH, kW) into (N, K, H_out, W_out).

    Arguments as conv_transpose1d's, one value or one per axis; padding also ((top, bottom), (left, right)).

    >>> import convcore as cc
    >>> cc.nn.functional.conv_transpose2d(cc.ones(1, 1, 2, 2), cc.ones(1, 1, 2, 2))[0, 0]
    tensor([[1., 2., 1.],
            [2., 4., 2.],
            [1., 2., 1.]])
    """
    return _conv_transpose(
        2, input, weight, bias, stride, padding, output_padding, groups, dilation, flip
    )


def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
    *,
    flip: bool = False,
) -> Tensor:
    """The adjoint of conv3d in its input: (N, C, D, H, W) with weight (C, K/groups, kD, kH, kW) into (N, K, D', H', W').

    >>> import convcore as cc
    >>> y = cc.nn.functional.conv_transpose3d(cc.ones(1, 1, 2, 2, 2), cc.ones(1, 4, 2, 2, 2), stride=2)
    >>> tuple(y.shape)
    (1, 4, 4, 4, 4)
    """
    return _conv_transpose(
        3, input, weight, bias, stride, padding, output_padding, groups, dilation, flip
    )


def conv_grad_input(
    input_size: Any,
    weight: Tensor,
    grad_output: Tensor,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    *,
    flip: bool = False,
) -> Tensor:
    """The gradient of a convolution to its input of shape input_size; the rank follows from weight. Can be differentiated.

    >>> import convcore as cc
    >>> cc.nn.functional.conv_grad_input((1, 1, 4), cc.ones(1, 1, 2), cc.ones(1, 1, 3))
    tensor([[[1., 2., 2., 1.]]])
    """
    options = (stride, padding, dilation, groups, flip, "zeros")
    return _core.conv_grad_input(weight.ndim - 2, list(input_size), weight, grad_output, options)


def conv_grad_weight(
    input: Tensor,
    weight_size: Any,
    grad_output: Tensor,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    *,
    flip: bool = False,
) -> Tensor:
    """The gradient of a convolution to its weight of shape weight_size; the rank follows from input. Can be differentiated.

    >>> import convcore as cc
    >>> cc.nn.functional.conv_grad_weight(cc.ones(1, 1, 4), (1, 1, 2), cc.ones(1, 1, 3))
    tensor([[[3., 3.]]])
    """
    options = (stride, padding, dilation, groups, flip, "zeros")
    return _core.conv_grad_weight(input.ndim - 2, input, list(weight_size), grad_output, options)
