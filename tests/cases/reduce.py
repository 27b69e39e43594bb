"""Reductions."""

import numpy as np

from tests.cases import (
    IMAGE,
    MATRIX,
    SCORES,
    Arr,
    Op,
    bad,
    big,
    case,
    distinct,
    flags,
    ints,
    real,
    values,
)

SHAPED = values(np.zeros((0, 3)))


def _axis(dim):
    return tuple(dim) if isinstance(dim, (list, tuple)) else dim


def _rows(make, several=True):
    found = [
        case("all", make(3, 4, 5)),
        case("last", make(3, 4), dim=-1),
        case("first", make(3, 4), dim=0),
        case("keepdim", make(3, 4, 2), dim=1, keepdim=True),
        case("scalar", make()),
        case("channels", make(2, 3, 4, 5), dim=1),
        case("long", make(3, 1037), dim=1),
        case("one", make(3, 1), dim=1),
        big("big-last", make(300, 401), dim=1),
        big("big-first", make(4001, 37), dim=0),
        big("big-all", make(301, 401)),
    ]
    if several:
        found += [
            case("batch-norm", make(2, 3, 4, 5), dim=(0, 2, 3)),
            case("outer-axes", make(3, 2, 4), dim=(0, 2), keepdim=True),
        ]
    return found


def nearly_one(*shape):
    """Values whose product neither overflows nor vanishes."""
    return Arr(shape, lambda rng, shape: 1 + 1e-3 * rng.standard_normal(shape))


def _bench(make):
    return [
        case("all", make(*IMAGE)),
        case("rows", make(*MATRIX), dim=1),
        case("columns", make(*MATRIX), dim=0),
    ]


DIM = [
    bad("dim", IndexError, r"dim.*2", real(3, 4), dim=2),
    bad("dim-negative", IndexError, r"dim.*-3", real(3, 4), dim=-3),
]
TWICE = bad("twice", ValueError, r"dim names dimension 1 twice", real(3, 4), dim=(1, -1))


def _simple(function):
    return lambda x, dim=None, keepdim=False: function(x, axis=_axis(dim), keepdims=keepdim)


def var(x, dim=None, correction=1, keepdim=False):
    return np.var(x, axis=_axis(dim), ddof=correction, keepdims=keepdim)


def _along(values, places):
    def oracle(x, dim, keepdim=False):
        return values(x, axis=dim, keepdims=keepdim), places(x, axis=dim, keepdims=keepdim)

    return oracle


EMPTY = [case("empty", SHAPED, dim=0), case("empty-all", SHAPED), case("empty-kept", SHAPED, dim=1)]
# Sums of int32 and bool are int64.
WHOLE = [
    case("int64", ints(3, 4), dim=0),
    case("int32", ints(3, 4, dtype="int32")),
    case("uint8", ints(9, low=200, high=255, dtype="uint8")),
    case("bool", flags(3, 40), dim=1),
]


def one_sided(name):
    """Flags none of which decides any() or all() early."""
    return lambda *shape: Arr(shape, lambda rng, shape: np.full(shape, name == "all"), "bool")


