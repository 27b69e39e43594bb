"""Splitting and rearranging."""

import numpy as np

from tests.cases import IMAGE, MATRIX, Op, bad, big, case, ints, real


def parts(name):
    """The parts, each scaled by its number, so that every one counts."""

    def call(m, x, *args, **kwargs):
        return tuple(part * (i + 1) for i, part in enumerate(getattr(m, name)(x, *args, **kwargs)))

    return call


def split(x, sizes, dim=0):
    cuts = range(sizes, x.shape[dim], sizes) if isinstance(sizes, int) else np.cumsum(sizes)[:-1]
    return scaled(np.split(x, list(cuts), dim))


def chunk(x, chunks, dim=0):
    return split(x, -(-x.shape[dim] // chunks), dim)


def unbind(x, dim=0):
    return scaled(list(np.moveaxis(x, dim, 0)))


def scaled(arrays):
    return tuple(a * (i + 1) for i, a in enumerate(arrays))


def roll(x, shifts, dims=None):
    return np.roll(x, shifts, dims)


def triangle(function):
    return lambda x, diagonal=0: function(x, diagonal)


def triangle_rows():
    return [
        case("plain", real(4, 4)),
        case("wide", real(2, 3, 5), 1),
        case("tall", real(5, 3), -2),
        case("all", real(3, 3), 9),
        case("none", real(3, 3), -9),
        case("int64", ints(3, 3)),
    ]


OPS = [
    Op(
        "split",
        parts("split"),
        split,
        [
            case("size", real(5, 3), 2),
            case("even", real(4, 3), 2),
            case("sizes", real(5, 3), [1, 0, 4]),
            case("columns", real(2, 6, 3), 4, dim=1),
            case("last", real(2, 6), [2, 4], dim=-1),
        ],
        [
            bad("sizes", ValueError, r"split.*add up to 6.*5", real(5, 3), [2, 4]),
            bad("size", ValueError, r"split.*split_size.*0", real(5), 0),
            bad("dim", IndexError, r"split: dim.*2", real(5), 2, dim=2),
        ],
        covers=("split_with_sizes",),
        bench=[case("channels", real(*IMAGE), 16, dim=1)],
    ),
    Op(
        "chunk",
        parts("chunk"),
        chunk,
        [
            case("even", real(6, 2), 3),
            case("uneven", real(7, 2), 3),
            case("fewer", real(5), 4),
            case("columns", real(2, 6), 2, dim=1),
        ],
        [bad("chunks", ValueError, r"chunk: chunks.*0", real(3), 0)],
        bench=[case("batch", real(*IMAGE), 2)],
    ),
    Op(
        "unbind",
        parts("unbind"),
        unbind,
        [
            case("rows", real(3, 4)),
            case("columns", real(3, 4), dim=1),
            case("middle", real(2, 3, 2), dim=-2),
        ],
        bench=[case("rows", real(16, 65536))],
    ),
    Op(
        "flip",
        "flip",
        lambda x, dims: np.flip(x, dims),
        [
            case("rows", real(3, 4), [0]),
            case("last", real(3, 4), [-1]),
            case("both", real(3, 4), [0, 1]),
            case("image", real(2, 3, 4, 5), [2, 3]),
            case("int64", ints(3, 2), [0]),
            big("big", real(40, 50, 60), [0, 2]),
        ],
        [
            bad("twice", ValueError, r"flip.*dimension 1.*twice", real(2, 3), [1, -1]),
            bad("dim", IndexError, r"flip.*3", real(2, 3), [3]),
        ],
        bench=[case("mirror", real(*IMAGE), [3]), case("turn", real(*IMAGE), [2, 3])],
    ),
    Op(
        "roll",
        "roll",
        roll,
        [
            case("flat", real(3, 4), 5),
            case("rows", real(3, 4), 1, 0),
            case("back", real(3, 4), -1, 1),
            case("both", real(3, 4, 2), [1, -3], [0, 1]),
            case("beyond", real(3, 4), 9, -1),
            case("nothing", real(3, 4), 4, 1),
        ],
        [bad("length", ValueError, r"roll.*2.*1", real(3, 4), [1, 2], [0])],
        bench=[case("shift", real(*IMAGE), [1, -1], [2, 3])],
    ),
    Op(
        "tril",
        "tril",
        triangle(np.tril),
        triangle_rows(),
        [bad("rank", ValueError, r"tril.*2 dim.*\(3,\)", real(3))],
        bench=[case("matrix", real(*MATRIX))],
    ),
    Op(
        "triu",
        "triu",
        triangle(np.triu),
        triangle_rows(),
        [bad("rank", ValueError, r"triu.*2 dim.*\(3,\)", real(3))],
        bench=[case("matrix", real(*MATRIX))],
    ),
]
