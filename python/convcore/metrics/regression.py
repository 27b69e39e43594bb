"""Metrics of predicted numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .base import Metric, pair, ratio


class _MeanOf(Metric):
    """The mean over all elements of a function of the difference."""

    @staticmethod
    def _of(difference: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def reset(self) -> None:
        self._sum, self._count = 0.0, 0

    def update(self, input: Any, target: Any) -> Metric:
        a, b = pair(type(self).__name__, input, target)
        self._sum += float(self._of(a - b).sum())
        self._count += a.size
        return self

    def compute(self) -> float:
        return ratio(self._sum, self._count)


class MeanSquaredError(_MeanOf):
    """The mean of (input − target)² over all elements.

    >>> import convcore as cc
    >>> MeanSquaredError().update(cc.tensor([1.0, 2.0]), cc.tensor([1.0, 4.0])).compute()
    2.0
    """

    @staticmethod
    def _of(difference: np.ndarray) -> np.ndarray:
        return difference * difference


class MeanAbsoluteError(_MeanOf):
    """The mean of |input − target| over all elements.

    >>> import convcore as cc
    >>> MeanAbsoluteError().update(cc.tensor([1.0, 2.0]), cc.tensor([1.0, 4.0])).compute()
    1.0
    """

    @staticmethod
    def _of(difference: np.ndarray) -> np.ndarray:
        return np.abs(difference)


class R2Score(Metric):
    """1 − Σ(input − target)² / Σ(target − mean)², the share of the target's variance explained.

    Of several columns (N, D) the mean over columns; a constant column counts 1 if it is met
    exactly, else 0.

    >>> import convcore as cc
    >>> R2Score().update(cc.tensor([1.0, 2.0, 4.0]), cc.tensor([1.0, 2.0, 3.0])).compute()
    0.5
    """

    def reset(self) -> None:
        self._count = 0
        self._mean = self._spread = self._residual = np.zeros(())

    def update(self, input: Any, target: Any) -> R2Score:
        a, b = pair("R2Score", input, target)
        if b.ndim == 0:
            raise ValueError("R2Score: input must have at least one dimension, got a number")
        if self._count and self._mean.shape != b.shape[1:]:
            raise ValueError(
                f"R2Score: expected columns of shape {self._mean.shape}, got {b.shape[1:]}"
            )
        if not len(b):
            return self
        # Means and spreads of two parts join without loss (Chan, Golub and LeVeque, 1983).
        count, mean = self._count + len(b), b.mean(0)
        apart = (mean - self._mean) ** 2 * (self._count * len(b) / count)
        self._spread = self._spread + ((b - mean) ** 2).sum(0) + apart
        self._mean = self._mean + (mean - self._mean) * (len(b) / count)
        self._residual = self._residual + ((a - b) ** 2).sum(0)
        self._count = count
        return self

    def compute(self) -> float:
        if not self._count:
            return math.nan
        varies = self._spread > 0
        explained = 1 - self._residual / np.where(varies, self._spread, 1)
        return float(np.where(varies, explained, self._residual == 0).mean())


class PSNR(MeanSquaredError):
    """The peak signal-to-noise ratio of images in decibels, 10·log₁₀(data_range² / MSE).

    `data_range` is the largest possible difference, 255 for uint8 and 1 for floats unless given.
    All images count as one; equal ones give infinity.

    >>> import convcore as cc
    >>> PSNR(data_range=1.0).update(cc.zeros(2, 2), cc.full((2, 2), 0.5)).compute()
    6.020599913279624
    """

    def __init__(self, data_range: float | None = None) -> None:
        if data_range is not None and not data_range > 0:
            raise ValueError(f"PSNR: data_range must be positive, got {data_range}")
        self.data_range = data_range
        super().__init__()

    def reset(self) -> None:
        super().reset()
        self._range = self.data_range

    def update(self, input: Any, target: Any) -> PSNR:
        if self._range is None:
            self._range = 255.0 if np.asarray(target).dtype == np.uint8 else 1.0
        return super().update(input, target)

    def compute(self) -> float:
        error = super().compute()
        if error == 0:
            return math.inf
        return 10 * math.log10(self._range**2 / error) if self._count else math.nan


def mean_squared_error(input: Any, target: Any) -> float:
    """The mean of (input − target)² over all elements.

    >>> import convcore as cc
    >>> mean_squared_error(cc.tensor([1.0, 2.0]), cc.tensor([1.0, 4.0]))
    2.0
    """
    return MeanSquaredError().update(input, target).compute()


def mean_absolute_error(input: Any, target: Any) -> float:
    """The mean of |input − target| over all elements.

    >>> import convcore as cc
    >>> mean_absolute_error(cc.tensor([1.0, 2.0]), cc.tensor([1.0, 4.0]))
    1.0
    """
    return MeanAbsoluteError().update(input, target).compute()


def r2_score(input: Any, target: Any) -> float:
    """The share of the target's variance that the input explains; see `R2Score`.

    >>> import convcore as cc
    >>> r2_score(cc.tensor([1.0, 2.0, 4.0]), cc.tensor([1.0, 2.0, 3.0]))
    0.5
    """
    return R2Score().update(input, target).compute()


def psnr(input: Any, target: Any, *, data_range: float | None = None) -> float:
    """The peak signal-to-noise ratio of images in decibels; see `PSNR`.

    >>> import convcore as cc
    >>> psnr(cc.tensor([0, 100], dtype=cc.uint8), cc.tensor([0, 100], dtype=cc.uint8))
    inf
    """
    return PSNR(data_range).update(input, target).compute()
