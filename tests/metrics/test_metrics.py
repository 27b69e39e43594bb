"""Metrics against their formulas, sample by sample, and against themselves batch by batch."""

from __future__ import annotations

import math

import convcore as cc
import numpy as np
import pytest
from convcore import metrics
from scipy import stats

RNG = np.random.default_rng(3)
CLASSES = 5
TARGET = RNG.integers(0, CLASSES - 1, 60)  # the last class never occurs, but is predicted
PREDICTED = np.where(RNG.random(60) < 0.6, TARGET, RNG.integers(0, CLASSES, 60))
SCORES = RNG.normal(size=(60, CLASSES)).round(1)  # with ties


def counts(predicted, target, classes=CLASSES):
    matrix = np.zeros((classes, classes), int)
    for p, t in zip(predicted.ravel(), target.ravel(), strict=True):
        matrix[t, p] += 1
    return matrix


def test_confusion_matrix():
    want = counts(PREDICTED, TARGET)
    got = metrics.confusion_matrix(PREDICTED, TARGET)
    assert got.dtype == cc.int64
    np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(metrics.confusion_matrix(PREDICTED, TARGET, 7)[:5, :5], want)
    np.testing.assert_array_equal(
        metrics.confusion_matrix(SCORES, TARGET), counts(SCORES.argmax(1), TARGET)
    )
    for normalize, sums in {
        "true": want.sum(1, keepdims=True),
        "pred": want.sum(0, keepdims=True),
        "all": want.sum(),
    }.items():
        got = np.asarray(metrics.confusion_matrix(PREDICTED, TARGET, normalize=normalize))
        np.testing.assert_allclose(got, want / np.where(sums == 0, 1, sums))


def per_class(kind):
    values = []
    for c in range(CLASSES):
        p, t = PREDICTED == c, TARGET == c
        both, either = (p & t).sum(), (p | t).sum()
        precision = both / p.sum() if p.sum() else 0.0
        recall = both / t.sum() if t.sum() else 0.0
        values.append({
            "precision": precision,
            "recall": recall,
            "f1_score": stats.hmean([precision, recall]) if precision * recall else 0.0,
            "mean_iou": both / either if either else 0.0,
        }[kind])  # fmt: skip
    return np.array(values)


@pytest.mark.parametrize("kind", ["precision", "recall", "f1_score", "mean_iou"])
def test_shares_of_right_answers(kind):
    measure, values = getattr(metrics, kind), per_class(kind)
    np.testing.assert_allclose(measure(PREDICTED, TARGET, average=None), values)
    np.testing.assert_allclose(measure(PREDICTED, TARGET, average="none", num_classes=6)[:5], values)  # fmt: skip
    assert measure(PREDICTED, TARGET) == pytest.approx(values.mean())
    assert measure(PREDICTED, TARGET, num_classes=9) == pytest.approx(values.mean())
    weights = np.bincount(TARGET, minlength=CLASSES)
    assert measure(PREDICTED, TARGET, average="weighted") == pytest.approx((values * weights).sum() / 60)  # fmt: skip
    right = (PREDICTED == TARGET).sum()
    micro = right / (120 - right) if kind == "mean_iou" else right / 60
    assert measure(PREDICTED, TARGET, average="micro") == pytest.approx(micro)


def test_zero_division():
    predicted, target = np.array([0, 0, 1]), np.array([0, 2, 2])
    assert metrics.recall(predicted, target, average=None).tolist() == [1, 0, 0]
    assert metrics.recall(predicted, target, average=None, zero_division=1).tolist() == [1, 1, 0]
    assert metrics.precision(predicted, target) == pytest.approx((0.5 + 0 + 0) / 3)


def test_ignored_targets_do_not_count():
    target = TARGET.copy()
    target[::4] = 255
    kept = target != 255
    assert metrics.accuracy(PREDICTED, target, ignore_index=255) == metrics.accuracy(PREDICTED[kept], TARGET[kept])  # fmt: skip
    assert metrics.mean_iou(PREDICTED, target, num_classes=5, ignore_index=255) == pytest.approx(
        metrics.mean_iou(PREDICTED[kept], TARGET[kept])
    )
    assert metrics.topk_accuracy(SCORES, target, 3, ignore_index=255) == pytest.approx(
        metrics.topk_accuracy(SCORES[kept], TARGET[kept], 3)
    )


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_topk_accuracy(k):
    right = 0
    for row, t in zip(SCORES, TARGET, strict=True):
        right += t in np.argsort(-row, kind="stable")[:k]
    assert metrics.topk_accuracy(SCORES, TARGET, k) == right / 60
    assert metrics.topk_error(cc.tensor(SCORES), cc.tensor(TARGET), k) == 1 - right / 60
    if k == 1:
        assert metrics.accuracy(SCORES, TARGET) == right / 60