OPS = [
    Op(
        "sum",
        "sum",
        _simple(np.sum),
        [*_rows(real), *EMPTY, *WHOLE],
        [*DIM, TWICE],
        bench=[
            *_bench(real),
            case("small-rows", real(16384, 64), dim=1),
            case("features", real(*IMAGE), dim=(2, 3)),
            case("channels", real(*IMAGE), dim=(0, 2, 3)),
            case("int64", ints(*IMAGE)),
            case("int32", ints(*IMAGE, dtype="int32")),
            case("uint8-rows", ints(*MATRIX, low=0, high=255, dtype="uint8"), dim=1),
            case("bool", flags(*IMAGE)),
            case("bool-columns", flags(*MATRIX), dim=0),
        ],
    ),
    Op(
        "mean",
        "mean",
        _simple(np.mean),
        [*_rows(real), case("empty-kept", SHAPED, dim=1)],
        [*DIM, TWICE, bad("dtype", TypeError, "mean.*int64", ints(3))],
        bench=[
            *_bench(real),
            case("global-pool", real(*IMAGE), dim=(2, 3)),
            case("small-rows", real(16384, 64), dim=1),
        ],
    ),
    Op(
        "prod",
        "prod",
        _simple(np.prod),
        [
            case("all", real(2, 3)),
            case("last", real(3, 4), dim=-1),
            case("keepdim", real(3, 4), dim=0, keepdim=True),
            case("zero", values([[1.0, 0.0, 3.0], [2.0, 3.0, 4.0]]), dim=1),
            case("empty", SHAPED, dim=0),
            case("int64", ints(3, 4), dim=1),
        ],
        DIM,
        bench=_bench(nearly_one),
    ),
    Op(
        "var",
        "var",
        var,
        [
            *_rows(real)[:4],
            case("batch-norm", real(2, 3, 4, 5), dim=(0, 2, 3), correction=0),
            case("far", values(1e4 + np.arange(12.0).reshape(3, 4)), dim=1).but(grad=False),
            big("big", real(300, 401), dim=1),
        ],
        [*DIM, bad("dtype", TypeError, "var.*int64", ints(3))],
        bench=[*_bench(real), case("channels", real(*IMAGE), dim=(0, 2, 3))],
    ),
    Op(
        "amax",
        "amax",
        _simple(np.max),
        _rows(distinct)
        + [
            case("ties", values([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]), dim=1).but(kink=True),
            case("int64", ints(3, 4), dim=1),
        ],
        [*DIM, bad("empty", ValueError, r"amax.*empty.*\(0, 3\)", SHAPED, dim=0)],
        bench=[*_bench(distinct), case("global-pool", distinct(*IMAGE), dim=(2, 3))],
    ),
    Op(
        "amin",
        "amin",
        _simple(np.min),
        _rows(distinct) + [case("int64", ints(3, 4), dim=1)],
        [*DIM, bad("empty", ValueError, r"amin.*empty.*\(0, 3\)", SHAPED, dim=0)],
        bench=_bench(distinct),
    ),
    Op(
        "max",
        "max",
        _along(np.max, np.argmax),
        [r for r in _rows(distinct, several=False) if "dim" in r.kwargs]
        + [
            case("ties", values([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]), dim=1).but(kink=True),
            case("nan", values([[1.0, np.nan, 3.0]]), dim=1).but(grad=False),
            case("int64", ints(3, 40), dim=1),
        ],
        DIM,
        bench=[*_bench(distinct)[1:], case("int64", ints(*MATRIX), dim=1)],
    ),
    Op(
        "min",
        "min",
        _along(np.min, np.argmin),
        [r for r in _rows(distinct, several=False) if "dim" in r.kwargs]
        + [case("int64", ints(3, 40), dim=1)],
        DIM,
        bench=_bench(distinct)[1:],
    ),
    Op(
        "argmax",
        "argmax",
        _simple(np.argmax),
        _rows(distinct, several=False)
        + [case("ties", values([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]), dim=1)],
        [*DIM, bad("empty", ValueError, "argmax.*empty", SHAPED, dim=0)],
        grad=False,
        bench=[
            *_bench(distinct),
            case("scores", distinct(*SCORES), dim=1),
            case("few-classes", distinct(65536, 10), dim=1),
            case("map", distinct(8, 21, 80, 80), dim=1),
        ],
    ),
    Op(
        "argmin",
        "argmin",
        _simple(np.argmin),
        _rows(distinct, several=False),
        [*DIM, bad("empty", ValueError, "argmin.*empty", SHAPED, dim=0)],
        grad=False,
        bench=_bench(distinct),
    ),
]
for name in ("any", "all"):
    OPS.append(
        Op(
            name,
            name,
            _simple(getattr(np, name)),
            [
                case("all", flags(3, 4)),
                case("last", flags(3, 4), dim=1),
                case("keepdim", flags(3, 4), dim=0, keepdim=True),
                case("int64", ints(9, 3, low=-1, high=1), dim=1),
                case("floats", values([[0.0, 0.5], [0.0, 0.0]]), dim=1),
                case("empty", flags(0, 3), dim=0),
            ],
            DIM,
            grad=False,
            bench=_bench(one_sided(name)),
        )
    )
