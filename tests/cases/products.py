"""Products of vectors and matrices, named sums of products."""

import numpy as np

from tests.cases import Op, bad, case, ints, once, real


def blend(product):
    return lambda x, *rest, beta=1, alpha=1: (beta * x if beta else 0) + alpha * product(*rest)


def einsum(m, equation, operands):
    return m.einsum(equation, *operands)


def tensordot(a, b, dims=2):
    return np.tensordot(a, b, dims)


EQUATIONS = {
    "matmul": ("ij,jk->ik", (3, 4), (4, 2)),
    "implicit": ("ij,jk", (3, 4), (4, 2)),
    "sorted": ("ba", (3, 4)),
    "diagonal": ("ii->i", (4, 4)),
    "trace": ("ii", (4, 4)),
    "transpose": ("ij->ji", (3, 4)),
    "sum": ("ij->", (3, 4)),
    "row-sums": ("ij->i", (3, 4)),
    "bmm": ("bij,bjk->bik", (3, 4, 5), (3, 5, 2)),
    "outer": ("i,j->ij", (3,), (4,)),
    "inner": ("i,i", (3,), (3,)),
    "rows": ("ij,ij->i", (3, 4), (3, 4)),
    "ellipsis": ("b...i,ij->b...j", (2, 3, 4, 5), (5, 6)),
    "broadcast": ("...ij,...jk->...ik", (2, 1, 4, 5), (3, 5, 2)),
    "three": ("bn,anm,bm->ba", (2, 5), (3, 5, 4), (2, 4)),
    "scaled": ("ij,j,kj->ik", (4, 5), (5,), (3, 5)),
    "two-sums": ("ijk,jil->kl", (3, 4, 5), (4, 3, 2)),
    "attention": ("nqhd,nkhd->nhqk", (2, 3, 2, 4), (2, 5, 2, 4)),
}

