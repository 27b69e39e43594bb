"""Losses."""

from __future__ import annotations

from convcore import _core
from convcore._tensor import Tensor


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
