"""Repeating, joining and diagonals: what Python makes of the operators that rearrange."""

import itertools

import numpy as np

from tests.cases import IMAGE, MATRIX, Op, bad, case, ints, real, values


def listed(name):
    """A function of several tensors, given as a list."""
    return lambda m, tensors, *args, **kwargs: getattr(m, name)(*tensors, *args, **kwargs)


def diag_embed(x, offset=0, dim1=-2, dim2=-1):
    size = x.shape[-1] + abs(offset)
    out = np.zeros((*x.shape[:-1], size, size))
    at = np.arange(x.shape[-1])
    out[..., at + max(-offset, 0), at + max(offset, 0)] = x
    return np.moveaxis(out, (-2, -1), (dim1, dim2))


def tensor_split(x, how, dim=0):
    return np.array_split(x, how, dim)


def block_diag(arrays):
    out = np.zeros(np.sum([np.atleast_2d(a).shape for a in arrays], 0))
    row = column = 0
    for a in map(np.atleast_2d, arrays):
        out[row : row + a.shape[0], column : column + a.shape[1]] = a
        row, column = row + a.shape[0], column + a.shape[1]
    return out


def combinations(x, r=2, with_replacement=False):
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    return np.array(list(choose(x, r)))


def simple(name, oracle, *rows, errors=(), bench=None, call=None, **flags):
    return Op(
        name,
        call or name,
        oracle,
        list(rows),
        list(errors),
        bench=[bench or case("image", real(*IMAGE), *rows[0].args[1:])],
        **flags,
    )


