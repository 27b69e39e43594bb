"""Functions of networks, as in torch.nn.functional."""

from __future__ import annotations

import inspect
from typing import Any

from convcore import _core
from convcore._convert import values as _values
from convcore._errors import names_arguments as _names_arguments
from convcore._tensor import Tensor

# --- convolution ---------------------------------------------------------------------------------------------------------


def _padding(padding: Any) -> Any:
    """A word, an integer, one per axis, or (low, high) pairs per axis."""
    if isinstance(padding, str):
        return padding
    if isinstance(padding, tuple | list) and padding and isinstance(padding[0], tuple | list):
        return [p for pair in padding for p in _values(pair, "padding")]
    return _values(padding, "padding")


def _conv(
    rank: int,
    input: Tensor,
    weight: Tensor,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
    flip: bool,
) -> Tensor:
    return _core.conv(
        rank,
        input,
        weight,
        bias,
        _values(stride, "stride"),
        _padding(padding),
        _values(dilation, "dilation"),
        groups,
        flip,
    )


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
) -> Tensor:
    """1-D cross-correlation of input (N, C, L) with weight (K, C/groups, kernel), plus bias (K): (N, K, L_out).

    `padding` is "valid", "same" (stride 1), an integer or a (low, high) pair in a list; `flip=True` gives true convolution.
    L_out = ⌊(L + pads − dilation·(kernel − 1) − 1)/stride⌋ + 1. ValueError for sizes that do not fit.

    >>> import convcore as cc
    >>> cc.nn.functional.conv1d(cc.ones(1, 1, 4), cc.ones(1, 1, 2))
    tensor([[[2., 2., 2.]]])
    """
    return _conv(1, input, weight, bias, stride, padding, dilation, groups, flip)


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
) -> Tensor:
    """2-D cross-correlation of input (N, C, H, W) with weight (K, C/groups, kH, kW), plus bias (K).

    Arguments as conv1d's, one value or one per axis; padding also ((top, bottom), (left, right)).

    >>> import convcore as cc
    >>> cc.nn.functional.conv2d(cc.ones(1, 1, 3, 3), cc.ones(1, 1, 3, 3), padding=1)[0, 0]
    tensor([[4., 6., 4.],
            [6., 9., 6.],
            [4., 6., 4.]])
    """
    return _conv(2, input, weight, bias, stride, padding, dilation, groups, flip)


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
) -> Tensor:
    """3-D cross-correlation of input (N, C, D, H, W) with weight (K, C/groups, kD, kH, kW), plus bias (K).

    >>> import convcore as cc
    >>> cc.nn.functional.conv3d(cc.ones(1, 1, 2, 2, 2), cc.ones(1, 1, 2, 2, 2)).item()
    8.0
    """
    return _conv(3, input, weight, bias, stride, padding, dilation, groups, flip)


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
    return _core.conv_grad_input(
        weight.ndim - 2, list(input_size), weight, grad_output, _values(stride, "stride"), _padding(padding),
        _values(dilation, "dilation"), groups, flip,
    )  # fmt: skip


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
    return _core.conv_grad_weight(
        input.ndim - 2, input, list(weight_size), grad_output, _values(stride, "stride"), _padding(padding),
        _values(dilation, "dilation"), groups, flip,
    )  # fmt: skip


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input (…, in) times weightᵀ (out, in), plus bias (out): (…, out)."""
    return _core.linear(input, weight, bias)


# --- pooling -------------------------------------------------------------------------------------------------------------


def _max_pool(
    rank: int,
    input: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
    return_indices: bool,
) -> Any:
    strides = [] if stride is None else _values(stride, "stride")
    pooled, indices = _core.max_pool(
        rank,
        input,
        _values(kernel_size, "kernel_size"),
        strides,
        _values(padding, "padding"),
        _values(dilation, "dilation"),
        ceil_mode,
        return_indices,
    )
    return (pooled, indices) if return_indices else pooled


def max_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The greatest value of each window of input (N, C, L); stride defaults to kernel_size.

    >>> import convcore as cc
    >>> cc.nn.functional.max_pool1d(cc.tensor([[[1.0, 3.0, 2.0, 0.0]]]), 2)
    tensor([[[3., 2.]]])
    """
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The greatest value of each window of input (N, C, H, W); indices are flat positions in H·W."""
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The greatest value of each window of input (N, C, D, H, W)."""
    return _max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _avg_pool(
    rank: int,
    input: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Tensor:
    if divisor_override is not None and divisor_override == 0:
        raise _core.ArgumentError(f"avg_pool{rank}d: divisor_override must not be 0")
    strides = [] if stride is None else _values(stride, "stride")
    return _core.avg_pool(
        rank, input, _values(kernel_size, "kernel_size"), strides, _values(padding, "padding"), ceil_mode, count_include_pad,
        divisor_override or 0,
    )  # fmt: skip


def avg_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window of input (N, C, L).

    >>> import convcore as cc
    >>> cc.nn.functional.avg_pool1d(cc.tensor([[[1.0, 3.0, 2.0, 0.0]]]), 2)
    tensor([[[2., 1.]]])
    """
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of input (N, C, H, W)."""
    return _avg_pool(
        2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def avg_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of input (N, C, D, H, W)."""
    return _avg_pool(
        3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


# --- normalisation, activation, dropout ------------------------------------------------------------------------------------


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Each channel of input (N, C, …) to mean 0 and variance 1, then times weight (C) plus bias (C).

    In training the statistics are the batch's and the running ones are moved towards them by `momentum`.
    Ioffe and Szegedy, "Batch normalization", 2015.
    """
    return _core.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(input, 0)."""
    return _unary("relu", input, inplace)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """input where positive, else negative_slope·input."""
    return _maybe_in_place(input, _core.leaky_relu(input, negative_slope), inplace)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """input where positive, else alpha·(eˣ − 1)."""
    return _maybe_in_place(input, _core.elu(input, alpha), inplace)


def softplus(input: Tensor, beta: float = 1, threshold: float = 20) -> Tensor:
    """ln(1 + e^(beta·x))/beta."""
    return _core.softplus(input, beta, threshold)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x·Φ(x); approximate="tanh" uses the tanh formula (Hendrycks and Gimpel, 2016)."""
    if approximate not in ("none", "tanh"):
        raise _core.ArgumentError(
            f'gelu: approximate must be "none" or "tanh", got {approximate!r}'
        )
    return _core.unary("gelu" if approximate == "none" else "gelu_tanh", input)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x·σ(x)."""
    return _unary("silu", input, inplace)


def pad(input: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Tensor:
    """Borders of `value` (0): (left, right) of the last dimension, then (low, high) of the one before it, and so on.

    >>> import convcore as cc
    >>> cc.nn.functional.pad(cc.ones(1, 2), (1, 2))
    tensor([[0., 1., 1., 0., 0.]])
    """
    if mode != "constant":
        raise NotImplementedError(f'pad: mode "constant" is available, got {mode!r}')
    widths = _values(pad, "pad")
    if len(widths) % 2 or len(widths) // 2 > input.ndim:
        raise _core.ArgumentError(
            f"pad: expected (low, high) pairs for at most {input.ndim} dimensions, got {tuple(widths)}"
        )
    out, fill = input, 0.0 if value is None else value
    for i in range(len(widths) // 2):
        dim, low, high = input.ndim - 1 - i, widths[2 * i], widths[2 * i + 1]
        out = out.narrow(dim, max(-low, 0), out.shape[dim] - max(-low, 0) - max(-high, 0))

        def border(width: int, like: Tensor = out, dim: int = dim) -> list[Tensor]:
            shape = [*like.shape[:dim], width, *like.shape[dim + 1 :]]
            return [_core.full(shape, fill, like.dtype)] if width > 0 else []

        parts = [*border(low), out, *border(high)]
        out = _core.cat(parts, dim) if len(parts) > 1 else out
    return out


def sigmoid(input: Tensor) -> Tensor:
    """1/(1 + e⁻ˣ)."""
    return _core.unary("sigmoid", input)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return _core.unary("tanh", input)


def _unary(op: str, input: Tensor, inplace: bool) -> Tensor:
    if not inplace:
        return _core.unary(op, input)
    _core.unary_(op, input)
    return input


def _maybe_in_place(input: Tensor, result: Tensor, inplace: bool) -> Tensor:
    if not inplace:
        return result
    _core.assign(input, result)
    return input


def _softmax_dim(name: str, input: Tensor, dim: int | None) -> int:
    if dim is None:
        raise _core.ArgumentError(f"{name}: dim must be given")
    return dim


def softmax(input: Tensor, dim: int | None = None, dtype: Any = None) -> Tensor:
    """exp(x) over its sum along dim."""
    x = input if dtype is None else input.to(dtype)
    return _core.softmax(x, _softmax_dim("softmax", input, dim))


def log_softmax(input: Tensor, dim: int | None = None, dtype: Any = None) -> Tensor:
    """The logarithm of softmax, computed without overflow."""
    x = input if dtype is None else input.to(dtype)
    return _core.log_softmax(x, _softmax_dim("log_softmax", input, dim))


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training, zeroes each element with probability p and divides the rest by 1 − p; else gives input.

    Srivastava et al., "Dropout", JMLR 15, 2014.
    """
    return _maybe_in_place(input, _core.dropout(input, p, training), inplace)


def dropout1d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """dropout of whole channels of input (N, C, L)."""
    return _maybe_in_place(input, _core.dropout_channels(1, input, p, training), inplace)


def dropout2d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """dropout of whole channels of input (N, C, H, W) (Tompson et al., 2015)."""
    return _maybe_in_place(input, _core.dropout_channels(2, input, p, training), inplace)


def dropout3d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """dropout of whole channels of input (N, C, D, H, W)."""
    return _maybe_in_place(input, _core.dropout_channels(3, input, p, training), inplace)


# --- losses --------------------------------------------------------------------------------------------------------------


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """−ln softmax(input)[target]: logits (N, C) or (N, C, d…), int64 classes (N) or (N, d…), or class probabilities.

    `weight` (C) weighs classes; "mean" divides by the sum of the weights of the targets. IndexError for a target that is no class.

    >>> import convcore as cc
    >>> cc.nn.functional.cross_entropy(cc.zeros(1, 4), cc.tensor([2]))
    tensor(1.3863)
    """
    return _core.cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)


def mse_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """(input − target)², averaged, summed or as it is.

    >>> import convcore as cc
    >>> cc.nn.functional.mse_loss(cc.zeros(2), cc.tensor([1.0, 3.0]))
    tensor(5.)
    """
    return _core.mse_loss(input, target, reduction)


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """−input[target] of log-probabilities (N, C) or (N, C, d…) and int64 classes; "mean" weighs as cross_entropy's.

    >>> import convcore as cc
    >>> cc.nn.functional.nll_loss(cc.tensor([[-0.5, -1.0]]), cc.tensor([0]))
    tensor(0.5000)
    """
    return _core.nll_loss(input, target, weight, ignore_index, reduction)


def l1_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """|input − target|, averaged, summed or as it is.

    >>> import convcore as cc
    >>> cc.nn.functional.l1_loss(cc.zeros(2), cc.tensor([1.0, 3.0]))
    tensor(2.)
    """
    return _core.l1_loss(input, target, reduction)


def smooth_l1_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", beta: float = 1.0
) -> Tensor:
    """d²/(2·beta) where d = |input − target| < beta, else d − beta/2 (Girshick, "Fast R-CNN", 2015).

    >>> import convcore as cc
    >>> cc.nn.functional.smooth_l1_loss(cc.zeros(2), cc.tensor([1.0, 3.0]))
    tensor(1.5000)
    """
    return _core.smooth_l1_loss(input, target, reduction, beta)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0
) -> Tensor:
    """d²/2 where d = |input − target| ≤ delta, else delta·(d − delta/2).

    >>> import convcore as cc
    >>> cc.nn.functional.huber_loss(cc.zeros(2), cc.tensor([1.0, 3.0]), delta=2.0)
    tensor(2.2500)
    """
    return _core.huber_loss(input, target, reduction, delta)


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """−target·ln(input) − (1 − target)·ln(1 − input) of probabilities; logarithms are limited to −100.

    >>> import convcore as cc
    >>> cc.nn.functional.binary_cross_entropy(cc.tensor([0.5]), cc.tensor([1.0]))
    tensor(0.6931)
    """
    return _core.binary_cross_entropy(input, target, weight, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """binary_cross_entropy of sigmoid(input), computed without overflow; pos_weight weighs the positive part.

    >>> import convcore as cc
    >>> cc.nn.functional.binary_cross_entropy_with_logits(cc.zeros(1), cc.ones(1))
    tensor(0.6931)
    """
    return _core.binary_cross_entropy_with_logits(input, target, weight, pos_weight, reduction)


def kl_div(
    input: Tensor, target: Tensor, reduction: str = "mean", log_target: bool = False
) -> Tensor:
    """target·(ln target − input) of log-probabilities input; "batchmean" divides the sum by the batch.

    >>> import convcore as cc
    >>> cc.nn.functional.kl_div(cc.zeros(1, 2), cc.ones(1, 2), reduction="batchmean")
    tensor(0.)
    """
    if reduction == "batchmean":
        return _core.kl_div(input, target, "sum", log_target) / input.shape[0]
    return _core.kl_div(input, target, reduction, log_target)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """int64 classes (…) as rows of zeros with a one (…, num_classes); −1 takes the greatest class plus one.

    >>> import convcore as cc
    >>> cc.nn.functional.one_hot(cc.tensor([1, 0]), 3)
    tensor([[0, 1, 0],
            [1, 0, 0]])
    """
    return _core.one_hot(tensor, num_classes)


for _name, _function in list(globals().items()):
    if (
        inspect.isfunction(_function)
        and _function.__module__ == __name__
        and not _name.startswith("_")
    ):
        globals()[_name] = _names_arguments(_function)
