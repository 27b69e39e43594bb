"""Functions that Python makes of other operators."""

import numpy as np

from tests.cases import IMAGE, MATRIX, Op, bad, case, flags, ints, real


def pad(x, pad, mode="constant", value=0.0):
    pairs = [(0, 0)] * x.ndim
    for i in range(len(pad) // 2):
        pairs[x.ndim - 1 - i] = (pad[2 * i], pad[2 * i + 1])
    grown = np.pad(x, [(max(lo, 0), max(hi, 0)) for lo, hi in pairs], constant_values=value or 0)
    return grown[
        tuple(
            slice(max(-lo, 0), n - max(-hi, 0))
            for (lo, hi), n in zip(pairs, grown.shape, strict=True)
        )
    ]


OPS = [
    Op(
        "pad",
        "nn.functional.pad",
        pad,
        [
            case("last", real(2, 3), (1, 2)),
            case("image", real(2, 3, 4, 5), (1, 0, 2, 3)),
            case("value", real(2, 3), (1, 1), value=7.5),
            case("crop", real(4, 5), (-1, -2)),
            case("crop-and-grow", real(4, 5), (-1, 2, 3, -1)),
            case("nothing", real(2, 3), (0, 0)),
            case("int64", ints(2, 3), (1, 1)),
            case("empty", real(0, 3), (1, 1)),
        ],
        [
            bad("odd", ValueError, r"pad.*pairs.*\(1, 2, 3\)", real(2, 3), (1, 2, 3)),
            bad("too-many", ValueError, r"pad.*at most 2", real(2, 3), (1, 1, 1, 1, 1, 1)),
            bad("crop", ValueError, r"pad|narrow", real(2, 3), (-2, -2)),
        ],
        bench=[
            case("image", real(*IMAGE), (1, 1, 1, 1)),
            case("value", real(*IMAGE), (0, 3, 0, 3), value=1.0),
        ],
    ),
    Op(
        "mm",
        "mm",
        np.matmul,
        [case("plain", real(3, 4), real(4, 5))],
        [
            bad("rank", ValueError, r"mm.*2.*dimensions.*\(2, 3, 4\)", real(2, 3, 4), real(4, 5)),
            bad("inner", ValueError, r"\(3, 4\).*\(5, 4\)", real(3, 4), real(5, 4)),
        ],
        bench=[case("matrix", real(512, 512), real(512, 512))],
    ),
    Op(
        "bmm",
        "bmm",
        np.matmul,
        [case("plain", real(2, 3, 4), real(2, 4, 5)), case("empty", real(0, 3, 4), real(0, 4, 5))],
        [bad("rank", ValueError, r"bmm.*3.*dimensions.*\(3, 4\)", real(3, 4), real(4, 5))],
        bench=[case("attention", real(64, 128, 64), real(64, 64, 128))],
    ),
    Op(
        "dot",
        "dot",
        np.dot,
        [case("plain", real(7), real(7))],
        [bad("rank", ValueError, r"dot.*1.*dimension.*\(2, 3\)", real(2, 3), real(3))],
        bench=[case("long", real(2**20), real(2**20))],
    ),
    Op(
        "narrow",
        "narrow",
        lambda x, dim, start, length: np.moveaxis(np.moveaxis(x, dim, 0)[start:][:length], 0, dim),
        [
            case("plain", real(5, 6), 1, 2, 3),
            case("empty", real(5, 6), 0, 5, 0),
            case("negative", real(5, 6), -1, 0, 6),
        ],
        [
            bad("range", (ValueError, IndexError), r"narrow|slice", real(5, 6), 1, 4, 3),
            bad("dim", IndexError, r"dim", real(5, 6), 2, 0, 1),
        ],
        bench=[case("channels", real(*IMAGE), 1, 16, 32)],
    ),
    Op(
        "movedim",
        "movedim",
        np.moveaxis,
        [case("one", real(2, 3, 4), 0, 2), case("two", real(2, 3, 4), (0, 1), (2, 0))],
        [bad("dim", IndexError, "dim|dimension", real(2, 3), 0, 5)],
        bench=[case("image", real(*IMAGE), 1, -1)],
    ),
    Op(
        "t",
        "t",
        lambda x: x.T,
        [case("matrix", real(2, 3)), case("vector", real(3))],
        [bad("rank", ValueError, r"\(2, 3, 4\)|2 dimensions", real(2, 3, 4))],
        bench=[case("matrix", real(*MATRIX))],
    ),
    Op(
        "ravel",
        "ravel",
        lambda x: x.reshape(-1),
        [case("plain", real(2, 3, 4)), case("scalar", real())],
        bench=[case("image", real(*IMAGE))],
    ),
    Op(
        "unflatten",
        ".unflatten",
        lambda x, dim, sizes: x.reshape(*x.shape[:dim], *sizes, *x.shape[dim:][1:]),
        [case("plain", real(2, 12, 3), 1, (3, 4))],
        [bad("sizes", ValueError, r"\(5, 2\)|12|reshape|unflatten", real(2, 12), 1, (5, 2))],
        bench=[case("image", real(*IMAGE), 1, (4, 16))],
    ),
    Op(
        "expand_as",
        ".expand_as",
        lambda x, y: np.broadcast_to(x, y.shape),
        [case("plain", real(3, 1), real(2, 3, 4).const)],
        bench=[case("channels", real(64, 1, 1), real(*IMAGE).const)],
    ),
    Op(
        "view_as",
        lambda m, x, y: x.contiguous().view_as(y),
        lambda x, y: x.reshape(y.shape),
        [case("plain", real(3, 4), real(2, 6).const)],
        bench=[case("image", real(*IMAGE), real(16, 65536).const)],
    ),
    Op(
        "type_as",
        ".type_as",
        lambda x, y: x.astype(y.dtype),
        [case("plain", ints(3, 4), real(2).const)],
        grad=False,
        bench=[case("ints", ints(*IMAGE), real(2).const)],
    ),
    Op(
        "clip",
        "clip",
        np.clip,
        [case("plain", real(3, 4), -0.5, 0.5)],
        bench=[case("image", real(*IMAGE), -0.5, 0.5)],
    ),
    Op(
        "multiply",
        "multiply",
        np.multiply,
        [case("plain", real(3, 4), real(4))],
        bench=[case("image", real(*IMAGE), real(*IMAGE))],
    ),
    Op(
        "true_divide",
        "true_divide",
        np.true_divide,
        [case("plain", real(3, 4), real(4)), case("int64", ints(3), ints(3, low=1))],
        bench=[case("image", real(*IMAGE), real(*IMAGE))],
    ),
    Op(
        "float-operators",
        lambda m, x, y: (
            x + y,
            x - y,
            x * y,
            x / y,
            -x,
            +x,
            abs(x),
            2 + x,
            2 - x,
            2 * x,
            2 / x,
            (x * x) ** 0.5,
            2.0**y,
            x**2,
            x @ y,
            x.T,
        ),
        lambda x, y: (
            x + y,
            x - y,
            x * y,
            x / y,
            -x,
            +x,
            abs(x),
            2 + x,
            2 - x,
            2 * x,
            2 / x,
            (x * x) ** 0.5,
            2.0**y,
            x**2,
            x @ y,
            x.T,
        ),
        [case("plain", real(3, 3), real(3, 3))],
        tol=4,
    ),
    Op(
        "integer-operators",
        lambda m, x, y: (
            x // y,
            x % y,
            7 // y,
            7 % y,
            x == y,
            x != y,
            x < y,
            x <= y,
            x > y,
            x >= y,
            3 < x,
        ),
        lambda x, y: (
            x // y,
            x % y,
            7 // y,
            7 % y,
            x == y,
            x != y,
            x < y,
            x <= y,
            x > y,
            x >= y,
            3 < x,
        ),
        [case("plain", ints(20), ints(20, low=1))],
        grad=False,
    ),
    Op(
        "logic-operators",
        lambda m, x, y: (x & y, x | y, x ^ y, ~x),
        lambda x, y: (x & y, x | y, x ^ y, ~x),
        [case("bool", flags(3, 4), flags(4))],
        grad=False,
    ),
]
