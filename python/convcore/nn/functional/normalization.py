"""Normalisation."""

from __future__ import annotations

from convcore import _core
from convcore._tensor import Tensor


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Each channel of input (N, C, …) to mean 0 and variance 1, then times weight (C) plus bias (C).

    In training the statistics are the batch's and the running ones are moved towards them by `momentum`.
    Ioffe and Szegedy, "Batch normalization", 2015.
    """
    return _core.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
