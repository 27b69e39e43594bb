"""Indexing: basic, integer and boolean."""

import numpy as np

from tests.cases import IMAGE, MATRIX, SCORES, Op, bad, case, flags, ints, real, values

S = slice(None)
BASIC = {
    "integer": (2,),
    "negative": (-1,),
    "all": (S,),
    "range": (slice(1, 4),),
    "step": (slice(None, None, 2), slice(1, None, 3)),
    "open-ended": (slice(-3, None),),
    "beyond": (slice(2, 99),),
    "nothing": (slice(3, 1),),
    "ellipsis": (..., 1),
    "new-axis": (None, S, 1, None),
    "mixed": (1, ..., slice(None, 2), None),
    "to-scalar": (1, 2, 3),
}


def get(m, x, *index):
    return x[index[0] if len(index) == 1 else index]


def put(m, x, source, *index):
    y = x.clone()
    y[index[0] if len(index) == 1 else index] = source
    return y


def oracle_get(x, *index):
    return x[index]


def oracle_put(x, source, *index):
    y = x.copy()
    y[index] = source
    return y


OPS = [
    Op(
        "getitem",
        get,
        oracle_get,
        [
            *[case(name, real(5, 6, 4), *index) for name, index in BASIC.items()],
            case("integers", real(5, 6, 4), ints(3, low=0, high=4)),
            case("integers-negative", real(5, 6), ints(7, low=-5, high=4)),
            case("integers-matrix", real(5, 6), ints(2, 3, low=0, high=4)),
            case("integers-pair", real(5, 6, 4), ints(3, low=0, high=4), ints(3, low=0, high=5)),
            case(
                "integers-broadcast", real(5, 6), ints(3, 1, low=0, high=4), ints(2, low=0, high=5)
            ),
            case("integers-none", real(5, 6), ints(0)),
            case("slice-integers", real(5, 6, 4), S, ints(3, low=0, high=5)),
            case("integer-integers", real(5, 6, 4), 2, ints(3, low=0, high=5)),
            case("mask", real(5, 6), flags(5, 6)),
            case("mask-rows", real(5, 6), flags(5)),
            case("mask-columns", real(5, 6), S, flags(6)),
        ],
        [
            bad("integer", IndexError, r"5.*out of range.*size 5", real(5, 6), 5),
            bad("integers", IndexError, r"7.*size 5", real(5, 6), values([0, 7], "int64")),
            bad("too-many", IndexError, r"3|many", real(5, 6), 0, 0, 0),
            bad(
                "mask-shape",
                IndexError,
                r"\(4,\).*\(5, 6\)|4.*5",
                real(5, 6),
                values([True] * 4, "bool"),
            ),
            bad("float", (TypeError, IndexError), r"float", real(5, 6), real(2)),
        ],
        covers=("slice", "select", "index"),
        bench=[
            case("crop", real(*IMAGE), ..., slice(2, 30), slice(2, 30)),
            case("step", real(*IMAGE), ..., slice(None, None, 2), slice(None, None, 2)),
            case("batch", real(2048, 784), ints(1024, low=0, high=2047)),
            case("embedding", real(1000, 64), ints(16384, low=0, high=999)),
            case(
                "pairs", real(*SCORES), ints(65536, low=0, high=1023), ints(65536, low=0, high=999)
            ),
            case("columns", real(*MATRIX), S, ints(512, low=0, high=1023)),
            case("mask", real(*MATRIX), flags(*MATRIX)),
            case("mask-rows", real(*MATRIX), flags(1024)),
        ],
    ),
    Op(
        "setitem",
        put,
        oracle_put,
        [
            case("integer", real(5, 6), real(6), 2),
            case("slice", real(5, 6), real(2, 6), slice(1, 3)),
            case("step", real(5, 6), real(5, 2), S, slice(0, None, 3)),
            case("broadcast", real(5, 6), real(6), slice(1, 4)),
            case("number", real(5, 6), 7.5, 1, slice(2, 4)),
            case("ellipsis", real(2, 3, 4), real(2, 3), ..., 1),
            case("integers", real(5, 6), real(2, 6), values([3, 0], "int64")),
            case("mask", real(5, 6), 0.25, flags(5, 6)),
            case("int64", ints(5, 6), ints(6), 2),
        ],
        [
            bad("shape", ValueError, r"\(5,\).*\(6,\)|\(6,\).*\(5,\)", real(5, 6), real(5), 1),
            bad("integer", IndexError, r"9.*size 5", real(5, 6), real(6), 9),
        ],
        covers=("assign", "index_put"),
        bench=[
            case("crop", real(*IMAGE), real(16, 64, 28, 28), ..., slice(2, 30), slice(2, 30)),
            case("rows", real(2048, 784), real(1024, 784), values(np.arange(0, 2048, 2), "int64")),
            case("mask", real(*MATRIX), 0.25, flags(*MATRIX)),
        ],
    ),
]
