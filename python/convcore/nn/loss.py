"""Losses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from convcore import _core
from convcore._tensor import Tensor
from convcore.nn.distance import PairwiseDistance
from convcore.nn.functional import ctc_loss as _ctc_loss
from convcore.nn.functional import (
    triplet_margin_with_distance_loss as _triplet_margin_with_distance_loss,
)
from convcore.nn.module import Module


class CrossEntropyLoss(_core.nn.CrossEntropyLoss):
    """Cross entropy of scores (N, C, …) and class numbers (N, …) or probabilities (N, C, …).

    `weight` (C) weighs the classes; targets equal to `ignore_index` do not count.

    >>> import convcore as cc
    >>> cc.nn.CrossEntropyLoss()(cc.zeros(1, 2), cc.tensor([1]))
    tensor(0.6931)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: None = None,
        ignore_index: int = -100,
        reduce: None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        _refuse_legacy(self, size_average, reduce)
        super().__init__(weight, ignore_index, reduction, label_smoothing)


class MSELoss(_core.nn.MSELoss):
    """(input − target)² of one shape: the mean, the sum or each.

    >>> import convcore as cc
    >>> cc.nn.MSELoss()(cc.ones(2), cc.zeros(2))
    tensor(1.)
    """

    def __init__(
        self, size_average: None = None, reduce: None = None, reduction: str = "mean"
    ) -> None:
        _refuse_legacy(self, size_average, reduce)
        super().__init__(reduction)


class L1Loss(_core.nn.L1Loss):
    """|input − target| of one shape: the mean, the sum or each.

    >>> import convcore as cc
    >>> cc.nn.L1Loss()(cc.ones(2), cc.zeros(2))
    tensor(1.)
    """

    def __init__(
        self, size_average: None = None, reduce: None = None, reduction: str = "mean"
    ) -> None:
        _refuse_legacy(self, size_average, reduce)
        super().__init__(reduction)


class SmoothL1Loss(_core.nn.SmoothL1Loss):
    """d²/(2·beta) where d = |input − target| is below `beta`, else d − beta/2.

    >>> import convcore as cc
    >>> cc.nn.SmoothL1Loss()(cc.tensor([2.0]), cc.zeros(1))
    tensor(1.5000)
    """

    def __init__(
        self,
        size_average: None = None,
        reduce: None = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ) -> None:
        _refuse_legacy(self, size_average, reduce)
        super().__init__(reduction, beta)


class HuberLoss(_core.nn.HuberLoss):
    """d²/2 where d = |input − target| is at most `delta`, else delta·(d − delta/2).

    >>> import convcore as cc
    >>> cc.nn.HuberLoss(delta=2.0)(cc.tensor([3.0]), cc.zeros(1))
    tensor(4.)
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction, delta)


class NLLLoss(_core.nn.NLLLoss):
    """−input[class] of log-probabilities (N, C, …) and class numbers (N, …).

    >>> import convcore as cc
    >>> cc.nn.NLLLoss()(cc.tensor([[-1.0, -2.0]]), cc.tensor([1]))
    tensor(2.)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: None = None,
        ignore_index: int = -100,
        reduce: None = None,
        reduction: str = "mean",
    ) -> None:
        _refuse_legacy(self, size_average, reduce)
        super().__init__(weight, ignore_index, reduction)


class BCELoss(_core.nn.BCELoss):
    """Binary cross entropy of probabilities and targets of one shape.

    >>> import convcore as cc
    >>> cc.nn.BCELoss()(cc.tensor([0.5]), cc.tensor([1.0]))
    tensor(0.6931)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: None = None,
        reduce: None = None,
        reduction: str = "mean",
    ) -> None:
        _refuse_legacy(self, size_average, reduce)
        super().__init__(weight, reduction)


class BCEWithLogitsLoss(_core.nn.BCEWithLogitsLoss):
    """Binary cross entropy of scores, before the sigmoid, and targets of one shape.

    >>> import convcore as cc
    >>> cc.nn.BCEWithLogitsLoss()(cc.zeros(1), cc.ones(1))
    tensor(0.6931)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: None = None,
        reduce: None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        _refuse_legacy(self, size_average, reduce)
        super().__init__(weight, pos_weight, reduction)


