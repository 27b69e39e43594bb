"""Reductions and running values made of others: functions of the package that are also methods of Tensor."""

from __future__ import annotations

import builtins
import math
from typing import Any, NamedTuple

from convcore import _convert as convert
from convcore import _core
from convcore._attach import attach
from convcore._math_methods import ValuesIndices
from convcore._tensor import Tensor

__all__ = [
    "aminmax", "bincount", "count_nonzero", "corrcoef", "cov", "cummax", "cummin", "cumprod", "diff", "dist", "histc",
    "kthvalue", "logcumsumexp", "median", "mode", "msort", "nanmean", "nanmedian", "nanquantile", "nansum", "quantile", "std_mean",
    "trace", "unique", "unique_consecutive", "var_mean",
]  # fmt: skip


class MinMax(NamedTuple):
    """What aminmax gives."""

    min: Tensor
    max: Tensor


def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> MinMax:
    """The least and the greatest value, over all dimensions or one.

    >>> import convcore as cc
    >>> cc.aminmax(cc.tensor([3.0, 1.0, 2.0])).max
    tensor(3.)
    """
    return MinMax(input.amin(dim, keepdim), input.amax(dim, keepdim))


def count_nonzero(input: Tensor, dim: Any = None) -> Tensor:
    """How many elements are not zero, over some or all dimensions.

    >>> import convcore as cc
    >>> cc.count_nonzero(cc.tensor([0, 1, 2]))
    tensor(2)
    """
    return (input != 0).sum(dim)


