"""Reductions, running values and counts made of others."""

import numpy as np

from tests.cases import IMAGE, MATRIX, Op, bad, case, distinct, ints, real, values

NAN = np.where(np.arange(20).reshape(4, 5) % 6 == 1, np.nan, np.arange(20).reshape(4, 5) * 7 % 11)


def axes(dim):
    return tuple(dim) if isinstance(dim, list) else dim


def both(x, dim=None, keepdim=False, *, spread=np.var):
    return spread(x, axes(dim), ddof=1, keepdims=keepdim), np.mean(x, axes(dim), keepdims=keepdim)


def kthvalue(x, k, dim=-1, keepdim=False):
    order = np.argsort(x, dim, kind="stable")
    at = np.take(order, [k - 1], dim)
    found = np.take_along_axis(x, at, dim), at
    return found if keepdim else tuple(np.squeeze(f, dim) for f in found)


def median(x, dim=None, keepdim=False):
    if dim is None:
        return np.sort(x.ravel())[(x.size - 1) // 2] if not np.isnan(x).any() else np.nan
    return kthvalue(x, (x.shape[dim] + 1) // 2, dim, keepdim)


def nanmedian(x):
    known = np.sort(x[~np.isnan(x)])
    return known[(known.size - 1) // 2]


def mode(x, dim=-1, keepdim=False):
    x = np.moveaxis(x, dim, -1)
    rows = x.reshape(-1, x.shape[-1])
    found = []
    for row in rows:
        kinds, counts = np.unique(row, return_counts=True)
        best = kinds[counts.argmax()]
        found.append((best, np.flatnonzero(row == best)[-1]))
    out = [np.array(part).reshape(x.shape[:-1]) for part in zip(*found)]
    return tuple(np.expand_dims(o, dim) if keepdim else o for o in out)


def quantile(x, q, dim=None, keepdim=False, interpolation="linear", function=np.quantile):
    return function(x, q, dim, method=interpolation, keepdims=keepdim)


def running(function, wins):
    def oracle(x, dim):
        x = np.moveaxis(x, dim, -1)
        index = np.zeros(x.shape, np.int64)
        for place in np.ndindex(x.shape[:-1]):
            best = 0
            for i, value in enumerate(x[place]):
                best = i if wins(value, x[place][best]) else best
                index[(*place, i)] = best
        return function.accumulate(np.moveaxis(x, -1, dim), dim), np.moveaxis(index, -1, dim)

    return oracle


def bincount(x, weights=None, minlength=0):
    return np.bincount(x, weights, minlength)


def histc(x, bins=100, min=0, max=0):
    low, high = (x.min(), x.max()) if min == max else (min, max)
    return np.histogram(x, bins, (low, high))[0].astype(float)


def diff(x, n=1, dim=-1):
    return np.diff(x, n, dim)


def unique(x, return_inverse=False, return_counts=False, dim=None):
    found = np.unique(x, return_inverse=return_inverse, return_counts=return_counts, axis=dim)
    if return_inverse and dim is None:
        return found[0], found[1].reshape(x.shape), *found[2:]
    return found


def unique_consecutive(x, return_inverse=False, return_counts=False, dim=None):
    rows = x.ravel() if dim is None else np.moveaxis(x, dim, 0)
    changed = (rows[1:] != rows[:-1]).reshape(len(rows) - 1, -1).any(1)
    starts = np.flatnonzero(np.r_[True, changed])
    values = rows[starts] if dim is None else np.moveaxis(rows[starts], 0, dim)
    inverse = np.r_[0, np.cumsum(changed)].reshape(x.shape if dim is None else -1)
    counts = np.diff(np.r_[starts, len(rows)])
    found = (values, *([inverse] if return_inverse else []), *([counts] if return_counts else []))
    return found if len(found) > 1 else values


def cov(x, correction=1, fweights=None, aweights=None):
    return np.cov(x, ddof=correction)


COUNTS = {"return_inverse": True, "return_counts": True}


def nanmean(x, dim=None, keepdim=False):
    with np.errstate(invalid="ignore"):
        count = (~np.isnan(x)).sum(axes(dim), keepdims=keepdim)
        return np.nansum(x, axes(dim), keepdims=keepdim) / count


OPS = [
    Op(
        "aminmax",
        "aminmax",
        lambda x, dim=None, keepdim=False: (
            x.min(dim, keepdims=keepdim),
            x.max(dim, keepdims=keepdim),
        ),
        [case("all", distinct(3, 4)), case("dim", distinct(3, 4), dim=1, keepdim=True)],
        [bad("dim", IndexError, "dim.*2", real(2, 3), dim=2)],
        bench=[case("image", real(*IMAGE))],
    ),
    Op(
        "count_nonzero",
        "count_nonzero",
        lambda x, dim=None: np.count_nonzero(x, axis=axes(dim)),
        [case("all", ints(3, 4, low=-1, high=1)), case("dim", ints(3, 4, low=-1, high=1), 1)],
        [bad("dim", IndexError, "dim.*2", real(2, 3), 2)],
        bench=[case("image", ints(*IMAGE, low=0, high=2))],
    ),
    Op(
        "nansum",
        "nansum",
        lambda x, dim=None, keepdim=False: np.nansum(x, axes(dim), keepdims=keepdim),
        [case("all", values(NAN)).but(kink=True), case("dim", values(NAN), 1).but(kink=True)],
        bench=[case("image", real(*IMAGE))],
    ),
    Op(
        "nanmean",
        "nanmean",
        nanmean,
        [case("all", values(NAN)).but(kink=True), case("dim", values(NAN), 0).but(kink=True)],
        bench=[case("image", real(*IMAGE))],
    ),
    Op(
        "var_mean",
        "var_mean",
        both,
        [case("all", real(3, 4)), case("dims", real(2, 3, 4), [0, 2], keepdim=True)],
        [bad("dim", IndexError, "dim.*2", real(2, 3), 2)],
        bench=[case("rows", real(*MATRIX), 1)],
    ),
    Op(
        "std_mean",
        "std_mean",
        lambda x, dim=None, keepdim=False: both(x, dim, keepdim, spread=np.std),
        [case("all", real(3, 4)), case("dims", real(2, 3, 4), [0, 2], keepdim=True)],
        [bad("dim", IndexError, "dim.*2", real(2, 3), 2)],
        bench=[case("rows", real(*MATRIX), 1)],
    ),
    Op(
        "dist",
        "dist",
        lambda a, b, p=2: np.linalg.norm((a - b).ravel(), p),
        [case("plain", real(3, 4), real(3, 4)), case("p", real(5), real(5), 3.0)],
        [bad("shapes", ValueError, r"\(3,\).*\(4,\)", real(3), real(4))],
        bench=[case("image", real(*IMAGE), real(*IMAGE))],
    ),
    Op(
        "trace",
        "trace",
        np.trace,
        [case("plain", real(4, 4)), case("wide", real(2, 5)), case("int64", ints(3, 3))],
        [bad("rank", ValueError, r"trace: expected a matrix.*\(3,\)", real(3))],
        bench=[case("matrix", real(1024, 1024))],
    ),
    Op(
        "kthvalue",
        "kthvalue",
        kthvalue,
        [case("plain", distinct(3, 5), 2), case("dim", distinct(4, 3), 3, 0, True)],
        [bad("k", ValueError, r"kthvalue: k must be between 1 and 3, got 4", real(3), 4)],
        bench=[case("rows", real(1024, 256), 100)],
    ),
    Op(
        "median",
        "median",
        median,
        [
            case("all", distinct(3, 5)),
            case("dim", distinct(3, 4), 1),
            case("keepdim", distinct(3, 4), 0, True),
            case("int64", ints(7)),
            case("nan", values([1.0, np.nan, 2.0])).but(grad=False),
        ],
        [bad("dim", IndexError, "dim.*2", real(2, 3), 2)],
        bench=[case("rows", real(1024, 256), 1)],
    ),
    Op(
        "nanmedian",
        "nanmedian",
        nanmedian,
        [case("all", values(NAN)).but(kink=True)],
        bench=[case("all", real(1 << 18))],
    ),
    Op(
        "mode",
        "mode",
        mode,
        [case("plain", ints(4, 7, low=0, high=2)), case("dim", ints(4, 7, low=0, high=2), 0, True)],
        [bad("dim", IndexError, "dim.*2|dimension", real(2, 3), 2)],
        grad=False,
        bench=[case("rows", distinct(512, 256))],  # PyTorch may name any of equal values
    ),
    Op(
        "quantile",
        "quantile",
        quantile,
        [
            case("all", distinct(3, 5), 0.37),
            case("dim", distinct(3, 5), 0.37, 1, True),
            case("several", distinct(3, 5), values([0.1, 0.9]).const, 1),
            *[
                case(i, distinct(9), 0.37, interpolation=i)
                for i in ("lower", "higher", "midpoint", "nearest")
            ],
        ],
        [
            bad("q", ValueError, "quantile: q must be .*between 0 and 1", real(3), 1.5),
            bad(
                "word",
                ValueError,
                "quantile: interpolation 'spline'",
                real(3),
                0.5,
                interpolation="spline",
            ),
            bad(
                "dtype",
                TypeError,
                "quantile: input must have a floating-point dtype.*int64",
                ints(3),
                0.5,
            ),
        ],
        bench=[case("rows", real(1024, 256), 0.9, 1)],
    ),
    Op(
        "nanquantile",
        "nanquantile",
        lambda x, q, dim=None: np.nanquantile(x, q, dim),
        [
            case("all", values(NAN), 0.4).but(kink=True),
            case("dim", values(NAN[:3]), 0.4, 1).but(kink=True),
        ],
        bench=[case("rows", real(1024, 256), 0.9, 1)],
    ),
    Op(
        "cumprod",
        "cumprod",
        np.cumprod,
        [
            case("plain", real(3, 5), 1),
            case("rows", real(5, 3), 0),
            case("int64", ints(3, 4), 1),
            case("zero", values([2.0, 0.0, 3.0, 0.0, 4.0]), 0),
        ],
        [bad("dim", IndexError, "cumprod: dim.*2", real(2, 3), 2)],
        bench=[case("rows", values(1 + 0.01 * np.sin(np.arange(1 << 20)).reshape(1024, 1024)), 1)],
    ),
    Op(
        "logcumsumexp",
        "logcumsumexp",
        lambda x, dim: np.log(np.cumsum(np.exp(x), dim)),
        [case("plain", real(3, 5), 1), case("rows", real(5, 3), 0)],
        [bad("dim", IndexError, "logcumsumexp: dim.*2", real(2, 3), 2)],
        bench=[case("rows", real(1024, 1024), 1)],
    ),
    Op(
        "cummax",
        "cummax",
        running(np.maximum, lambda a, b: a >= b),
        [
            case("plain", distinct(3, 5), 1),
            case("rows", distinct(5, 3), 0),
            case("ties", ints(3, 9, low=0, high=2), 1),
        ],
        [bad("dim", IndexError, "cummax: dim.*2", real(2, 3), 2)],
        bench=[case("rows", real(1024, 1024), 1)],
    ),
    Op(
        "cummin",
        "cummin",
        running(np.minimum, lambda a, b: a <= b),
        [case("plain", distinct(3, 5), 1), case("ties", ints(3, 9, low=0, high=2), 1)],
        [bad("dim", IndexError, "cummin: dim.*2", real(2, 3), 2)],
        bench=[case("rows", real(1024, 1024), 1)],
    ),
    Op(
        "diff",
        "diff",
        diff,
        [case("plain", real(3, 5)), case("twice", real(5, 3), 2, 0), case("int64", ints(6))],
        [bad("dim", IndexError, "dim", real(2, 3), 1, 5)],
        bench=[case("rows", real(*MATRIX))],
    ),
    Op(
        "bincount",
        "bincount",
        bincount,
        [
            case("plain", ints(9, low=0, high=5)),
            case("weights", ints(9, low=0, high=5), real(9).const),
            case("longer", ints(9, low=0, high=5), minlength=12),
            case("empty", ints(0)),
        ],
        [
            bad(
                "negative",
                ValueError,
                "bincount: input must not be negative, got -1",
                values([1, -1], "int64"),
            ),
            bad("rank", ValueError, r"bincount: expected a vector.*\(2, 2\)", ints(2, 2)),
        ],
        grad=False,
        bench=[case("labels", ints(1 << 20, low=0, high=999))],
    ),
    Op(
        "histc",
        "histc",
        histc,
        [case("range", real(50), 7, -1, 1), case("own", real(50), 7)],
        [bad("range", ValueError, "histc: the range from 2.0 to 1.0", real(3), 4, 2, 1)],
        grad=False,
        bench=[case("image", real(*IMAGE), 64, -1, 1)],
    ),
    Op(
        "unique",
        "unique",
        unique,
        [
            case("plain", ints(9)),
            case("counts", ints(4, 5), **COUNTS),
            case("rows", ints(7, 2, low=0, high=2), dim=0, **COUNTS),
            case("columns", ints(2, 7, low=0, high=2), dim=1),
        ],
        grad=False,
        bench=[case("labels", ints(1 << 18, low=0, high=999))],
    ),
    Op(
        "unique_consecutive",
        "unique_consecutive",
        unique_consecutive,
        [
            case("plain", ints(20, low=0, high=1), **COUNTS),
            case("rows", ints(9, 2, low=0, high=1), dim=0),
        ],
        grad=False,
        bench=[case("labels", ints(1 << 20, low=0, high=3))],
    ),
    Op(
        "cov",
        "cov",
        cov,
        [
            case("matrix", real(3, 6)),
            case("vector", real(6)),
            case("correction", real(3, 6), correction=0),
        ],
        [bad("rank", ValueError, r"cov: expected at most 2.*\(2, 3, 4\)", real(2, 3, 4))],
        bench=[case("features", real(256, 4096))],
    ),
    Op(
        "corrcoef",
        "corrcoef",
        np.corrcoef,
        [case("matrix", real(3, 6))],
        [bad("rank", ValueError, r"cov: expected at most 2.*\(2, 3, 4\)", real(2, 3, 4))],
        bench=[case("features", real(256, 4096))],
    ),
]
