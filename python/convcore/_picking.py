"""Reading and writing at places given by indices and masks: functions of the package that are also methods of Tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from convcore import _convert as convert
from convcore import _core
from convcore._arrange import broadcast_shapes
from convcore._attach import attach
from convcore._tensor import Tensor

METHODS = [
    "argwhere", "diagonal_scatter", "index_copy", "index_fill", "index_put", "masked_scatter", "scatter_reduce",
    "select_scatter", "slice_scatter", "take", "take_along_dim",
]  # fmt: skip
__all__ = METHODS + ["bucketize", "isin", "searchsorted"]


def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements at places of the flattened input, in index's shape.

    >>> import convcore as cc
    >>> cc.take(cc.tensor([[1, 2], [3, 4]]), cc.tensor([0, 3]))
    tensor([1, 4])
    """
    size = input.numel()
    if index.numel():
        low, high = index.amin().item(), index.amax().item()
        if low < -size or high >= size:
            raise IndexError(f"take: index must be in [{-size}, {size - 1}], got {low} to {high}")
    places = _core.where(index < 0, index + size, index)
    return input.flatten().gather(0, places.flatten()).reshape(index.shape)


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """gather whose operands broadcast over the other dimensions; without dim of flattened ones.

    >>> import convcore as cc
    >>> x = cc.tensor([[3, 1], [2, 4]])
    >>> cc.take_along_dim(x, x.argsort(1), 1)
    tensor([[1, 3],
            [2, 4]])
    """
    if dim is None:
        return input.flatten().gather(0, indices.flatten())
    axis = convert.axis("take_along_dim", "dim", dim, input.ndim)
    if indices.ndim != input.ndim:
        raise _core.ArgumentError(
            f"take_along_dim: indices must have {input.ndim} dimensions, got shape {tuple(indices.shape)}"
        )
    shape = [
        n if i == axis else max(n, m) for i, (n, m) in enumerate(zip(input.shape, indices.shape))
    ]
    own, other = list(shape), list(shape)
    own[axis], other[axis] = input.shape[axis], indices.shape[axis]
    return input.expand(*own).gather(axis, indices.expand(*other))


def argwhere(input: Tensor) -> Tensor:
    """The coordinates of the elements that are not zero, a row each.

    >>> import convcore as cc
    >>> cc.argwhere(cc.tensor([0, 5]))
    tensor([[1]])
    """
    return input.nonzero()


