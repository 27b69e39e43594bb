"""Metrics of how scores order the samples. They need all samples at once, so there are no classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .base import ratio, vector


def roc_auc(input: Any, target: Any, *, average: str | None = "macro") -> Any:
    """The area under the ROC curve: how often a positive sample's score is above a negative one's.

    Ties count half (the Mann-Whitney statistic). Three forms: scores and targets 0 or 1, both (N,);
    scores (N, C) and classes (N,), each class against the rest; scores and targets 0 or 1, both
    (N, C). For the last two `average` is "macro", "weighted" (by positives), or None for a tensor of
    C values. Where only one kind of target occurs the value is NaN, and averages leave it out.

    >>> import convcore as cc
    >>> roc_auc(cc.tensor([0.1, 0.4, 0.35, 0.8]), cc.tensor([0, 0, 1, 1]))
    0.75
    """
    return _per_class("roc_auc", _area, input, target, average)


def average_precision(input: Any, target: Any, *, average: str | None = "macro") -> Any:
    """The precision at each threshold, weighted by the recall it adds: Σ (Rₙ − Rₙ₋₁)·Pₙ.

    Forms and arguments as `roc_auc`; NaN where there are no positives.

    >>> import convcore as cc
    >>> average_precision(cc.tensor([0.1, 0.4, 0.35, 0.8]), cc.tensor([0, 0, 1, 1]))
    0.8333333333333333
    """
    return _per_class("average_precision", _precision_sum, input, target, average)


def _area(scores: np.ndarray, positive: np.ndarray) -> float:
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]  # of equal scores the mean rank
    n = np.count_nonzero(positive)
    return ratio(ranks[positive].sum() - n * (n + 1) / 2, n * (len(positive) - n))


def _precision_sum(scores: np.ndarray, positive: np.ndarray) -> float:
    order = np.argsort(-scores, kind="stable")
    scores, right = scores[order], np.cumsum(positive[order], dtype=np.float64)
    last = np.append(scores[1:] != scores[:-1], True)[: len(scores)]  # of each run of equal scores
    precision = right[last] / (np.flatnonzero(last) + 1)
    return ratio((np.diff(right[last], prepend=0.0) * precision).sum(), np.count_nonzero(positive))


def _per_class(
    op: str, measure: Callable[..., float], input: Any, target: Any, average: str | None
) -> Any:
    if average not in (None, "none", "macro", "weighted"):
        raise ValueError(f"{op}: average must be 'macro', 'weighted' or None, got {average!r}")
    scores, target = np.asarray(input), np.asarray(target)
    if scores.dtype.kind not in "biuf" or np.isnan(scores).any():
        raise ValueError(f"{op}: input must be numbers without NaN, got {scores.dtype}")
    if scores.ndim == 2 and target.shape == scores.shape[:1]:
        if target.dtype.kind not in "biu":
            raise TypeError(f"{op}: target must hold class indices, got {target.dtype}")
        classes = scores.shape[1]
        if target.size and not (0 <= target.min() and target.max() < classes):
            raise ValueError(
                f"{op}: target must be in [0, {classes - 1}], got {target.min()} to {target.max()}"
            )
        positive = target[:, None] == np.arange(classes)
    elif scores.shape == target.shape and scores.ndim in (1, 2):
        if not np.isin(target, (0, 1)).all():
            raise ValueError(f"{op}: target of input's shape must be 0 or 1")
        positive = target.astype(bool)
    else:
        raise ValueError(
            f"{op}: expected input (N,) or (N, C) and target of that shape or (N,), got "
            f"{scores.shape} and {target.shape}"
        )
    scores = scores.astype(np.float64)
    if scores.ndim == 1:
        return measure(scores, positive)
    values = np.array([measure(scores[:, c], positive[:, c]) for c in range(scores.shape[1])])
    if average in (None, "none"):
        return vector(values)
    known = ~np.isnan(values)
    weights = positive.sum(0)[known] if average == "weighted" else np.ones(known.sum())
    return ratio((values[known] * weights).sum(), weights.sum())
