"""Metrics of predicted classes, all but accuracy read off the confusion matrix."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from convcore._tensor import Tensor

from .base import Metric, ratio, vector


def _labels(op: str, input: Any, target: Any) -> tuple[np.ndarray, np.ndarray]:
    """Predicted and true classes as flat arrays; scores (N, C, ...) become their largest's place."""
    input, target = np.asarray(input), np.asarray(target)
    if target.dtype.kind not in "biu":
        raise TypeError(f"{op}: target must hold class indices, got {target.dtype}")
    if input.ndim == target.ndim + 1:
        input = _scores(op, input, target).argmax(axis=min(1, target.ndim))
    if input.shape != target.shape:
        raise ValueError(
            f"{op}: input must be scores (N, C, ...) or classes of target's shape {target.shape}, "
            f"got shape {input.shape}"
        )
    if input.dtype.kind not in "biu":
        raise TypeError(
            f"{op}: input of target's shape must hold class indices, got {input.dtype}: compare "
            "scores with a threshold first"
        )
    return input.ravel().astype(np.int64), target.ravel().astype(np.int64)


def _scores(op: str, input: np.ndarray, target: np.ndarray) -> np.ndarray:
    axis = min(1, target.ndim)
    if input.ndim != target.ndim + 1 or np.delete(input.shape, axis).tolist() != [*target.shape]:
        raise ValueError(
            f"{op}: input must be scores (N, C, ...) for target's shape {target.shape}, got shape "
            f"{input.shape}"
        )
    if input.shape[axis] == 0:
        raise ValueError(f"{op}: input must have at least one class, got shape {input.shape}")
    return input


class Accuracy(Metric):
    """The share of samples whose target class is among the `k` with the largest scores.

    `input` holds scores (N, C, ...), or for k = 1 also classes (N, ...), `target` classes (N, ...).
    Of equal scores the first counts as larger. Targets equal to `ignore_index` do not count.

    >>> import convcore as cc
    >>> accuracy = Accuracy()
    >>> accuracy.update(cc.tensor([[0.1, 0.9], [0.8, 0.2]]), cc.tensor([1, 1])).compute()
    0.5
    """

    def __init__(self, k: int = 1, *, ignore_index: int | None = None) -> None:
        if k < 1:
            raise ValueError(f"Accuracy: k must be at least 1, got {k}")
        self.k = k
        self.ignore_index = ignore_index
        super().__init__()

    def reset(self) -> None:
        self._right = self._count = 0

    def update(self, input: Any, target: Any) -> Accuracy:
        if self.k == 1:
            predicted, actual = _labels("accuracy", input, target)
            right = predicted == actual
        else:
            right, actual = self._among_largest(np.asarray(input), np.asarray(target))
        counted = np.ones(len(actual), bool)
        if self.ignore_index is not None:
            counted = actual != self.ignore_index
        self._right += int(np.count_nonzero(right & counted))
        self._count += int(np.count_nonzero(counted))
        return self

    def _among_largest(self, input: np.ndarray, target: np.ndarray) -> tuple:
        op = "topk_accuracy"
        if target.dtype.kind not in "biu":
            raise TypeError(f"{op}: target must hold class indices, got {target.dtype}")
        axis = min(1, target.ndim)
        scores = np.moveaxis(_scores(op, input, target), axis, -1)
        classes = scores.shape[-1]
        if self.k > classes:
            raise ValueError(f"{op}: k must be at most the {classes} classes, got {self.k}")
        scores, actual = scores.reshape(-1, classes), target.ravel().astype(np.int64)
        known = (actual >= 0) & (actual < classes)
        _check_range(op, actual[~known], classes, self.ignore_index)
        place = np.where(known, actual, 0)[:, None]
        own = np.take_along_axis(scores, place, 1)
        larger = (scores > own) | ((scores == own) & (np.arange(classes) < place))
        return (larger.sum(1) < self.k) & ~np.isnan(own[:, 0]), actual

    def compute(self) -> float:
        return ratio(self._right, self._count)


def accuracy(input: Any, target: Any, *, ignore_index: int | None = None) -> float:
    """The share of right classes; see `Accuracy`.

    >>> import convcore as cc
    >>> accuracy(cc.tensor([1, 2, 0, 0]), cc.tensor([1, 2, 0, 1]))
    0.75
    """
    return Accuracy(ignore_index=ignore_index).update(input, target).compute()


def topk_accuracy(input: Any, target: Any, k: int = 5, *, ignore_index: int | None = None) -> float:
    """The share of targets among the `k` classes with the largest scores.

    >>> import convcore as cc
    >>> topk_accuracy(cc.tensor([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]]), cc.tensor([1, 2]), k=2)
    0.5
    """
    return Accuracy(k, ignore_index=ignore_index).update(input, target).compute()


def topk_error(input: Any, target: Any, k: int = 5, *, ignore_index: int | None = None) -> float:
    """One less `topk_accuracy`: with k = 5 the figure that ImageNet results are given in."""
    return 1.0 - topk_accuracy(input, target, k, ignore_index=ignore_index)


