"""A batch norm in evaluation mode is a fixed scale and shift: it can be folded into the layer before it."""

from __future__ import annotations

import copy
from typing import Any

from convcore import _core
from convcore._tensor import Parameter, Tensor


def _scale_and_shift(
    bias: Tensor | None, mean: Tensor, var: Tensor, eps: float, gamma: Tensor | None, beta: Tensor | None
) -> tuple[Tensor, Tensor]:  # fmt: skip
    scale = (var + eps).rsqrt()
    scale = scale if gamma is None else scale * gamma
    shift = -mean * scale if bias is None else (bias - mean) * scale
    return scale, shift if beta is None else shift + beta


def _parameter(value: Tensor, like: Tensor) -> Parameter:
    return Parameter(value.detach().to(like.dtype), requires_grad=like.requires_grad)


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """Weight and bias of a convolution that does what conv and then batch norm do.

    Weights are (O, I/groups, ...), with `transpose` (I, O/groups, ...); the rest is a batch norm's
    running mean and variance (O,), eps, weight and bias (None: without).

    >>> import convcore as cc
    >>> one = cc.ones(1)
    >>> w, b = cc.nn.utils.fuse_conv_bn_weights(cc.ones(1, 1, 1, 1), None, one, one * 4, 0.0, one, one)
    >>> w.item(), b.item()
    (0.5, 0.5)
    """
    scale, shift = _scale_and_shift(conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b)
    if transpose:
        groups = scale.numel() // conv_w.shape[1]
        parts = conv_w.reshape(groups, -1, *conv_w.shape[1:])
        scaled = parts * scale.reshape(groups, 1, -1, *[1] * (conv_w.ndim - 2))
    else:
        scaled = conv_w * scale.reshape(-1, *[1] * (conv_w.ndim - 1))
    return _parameter(scaled.reshape(conv_w.shape), conv_w), _parameter(shift, conv_w)


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
) -> tuple[Parameter, Parameter]:
    """Weight and bias of a linear layer that does what linear and then batch norm do."""
    return fuse_conv_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b)


def _fused(op: str, layer: Any, bn: Any, transpose: bool) -> Any:
    if layer.training or bn.training:
        raise _core.ArgumentError(f"{op}: both modules must be in evaluation mode; call eval()")
    if bn.running_mean is None:
        raise _core.ArgumentError(f"{op}: bn has no running statistics (track_running_stats=False)")
    outputs = layer.out_features if hasattr(layer, "out_features") else layer.out_channels
    if bn.num_features != outputs:
        raise _core.ArgumentError(
            f"{op}: bn must have as many features as the layer outputs, {outputs}, got "
            f"{bn.num_features}"
        )
    fused = copy.deepcopy(layer)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, transpose
    )  # fmt: skip
    return fused


def fuse_conv_bn_eval(conv: Any, bn: Any, transpose: bool = False) -> Any:
    """A copy of `conv` that also does what the batch norm after it does; both in evaluation mode.

    `transpose` says that conv is a transposed convolution.

    >>> import convcore as cc
    >>> conv, bn = cc.nn.Conv2d(1, 2, 3).eval(), cc.nn.BatchNorm2d(2).eval()
    >>> x = cc.randn(1, 1, 5, 5)
    >>> cc.allclose(cc.nn.utils.fuse_conv_bn_eval(conv, bn)(x), bn(conv(x)), atol=1e-6)
    True
    """
    return _fused("fuse_conv_bn_eval", conv, bn, transpose)


def fuse_linear_bn_eval(linear: Any, bn: Any) -> Any:
    """A copy of `linear` that also does what the batch norm after it does; both in evaluation mode.

    >>> import convcore as cc
    >>> linear, bn = cc.nn.Linear(3, 2).eval(), cc.nn.BatchNorm1d(2).eval()
    >>> cc.nn.utils.fuse_linear_bn_eval(linear, bn)
    Linear(in_features=3, out_features=2, bias=True)
    """
    return _fused("fuse_linear_bn_eval", linear, bn, False)
