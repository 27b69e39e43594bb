"""Distances and similarities of vectors."""

import numpy as np

from tests.cases import Op, bad, big, case, ints, real, values
from tests.cases.margin import pairwise_distance


def cosine_similarity(x, y, dim=1, eps=1e-8):
    sizes = [np.maximum(np.linalg.norm(a, 2, dim, True), eps) for a in np.broadcast_arrays(x, y)]
    return (x / sizes[0] * (y / sizes[1])).sum(dim)


OPS = [
    Op(
        "cosine_similarity",
        "nn.functional.cosine_similarity",
        cosine_similarity,
        [
            case("plain", real(5, 4), real(5, 4)),
            case("first", real(5, 4, 3), real(5, 4, 3), dim=0),
            case("image", real(2, 5, 3, 4), real(2, 5, 3, 4)),
            case("broadcast", real(5, 1, 4), real(3, 4), dim=-1),
            case("eps", real(5, 4), real(5, 4), eps=3.0).but(kink=True),
            case("zero", values(np.zeros((1, 3))), real(1, 3).const).but(
                kink=True, gradgrad=False, torch_gradgrad=False, why="NaN in PyTorch, 0 here"
            ),
            case("empty", real(0, 4), real(0, 4)),
            big("big", real(900, 101), real(900, 101)),
        ],
        [
            bad("dim", IndexError, "cosine_similarity: dim.*2", real(3, 4), real(3, 4), 2),
            bad(
                "shape",
                ValueError,
                r"cosine_similarity.*\(3, 4\).*\(2, 4\)",
                real(3, 4),
                real(2, 4),
            ),
            bad("dtype", TypeError, "cosine_similarity.*int64", ints(3, 4), ints(3, 4)),
        ],
        tol=4,
        bench=[
            case("rows", real(4096, 256), real(4096, 256)),
            case("image", real(16, 64, 32, 32), real(16, 64, 32, 32)),
        ],
    ),
    Op(
        "pairwise_distance",
        "nn.functional.pairwise_distance",
        pairwise_distance,
        [
            case("plain", real(5, 4), real(5, 4)),
            case("vector", real(4), real(4)),
            case("broadcast", real(5, 1, 4), real(3, 4)),
            case("one", real(5, 4), real(5, 4), 1.0),
            case("three", real(5, 4), real(5, 4), 3.0, keepdim=True),
            case("inf", real(5, 4), real(5, 4), float("inf")),
            case("eps", real(5, 4), real(5, 4), 2.0, 0.5),
            case("equal", values(np.ones((2, 3))), values(np.ones((2, 3))), 2.0, 0.0).but(
                kink=True, gradgrad=False, torch_gradgrad=False, why="NaN in PyTorch, 0 here"
            ),
            case("empty", real(0, 4), real(0, 4)),
            big("big", real(900, 101), real(900, 101)),
        ],
        [
            bad("shape", ValueError, r"\(3, 4\).*\(2, 4\)", real(3, 4), real(2, 4)),
            bad("dtype", TypeError, "pairwise_distance.*int64", ints(3, 4), ints(3, 4)),
        ],
        tol=4,
        bench=[
            case("rows", real(4096, 256), real(4096, 256)),
            case("rows-one", real(4096, 256), real(4096, 256), 1.0),
        ],
    ),
]
