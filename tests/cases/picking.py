"""Reading and writing at places: what Python makes of the operators that index."""

import numpy as np

from tests.cases import IMAGE, Op, bad, case, distinct, flags, ints, real, values

REDUCE = {
    "sum": np.add,
    "mean": np.add,
    "prod": np.multiply,
    "amax": np.maximum,
    "amin": np.minimum,
}


def index_put(m, x, indices, value, accumulate=False):
    return m.index_put(x, tuple(indices), value, accumulate)


def index_put_oracle(x, indices, value, accumulate=False):
    out = x.copy()
    (np.add.at if accumulate else lambda a, i, v: a.__setitem__(i, v))(out, tuple(indices), value)
    return out


def sliced(dim, what):
    return (slice(None),) * dim + (what,)


def assigned(x, where, value):
    out = x.copy()
    out[where] = value
    return out


def masked_scatter(x, mask, source):
    mask = np.broadcast_to(mask, x.shape)
    return assigned(x, mask, source.ravel()[: mask.sum()])


def diagonal_scatter(x, src, offset=0):
    out = x.copy()
    rows = np.arange(len(src))
    out[rows + max(-offset, 0), rows + max(offset, 0)] = src
    return out


def scatter_reduce(x, dim, index, src, reduce, include_self=True):
    out, count = x.copy(), np.full(x.shape, int(include_self))
    fresh = np.full(x.shape, not include_self)
    for at in np.ndindex(index.shape):
        to = list(at)
        to[dim] = index[at]
        to = tuple(to)
        out[to] = src[at] if fresh[to] else REDUCE[reduce](out[to], src[at])
        fresh[to] = False
        count[to] += 1
    return out / np.maximum(count, 1) if reduce == "mean" else out