OPS = [
    simple(
        "select",
        lambda x, dim, i: np.take(x, i, dim),
        case("plain", real(2, 3, 4), 1, 2),
        case("negative", real(2, 3), 0, -1),
        errors=[bad("index", IndexError, "index: 3 is out of range", real(2, 3), 1, 3)],
    ),
    simple(
        "narrow_copy",
        lambda x, d, s, n: np.take(x, range(s, s + n), d),
        case("plain", real(5, 3), 0, 1, 2),
    ),
    simple("swapaxes", np.swapaxes, case("plain", real(2, 3, 4), 0, 2)),
    simple("swapdims", np.swapaxes, case("plain", real(2, 3, 4), 0, 1)),
    simple("moveaxis", np.moveaxis, case("plain", real(2, 3, 4), 0, 2)),
    simple("flipud", np.flipud, case("plain", real(3, 4))),
    simple("fliplr", np.fliplr, case("plain", real(3, 4))),
    simple(
        "rot90",
        lambda x, k=1, dims=(0, 1): np.rot90(x, k, dims),
        case("once", real(2, 3)),
        *[case(f"turns-{k}", real(2, 3, 4), k, (1, 2)) for k in (-1, 0, 2, 3, 5)],
        errors=[bad("dims", ValueError, "rot90: dims must differ", real(2, 3), 1, (0, 0))],
    ),
    simple(
        "broadcast_to",
        np.broadcast_to,
        case("plain", real(3, 1), (2, 3, 4)),
        errors=[bad("shape", ValueError, "expand", real(3), (2, 4))],
        bench=case("rows", real(1024), (1024, 1024)),
    ),
    simple(
        "broadcast_tensors",
        lambda arrays: np.broadcast_arrays(*arrays),
        case("plain", [real(3, 1), real(4)]),
        errors=[bad("shapes", ValueError, "broadcast", [real(3), real(4)])],
        call=listed("broadcast_tensors"),
        bench=case("rows", [real(1024, 1), real(1024)]),
    ),
    simple(
        "tile",
        np.tile,
        case("plain", real(2, 3), (2,)),
        case("new", real(2, 3), (2, 1, 3)),
        bench=case("image", real(*IMAGE), (2, 1, 1, 1)),
    ),
    simple(
        "repeat",
        np.tile,
        case("plain", real(2, 3), (2, 3)),
        case("new", real(3), (4, 2)),
        case("none", real(3), (0,)),
        case("int64", ints(2, 2), (1, 2)),
        errors=[
            bad("few", ValueError, r"repeat: repeats must name at least 2.*\(2,\)", real(2, 3), 2),
            bad("negative", ValueError, "repeat: repeats must not be negative", real(3), -1),
        ],
        call=".repeat",
        bench=case("image", real(*IMAGE), (1, 2, 1, 1)),
    ),
    simple(
        "repeat_interleave",
        lambda x, n, dim=None: np.repeat(x, n, dim),
        case("flat", real(2, 3), 2),
        case("dim", real(2, 3), 3, 1),
        case("each", real(4, 2), values([0, 1, 2, 1], "int64"), 0),
        errors=[
            bad(
                "negative",
                ValueError,
                "repeat_interleave: repeats must not be negative, got -1",
                real(3),
                -1,
            ),
            bad(
                "count",
                ValueError,
                r"repeat_interleave: repeats must have one element or 3.*\(2,\)",
                real(3),
                values([1, 2], "int64"),
                0,
            ),
        ],
        bench=case("rows", real(1024, 512), 2, 0),
    ),
    simple(
        "diagonal",
        np.diagonal,
        *[case(f"offset-{o}", real(2, 4, 5), o, 1, 2) for o in (-2, 0, 1, 9)],
        case("plain", real(4, 3)),
        case("turned", real(2, 4, 5), 0, 2, 0),
        errors=[
            bad("same", ValueError, "diagonal: dim1 and dim2 must differ", real(2, 3), 0, 1, 1),
            bad("dim", IndexError, "diagonal: dim1", real(2, 3), 0, 5, 1),
        ],
        bench=case("matrix", real(2048, 2048)),
    ),
    simple(
        "diag",
        np.diag,
        case("vector", real(3), 1),
        case("matrix", real(3, 4), -1),
        errors=[bad("rank", ValueError, r"diag: expected 1 or 2.*\(2, 3, 4\)", real(2, 3, 4))],
        bench=case("vector", real(1024)),
    ),
    simple(
        "diagflat",
        lambda x, o=0: np.diagflat(x, o),
        case("plain", real(2, 2), 1),
        bench=case("vector", real(1024)),
    ),
    simple(
        "diag_embed",
        diag_embed,
        case("plain", real(2, 3)),
        case("offset", real(2, 3), -1),
        case("dims", real(2, 3), 2, 0, 2),
        errors=[
            bad("same", ValueError, "diag_embed: dim1 and dim2 must differ", real(2, 3), 0, 1, 1)
        ],
        bench=case("rows", real(64, 128)),
    ),
    simple(
        "block_diag",
        block_diag,
        case("plain", [real(2, 3), real(2), real(1, 2)]),
        call=listed("block_diag"),
        bench=case("blocks", [real(256, 256)] * 4),
    ),
    simple(
        "tril_indices",
        lambda n, m, o=0: np.stack(np.tril_indices(n, o, m)),
        case("plain", 3, 4, 1),
        grad=False,
        bench=case("big", 1000, 1000),
    ),
    simple(
        "triu_indices",
        lambda n, m, o=0: np.stack(np.triu_indices(n, o, m)),
        case("plain", 3, 4, -1),
        grad=False,
        bench=case("big", 1000, 1000),
    ),
    *[
        simple(
            f"atleast_{n}d",
            function,
            *[case(f"rank-{r}", real(*(2, 3, 4)[:r])) for r in range(4)],
            bench=case("matrix", real(*MATRIX)),
        )
        for n, function in ((1, np.atleast_1d), (2, np.atleast_2d), (3, np.atleast_3d))
    ],
    simple(
        "concat",
        lambda arrays, dim=0: np.concatenate(arrays, dim),
        case("plain", [real(2, 3), real(2, 1)], 1),
        errors=[bad("shapes", ValueError, "cat", [real(2, 3), real(3, 2)])],
        bench=case("channels", [real(*IMAGE), real(*IMAGE)], 1),
    ),
    simple(
        "concatenate",
        lambda arrays, axis=0: np.concatenate(arrays, axis),
        case("plain", [real(2, 3), real(2, 1)], 1),
        bench=case("channels", [real(*IMAGE), real(*IMAGE)], 1),
    ),
    *[
        simple(
            name,
            function,
            case("matrices", [real(2, 3), real(2, 3)]),
            case("vectors", [real(3), real(3)]),
            bench=case("matrices", [real(*MATRIX), real(*MATRIX)]),
        )
        for name, function in (
            ("hstack", np.hstack),
            ("vstack", np.vstack),
            ("dstack", np.dstack),
            ("column_stack", np.column_stack),
            ("row_stack", np.vstack),
        )
    ],
    simple(
        "tensor_split",
        tensor_split,
        case("sections", real(7), 3),
        case("indices", real(2, 5), (1, 3), 1),
        case("backwards", real(5), (3, 1)),
        errors=[
            bad(
                "sections", ValueError, "tensor_split: sections must be positive, got 0", real(3), 0
            )
        ],
        bench=case("channels", real(*IMAGE), 4, 1),
    ),
    simple(
        "hsplit",
        np.hsplit,
        case("matrix", real(2, 4), 2),
        case("vector", real(4), 2),
        errors=[
            bad(
                "sections", ValueError, "hsplit: 3 sections do not divide the size 4", real(2, 4), 3
            )
        ],
        bench=case("matrix", real(*MATRIX), 2),
    ),
    simple(
        "vsplit",
        np.vsplit,
        case("matrix", real(4, 2), 2),
        errors=[bad("rank", ValueError, "vsplit: input must have at least 2", real(4), 2)],
        bench=case("matrix", real(*MATRIX), 2),
    ),
    simple(
        "dsplit",
        np.dsplit,
        case("volume", real(2, 3, 4), 2),
        errors=[bad("rank", ValueError, "dsplit: input must have at least 3", real(4, 2), 2)],
        bench=case("volume", real(64, 64, 256), 2),
    ),
    simple(
        "meshgrid",
        lambda arrays, indexing="ij": np.meshgrid(*arrays, indexing=indexing),
        case("ij", [real(2), real(3), real(4)], indexing="ij"),
        case("xy", [real(2), real(3), real(4)], indexing="xy"),
        errors=[bad("word", ValueError, "meshgrid: indexing must be", [real(2)], indexing="ji")],
        call=listed("meshgrid"),
        bench=case("image", [real(1024), real(1024)], indexing="ij"),
    ),
    simple(
        "cartesian_prod",
        lambda arrays: np.array(list(itertools.product(*arrays))),
        case("plain", [real(2), real(3)]),
        call=listed("cartesian_prod"),
        bench=case("plain", [real(1024), real(512)]),
    ),
    simple(
        "combinations",
        combinations,
        case("pairs", real(4)),
        case("triples", real(5), 3),
        case("again", real(3), 2, True),
        errors=[bad("rank", ValueError, r"combinations: expected a vector.*\(2, 2\)", real(2, 2))],
        bench=case("pairs", real(600)),
    ),
    simple(
        "vander",
        lambda x, N=None, increasing=False: np.vander(x, N, increasing),
        *[
            row.but(torch_grad=False, why="PyTorch overwrites what its own gradient needs")
            for row in (case("plain", real(4)), case("rising", real(4), 3, increasing=True))
        ],
        bench=case("plain", real(4096).const, 16).but(grad=False),  # see why above
    ),
]