def _check_range(op: str, outside: np.ndarray, classes: int, ignore_index: int | None) -> None:
    outside = outside[outside != ignore_index] if ignore_index is not None else outside
    if outside.size:
        raise ValueError(f"{op}: classes must be in [0, {classes - 1}], got {int(outside[0])}")


class ConfusionMatrix(Metric):
    """How often each class (row) was taken for each (column): an int64 tensor (C, C).

    `normalize` divides by the row's sum ("true"), the column's ("pred") or the whole ("all").
    Targets equal to `ignore_index` do not count.

    >>> import convcore as cc
    >>> ConfusionMatrix(2).update(cc.tensor([0, 1, 1]), cc.tensor([0, 0, 1])).compute()
    tensor([[1, 1],
            [0, 1]])
    """

    def __init__(
        self, num_classes: int, *, normalize: str | None = None, ignore_index: int | None = None
    ) -> None:
        if num_classes < 1:
            raise ValueError(f"{type(self).__name__}: num_classes must be >= 1, got {num_classes}")
        if normalize not in (None, "true", "pred", "all"):
            raise ValueError(
                "ConfusionMatrix: normalize must be None, 'true', 'pred' or 'all', got "
                f"{normalize!r}"
            )
        self.num_classes = int(num_classes)
        self.normalize = normalize
        self.ignore_index = ignore_index
        super().__init__()

    def reset(self) -> None:
        self.matrix = np.zeros((self.num_classes, self.num_classes), np.int64)

    def update(self, input: Any, target: Any) -> ConfusionMatrix:
        name, classes = type(self).__name__, self.num_classes
        predicted, actual = _labels(name, input, target)
        if self.ignore_index is not None:
            counted = actual != self.ignore_index
            predicted, actual = predicted[counted], actual[counted]
        for labels in (predicted, actual):
            _check_range(name, labels[(labels < 0) | (labels >= classes)], classes, None)
        counts = np.bincount(actual * classes + predicted, minlength=classes * classes)
        self.matrix += counts.reshape(classes, classes)
        return self

    def compute(self) -> Any:
        if self.normalize is None:
            return vector(self.matrix.copy())
        axis = {"true": 1, "pred": 0, "all": None}[self.normalize]
        sums = self.matrix.sum(axis=axis, keepdims=True)
        return vector(self.matrix / np.maximum(sums, 1))


def _classes(input: Any, target: Any, num_classes: int | None) -> int:
    if num_classes is not None:
        return num_classes
    input, target = np.asarray(input), np.asarray(target)
    if input.ndim == target.ndim + 1:
        return input.shape[min(1, target.ndim)]
    return int(max(input.max(initial=0), target.max(initial=0))) + 1


def _once(kind: type, input: Any, target: Any, num_classes: int | None, **options: Any) -> Any:
    return kind(_classes(input, target, num_classes), **options).update(input, target).compute()


def confusion_matrix(
    input: Any,
    target: Any,
    num_classes: int | None = None,
    *,
    normalize: str | None = None,
    ignore_index: int | None = None,
) -> Tensor:
    """How often each class (row) was taken for each (column); see `ConfusionMatrix`.

    `num_classes` is the number of scores, or one more than the largest class, unless given.

    >>> import convcore as cc
    >>> confusion_matrix(cc.tensor([0, 1, 1]), cc.tensor([0, 0, 1]), normalize="true")
    tensor([[0.5000, 0.5000],
            [0.0000, 1.0000]], dtype=convcore.float64)
    """
    options = dict(normalize=normalize, ignore_index=ignore_index)
    return _once(ConfusionMatrix, input, target, num_classes, **options)