OPS = [
    Op(
        "mv",
        "mv",
        np.matmul,
        [case("plain", real(3, 4), real(4))],
        [
            bad(
                "rank",
                ValueError,
                r"mv: vec must have 1 dimensions.*\(4, 1\)",
                real(3, 4),
                real(4, 1),
            )
        ],
        bench=[case("matrix", real(2048, 1024), real(1024))],
    ),
    Op(
        "vdot",
        "vdot",
        np.vdot,
        [case("plain", real(4), real(4))],
        bench=[case("long", real(1 << 20), real(1 << 20))],
    ),
    Op(
        "ger",
        "ger",
        np.outer,
        [case("plain", real(3), real(4))],
        bench=[case("square", real(1024), real(1024))],
    ),
    Op(
        "inner",
        "inner",
        np.inner,
        [
            case("vectors", real(4), real(4)),
            case("matrices", real(3, 4), real(2, 4)),
            case("wide", real(2, 3, 4), real(4)),
        ],
        [bad("sizes", ValueError, r"do not match", real(3), real(4))],
        bench=[case("matrices", real(512, 512), real(512, 512))],
    ),
    Op(
        "kron",
        "kron",
        np.kron,
        [case("vectors", real(2), real(3)), case("ranks", real(2, 3), real(2, 1, 2))],
        bench=[case("matrices", real(32, 32), real(32, 32))],
    ),
    Op(
        "cross",
        "cross",
        lambda a, b, dim=-1: np.cross(a, b, axis=dim),
        [case("last", real(4, 3), real(4, 3), 1), case("first", real(3, 4), real(3, 4), 0)],
        [
            bad(
                "size",
                ValueError,
                r"cross: a dimension of size 3.*\(2, 4\)",
                real(2, 4),
                real(2, 4),
            )
        ],
        bench=[case("rows", real(1 << 18, 3), real(1 << 18, 3), 1)],
    ),
    Op(
        "addmm",
        "addmm",
        blend(np.matmul),
        [
            case("plain", real(4), real(3, 2), real(2, 4)),
            case("scaled", real(3, 4), real(3, 2), real(2, 4), beta=0.5, alpha=2.0),
            case("without", real(3, 4), real(3, 2), real(2, 4), beta=0),
        ],
        [bad("rank", ValueError, r"addmm: mat1 must have 2.*\(2,\)", real(4), real(2), real(2, 4))],
        bench=[case("linear", real(512), real(256, 1024), real(1024, 512))],
    ),
    Op(
        "addmv",
        "addmv",
        blend(np.matmul),
        [case("plain", real(3), real(3, 4), real(4), alpha=2.0)],
        bench=[case("matrix", real(2048), real(2048, 1024), real(1024))],
    ),
    Op(
        "addr",
        "addr",
        blend(np.outer),
        [case("plain", real(3, 4), real(3), real(4), beta=2.0)],
        bench=[case("square", real(1024, 1024), real(1024), real(1024))],
    ),
    Op(
        "baddbmm",
        "baddbmm",
        blend(np.matmul),
        [case("plain", real(2, 3, 4), real(2, 3, 5), real(2, 5, 4))],
        bench=[case("attention", real(64, 128, 128), real(64, 128, 64), real(64, 64, 128))],
    ),
    Op(
        "addbmm",
        "addbmm",
        blend(lambda a, b: np.matmul(a, b).sum(0)),
        [case("plain", real(3, 4), real(2, 3, 5), real(2, 5, 4))],
        bench=[case("batch", real(128, 128), real(64, 128, 64), real(64, 64, 128))],
    ),
    Op(
        "matrix_power",
        "matrix_power",
        np.linalg.matrix_power,
        [case("power-0", real(3, 3).const, 0)]
        + [case(f"power-{n}", real(3, 3), n) for n in (1, 2, 5)],
        [
            bad(
                "square",
                ValueError,
                r"matrix_power: expected square matrices.*\(2, 3\)",
                real(2, 3),
                2,
            ),
            bad(
                "negative",
                NotImplementedError,
                "matrix_power: n must not be negative",
                real(2, 2),
                -1,
            ),
        ],
        bench=[case("cube", real(512, 512), 3)],
    ),
    Op(
        "chain_matmul",
        lambda m, matrices: m.chain_matmul(*matrices),
        lambda ms: np.linalg.multi_dot(ms),
        [case("plain", [real(2, 3), real(3, 4), real(4, 2)])],
        bench=[case("three", [real(512, 512), real(512, 512), real(512, 64)])],
    ),
    Op(
        "tensordot",
        "tensordot",
        tensordot,
        [
            case("number", real(2, 3, 4), real(3, 4, 5)),
            case("lists", real(2, 3, 4), real(4, 2), ([0, 2], [1, 0])),
            case("outer", real(2, 3), real(4), 0),
            case("int64", ints(2, 3), ints(3, 2), 1),
        ],
        [
            bad(
                "sizes",
                ValueError,
                r"tensordot: dimensions \[1\] of shape \(2, 3\) and \[0\] of \(2, 3\)",
                real(2, 3),
                real(2, 3),
                1,
            )
        ],
        bench=[case("maps", real(64, 32, 49), real(32, 49, 128))],
    ),
    Op(
        "cdist",
        "cdist",
        lambda a, b, p=2.0: np.linalg.norm(a[..., :, None, :] - b[..., None, :, :], p, -1),
        [
            *once(
                case("few", real(3, 4), real(5, 4)),
                case("batch", real(2, 3, 4), real(2, 5, 4)),
                case("p", real(3, 4), real(5, 4), 3.0),
                case("infinite", real(3, 4), real(5, 4), float("inf")),
            ),
            case("many", real(27, 3), real(4, 3)),
        ],
        [
            bad(
                "rows",
                ValueError,
                r"cdist: expected rows.*\(3, 4\).*\(3, 5\)",
                real(3, 4),
                real(3, 5),
            )
        ],
        bench=[case("rows", real(1024, 64), real(512, 64))],
        tol=4,  # a small difference of large squares
    ),
    Op(
        "pdist",
        "nn.functional.pdist",
        lambda x, p=2.0: np.linalg.norm(x[:, None] - x, p, -1)[np.triu_indices(len(x), 1)],
        once(
            case("plain", real(5, 4)),
            case("one", real(5, 4), 1.0),
            case("three", real(5, 4), 3.0),
            case("infinite", real(5, 4), float("inf")),
            case("pair", real(2, 3)),
            case("single", real(1, 3)),
            case("no-rows", real(0, 3)).but(torch=False, why="PyTorch's gradient divides by 0"),
        ),
        [
            bad("rank", ValueError, r"pdist: input must have 2 dimensions.*\(4,\)", real(4)),
            bad("p", ValueError, "pdist: p must not be negative, got -1", real(3, 4), -1.0),
        ],
        bench=[case("rows", real(512, 64))],
    ),
    Op(
        "einsum",
        einsum,
        lambda equation, operands: np.einsum(equation, *operands),
        [
            case(name, text, [real(*s) for s in shapes])
            for name, (text, *shapes) in EQUATIONS.items()
        ],
        [
            bad(
                "operands",
                ValueError,
                "einsum: 'ij,jk' names 2 operands, got 1",
                "ij,jk",
                [real(2, 3)],
            ),
            bad(
                "rank",
                ValueError,
                r"einsum: 'ijk' does not fit an operand of shape \(2, 3\)",
                "ijk",
                [real(2, 3)],
            ),
            bad(
                "sizes",
                ValueError,
                "einsum: 'j' has sizes 3 and 4",
                "ij,jk",
                [real(2, 3), real(4, 2)],
            ),
            bad(
                "output",
                ValueError,
                "einsum: 'iz' in .* names one of no operand",
                "ij->iz",
                [real(2, 3)],
            ),
            bad(
                "letters",
                ValueError,
                "einsum: 'i1' in .* is not made of letters",
                "i1",
                [real(2, 3)],
            ),
        ],
        bench=[
            case("attention", "nqhd,nkhd->nhqk", [real(8, 128, 8, 64), real(8, 128, 8, 64)]),
            case("rows", "ij,ij->i", [real(1024, 1024), real(1024, 1024)]),
        ],
    ),
]
