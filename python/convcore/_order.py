"""Sorting, running sums and norms: functions that are also methods of Tensor."""

from __future__ import annotations

import builtins
from typing import Any

from convcore import _core
from convcore._math_methods import ValuesIndices
from convcore._tensor import Tensor


def sort(
    input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False
) -> ValuesIndices:
    """Values in order along dim, and where they stood; equal ones keep their order, NaN is greatest.

    >>> import convcore as cc
    >>> cc.sort(cc.tensor([2.0, 3.0, 1.0])).indices
    tensor([2, 0, 1])
    """
    return ValuesIndices(*_core.sort(input, dim, descending))


def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """The indices that sort along dim; equal values keep their order.

    >>> import convcore as cc
    >>> cc.argsort(cc.tensor([2.0, 3.0, 1.0]), descending=True)
    tensor([1, 0, 2])
    """
    return _core.argsort(input, dim, descending)


def topk(
    input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True
) -> ValuesIndices:
    """The k greatest (or least) values along dim, in order, and where they stood. ValueError for k beyond the size.

    >>> import convcore as cc
    >>> cc.topk(cc.tensor([2.0, 3.0, 1.0]), 2).values
    tensor([3., 2.])
    """
    return ValuesIndices(*_core.topk(input, k, dim, largest))


def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Sums of the elements up to each one along dim (integers in int64).

    >>> import convcore as cc
    >>> cc.cumsum(cc.tensor([1, 2, 3]), 0)
    tensor([1, 3, 6])
    """
    return _core.cumsum(input if dtype is None else input.to(dtype=dtype), dim)


def logsumexp(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """ln Σ eˣ over dim, without overflow.

    >>> import convcore as cc
    >>> cc.logsumexp(cc.tensor([0.0, 0.0]), 0)
    tensor(0.6931)
    """
    return _core.logsumexp(input, dim, keepdim)


def norm(input: Tensor, p: Any = 2, dim: Any = None, keepdim: bool = False) -> Tensor:
    """(Σ|x|ᵖ)^(1/p) over some or all dimensions; p may be ±inf, 0 (how many are not zero) or "fro" (2).

    >>> import convcore as cc
    >>> cc.norm(cc.tensor([3.0, 4.0]))
    tensor(5.)
    """
    return _core.norm(input, 2.0 if p == "fro" or p is None else builtins.float(p), dim, keepdim)


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """All products of two vectors' elements.

    >>> import convcore as cc
    >>> cc.outer(cc.tensor([1, 2]), cc.tensor([3, 4]))
    tensor([[3, 4],
            [6, 8]])
    """
    if input.ndim != 1 or vec2.ndim != 1:
        raise _core.ArgumentError(
            f"outer: expected two vectors, got shapes {input.shape} and {vec2.shape}"
        )
    return input.unsqueeze(1) * vec2


for _function in (sort, argsort, topk, cumsum, logsumexp, norm, outer):
    setattr(Tensor, _function.__name__, _function)