def index_put(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy with values at input[indices], added where accumulate says so.

    >>> import convcore as cc
    >>> cc.index_put(cc.zeros(3), (cc.tensor([0, 0]),), cc.ones(2), accumulate=True)
    tensor([2., 0., 0.])
    """
    return _core.index_put(input, [convert.index_tensor(i) for i in indices], values, accumulate)


def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy with source's slices at the indices of dim; the last of equal indices wins.

    >>> import convcore as cc
    >>> cc.index_copy(cc.zeros(3), 0, cc.tensor([2, 0]), cc.tensor([5.0, 6.0]))
    tensor([6., 0., 5.])
    """
    axis = convert.axis("index_copy", "dim", dim, max(input.ndim, 1))
    _check_index("index_copy", index)
    whole = index.ndim == 1 and source.shape == (index.numel(), *input.shape[1:])
    if axis == 0 and input.ndim > 1 and whole and source.dtype == input.dtype:
        if index.numel() and index.amin().item() >= 0:  # whole rows need no index per element
            return input.index_put((index,), source)
    return input.scatter(axis, _along(index, axis, source), source)


def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy with `value` in the slices at the indices of dim.

    >>> import convcore as cc
    >>> cc.index_fill(cc.zeros(3), 0, cc.tensor([1]), 7.0)
    tensor([0., 7., 0.])
    """
    axis = convert.axis("index_fill", "dim", dim, max(input.ndim, 1))
    _check_index("index_fill", index)
    hit = _core.full([input.shape[axis]], False, _core.dtype.bool)
    hit[index] = True
    return input.masked_fill(
        hit.reshape([-1 if i == axis else 1 for i in range(input.ndim)]), value
    )


def _check_index(op: str, index: Tensor) -> None:
    if index.ndim > 1:
        raise _core.ArgumentError(f"{op}: index must be a vector, got shape {tuple(index.shape)}")


def _along(index: Tensor, axis: int, like: Tensor) -> Tensor:
    """A vector of indices of one dimension as the index of every element."""
    return index.reshape([-1 if i == axis else 1 for i in range(like.ndim)]).expand(like.shape)


def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy with source's first elements, in order, where mask holds.

    >>> import convcore as cc
    >>> cc.masked_scatter(cc.zeros(3), cc.tensor([True, False, True]), cc.tensor([1.0, 2.0]))
    tensor([1., 0., 2.])
    """
    shape = broadcast_shapes(tuple(input.shape), tuple(mask.shape))
    mask, x = mask.expand(*shape), input.expand(*shape)
    count = mask.sum().item()
    if source.numel() < count:
        raise _core.ArgumentError(
            f"masked_scatter: mask holds {count} times, source has {source.numel()} elements"
        )
    place = (mask.flatten().long().cumsum(0) - 1).clamp(min=0).reshape(shape)
    if source.numel() == 0:
        return x.clone()
    return _core.where(mask, source.flatten()[place], x)


def slice_scatter(
    input: Tensor,
    src: Tensor,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Tensor:
    """A copy with src in the slice start:end:step of dim.

    >>> import convcore as cc
    >>> cc.slice_scatter(cc.zeros(4), cc.ones(2), start=1, end=3)
    tensor([0., 1., 1., 0.])
    """
    axis = convert.axis("slice_scatter", "dim", dim, input.ndim)
    return _written(input, (slice(None),) * axis + (slice(start, end, step),), src)


def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy with src at one index of dim.

    >>> import convcore as cc
    >>> cc.select_scatter(cc.zeros(2, 2), cc.ones(2), 0, 1)
    tensor([[0., 0.],
            [1., 1.]])
    """
    axis = convert.axis("select_scatter", "dim", dim, input.ndim)
    return _written(input, (slice(None),) * axis + (index,), src)


def _written(input: Tensor, where: tuple, src: Tensor) -> Tensor:
    out = input.clone()
    out[where] = src
    return out


def diagonal_scatter(
    input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1
) -> Tensor:
    """A copy with src on a diagonal.

    >>> import convcore as cc
    >>> cc.diagonal_scatter(cc.zeros(2, 2), cc.ones(2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    out = input.clone()
    out.diagonal(offset, dim1, dim2).copy_(src)
    return out


def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """As scatter, merging all that meets at a place by "sum", "mean", "prod", "amax" or "amin", with self or without.

    >>> import convcore as cc
    >>> cc.scatter_reduce(cc.zeros(2), 0, cc.tensor([0, 0, 1]), cc.tensor([1.0, 2.0, 3.0]), "mean", include_self=False)
    tensor([1.5000, 3.0000])
    """
    if not isinstance(input, _core.TensorBase):
        raise TypeError(f"scatter_reduce: input must be Tensor, got {type(input).__name__}")
    if reduce not in ("sum", "mean", "prod", "amax", "amin"):
        raise _core.ArgumentError(
            f'scatter_reduce: reduce must be "sum", "mean", "prod", "amax" or "amin", got {reduce!r}'
        )
    src = src[tuple(slice(n) for n in index.shape)]
    if reduce in ("sum", "mean"):
        return _scattered_sum(input, dim, index, src, reduce == "mean", include_self)
    return _scattered_order(input, dim, index, src, reduce, include_self)


def _hits(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """How many elements go to each place."""
    dtype = _core.dtype.int64
    return _core.full(input.shape, 0, dtype).scatter_add(
        dim, index, _core.full(index.shape, 1, dtype)
    )


def _scattered_sum(
    input: Tensor, dim: int, index: Tensor, src: Tensor, mean: bool, include_self: bool
) -> Tensor:
    if include_self and not mean:
        return input.scatter_add(dim, index, src)
    hits = _hits(input, dim, index)
    start = input if include_self else input.masked_fill(hits > 0, 0)
    out = start.scatter_add(dim, index, src)
    if not mean:
        return out
    count = (hits + 1 if include_self else hits.clamp(min=1)).to(input.dtype)
    return out / count if input.dtype.is_floating_point else out.div(count, rounding_mode="floor")


def _scattered_order(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, include_self: bool
) -> Tensor:
    """Merges the first of each place's elements, then the second, …: as many steps as meet at one place."""
    axis = convert.axis("scatter_reduce", "dim", dim, max(input.ndim, 1))
    hits = _hits(input, axis, index)
    merge = {"prod": Tensor.mul, "amax": Tensor.maximum, "amin": Tensor.minimum}[reduce]
    rank, out = _arrival(index, axis), input
    for step in range(hits.amax().item() if index.numel() else 0):
        chosen = rank == step
        arrived = _core.full(input.shape, False, _core.dtype.bool)
        places = chosen.nonzero(as_tuple=True)
        target = tuple(index[places] if i == axis else p for i, p in enumerate(places))
        arrived = arrived.index_put(target, _core.full([], True, arrived.dtype))
        value = out.detach().new_zeros(out.shape).index_put(target, src[places])
        merged = merge(out, value) if step or include_self else value
        out = _core.where(arrived, merged, out)
    return out


def _arrival(index: Tensor, axis: int) -> Tensor:
    """For each element, how many before it along the dimension go to the same place."""
    earlier = (index.movedim(axis, -1).unsqueeze(-1) == index.movedim(axis, -1).unsqueeze(-2)).tril(
        -1
    )
    return earlier.long().sum(-1).movedim(-1, axis)


def searchsorted(
    sorted_sequence: Tensor,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """Where each input would go in a rising vector (or in the matching row of a matrix): before equal values, or after.

    >>> import convcore as cc
    >>> cc.searchsorted(cc.tensor([1, 3, 5]), cc.tensor([3, 4]))
    tensor([1, 2])
    """
    if side not in (None, "left", "right"):
        raise _core.ArgumentError(f'searchsorted: side must be "left" or "right", got {side!r}')
    after = right or side == "right"
    sequence = sorted_sequence if sorter is None else sorted_sequence.gather(-1, sorter)
    found = _core.searchsorted(sequence, input, after)
    return found.to(dtype=_core.dtype.int32) if out_int32 else found


def bucketize(
    input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False
) -> Tensor:
    """The number of the bucket between rising boundaries that each input falls into.

    >>> import convcore as cc
    >>> cc.bucketize(cc.tensor([0, 2, 9]), cc.tensor([1, 3]))
    tensor([0, 1, 2])
    """
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


def isin(
    elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False
) -> Tensor:
    """Where the elements are among test_elements.

    >>> import convcore as cc
    >>> cc.isin(cc.tensor([1, 2, 3]), cc.tensor([3, 1]))
    tensor([ True, False,  True])
    """
    found = np.isin(np.asarray(elements), np.asarray(test_elements), assume_unique, invert)
    return convert.from_array(np.asarray(found), copy=True)


attach(
    [globals()[name] for name in METHODS],
    in_place=("index_copy", "index_fill", "index_put", "masked_scatter", "scatter_reduce"),
)
