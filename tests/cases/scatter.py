"""Indexing by an index per element, along one axis, and by masks."""

import numpy as np

from tests.cases import IMAGE, MATRIX, Arr, Op, bad, big, case, flags, ints, real, values, whole


def window(x, index, dim):
    """The part of x an index of that shape reaches."""
    return x[
        tuple(slice(None) if i == dim % x.ndim else slice(n) for i, n in enumerate(index.shape))
    ]


def places(index, dim):
    grids = list(np.indices(index.shape))
    grids[dim % index.ndim] = index
    return tuple(grids)


def gather(x, dim, index):
    return np.take_along_axis(window(x, index, dim), index, dim)


def scatter(x, dim, index, src):
    out = x.copy()
    out[places(index, dim)] = src if np.isscalar(src) else src[tuple(slice(n) for n in index.shape)]
    return out


def scatter_add(x, dim, index, src):
    out = x.copy()
    np.add.at(out, places(index, dim), src[tuple(slice(n) for n in index.shape)])
    return out


def index_add(x, dim, index, source, alpha=1):
    out = np.moveaxis(x.copy(), dim, 0)
    np.add.at(out, index, alpha * np.moveaxis(source, dim, 0))
    return np.moveaxis(out, 0, dim)


def shuffled(rows, count):
    """count columns of MATRIX for each row, none of them twice."""
    everything = np.arange(MATRIX[1])

    def draw(rng, shape):
        return np.stack([rng.permutation(everything)[:count] for _ in range(rows)])

    return Arr((rows, count), draw, "int64")


