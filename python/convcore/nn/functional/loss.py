"""Losses. PyTorch's size_average and reduce, which `reduction` replaced, are left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

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


def mse_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", weight: Tensor | None = None
) -> Tensor:
    """(input − target)², averaged, summed or as it is; times `weight` of input's shape, over whose sum the mean is taken.

    >>> import convcore as cc
    >>> cc.nn.functional.mse_loss(cc.zeros(2), cc.tensor([1.0, 3.0]))
    tensor(5.)
    """
    return _core.mse_loss(input, target, reduction, weight)


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


def l1_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", weight: Tensor | None = None
) -> Tensor:
    """|input − target|, averaged, summed or as it is; times `weight` of input's shape, over whose sum the mean is taken.

    >>> import convcore as cc
    >>> cc.nn.functional.l1_loss(cc.zeros(2), cc.tensor([1.0, 3.0]))
    tensor(2.)
    """
    return _core.l1_loss(input, target, reduction, weight)


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
    input: Tensor,
    target: Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    """d²/2 where d = |input − target| ≤ delta, else delta·(d − delta/2); times `weight` of input's shape.

    >>> import convcore as cc
    >>> cc.nn.functional.huber_loss(cc.zeros(2), cc.tensor([1.0, 3.0]), delta=2.0)
    tensor(2.2500)
    """
    return _core.huber_loss(input, target, reduction, delta, weight)


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
    return _core.kl_div(input, target, reduction, log_target)


def soft_margin_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """ln(1 + e^(−target·input)) with targets of ±1 in input's shape.

    >>> import convcore as cc
    >>> cc.nn.functional.soft_margin_loss(cc.zeros(2), cc.tensor([1.0, -1.0]))
    tensor(0.6931)
    """
    return _core.soft_margin_loss(input, target, reduction)


def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: float = 1.0, reduction: str = "mean"
) -> Tensor:
    """input, a distance, where target is 1; max(0, margin − input) where it is −1.

    >>> import convcore as cc
    >>> cc.nn.functional.hinge_embedding_loss(cc.tensor([0.5, 0.25]), cc.tensor([1, -1]), reduction="none")
    tensor([0.5000, 0.7500])
    """
    return _core.hinge_embedding_loss(input, target, margin, reduction)


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Tensor:
    """e^input − target·input of logarithms of rates, or input − target·ln(input + eps) of rates.

    `full` adds Stirling's approximation of ln(target!) where target > 1.

    >>> import convcore as cc
    >>> cc.nn.functional.poisson_nll_loss(cc.zeros(1), cc.tensor([2.0]))
    tensor(1.)
    """
    return _core.poisson_nll_loss(input, target, log_input, full, eps, reduction)


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """½·(ln var + (input − target)²/var), var not below eps; `full` adds ½·ln 2π.

    `var` is a number or has input's shape, with ones or without the last size. ValueError where it is negative.

    >>> import convcore as cc
    >>> cc.nn.functional.gaussian_nll_loss(cc.zeros(1), cc.tensor([2.0]), cc.ones(1))
    tensor(2.)
    """
    return _core.gaussian_nll_loss(input, target, var, full, eps, reduction)


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, reduction: str = "mean"
) -> Tensor:
    """max(0, margin − target·(input1 − input2)): a target of 1 wants input1 greater, −1 input2.

    >>> import convcore as cc
    >>> cc.nn.functional.margin_ranking_loss(cc.tensor([1.0]), cc.tensor([3.0]), cc.tensor([1.0]))
    tensor(2.)
    """
    return _core.margin_ranking_loss(input1, input2, target, margin, reduction)


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, reduction: str = "mean"
) -> Tensor:
    """1 − cos(input1, input2) of rows (N, D) with targets (N) of 1, max(0, cos − margin) of −1.

    >>> import convcore as cc
    >>> cc.nn.functional.cosine_embedding_loss(cc.ones(1, 2), cc.ones(1, 2), cc.tensor([-1]), 0.25)
    tensor(0.7500)
    """
    return _core.cosine_embedding_loss(input1, input2, target, margin, reduction)


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Σ max(0, margin − x[t] + x[i])^p/C over the classes i ≠ t, of scores (N, C) and classes (N); p is 1 or 2.

    >>> import convcore as cc
    >>> cc.nn.functional.multi_margin_loss(cc.tensor([[0.5, 0.0]]), cc.tensor([0]))
    tensor(0.2500)
    """
    return _core.multi_margin_loss(input, target, p, margin, weight, reduction)