def test_pixels_and_single_samples():
    scores, target = RNG.normal(size=(2, 3, 4, 5)), RNG.integers(0, 3, (2, 4, 5))
    labels = scores.argmax(1)
    assert metrics.accuracy(scores, target) == (labels == target).mean()
    assert metrics.mean_iou(scores, target) == metrics.mean_iou(labels, target)
    assert metrics.topk_accuracy(scores, target, 3) == 1
    flat = scores.transpose(0, 2, 3, 1).reshape(-1, 3)
    assert metrics.topk_accuracy(scores, target, 2) == metrics.topk_accuracy(flat, target.ravel(), 2)  # fmt: skip
    assert metrics.accuracy(np.array([0.1, 0.9]), np.array(1)) == 1


def area_by_pairs(scores, positive):
    pairs = [(a > b) + 0.5 * (a == b) for a in scores[positive] for b in scores[~positive]]
    return np.mean(pairs)


def precision_by_thresholds(scores, positive):
    total, before = 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        chosen = scores >= threshold
        recall = (chosen & positive).sum() / positive.sum()
        total += (recall - before) * (chosen & positive).sum() / chosen.sum()
        before = recall
    return total


@pytest.mark.parametrize(
    "measure, oracle",
    [(metrics.roc_auc, area_by_pairs), (metrics.average_precision, precision_by_thresholds)],
)
def test_ranking(measure, oracle):
    positive = RNG.random(60) < 0.3
    assert measure(SCORES[:, 0], positive) == pytest.approx(oracle(SCORES[:, 0], positive))
    values = np.array([oracle(SCORES[:, c], TARGET == c) for c in range(4)])
    np.testing.assert_allclose(measure(SCORES[:, :4], TARGET, average=None), values)
    assert measure(SCORES[:, :4], TARGET) == pytest.approx(values.mean())
    weights = np.bincount(TARGET)
    assert measure(SCORES, TARGET, average="weighted") == pytest.approx((values * weights).sum() / 60)  # fmt: skip
    assert measure(SCORES, TARGET) == pytest.approx(values.mean()), "no positives of the last class"
    assert math.isnan(measure(SCORES, TARGET, average=None)[4].item())
    several = RNG.random((60, 5)) < 0.5
    values = [oracle(SCORES[:, c], several[:, c]) for c in range(5)]
    assert measure(SCORES, several) == pytest.approx(np.mean(values))
    perfect = np.arange(60) >= 40
    assert measure(np.arange(60), perfect) == 1


def test_ranking_is_that_of_scipy():
    positive = RNG.random(60) < 0.4
    u = stats.mannwhitneyu(SCORES[positive, 1], SCORES[~positive, 1]).statistic
    want = u / (positive.sum() * (~positive).sum())
    assert metrics.roc_auc(SCORES[:, 1], positive) == pytest.approx(want)


def test_regression():
    a, b = RNG.normal(size=(30, 3)), RNG.normal(size=(30, 3)) + [0, 100, 1e6]
    a = a * 0.3 + b
    assert metrics.mean_squared_error(a, b) == pytest.approx(((a - b) ** 2).mean())
    assert metrics.mean_absolute_error(a, b) == pytest.approx(np.abs(a - b).mean())
    want = 1 - ((a - b) ** 2).sum(0) / ((b - b.mean(0)) ** 2).sum(0)
    assert metrics.r2_score(a, b) == pytest.approx(want.mean())
    line = stats.linregress(b[:, 0], a[:, 0])
    fitted = line.slope * b[:, 0] + line.intercept
    assert metrics.r2_score(fitted, a[:, 0]) == pytest.approx(line.rvalue**2)
    assert metrics.r2_score([1.0, 1.0], [1.0, 1.0]) == 1
    assert metrics.r2_score([1.0, 2.0], [1.0, 1.0]) == 0


def test_psnr():
    a, b = RNG.integers(0, 256, (2, 8, 8)).astype(np.uint8), np.full((2, 8, 8), 17, np.uint8)
    error = np.mean((a.astype(float) - b) ** 2)
    assert metrics.psnr(a, b) == pytest.approx(20 * math.log10(255) - 10 * math.log10(error))
    assert metrics.psnr(a / 255, b / 255) == pytest.approx(metrics.psnr(a, b))
    assert metrics.psnr(a * 1.0, b * 1.0, data_range=255) == pytest.approx(metrics.psnr(a, b))
    assert metrics.psnr(a, a) == math.inf