ONCE = values([[2, 0, 3], [1, 3, 0]], "int64")  # no place twice along dim 1
LARGER = "PyTorch's backward fails where src is larger than index"
OPS = [
    Op(
        "gather",
        "gather",
        gather,
        [
            case("rows", real(4, 3), 0, ints(5, 3, low=0, high=3)),
            case("columns", real(4, 3), 1, ints(4, 2, low=0, high=2)),
            case("last", real(2, 3, 4), -1, ints(2, 3, 6, low=0, high=3)),
            case("smaller", real(4, 5, 3), 1, ints(2, 6, 2, low=0, high=4)),
            case("vector", real(5), 0, ints(7, low=0, high=4)),
            case("int64", ints(4, 3), 0, ints(2, 3, low=0, high=3)),
            big("big", real(50, 60, 20), 1, ints(50, 70, 20, low=0, high=59)),
        ],
        [
            bad(
                "index",
                IndexError,
                r"gather: index 4.*dimension 1.*size 3",
                real(2, 3),
                1,
                values([[0], [4]], "int64"),
            ),
            bad(
                "negative",
                IndexError,
                r"gather: index -1.*size 3",
                real(3),
                0,
                values([-1], "int64"),
            ),
            bad("rank", ValueError, r"gather: index.*\(2,\).*\(2, 3\)", real(2, 3), 1, ints(2)),
            bad(
                "large",
                ValueError,
                r"gather: index.*\(4, 1\).*\(2, 3\)",
                real(2, 3),
                1,
                values([[0]] * 4, "int64"),
            ),
            bad("dtype", TypeError, r"gather: index.*float", real(2, 3), 1, real(2, 3)),
        ],
        bench=[
            case("columns", real(*MATRIX), 1, ints(*MATRIX, low=0, high=1023)),
            case("rows", real(*MATRIX), 0, ints(*MATRIX, low=0, high=1023)),
            case("labels", real(65536, 10), 1, ints(65536, 1, low=0, high=9)),
        ],
    ),
    Op(
        "scatter",
        "scatter",
        scatter,
        [
            case("columns", real(2, 4), 1, ONCE, real(2, 3)),
            case("number", real(2, 4), 1, ONCE, 2.5),
            case("larger-source", real(2, 4), 1, ONCE, real(3, 4)).but(
                torch_grad=False, why=LARGER
            ),
            case("vector", real(5), 0, values([4, 0], "int64"), real(2)),
        ],
        [
            bad(
                "source",
                ValueError,
                r"scatter: src.*\(2, 2\).*\(2, 3\)",
                real(2, 4),
                1,
                ONCE,
                real(2, 2),
            ),
            bad("index", IndexError, r"scatter: index 3.*size 3", real(2, 3), 1, ONCE, real(2, 3)),
        ],
        bench=[
            case("columns", real(*MATRIX), 1, shuffled(1024, 512), real(1024, 512)),
            case("number", real(*MATRIX), 1, shuffled(1024, 512), 1.0),
        ],
    ),
    Op(
        "scatter_add",
        "scatter_add",
        scatter_add,
        [
            case("columns", real(4, 3), 1, ints(4, 5, low=0, high=2), real(4, 5)),
            case("rows", real(2, 3), 0, ints(6, 3, low=0, high=1), real(6, 3)),
            case("smaller", real(4, 5, 3), 1, ints(2, 6, 2, low=0, high=4), real(2, 6, 2)),
            case("larger-source", real(4, 3), 1, ints(4, 2, low=0, high=2), real(5, 5)).but(
                torch_grad=False, why=LARGER
            ),
            big("big", real(40, 30, 20), 1, ints(40, 70, 20, low=0, high=29), real(40, 70, 20)),
        ],
        [
            bad(
                "source",
                ValueError,
                r"scatter_add: src.*\(2, 2\).*\(2, 3\)",
                real(2, 4),
                1,
                ONCE,
                real(2, 2),
            )
        ],
        tol=2,
        bench=[
            case("columns", real(*MATRIX), 1, ints(*MATRIX, low=0, high=1023), real(*MATRIX)),
            case("rows", real(*MATRIX), 0, ints(*MATRIX, low=0, high=1023), real(*MATRIX)),
        ],
    ),
    Op(
        "index_select",
        "index_select",
        lambda x, dim, index: np.take(x, index, dim),
        [
            case("rows", real(4, 3), 0, ints(6, low=0, high=3)),
            case("columns", real(4, 3, 2), 1, ints(2, low=0, high=2)),
            case("none", real(4, 3), 0, ints(0)),
        ],
        [
            bad(
                "index",
                IndexError,
                r"index_select: index 9.*size 4",
                real(4, 3),
                0,
                values([9], "int64"),
            ),
            bad(
                "rank",
                ValueError,
                r"index_select: index.*\(1, 1\)",
                real(4, 3),
                0,
                values([[0]], "int64"),
            ),
        ],
        bench=[
            case("rows", real(2048, 784), 0, ints(1024, low=0, high=2047)),
            case("channels", real(*IMAGE), 1, ints(32, low=0, high=63)),
        ],
    ),
    Op(
        "index_add",
        "index_add",
        index_add,
        [
            case("rows", real(4, 3), 0, ints(6, low=0, high=3), real(6, 3)),
            case("columns", real(4, 3, 2), 1, values([2, 0, 2], "int64"), real(4, 3, 2)),
            case("alpha", real(4, 3), 0, values([1, 1], "int64"), real(2, 3), alpha=-2),
        ],
        [
            bad(
                "source",
                ValueError,
                r"index_add: source.*\(2, 3\).*\(3, 3\)",
                real(4, 3),
                0,
                values([1, 1], "int64"),
                real(3, 3),
            )
        ],
        bench=[
            case("rows", real(1000, 64), 0, ints(16384, low=0, high=999), real(16384, 64)),
            case("columns", real(*MATRIX), 1, ints(512, low=0, high=1023), real(1024, 512)),
        ],
    ),
    Op(
        "masked_select",
        "masked_select",
        lambda x, mask: x[np.broadcast_to(mask, x.shape)],
        [
            case("plain", real(4, 5), flags(4, 5)),
            case("rows", real(4, 5), flags(4, 1)),
            case("none", real(2), values([False, False], "bool")),
        ],
        [bad("dtype", TypeError, r"masked_select: mask.*int64", real(3), ints(3))],
        bench=[case("matrix", real(*MATRIX), flags(*MATRIX))],
    ),
    Op(
        "masked_fill",
        "masked_fill",
        lambda x, mask, value: np.where(mask, value, x),
        [
            case("number", real(4, 5), flags(4, 5), 2.5),
            case("minus-inf", real(4, 5), flags(5), -np.inf).but(grad=False),
            case("scalar", real(4, 5), flags(4, 1), values(1.5).const),
            case("int64", ints(4, 5), flags(4, 5), 3),
        ],
        [
            bad("dtype", TypeError, r"masked_fill: mask.*int64", real(3), ints(3), 0.0),
            bad(
                "value",
                (TypeError, RuntimeError),
                r"masked_fill: value.*float",
                ints(3),
                flags(3),
                0.5,
            ),
        ],
        bench=[
            case("image", real(*IMAGE), flags(*IMAGE), 0.0),
            case("rows", real(*MATRIX), flags(1024, 1), 0.0),
        ],
    ),
    Op(
        "nonzero",
        "nonzero",
        lambda x: np.argwhere(x),
        [
            case("flags", flags(4, 5)),
            case("floats", values([0.0, 2.0, 0.0, -1.0])),
            case("none", values([[0, 0]], "int64")),
        ],
        grad=False,
        bench=[case("flags", flags(*MATRIX)), case("floats", whole(*MATRIX, low=0, high=3))],
    ),
    Op(
        "one_hot",
        "nn.functional.one_hot",
        lambda x, num_classes=-1: np.eye(
            x.max() + 1 if num_classes < 0 else num_classes, dtype=np.int64
        )[x],
        [
            case("plain", values([0, 2, 1], "int64")),
            case("classes", values([[0, 2], [1, 1]], "int64"), 5),
        ],
        [
            bad(
                "classes",
                (ValueError, RuntimeError),
                r"one_hot: input.*num_classes=2.*2",
                values([0, 2], "int64"),
                2,
            ),
            bad(
                "negative",
                (ValueError, RuntimeError),
                r"one_hot: input.*-1",
                values([0, -1], "int64"),
            ),
        ],
        grad=False,
        bench=[case("classes", ints(65536, low=0, high=9), 10)],
    ),
]