class _Share(ConfusionMatrix):
    """Right answers of a class over a number read off the confusion matrix, then averaged.

    `average` is "macro" (the mean over the classes that occur in targets or predictions), "weighted"
    (by their number of targets), "micro" (all classes as one), or None or "none" for a tensor of one
    value per class. A class whose share is 0/0 counts as `zero_division`.
    """

    def __init__(
        self,
        num_classes: int,
        *,
        average: str | None = "macro",
        ignore_index: int | None = None,
        zero_division: float = 0.0,
    ) -> None:
        if average not in (None, "none", "macro", "micro", "weighted"):
            raise ValueError(
                f"{type(self).__name__}: average must be 'macro', 'micro', 'weighted' or None, got "
                f"{average!r}"
            )
        self.average = average
        self.zero_division = float(zero_division)
        super().__init__(num_classes, ignore_index=ignore_index)

    @staticmethod
    def _below(right: np.ndarray, actual: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def compute(self) -> Any:
        counts = self.matrix.astype(np.float64)
        right, actual, predicted = counts.diagonal(), counts.sum(1), counts.sum(0)
        below = self._below(right, actual, predicted)
        if not counts.any() and self.average not in (None, "none"):
            return math.nan
        if self.average == "micro":
            return ratio(right.sum(), below.sum())
        values = np.where(below > 0, right / np.where(below > 0, below, 1), self.zero_division)
        if self.average == "macro":
            return float(values[(actual > 0) | (predicted > 0)].mean())
        if self.average == "weighted":
            return ratio((values * actual).sum(), actual.sum())
        return vector(values)


class Precision(_Share):
    """Of the samples predicted to be of a class, the share that is; averaged over classes.

    `average` is "macro", "micro", "weighted" or None, see `precision`.

    >>> import convcore as cc
    >>> Precision(2).update(cc.tensor([0, 1, 1, 1]), cc.tensor([0, 0, 1, 1])).compute()
    0.8333333333333333
    """

    @staticmethod
    def _below(right: np.ndarray, actual: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        return predicted


class Recall(_Share):
    """Of the samples of a class, the share predicted to be; averaged over classes.

    >>> import convcore as cc
    >>> Recall(2).update(cc.tensor([0, 1, 1, 1]), cc.tensor([0, 0, 1, 1])).compute()
    0.75
    """

    @staticmethod
    def _below(right: np.ndarray, actual: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        return actual


class F1Score(_Share):
    """The harmonic mean of precision and recall of a class; averaged over classes.

    >>> import convcore as cc
    >>> F1Score(2, average=None).update(cc.tensor([0, 1, 1]), cc.tensor([0, 1, 1])).compute()
    tensor([1., 1.], dtype=convcore.float64)
    """

    @staticmethod
    def _below(right: np.ndarray, actual: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        return (actual + predicted) / 2


class MeanIoU(_Share):
    """Intersection over union of a class's predicted and true pixels; averaged over classes.

    >>> import convcore as cc
    >>> MeanIoU(2).update(cc.tensor([[0, 1, 1, 1]]), cc.tensor([[0, 0, 1, 1]])).compute()
    0.5833333333333333
    """

    @staticmethod
    def _below(right: np.ndarray, actual: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        return actual + predicted - right


def precision(
    input: Any,
    target: Any,
    *,
    average: str | None = "macro",
    num_classes: int | None = None,
    ignore_index: int | None = None,
    zero_division: float = 0.0,
) -> Any:
    """Of the samples predicted to be of a class, the share that is.

    `input` holds scores (N, C, ...) or classes (N, ...), `target` classes (N, ...). `average` is
    "macro" (the mean over the classes that occur in targets or predictions), "weighted" (by their
    number of targets), "micro" (all classes as one), or None for a tensor of one value per class. A
    class whose share is 0/0 counts as `zero_division`.

    >>> import convcore as cc
    >>> precision(cc.tensor([0, 1, 1, 1]), cc.tensor([0, 0, 1, 1]), average="micro")
    0.75
    """
    options = dict(average=average, ignore_index=ignore_index, zero_division=zero_division)
    return _once(Precision, input, target, num_classes, **options)


def recall(
    input: Any,
    target: Any,
    *,
    average: str | None = "macro",
    num_classes: int | None = None,
    ignore_index: int | None = None,
    zero_division: float = 0.0,
) -> Any:
    """Of the samples of a class, the share predicted to be; arguments as `precision`.

    >>> import convcore as cc
    >>> recall(cc.tensor([0, 1, 1, 1]), cc.tensor([0, 0, 1, 1]), average=None)
    tensor([0.5000, 1.0000], dtype=convcore.float64)
    """
    options = dict(average=average, ignore_index=ignore_index, zero_division=zero_division)
    return _once(Recall, input, target, num_classes, **options)


def f1_score(
    input: Any,
    target: Any,
    *,
    average: str | None = "macro",
    num_classes: int | None = None,
    ignore_index: int | None = None,
    zero_division: float = 0.0,
) -> Any:
    """The harmonic mean of precision and recall of a class; arguments as `precision`.

    >>> import convcore as cc
    >>> f1_score(cc.tensor([0, 1, 1, 1]), cc.tensor([0, 0, 1, 1]))
    0.7333333333333334
    """
    options = dict(average=average, ignore_index=ignore_index, zero_division=zero_division)
    return _once(F1Score, input, target, num_classes, **options)


def mean_iou(
    input: Any,
    target: Any,
    *,
    average: str | None = "macro",
    num_classes: int | None = None,
    ignore_index: int | None = None,
    zero_division: float = 0.0,
) -> Any:
    """Intersection over union of predicted and true pixels, over classes; arguments as `precision`.

    >>> import convcore as cc
    >>> scores = cc.tensor([[[[0.9, 0.2]], [[0.1, 0.8]]]])  # (1, 2 classes, 1, 2 pixels)
    >>> mean_iou(scores, cc.tensor([[[0, 1]]]))
    1.0
    """
    options = dict(average=average, ignore_index=ignore_index, zero_division=zero_division)
    return _once(MeanIoU, input, target, num_classes, **options)
