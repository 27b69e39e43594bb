"""Views, reshaping, joining."""

import numpy as np

from tests.cases import Op, bad, case, ints, real, values


def method(name):
    return lambda m, x, *args, **kwargs: getattr(x, name)(*args, **kwargs)


def flatten(x, start_dim=0, end_dim=-1):
    if x.ndim == 0:
        return x.reshape(1)
    start, end = start_dim % x.ndim, end_dim % x.ndim
    return (
        x.reshape(*x.shape[:start], -1, *x.shape[end + 1 :])
        if x.size
        else x.reshape(
            *x.shape[:start], int(np.prod(x.shape[start : end + 1])), *x.shape[end + 1 :]
        )
    )


def squeeze(x, dim=None):
    if dim is None:
        return np.squeeze(x)
    return np.squeeze(x, dim) if x.ndim and x.shape[dim] == 1 else x


RESHAPES = [
    case("merge", real(2, 3, 4), (6, 4)),
    case("split", real(6, 4), (2, 3, 2, 2)),
    case("infer", real(2, 3, 4), (-1, 4)),
    case("to-scalar", real(1, 1), ()),
    case("flat", real(2, 3, 4, 5), (-1,)),
    case("image", real(2, 3, 4, 5), (2, 3, 20)),
    case("empty", real(0, 3), (3, 0)),
    case("int64", ints(2, 6), (3, 4)),
]
SIZES = [
    bad("sizes", ValueError, r"\(5,\).*6|6.*\(5,\)", real(2, 3), (5,)),
    bad("two-unknown", ValueError, r"-1", real(2, 3), (-1, -1)),
]
OPS = [
    Op("reshape", ".reshape", lambda x, shape: x.reshape(shape), RESHAPES, SIZES),
    # A view exists only where strides allow it: rows of plain memory.
    Op(
        "view",
        lambda m, x, shape: x.contiguous().view(shape),
        lambda x, shape: x.reshape(shape),
        RESHAPES,
        SIZES,
    ),
    Op(
        "flatten",
        "flatten",
        flatten,
        [
            case("all", real(2, 3, 4)),
            case("from-1", real(2, 3, 4, 5), 1),
            case("part", real(2, 3, 4, 5), 1, 2),
            case("scalar", real()),
            case("empty", real(0, 3, 2), 1),
        ],
        [
            bad("order", ValueError, "flatten: start_dim.*2.*end_dim.*1", real(2, 3, 4), 2, 1),
            bad("dim", IndexError, "start_dim", real(2, 3), 5),
        ],
    ),
    Op(
        "permute",
        ".permute",
        lambda x, *dims: x.transpose(dims),
        [
            case("plain", real(2, 3, 4), 2, 0, 1),
            case("negative", real(2, 3, 4), -1, 0, 1),
            case("nhwc", real(2, 3, 4, 5), 0, 2, 3, 1),
        ],
        [
            bad("count", ValueError, r"permute.*3", real(2, 3, 4), 0, 1),
            bad("twice", ValueError, r"permute.*twice", real(2, 3, 4), 0, 1, 1),
        ],
    ),
    Op(
        "transpose",
        "transpose",
        np.swapaxes,
        [
            case("plain", real(2, 3, 4), 0, 2),
            case("negative", real(2, 3, 4), -1, -2),
            case("same", real(2, 3), 1, 1),
        ],
        [bad("dim", IndexError, "transpose.*dim1.*3", real(2, 3), 0, 3)],
    ),
    Op(
        "expand",
        ".expand",
        lambda x, *sizes: np.broadcast_to(
            x, [n if n != -1 else x.shape[i - (len(sizes) - x.ndim)] for i, n in enumerate(sizes)]
        ),
        [
            case("plain", real(3, 1), 3, 4),
            case("keep", real(3, 1), -1, 4),
            case("lead", real(3), 2, 4, 3),
            case("scalar", real(), 2, 3),
            case("empty", real(1, 3), 0, 3),
        ],
        [bad("size", ValueError, r"\(3, 2\)|3.*2", real(3, 2), 3, 4)],
    ),
    Op(
        "squeeze",
        ".squeeze",
        squeeze,
        [
            case("all", real(1, 3, 1)),
            case("dim", real(1, 3, 1), 2),
            case("kept", real(1, 3, 1), 1),
            case("negative", real(2, 3, 1), -1),
        ],
        [bad("dim", IndexError, "squeeze.*dim.*3", real(1, 3), 3)],
    ),
    Op(
        "unsqueeze",
        "unsqueeze",
        np.expand_dims,
        [case("first", real(2, 3), 0), case("last", real(2, 3), -1), case("scalar", real(), 0)],
        [bad("dim", IndexError, "unsqueeze.*dim.*3", real(2, 3), 3)],
    ),
    Op(
        "contiguous",
        ".contiguous",
        lambda x: x,
        [
            case("plain", real(2, 3, 4)),
            case("image", real(2, 3, 4, 5)),
            case("channels-last", real(2, 3, 4, 5)).but(torch=False),
        ],
    ),
    Op(
        "clone",
        "clone",
        lambda x: x,
        [case("plain", real(2, 3, 4, 5)), case("int64", ints(3)), case("empty", real(0, 2))],
    ),
    Op(
        "to",
        lambda m, x, dtype: x.to(getattr(m, dtype)),
        lambda x, dtype: x.astype(dtype),
        [
            case("float64", real(3, 4), "float64"),
            case("float32-int", ints(3, 4), "float32"),
            case("truncate", values([-2.7, -0.3, 0.3, 2.7]), "int64").but(grad=False),
            case("bool", ints(9, low=-1, high=1), "bool"),
            case("uint8", ints(9, low=0, high=200), "uint8"),
        ],
    ),
]

JOIN = [
    bad("none", ValueError, "tensors must not be empty", []),
    bad(
        "shapes", ValueError, r"\(2, 3\).*\(3, 3\)|\(3, 3\).*\(2, 3\)", [real(2, 3), real(3, 3)], 1
    ),
    bad("dim", IndexError, "dim.*4", [real(2, 3), real(2, 3)], 4),
]
OPS += [
    Op(
        "cat",
        "cat",
        lambda xs, dim=0: np.concatenate(xs, axis=dim),
        [
            case("rows", [real(2, 3), real(4, 3)]),
            case("columns", [real(2, 3), real(2, 1), real(2, 2)], 1),
            case("channels", [real(2, 3, 4, 5), real(2, 2, 4, 5)], dim=1),
            case("negative", [real(2, 3), real(2, 3)], -1),
            case("one", [real(2, 3)]),
            case("mixed", [ints(2, 3), real(2, 3)]),
            case("empty", [real(0, 3), real(2, 3)]),
            case("int64", [ints(2), ints(3)]),
        ],
        JOIN,
    ),
    Op(
        "stack",
        "stack",
        lambda xs, dim=0: np.stack(xs, axis=dim),
        [
            case("first", [real(2, 3), real(2, 3)]),
            case("last", [real(2, 3), real(2, 3)], -1),
            case("scalars", [real(), real(), real()]),
            case("one", [real(2, 3)], 1),
        ],
        JOIN,
    ),
]