class NLLLoss2d(NLLLoss):
    """The old name of NLLLoss for maps (N, C, H, W).

    >>> import convcore as cc
    >>> cc.nn.NLLLoss2d()(cc.full((1, 2, 1, 1), -1.0), cc.zeros(1, 1, 1, dtype=cc.int64))
    tensor(1.)
    """


class KLDivLoss(_core.nn.KLDivLoss):
    """target·(ln target − input) of log-probabilities input; reduction may be "batchmean".

    >>> import convcore as cc
    >>> cc.nn.KLDivLoss(reduction="batchmean")(cc.zeros(1, 2), cc.ones(1, 2))
    tensor(0.)
    """

    def __init__(
        self,
        size_average: None = None,
        reduce: None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        _refuse_legacy(self, size_average, reduce)
        super().__init__(reduction, log_target)


class SoftMarginLoss(_core.nn.SoftMarginLoss):
    """ln(1 + e^(−target·input)) with targets of ±1.

    >>> import convcore as cc
    >>> cc.nn.SoftMarginLoss()(cc.zeros(1), cc.ones(1))
    tensor(0.6931)
    """

    def __init__(
        self, size_average: None = None, reduce: None = None, reduction: str = "mean"
    ) -> None:
        _refuse_legacy(self, size_average, reduce)
        super().__init__(reduction)


class HingeEmbeddingLoss(_core.nn.HingeEmbeddingLoss):
    """input where the target is 1, max(0, `margin` − input) where it is −1.

    >>> import convcore as cc
    >>> cc.nn.HingeEmbeddingLoss()(cc.tensor([0.25]), cc.tensor([-1]))
    tensor(0.7500)
    """

    def __init__(
        self,
        margin: float = 1.0,
        size_average: None = None,
        reduce: None = None,
        reduction: str = "mean",
    ) -> None:
        _refuse_legacy(self, size_average, reduce)
        super().__init__(margin, reduction)


class PoissonNLLLoss(_core.nn.PoissonNLLLoss):
    """e^input − target·input, or input − target·ln(input + eps) without `log_input`.

    >>> import convcore as cc
    >>> cc.nn.PoissonNLLLoss()(cc.zeros(1), cc.tensor([2.0]))
    tensor(1.)
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: None = None,
        eps: float = 1e-8,
        reduce: None = None,
        reduction: str = "mean",
    ) -> None:
        _refuse_legacy(self, size_average, reduce)
        super().__init__(log_input, full, eps, reduction)


class GaussianNLLLoss(_core.nn.GaussianNLLLoss):
    """½·(ln var + (input − target)²/var) of input, target and var.

    >>> import convcore as cc
    >>> cc.nn.GaussianNLLLoss()(cc.zeros(1), cc.tensor([2.0]), cc.ones(1))
    tensor(2.)
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(full, eps, reduction)


class MultiLabelSoftMarginLoss(_core.nn.MultiLabelSoftMarginLoss):
    """Binary cross entropy of scores (N, C) and targets of 0 and 1, averaged over the classes.

    >>> import convcore as cc
    >>> cc.nn.MultiLabelSoftMarginLoss()(cc.zeros(1, 2), cc.ones(1, 2))
    tensor(0.6931)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: None = None,
        reduce: None = None,
        reduction: str = "mean",
    ) -> None:
        _refuse_legacy(self, size_average, reduce)
        super().__init__(weight, reduction)


class MultiMarginLoss(_core.nn.MultiMarginLoss):
    """Σ max(0, `margin` − x[t] + x[i])^p/C over the classes i ≠ t, of scores (N, C) and classes (N).

    >>> import convcore as cc
    >>> cc.nn.MultiMarginLoss()(cc.tensor([[0.5, 0.0]]), cc.tensor([0]))
    tensor(0.2500)
    """

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: None = None,
        reduce: None = None,
        reduction: str = "mean",
    ) -> None:
        _refuse_legacy(self, size_average, reduce)
        super().__init__(p, margin, weight, reduction)


class MultiLabelMarginLoss(_core.nn.MultiLabelMarginLoss):
    """Σ max(0, 1 − x[t] + x[i])/C over the listed classes t and the others i, of scores (N, C).

    >>> import convcore as cc
    >>> cc.nn.MultiLabelMarginLoss()(cc.zeros(1, 2), cc.tensor([[1, -1]]))
    tensor(0.5000)
    """

    def __init__(
        self, size_average: None = None, reduce: None = None, reduction: str = "mean"
    ) -> None:
        _refuse_legacy(self, size_average, reduce)
        super().__init__(reduction)


class CTCLoss(Module):
    """−ln of the probability of label sequences, summed over their alignments with the steps.

    Called with log-probabilities (T, N, C), targets (N, S), and the lengths of both.

    >>> import convcore as cc
    >>> cc.nn.CTCLoss()(cc.zeros(2, 1, 2).log_softmax(2), cc.tensor([[1]]), [2], [1])
    tensor(0.2877)
    """

    def __init__(
        self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False
    ) -> None:
        super().__init__()
        self.blank = blank
        self.reduction = reduction
        self.zero_infinity = zero_infinity

    def forward(
        self,
        log_probs: Tensor,
        targets: Tensor,
        input_lengths: Tensor | Sequence[int],
        target_lengths: Tensor | Sequence[int],
    ) -> Tensor:
        """The loss of a batch."""
        return _ctc_loss(
            log_probs,
            targets,
            input_lengths,
            target_lengths,
            self.blank,
            self.reduction,
            self.zero_infinity,
        )


class MarginRankingLoss(_core.nn.MarginRankingLoss):
    """max(0, `margin` − target·(input1 − input2)).

    >>> import convcore as cc
    >>> cc.nn.MarginRankingLoss()(cc.tensor([1.0]), cc.tensor([3.0]), cc.tensor([1.0]))
    tensor(2.)
    """

    def __init__(
        self,
        margin: float = 0.0,
        size_average: None = None,
        reduce: None = None,
        reduction: str = "mean",
    ) -> None:
        _refuse_legacy(self, size_average, reduce)
        super().__init__(margin, reduction)


class CosineEmbeddingLoss(_core.nn.CosineEmbeddingLoss):
    """1 − cos(input1, input2) where the target is 1, max(0, cos − `margin`) where it is −1.

    >>> import convcore as cc
    >>> cc.nn.CosineEmbeddingLoss(0.25)(cc.ones(1, 2), cc.ones(1, 2), cc.tensor([-1]))
    tensor(0.7500)
    """

    def __init__(
        self,
        margin: float = 0.0,
        size_average: None = None,
        reduce: None = None,
        reduction: str = "mean",
    ) -> None:
        _refuse_legacy(self, size_average, reduce)
        super().__init__(margin, reduction)


class TripletMarginLoss(_core.nn.TripletMarginLoss):
    """max(0, d(a, p) − d(a, n) + `margin`), d the p-norm distance of rows (N, D).

    >>> import convcore as cc
    >>> a, b = cc.zeros(1, 2), cc.tensor([[3.0, 4.0]])
    >>> cc.nn.TripletMarginLoss(eps=0.0)(a, b, a)
    tensor(6.)
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: None = None,
        reduce: None = None,
        reduction: str = "mean",
    ) -> None:
        _refuse_legacy(self, size_average, reduce)
        super().__init__(margin, p, eps, swap, reduction)


class TripletMarginWithDistanceLoss(Module):
    """TripletMarginLoss with a distance of one's own between two tensors; without one, PairwiseDistance.

    >>> import convcore as cc
    >>> a, b = cc.zeros(1, 2), cc.tensor([[3.0, 4.0]])
    >>> cc.nn.TripletMarginWithDistanceLoss(distance_function=lambda x, y: (x - y).abs().sum(-1))(a, b, a)
    tensor(8.)
    """

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__()
        if margin <= 0:
            raise _core.ArgumentError(
                f"TripletMarginWithDistanceLoss: margin must be greater than 0, got {margin}"
            )
        self.distance_function = (
            PairwiseDistance() if distance_function is None else distance_function
        )
        self.margin = margin
        self.swap = swap
        self.reduction = reduction

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """The loss of three tensors of one shape."""
        return _triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )


def _refuse_legacy(loss: object, size_average: object, reduce: object) -> None:
    if size_average is not None or reduce is not None:
        raise TypeError(
            f"{type(loss).__name__}: size_average and reduce are gone from PyTorch's names; "
            "use reduction='mean', 'sum' or 'none'"
        )
