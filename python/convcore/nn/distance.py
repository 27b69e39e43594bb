"""Distances and similarities of vectors."""

from __future__ import annotations

from convcore import _core


class CosineSimilarity(_core.nn.CosineSimilarity):
    """x1·x2/(max(‖x1‖, eps)·max(‖x2‖, eps)) along `dim`.

    >>> import convcore as cc
    >>> cc.nn.CosineSimilarity()(cc.tensor([[1.0, 0.0]]), cc.tensor([[1.0, 1.0]]))
    tensor([0.7071])
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__(dim, eps)


class PairwiseDistance(_core.nn.PairwiseDistance):
    """‖x1 − x2 + `eps`‖ₚ along the last dimension.

    >>> import convcore as cc
    >>> cc.nn.PairwiseDistance(eps=0.0)(cc.zeros(1, 2), cc.tensor([[3.0, 4.0]]))
    tensor([5.])
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__(p, eps, keepdim)
