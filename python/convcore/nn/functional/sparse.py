"""Classes as vectors."""

from __future__ import annotations

from convcore import _core
from convcore._tensor import Tensor


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """int64 classes (…) as rows of zeros with a one (…, num_classes); −1 takes the greatest class plus one.

    >>> import convcore as cc
    >>> cc.nn.functional.one_hot(cc.tensor([1, 0]), 3)
    tensor([[0, 1, 0],
            [1, 0, 0]])
    """
    return _core.one_hot(tensor, num_classes)