def nansum(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """The sum, NaN counting as zero."""
    return _core.nansum(input, dim, keepdim)


def nanmean(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """The mean of what is not NaN.

    >>> import convcore as cc
    >>> cc.nanmean(cc.tensor([1.0, float("nan"), 3.0]))
    tensor(2.)
    """
    return nansum(input, dim, keepdim) / (input == input).sum(dim, keepdim)


def var_mean(
    input: Tensor,
    dim: Any = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: Any = None,
) -> tuple[Tensor, Tensor]:
    """The variance and the mean."""
    if isinstance(dim, builtins.bool):
        dim, unbiased = None, dim
    return input.var(dim, unbiased, keepdim, correction=correction), input.mean(dim, keepdim)


def std_mean(
    input: Tensor,
    dim: Any = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: Any = None,
) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean."""
    variance, mean = var_mean(input, dim, unbiased, keepdim, correction=correction)
    return variance.sqrt(), mean


def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of x − other.

    >>> import convcore as cc
    >>> cc.dist(cc.zeros(2), cc.tensor([3.0, 4.0]))
    tensor(5.)
    """
    return (input - other).norm(p)


def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal."""
    if input.ndim != 2:
        raise _core.ArgumentError(f"trace: expected a matrix, got shape {tuple(input.shape)}")
    return input.diagonal().sum()


# --- order -----------------------------------------------------------------------------------------------------------------


def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """The k-th least value along dim (from 1), and where it is.

    >>> import convcore as cc
    >>> cc.kthvalue(cc.tensor([3.0, 1.0, 2.0]), 2).values
    tensor(2.)
    """
    return ValuesIndices(*_core.kthvalue(input, k, dim, keepdim))


def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The middle value, the lower of two; with dim, (values, indices). NaN if there is one.

    >>> import convcore as cc
    >>> cc.median(cc.tensor([4.0, 1.0, 3.0, 2.0]))
    tensor(2.)
    """
    if dim is None:
        flat = input.flatten()
        return _core.median(flat, 0, False)[0] if flat.numel() else _of_nothing(input)
    if input.ndim == 1 and not input.numel() and input.dtype.is_floating_point:
        return ValuesIndices(_of_nothing(input), _core.full([], 0, _core.dtype.int64))
    return ValuesIndices(*_core.median(input, dim, keepdim))


def _of_nothing(input: Tensor) -> Tensor:
    if not input.dtype.is_floating_point:
        raise IndexError(f"median: input is empty, of shape {tuple(input.shape)}")
    return _core.full([], math.nan, input.dtype)


def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The median of what is not NaN."""
    if dim is None:
        return _core.nanmedian(input.flatten(), 0, False)[0]
    return ValuesIndices(*_core.nanmedian(input, dim, keepdim))


def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """The most frequent value along dim, the least of several, and the last place where it stands.

    >>> import convcore as cc
    >>> cc.mode(cc.tensor([2, 1, 2, 3]))
    ValuesIndices(values=tensor(2), indices=tensor(2))
    """
    if input.ndim == 0:
        return ValuesIndices(input.clone(), input.long() * 0)
    values, order = input.sort(dim)
    run = _running_count(values, dim)
    last = run.argmax(dim, True)
    found = ValuesIndices(values.gather(dim, last), order.gather(dim, last))
    if keepdim:
        return found
    return ValuesIndices(found.values.squeeze(dim), found.indices.squeeze(dim))


def msort(input: Tensor) -> Tensor:
    """The values in order along the first dimension."""
    return input.sort(0).values


def _running_count(values: Tensor, dim: int) -> Tensor:
    """How many equal values stand up to each place of sorted values."""
    size = values.shape[dim]
    place = _core.arange(0, size, 1, _core.dtype.int64)
    place = place.reshape([size if i == dim % values.ndim else 1 for i in range(values.ndim)])
    place = place.expand(values.shape)
    fresh = place == 0
    if size > 1:
        changed = values.narrow(dim, 1, size - 1) != values.narrow(dim, 0, size - 1)
        fresh = _core.cat([fresh.narrow(dim, 0, 1), changed], dim)
    start = cummax(place * fresh.long(), dim).values
    return place - start + 1


def quantile(
    input: Tensor,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """The value below which the share q of the elements lies; q a number or a vector, which becomes the first dimension.

    `interpolation` between neighbours: "linear", "lower", "higher", "midpoint" or "nearest".

    >>> import convcore as cc
    >>> cc.quantile(cc.tensor([1.0, 2.0, 3.0, 4.0]), 0.5)
    tensor(2.5000)
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, skip_nan=False)


def nanquantile(
    input: Tensor,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """The quantile of what is not NaN."""
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, skip_nan=True)


def _quantile(
    op: str,
    input: Tensor,
    q: Any,
    dim: int | None,
    keepdim: bool,
    interpolation: str,
    skip_nan: bool,
) -> Tensor:
    if interpolation not in ("linear", "lower", "higher", "midpoint", "nearest"):
        raise _core.ArgumentError(f"{op}: interpolation {interpolation!r} is not known")
    if not input.dtype.is_floating_point:
        raise TypeError(f"{op}: input must have a floating-point dtype, got {input.dtype}")
    shares = q if isinstance(q, _core.TensorBase) else _core.full([], q, input.dtype)
    if shares.ndim > 1 or not builtins.bool(((shares >= 0) & (shares <= 1)).all()):
        raise _core.ArgumentError(
            f"{op}: q must be a number or a vector of numbers between 0 and 1"
        )
    rank = input.ndim
    x = input.flatten() if dim is None else input.movedim(dim, -1)
    values = x.sort(-1).values
    nan = input.new_full([], math.nan)
    count = (x == x).sum(-1, True)
    place = shares.reshape(-1) * (count - 1).clamp(min=0).to(input.dtype)  # (…, Q)
    low, high = place.floor(), place.ceil()
    below, above = values.gather(-1, low.long()), values.gather(-1, high.long())
    if interpolation == "linear":
        out = below + (place - low) * (above - below)
    elif interpolation == "midpoint":
        out = (below + above) / 2
    elif interpolation == "nearest":
        out = values.gather(-1, place.round().long())
    else:
        out = below if interpolation == "lower" else above
    if not skip_nan:
        out = out.where(count == x.shape[-1], nan)
    out = out.movedim(-1, 0)
    if keepdim:
        out = out.reshape([-1, *[1] * rank]) if dim is None else out.unsqueeze(dim % rank + 1)
    return out if shares.ndim else out.squeeze(0)


# --- running values --------------------------------------------------------------------------------------------------------


def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Products of the elements up to each one along dim (integers in int64).

    >>> import convcore as cc
    >>> cc.cumprod(cc.tensor([1, 2, 3]), 0)
    tensor([1, 2, 6])
    """
    return _core.cumprod(input if dtype is None else input.to(dtype=dtype), dim)


def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """ln of the running sums of eˣ along dim, without overflow.

    >>> import convcore as cc
    >>> cc.logcumsumexp(cc.zeros(2), 0)
    tensor([0.0000, 0.6931])
    """
    convert.axis("logcumsumexp", "dim", dim, max(input.ndim, 1))
    size, step, out = input.shape[dim] if input.ndim else 1, 1, input
    while step < size:  # ⌈log₂ n⌉ steps (Hillis and Steele, 1986)
        earlier, later = out.narrow(dim, 0, size - step), out.narrow(dim, step, size - step)
        out = _core.cat([out.narrow(dim, 0, step), earlier.logaddexp(later)], dim)
        step *= 2
    return out


def cummax(input: Tensor, dim: int) -> ValuesIndices:
    """The greatest value up to each element along dim, and the last place where it stands.

    >>> import convcore as cc
    >>> cc.cummax(cc.tensor([1, 3, 2]), 0).values
    tensor([1, 3, 3])
    """
    return ValuesIndices(*_core.cummax(input, dim))


def cummin(input: Tensor, dim: int) -> ValuesIndices:
    """The least value up to each element along dim, and the last place where it stands."""
    return ValuesIndices(*_core.cummin(input, dim))


def diff(
    input: Tensor,
    n: int = 1,
    dim: int = -1,
    prepend: Tensor | None = None,
    append: Tensor | None = None,
) -> Tensor:
    """The n-th differences of neighbours along dim.

    >>> import convcore as cc
    >>> cc.diff(cc.tensor([1, 4, 9]))
    tensor([3, 5])
    """
    parts = [t for t in (prepend, input, append) if t is not None]
    convert.axis("diff", "dim", dim, input.ndim)
    x = _core.cat(parts, dim) if len(parts) > 1 else input
    for _ in range(min(n, x.shape[dim])):
        size = x.shape[dim] - 1
        upper, lower = x.narrow(dim, 1, size), x.narrow(dim, 0, size)
        x = upper.logical_xor(lower) if x.dtype == _core.dtype.bool else upper - lower
    return x


# --- counting ----------------------------------------------------------------------------------------------------------------


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each of 0, 1, … occurs in a vector of whole numbers, or the sum of their weights.

    >>> import convcore as cc
    >>> cc.bincount(cc.tensor([1, 1, 3]))
    tensor([0, 2, 0, 1])
    """
    counts = _core.bincount(input, minlength)
    if weights is None:
        return counts
    if weights.dtype != _core.dtype.float32:
        weights = weights.double()
    return weights.new_zeros(counts.shape).scatter_add(0, input.long(), weights)


def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements fall into each of `bins` equal bins from min to max (the input's own range if both are equal).

    >>> import convcore as cc
    >>> cc.histc(cc.tensor([1.0, 2.0, 1.0]), bins=4, min=0, max=3)
    tensor([0., 2., 1., 0.])
    """
    low, high = builtins.float(min), builtins.float(max)
    if low == high and input.numel():
        low, high = input.amin().item(), input.amax().item()
    if low == high:
        low, high = low - 1, high + 1
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise _core.ArgumentError(f"histc: the range from {low} to {high} is not finite and rising")
    x = input.detach().flatten()
    x = x[(x >= low) & (x <= high)]
    place = ((x - low) / (high - low) * bins).long().clamp(max=bins - 1)
    return bincount(place, minlength=bins).to(input.dtype)


def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The different values in rising order; where each element went; how often each occurs. With dim, different slices.

    >>> import convcore as cc
    >>> cc.unique(cc.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    if dim is not None:
        return _unique_slices(input, dim, return_inverse, return_counts)
    return _flat_unique(input, True, return_inverse, return_counts)


def _flat_unique(input: Tensor, sorted: bool, return_inverse: bool, return_counts: bool) -> Any:
    out = _core.unique(input.detach(), sorted, return_inverse, return_counts)
    return tuple(out) if len(out) > 1 else out[0]


def _runs(values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The first of each run of equal neighbours, the number of each element's run, the runs' lengths."""
    size = values.shape[0]
    fresh = values.new_full([size], True, dtype=_core.dtype.bool)
    if size > 1:
        changed = values[1:] != values[:-1]
        changed = changed if changed.ndim == 1 else changed.reshape(size - 1, -1).any(1)
        fresh = _core.cat([fresh[:1], changed], 0)
    run = fresh.long().cumsum(0) - 1
    first = fresh.nonzero().flatten()
    return values.index_select(0, first), run, bincount(run)


def _asked(
    values: Tensor, inverse: Tensor, counts: Tensor, return_inverse: bool, return_counts: bool
) -> Any:
    out = (values, *([inverse] if return_inverse else []), *([counts] if return_counts else []))
    return out if len(out) > 1 else values


def _unique_slices(input: Tensor, dim: int, return_inverse: bool, return_counts: bool) -> Any:
    x = input.detach().movedim(dim, 0)
    rows = x.reshape(x.shape[0], -1)
    order = _core.arange(0, x.shape[0], 1, _core.dtype.int64)
    for column in range(rows.shape[1] - 1, -1, -1):  # least significant first; sorting is stable
        order = order[rows[order, column].argsort(0)]
    found, run, counts = _runs(x[order])
    inverse = run.new_zeros(run.shape).scatter(0, order, run)
    return _asked(found.movedim(0, dim), inverse, counts, return_inverse, return_counts)


def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The elements (or slices of dim) without those equal to their predecessor.

    >>> import convcore as cc
    >>> cc.unique_consecutive(cc.tensor([1, 1, 2, 1]))
    tensor([1, 2, 1])
    """
    if dim is None:
        return _flat_unique(input, False, return_inverse, return_counts)
    found, run, counts = _runs(input.detach().movedim(dim, 0))
    return _asked(found.movedim(0, dim), run, counts, return_inverse, return_counts)


# --- several variables -------------------------------------------------------------------------------------------------------


def cov(
    input: Tensor,
    *,
    correction: int = 1,
    fweights: Tensor | None = None,
    aweights: Tensor | None = None,
) -> Tensor:
    """The covariances of the rows of a matrix, its columns being observations (with counts and weights of their own).

    >>> import convcore as cc
    >>> cc.cov(cc.tensor([[0.0, 2.0], [0.0, 4.0]]))
    tensor([[2., 4.],
            [4., 8.]])
    """
    if input.ndim > 2:
        raise _core.ArgumentError(
            f"cov: expected at most 2 dimensions, got shape {tuple(input.shape)}"
        )
    rows = input.reshape(1, -1) if input.ndim < 2 else input
    weight = rows.new_full([rows.shape[1]], 1)
    for factor in (fweights, aweights):
        weight = weight if factor is None else weight * factor.to(rows.dtype)
    total = weight.sum()
    centred = rows - (rows * weight).sum(1, True) / total
    spent = (weight * (1 if aweights is None else aweights)).sum() / total
    freedom = total - correction * (1 if aweights is None else spent)
    out = (centred * weight).matmul(centred.t()) / freedom
    return out.squeeze() if input.ndim < 2 else out


def corrcoef(input: Tensor) -> Tensor:
    """Pearson's correlations of the rows of a matrix.

    >>> import convcore as cc
    >>> cc.corrcoef(cc.tensor([[0.0, 2.0], [0.0, -4.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    c = cov(input)
    if c.ndim == 0:
        return c / c
    spread = c.diagonal().sqrt()
    return (c / spread.unsqueeze(1) / spread.unsqueeze(0)).clamp(-1, 1)


attach([globals()[name] for name in __all__], in_place=("cumprod",))
