"""What all metrics share."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from convcore import _convert as convert
from convcore._tensor import Tensor


class Metric:
    """Gathers batches: `update(input, target)`, then `compute()`; `reset()` forgets them.

    A subclass keeps sums that do not grow with the number of samples.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all batches."""
        raise NotImplementedError(f"{type(self).__name__}: define reset()")

    def update(self, input: Any, target: Any) -> Metric:
        """Take one more batch; returns the metric itself."""
        raise NotImplementedError(f"{type(self).__name__}: define update(input, target)")

    def compute(self) -> Any:
        """The value over all batches since the last reset; NaN if there were none."""
        raise NotImplementedError(f"{type(self).__name__}: define compute()")


class Mean(Metric):
    """The weighted mean of numbers, such as the losses of batches weighted by their sizes.

    >>> mean = Mean()
    >>> mean.update(0.5, 10).update(2.0, 5).compute()
    1.0
    """

    def reset(self) -> None:
        self._sum = self._weight = 0.0

    def update(self, input: Any, target: Any = 1.0) -> Mean:
        self._sum += float(np.sum(np.asarray(input, np.float64) * np.asarray(target)))
        self._weight += float(np.sum(np.broadcast_to(np.asarray(target), np.shape(input))))
        return self

    def compute(self) -> float:
        return ratio(self._sum, self._weight)


def ratio(above: float, below: float) -> float:
    return float(above) / float(below) if below else math.nan


def vector(values: np.ndarray) -> Tensor:
    return convert.from_array(np.ascontiguousarray(values), copy=False)


def pair(op: str, input: Any, target: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both as float64 arrays of one shape."""
    input, target = np.asarray(input), np.asarray(target)
    if input.shape != target.shape:
        raise ValueError(
            f"{op}: input and target must have one shape, got {input.shape} and {target.shape}"
        )
    return input.astype(np.float64), target.astype(np.float64)