OPS = [
    Op(
        "take",
        "take",
        lambda x, index: x.ravel()[index],
        [case("plain", real(4, 5), ints(3, 2, low=-20, high=19)), case("empty", real(3), ints(0))],
        [
            bad(
                "range",
                IndexError,
                r"take: index must be in \[-3, 2\], got",
                real(3),
                values([5], "int64"),
            )
        ],
        bench=[case("random", real(1 << 20), ints(1 << 18, low=0, high=(1 << 20) - 1))],
    ),
    Op(
        "take_along_dim",
        "take_along_dim",
        lambda x, index, dim=None: np.take_along_axis(x, index, dim),
        [
            case("plain", real(4, 5), ints(4, 2, low=0, high=4), 1),
            case("broadcast", real(4, 5), ints(1, 2, low=0, high=4), 1),
        ],
        [
            bad(
                "rank",
                ValueError,
                r"take_along_dim: indices must have 2.*\(3,\)",
                real(4, 5),
                ints(3),
                1,
            )
        ],
        bench=[case("rows", real(1024, 1024), ints(1024, 512, low=0, high=1023), 1)],
    ),
    Op(
        "argwhere",
        "argwhere",
        np.argwhere,
        [case("plain", ints(3, 4, low=0, high=1))],
        grad=False,
        bench=[case("image", ints(*IMAGE, low=0, high=3))],
    ),
    Op(
        "index_put-function",
        index_put,
        index_put_oracle,
        [
            case(
                "plain", real(4, 5), [ints(1, low=0, high=3), values([0, 2, 4], "int64")], real(3)
            ),
            case("add", real(4, 5), [values([1, 0, 1], "int64")], real(3, 5), accumulate=True),
        ],
    ),
    Op(
        "index_copy",
        "index_copy",
        lambda x, dim, index, src: assigned(x, sliced(dim, index), src),
        [case("plain", real(4, 5), 1, values([3, 0], "int64"), real(4, 2))],
        [
            bad(
                "rank",
                ValueError,
                r"index_copy: index must be a vector.*\(1, 2\)",
                real(3),
                0,
                ints(1, 2),
                real(2),
            )
        ],
        bench=[
            case(
                "rows",
                real(1024, 1024),
                0,
                values(np.arange(512) * 517 % 1024, "int64"),
                real(512, 1024),
            )
        ],
    ),
    Op(
        "index_fill",
        "index_fill",
        lambda x, dim, index, value: assigned(x, sliced(dim, index), value),
        [
            case("plain", real(4, 5), 1, values([3, 0], "int64"), 2.0),
            case("none", real(3), 0, ints(0), 1.0),
        ],
        [bad("range", IndexError, "3", real(3), 0, values([3], "int64"), 1.0)],
        bench=[case("channels", real(*IMAGE), 1, values([1, 3, 5], "int64"), 0.0)],
    ),
    Op(
        "masked_scatter",
        "masked_scatter",
        masked_scatter,
        [
            case("plain", real(4, 5), flags(4, 5), real(30)),
            case("broadcast", real(4, 5), flags(5), real(30)),
        ],
        [
            bad(
                "few",
                ValueError,
                "masked_scatter: mask holds 2 times, source has 1",
                real(2),
                values([True, True], "bool"),
                real(1),
            )
        ],
        bench=[case("image", real(1 << 20), flags(1 << 20), real(1 << 20))],
    ),
    Op(
        "slice_scatter",
        "slice_scatter",
        lambda x, src, dim=0, start=None, end=None, step=1: assigned(
            x, sliced(dim, slice(start, end, step)), src
        ),
        [
            case("plain", real(4, 5), real(2, 5), 0, 1, 3),
            case("step", real(4, 5), real(4, 3), 1, 0, 5, 2),
        ],
        bench=[case("channels", real(*IMAGE), real(IMAGE[0], 8, *IMAGE[2:]), 1, 4, 12)],
    ),
    Op(
        "select_scatter",
        "select_scatter",
        lambda x, src, dim, index: assigned(x, sliced(dim, index), src),
        [case("plain", real(4, 5), real(4), 1, -1)],
        bench=[case("channel", real(*IMAGE), real(IMAGE[0], *IMAGE[2:]), 1, 3)],
    ),
    Op(
        "diagonal_scatter",
        "diagonal_scatter",
        diagonal_scatter,
        [case("plain", real(4, 4), real(4)), case("offset", real(4, 5), real(4), 1)],
        bench=[case("matrix", real(1024, 1024), real(1024))],
    ),
    Op(
        "scatter_reduce",
        "scatter_reduce",
        scatter_reduce,
        [
            case(
                f"{how}-{'with' if own else 'without'}",
                distinct(4, 5),
                dim,
                ints(*shape, low=0, high=3),
                distinct(*shape),
                how,
                include_self=own,
            ).but(gradgrad=how != "prod")  # PyTorch's is noise where it is zero
            for how in REDUCE
            for own in (True, False)
            for dim, shape in ((1, (4, 7)),)
        ]
        + [case("rows", distinct(4, 5), 0, ints(9, 3, low=0, high=3), distinct(9, 3), "amax")],
        [
            bad(
                "word",
                ValueError,
                "scatter_reduce: reduce must be",
                real(3),
                0,
                ints(3),
                real(3),
                "median",
            )
        ],
        bench=[
            case(
                "sum", real(1024, 256), 1, ints(1024, 256, low=0, high=255), real(1024, 256), "sum"
            )
        ],
    ),
    Op(
        "searchsorted",
        "searchsorted",
        lambda s, x, right=False: np.searchsorted(s, x, "right" if right else "left"),
        [
            case("left", values(np.arange(7) * 0.3 - 1), real(3, 4)),
            case("right", values(np.arange(5), "int64"), ints(3, 4, low=-1, high=6), right=True),
        ],
        [
            bad(
                "rows",
                ValueError,
                r"searchsorted: rows must match.*\(2, 3\).*\(3, 3\)",
                real(2, 3),
                real(3, 3),
            )
        ],
        grad=False,
        bench=[case("table", values(np.linspace(-1, 1, 1024)), real(1 << 18))],
    ),
    Op(
        "bucketize",
        "bucketize",
        lambda x, s, right=False: np.searchsorted(s, x, "right" if right else "left"),
        [case("plain", real(3, 4), values(np.arange(7) * 0.3 - 1))],
        grad=False,
        bench=[case("table", real(1 << 18), values(np.linspace(-1, 1, 1024)))],
    ),
    Op(
        "isin",
        "isin",
        lambda x, y, invert=False: np.isin(x, y, invert=invert),
        [
            case("plain", ints(9), values([1, 2], "int64")),
            case("invert", ints(9), values([1, 2], "int64"), invert=True),
        ],
        grad=False,
        bench=[case("labels", ints(1 << 18, low=0, high=999), ints(16, low=0, high=999))],
    ),
]
