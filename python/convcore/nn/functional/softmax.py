"""Softmax and its kin."""

from __future__ import annotations

import warnings
from typing import Any

from convcore import _core
from convcore._tensor import Tensor


def _along(name: str, input: Tensor, dim: int | None, stacklevel: int, dtype: Any) -> Tensor:
    """One of the core's functions; without dim along PyTorch's choice, with its warning."""
    if dim is None:
        warnings.warn(
            f"{name}: the choice of a dimension by rank is deprecated, give dim",
            stacklevel=stacklevel + 2,  # this function and the one that names its arguments
        )
        dim = 0 if input.ndim in (0, 1, 3) else 1
    return getattr(_core, name)(input if dtype is None else input.to(dtype), dim)


def softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """exp(x) over its sum along dim; input is converted to dtype first.

    >>> import convcore as cc
    >>> cc.nn.functional.softmax(cc.tensor([0.0, 0.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    return _along("softmax", input, dim, _stacklevel, dtype)


def log_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """The logarithm of softmax, computed without overflow; input is converted to dtype first.

    >>> import convcore as cc
    >>> cc.nn.functional.log_softmax(cc.tensor([0.0, 0.0]), dim=0)
    tensor([-0.6931, -0.6931])
    """
    return _along("log_softmax", input, dim, _stacklevel, dtype)


def softmin(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """softmax of −input along dim; input is converted to dtype first.

    >>> import convcore as cc
    >>> cc.nn.functional.softmin(cc.tensor([0.0, 100.0]), dim=0)
    tensor([1.0000e+00, 3.7835e-44])
    """
    return _along("softmin", input, dim, _stacklevel, dtype)


def gumbel_softmax(
    logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Tensor:
    """softmax((logits + g)/tau) along dim, g drawn from the Gumbel distribution: nearly one-hot samples of softmax(logits).

    hard: exactly one-hot, with the gradient of the others. eps does nothing, as in PyTorch. Jang, Gu and Poole,
    "Categorical reparameterization with Gumbel-softmax", 2017.

    >>> import convcore as cc
    >>> cc.nn.functional.gumbel_softmax(cc.tensor([0.0, 100.0]), hard=True)
    tensor([0., 1.])
    """
    return _core.gumbel_softmax(logits, tau, hard, dim)
