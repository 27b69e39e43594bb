"""Views, reshaping, joining."""

import numpy as np

from tests.cases import IMAGE, MATRIX, Op, bad, case, ints, real, values


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
    Op(
        "reshape",
        ".reshape",
        lambda x, shape: x.reshape(shape),
        RESHAPES,
        SIZES,
        bench=[case("image", real(*IMAGE), (16, 65536))],
    ),
    # A view exists only where strides allow it: rows of plain memory.
    Op(
        "view",
        lambda m, x, shape: x.contiguous().view(shape),
        lambda x, shape: x.reshape(shape),
        RESHAPES,
        SIZES,
        bench=[case("image", real(*IMAGE), (16, 65536))],
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
        bench=[case("image", real(*IMAGE), 1)],
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
        bench=[case("nhwc", real(*IMAGE), 0, 2, 3, 1)],
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
        bench=[case("matrix", real(*MATRIX), 0, 1)],
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
        bench=[
            case("channels", real(64, 1, 1), 16, 64, 32, 32),
            case("rows", real(1024, 1), 1024, 1024),
        ],
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
        bench=[case("pooled", real(16384, 64, 1, 1))],
    ),
    Op(
        "unsqueeze",
        "unsqueeze",
        np.expand_dims,
        [case("first", real(2, 3), 0), case("last", real(2, 3), -1), case("scalar", real(), 0)],
        [bad("dim", IndexError, "unsqueeze.*dim.*3", real(2, 3), 3)],
        bench=[case("image", real(*IMAGE), 0)],
    ),
    Op(
        "contiguous",
        ".contiguous",
        lambda x: x,
        [
            case("plain", real(2, 3, 4)),
            case("image", real(2, 3, 4, 5)),
            case("channels-last", real(2, 3, 4, 5)),
        ],
        bench=[case("image", real(*IMAGE))],
    ),
    Op(
        "clone",
        "clone",
        lambda x: x,
        [case("plain", real(2, 3, 4, 5)), case("int64", ints(3)), case("empty", real(0, 2))],
        bench=[case("image", real(*IMAGE))],
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
        bench=[
            case("float64", real(*IMAGE), "float64"),
            case("pixels", ints(*IMAGE, low=0, high=255, dtype="uint8"), "float32"),
            case("labels", real(*IMAGE), "int64").but(grad=False),
        ],
    ),
]

# How memory is rearranged: between the two formats, and where a view turns an axis.
OPS += [
    Op(
        "copy-channels-last",
        lambda m, x: x.contiguous(memory_format=m.channels_last),
        lambda x: x,
        [case("image", real(2, 3, 4, 5))],
        bench=[case("image", real(*IMAGE)), case("photo", real(8, 3, 224, 224))],
    ),
    Op(
        "copy-permuted",
        lambda m, x, *dims: x.permute(*dims).contiguous(),
        lambda x, *dims: x.transpose(dims),
        [case("plain", real(2, 3, 4), 2, 0, 1)],
        bench=[
            case("matrix", real(*MATRIX), 1, 0),
            case("heads", real(16, 128, 8, 64), 0, 2, 1, 3),
            case("keys", real(16, 128, 8, 64), 0, 2, 3, 1),
            case("nchw", real(16, 32, 32, 64), 0, 3, 1, 2),
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
        bench=[
            case("channels", [real(*IMAGE), real(*IMAGE)], 1),
            case("rows", [real(*MATRIX), real(*MATRIX)]),
            case("narrow", [real(65536, 10), real(65536, 6)], 1),
        ],
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
        bench=[
            case("examples", [real(64, 32, 32) for _ in range(16)]),
            case("last", [real(*MATRIX), real(*MATRIX)], -1),
        ],
    ),
]