def multilabel_margin_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """Σ max(0, 1 − x[t] + x[i])/C over the listed classes t and the others i, of scores (N, C).

    A row of target (N, C) lists classes up to its first −1; what follows does not count.

    >>> import convcore as cc
    >>> cc.nn.functional.multilabel_margin_loss(cc.zeros(1, 2), cc.tensor([[1, -1]]))
    tensor(0.5000)
    """
    return _core.multilabel_margin_loss(input, target, reduction)


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[int],
    target_lengths: Tensor | Sequence[int],
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """−ln of the probability of label sequences, summed over their alignments with the steps (Graves et al., 2006).

    log_probs (T, N, C) or (T, C) come from log_softmax, targets are (N, S) or joined, and a class is the `blank`. "mean" divides
    each loss by its target's length. The gradient is that of the scores under the log_softmax, as PyTorch's.

    >>> import convcore as cc
    >>> F = cc.nn.functional
    >>> F.ctc_loss(F.log_softmax(cc.zeros(2, 1, 2), 2), cc.tensor([[1]]), [2], [1])
    tensor(0.2877)
    """
    lengths = [_lengths(input_lengths), _lengths(target_lengths)]
    return _core.ctc_loss(log_probs, targets, *lengths, blank, reduction, zero_infinity)


def _lengths(given: Tensor | Sequence[int]) -> list[int]:
    if isinstance(given, _core.TensorBase):
        return given.reshape(-1).tolist()
    return [int(length) for length in given]


def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """Binary cross entropy of scores (…, C) and targets of 0 and 1, averaged over the classes; `weight` weighs those.

    >>> import convcore as cc
    >>> cc.nn.functional.multilabel_soft_margin_loss(cc.zeros(1, 2), cc.ones(1, 2))
    tensor(0.6931)
    """
    return _core.multilabel_soft_margin_loss(input, target, weight, reduction)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """max(0, d(a, p) − d(a, n) + margin) with d = pairwise_distance of rows (N, D) (Balntas et al., 2016).

    With `swap`, d(a, n) is replaced by d(p, n) where that is less.

    >>> import convcore as cc
    >>> a, b = cc.zeros(1, 2), cc.tensor([[3.0, 4.0]])
    >>> cc.nn.functional.triplet_margin_loss(a, b, a, eps=0.0)
    tensor(6.)
    """
    return _core.triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, reduction)


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """triplet_margin_loss with a distance of one's own between two tensors; without one, pairwise_distance.

    >>> import convcore as cc
    >>> a, b = cc.zeros(1, 2), cc.tensor([[3.0, 4.0]])
    >>> def manhattan(x: cc.Tensor, y: cc.Tensor) -> cc.Tensor:
    ...     return (x - y).abs().sum(-1)
    >>> cc.nn.functional.triplet_margin_with_distance_loss(a, b, a, distance_function=manhattan)
    tensor(8.)
    """
    name = "triplet_margin_with_distance_loss"
    if reduction not in ("mean", "sum", "none"):
        raise _core.ArgumentError(
            f'{name}: reduction must be "none", "mean" or "sum", got {reduction!r}'
        )
    if margin <= 0:
        raise _core.ArgumentError(f"{name}: margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise _core.ArgumentError(
            f"{name}: anchor, positive and negative must have the same number of dimensions, got shapes "
            f"{anchor.shape}, {positive.shape} and {negative.shape}"
        )
    distance: Any = distance_function or (
        lambda a, b: _core.pairwise_distance(a, b, 2, 1e-6, False)
    )
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = _core.binary("minimum", far, distance(positive, negative))
    loss = (margin + near - far).clamp(min=0)
    return loss if reduction == "none" else loss.sum() if reduction == "sum" else loss.mean()