STREAMS = {
    "Accuracy": (metrics.Accuracy, lambda s: metrics.accuracy(SCORES[s], TARGET[s])),
    "top3": (lambda: metrics.Accuracy(3), lambda s: metrics.topk_accuracy(SCORES[s], TARGET[s], 3)),
    "F1Score": (lambda: metrics.F1Score(5), lambda s: metrics.f1_score(SCORES[s], TARGET[s])),
    "Precision": (lambda: metrics.Precision(5), lambda s: metrics.precision(SCORES[s], TARGET[s])),
    "Recall": (lambda: metrics.Recall(5), lambda s: metrics.recall(SCORES[s], TARGET[s])),
    "MeanIoU": (lambda: metrics.MeanIoU(5), lambda s: metrics.mean_iou(SCORES[s], TARGET[s])),
    "R2Score": (metrics.R2Score, lambda s: metrics.r2_score(SCORES[s, 0], TARGET[s])),
    "MeanSquaredError": (metrics.MeanSquaredError, lambda s: metrics.mean_squared_error(SCORES[s, 0], TARGET[s])),
    "MeanAbsoluteError": (metrics.MeanAbsoluteError, lambda s: metrics.mean_absolute_error(SCORES[s, 0], TARGET[s])),
    "PSNR": (lambda: metrics.PSNR(3.0), lambda s: metrics.psnr(SCORES[s, 0], TARGET[s], data_range=3.0)),
}  # fmt: skip


@pytest.mark.parametrize("name", STREAMS)
def test_batches_give_the_value_of_the_whole(name):
    make, whole = STREAMS[name]
    metric = make()
    assert math.isnan(metric.compute())
    scores = SCORES[:, 0] if name in ("R2Score", "MeanSquaredError", "MeanAbsoluteError", "PSNR") else SCORES  # fmt: skip
    for _ in range(2):
        for part in np.array_split(np.arange(60), 7):
            assert metric.update(cc.tensor(scores[part]), cc.tensor(TARGET[part])) is metric
        assert metric.compute() == pytest.approx(whole(slice(None)))
        metric.reset()
        assert math.isnan(metric.compute())


def test_mean():
    mean = metrics.Mean()
    mean.update(cc.tensor(2.0), 3).update([1.0, 4.0], [1, 0])
    assert mean.compute() == pytest.approx(7 / 4)


@pytest.mark.parametrize("call, error, message", [
    (lambda: metrics.accuracy(np.zeros(3), np.zeros(3, int)), TypeError, "accuracy: input.*float64: compare scores"),
    (lambda: metrics.accuracy(np.zeros(3, int), np.zeros(3)), TypeError, "accuracy: target must hold class indices"),
    (lambda: metrics.accuracy(np.zeros((4, 2)), np.zeros(3, int)), ValueError, r"accuracy: input.*\(3,\), got shape \(4, 2\)"),
    (lambda: metrics.topk_accuracy(SCORES, TARGET, 6), ValueError, "k must be at most the 5 classes, got 6"),
    (lambda: metrics.topk_accuracy(SCORES, TARGET + 2, 2), ValueError, r"classes must be in \[0, 4\], got 5"),
    (lambda: metrics.Accuracy(0), ValueError, "k must be at least 1"),
    (lambda: metrics.confusion_matrix(PREDICTED, TARGET, 3), ValueError, r"classes must be in \[0, 2\]"),
    (lambda: metrics.confusion_matrix(PREDICTED, TARGET, normalize="rows"), ValueError, "normalize must be"),
    (lambda: metrics.precision(PREDICTED, TARGET, average="mean"), ValueError, "Precision: average must be"),
    (lambda: metrics.ConfusionMatrix(0), ValueError, "num_classes must be >= 1"),
    (lambda: metrics.roc_auc(SCORES[:, 0], TARGET), ValueError, "roc_auc: target.*0 or 1"),
    (lambda: metrics.roc_auc([np.nan, 1], [0, 1]), ValueError, "without NaN"),
    (lambda: metrics.roc_auc(SCORES, TARGET + 3), ValueError, r"roc_auc: target must be in \[0, 4\]"),
    (lambda: metrics.roc_auc(SCORES, TARGET[:3]), ValueError, r"got \(60, 5\) and \(3,\)"),
    (lambda: metrics.roc_auc(SCORES, TARGET, average="micro"), ValueError, "roc_auc: average"),
    (lambda: metrics.mean_squared_error([1.0], [[1.0]]), ValueError, r"one shape, got \(1,\) and \(1, 1\)"),
    (lambda: metrics.psnr([1.0], [1.0], data_range=0), ValueError, "data_range must be positive"),
    (lambda: metrics.r2_score(1.0, 1.0), ValueError, "at least one dimension"),
])  # fmt: skip
def test_bad_calls(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_empty_input():
    nothing = np.zeros(0, int)
    assert math.isnan(metrics.accuracy(nothing, nothing))
    assert math.isnan(metrics.roc_auc(nothing, nothing))
    assert math.isnan(metrics.average_precision(nothing, nothing))
    assert math.isnan(metrics.mean_squared_error(nothing, nothing))
    assert metrics.confusion_matrix(nothing, nothing, 2).tolist() == [[0, 0], [0, 0]]
    assert metrics.precision(nothing, nothing, average=None, num_classes=2).tolist() == [0, 0]
