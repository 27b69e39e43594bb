"""Distances and similarities of vectors."""

from __future__ import annotations

from convcore import _core
from convcore._tensor import Tensor


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """x1·x2/(max(‖x1‖, eps)·max(‖x2‖, eps)) along dim, of shapes that broadcast.

    >>> import convcore as cc
    >>> cc.nn.functional.cosine_similarity(cc.tensor([[1.0, 0.0]]), cc.tensor([[1.0, 1.0]]))
    tensor([0.7071])
    """
    return _core.cosine_similarity(x1, x2, dim, eps)


def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """‖x1 − x2 + eps‖ₚ along the last dimension, of shapes that broadcast.

    >>> import convcore as cc
    >>> cc.nn.functional.pairwise_distance(cc.zeros(1, 2), cc.tensor([[3.0, 4.0]]), eps=0.0)
    tensor([5.])
    """
    return _core.pairwise_distance(x1, x2, p, eps, keepdim)


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The p-norm distances of every two rows of input (N, M), in the order (0, 1), (0, 2), … (1, 2), …: (N·(N − 1)/2).

    >>> import convcore as cc
    >>> cc.nn.functional.pdist(cc.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))
    tensor([5.0000, 1.0000, 4.2426])
    """
    return _core.pdist(input, p)
