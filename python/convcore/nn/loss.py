"""Losses."""

from __future__ import annotations

from convcore import _core
from convcore._tensor import Tensor


class CrossEntropyLoss(_core.nn.CrossEntropyLoss):
    """Cross entropy of scores (N, C, …) and class numbers (N, …) or probabilities (N, C, …).

    `weight` (C) weighs the classes; targets equal to `ignore_index` do not count.

    >>> nn.CrossEntropyLoss()(cc.zeros(1, 2), cc.tensor([1]))
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

    >>> nn.MSELoss()(cc.ones(2), cc.zeros(2))
    tensor(1.)
    """

    def __init__(
        self, size_average: None = None, reduce: None = None, reduction: str = "mean"
    ) -> None:
        _refuse_legacy(self, size_average, reduce)
        super().__init__(reduction)


class L1Loss(_core.nn.L1Loss):
    """|input − target| of one shape: the mean, the sum or each.

    >>> nn.L1Loss()(cc.ones(2), cc.zeros(2))
    tensor(1.)
    """

    def __init__(
        self, size_average: None = None, reduce: None = None, reduction: str = "mean"
    ) -> None:
        _refuse_legacy(self, size_average, reduce)
        super().__init__(reduction)


def _refuse_legacy(loss: object, size_average: object, reduce: object) -> None:
    if size_average is not None or reduce is not None:
        raise TypeError(
            f"{type(loss).__name__}: size_average and reduce are gone from PyTorch's names; "
            "use reduction='mean', 'sum' or 'none'"
        )
