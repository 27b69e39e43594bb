"""Losses."""

from __future__ import annotations

from convcore import _core
from convcore._tensor import Tensor


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


def _refuse_legacy(loss: object, size_average: object, reduce: object) -> None:
    if size_average is not None or reduce is not None:
        raise TypeError(
            f"{type(loss).__name__}: size_average and reduce are gone from PyTorch's names; "
            "use reduction='mean', 'sum' or 'none'"
        )
