"""Classes as vectors, rows of a table by their numbers."""

from __future__ import annotations

from convcore import _core
from convcore._tensor import Tensor


def _check_sparse(op: str, sparse: bool) -> None:
    if sparse:
        raise NotImplementedError(f"{op}: sparse gradients are not there, give sparse=False")


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """int64 classes (…) as rows of zeros with a one (…, num_classes); −1 takes the greatest class plus one.

    >>> import convcore as cc
    >>> cc.nn.functional.one_hot(cc.tensor([1, 0]), 3)
    tensor([[0, 1, 0],
            [1, 0, 0]])
    """
    return _core.one_hot(tensor, num_classes)


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of weight (V, D) that input (…) numbers: (…, D).

    The row `padding_idx` gets no gradient. With `max_norm`, rows that are longer in the norm `norm_type` are first shortened
    to it, in weight itself. With `scale_grad_by_freq` a row's gradient is divided by how often input names it.

    Raises IndexError where input names no row, NotImplementedError for `sparse`.

    >>> import convcore as cc
    >>> cc.nn.functional.embedding(cc.tensor([1, 0]), cc.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[3., 4.],
            [1., 2.]])
    """
    _check_sparse("embedding", sparse)
    return _core.embedding(input, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq)


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The "mean", "sum" or "max" (`mode`) of bags of rows of weight (V, D): (B, D), zeros for an empty bag.

    input is (B, N), a bag in each row, or (M) with the bags' starts in `offsets` (B), with `include_last_offset` also the end
    of the last (B + 1). `per_sample_weights`, shaped as input, multiply the rows of a sum; the row `padding_idx` belongs to no
    bag. The other arguments are `embedding`'s.

    >>> import convcore as cc
    >>> table = cc.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> cc.nn.functional.embedding_bag(cc.tensor([0, 1, 1]), table, cc.tensor([0, 2]))
    tensor([[2., 3.],
            [3., 4.]])
    """
    _check_sparse("embedding_bag", sparse)
    return _core.embedding_bag(
        input, weight, offsets, max_norm, norm_type, scale_grad_by_freq, mode,
        per_sample_weights, include_last_offset, padding_idx,
    )  # fmt: skip
