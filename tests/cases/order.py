"""Sorting, running sums, norms and other reductions along one axis."""

import numpy as np
from scipy import special

from tests.cases import IMAGE, MATRIX, SCORES, Op, bad, big, case, distinct, ints, real, values


def take(x, indices, dim):
    return np.take_along_axis(x, indices, dim), indices


def order(x, dim, descending):
    indices = np.argsort(-x if descending else x, dim, kind="stable")
    return indices


def sort(x, dim=-1, descending=False, stable=False):
    return take(x, order(x, dim, descending), dim)


def topk(x, k, dim=-1, largest=True):
    return take(x, np.take(order(x, dim, largest), np.arange(k), dim), dim)


def norm(x, p=2, dim=None, keepdim=False):
    if p == np.inf:
        return np.abs(x).max(dim, keepdims=keepdim)
    if p == -np.inf:
        return np.abs(x).min(dim, keepdims=keepdim)
    if p == 0:
        return (x != 0).sum(dim, keepdims=keepdim).astype(x.dtype)
    return (np.abs(x) ** p).sum(dim, keepdims=keepdim) ** (1 / p)


OPS = [
    Op(
        "sort",
        "sort",
        sort,
        [
            case("last", distinct(4, 5)),
            case("first", distinct(4, 5), 0),
            case("middle", distinct(2, 5, 3), dim=1),
            case("descending", distinct(4, 5), descending=True),
            case("stable", values([2.0, 1.0, 2.0, 1.0, 2.0]), stable=True).but(grad=False),
            case("int64", ints(4, 5, low=-99, high=99), stable=True),
            big("big", distinct(30, 1001)),
        ],
        [bad("dim", IndexError, r"sort: dim.*2", real(2, 3), 2)],
        bench=[
            case("rows", distinct(*SCORES)),
            case("columns", distinct(*MATRIX), 0),
            case("vector", distinct(2**18)),
            case("ints", ints(*MATRIX, low=-99, high=99), stable=True),
        ],
    ),
    Op(
        "argsort",
        "argsort",
        lambda x, dim=-1, descending=False: order(x, dim, descending),
        [
            case("last", distinct(4, 5)),
            case("descending", distinct(4, 5), 0, True),
        ],
        grad=False,
        bench=[case("rows", distinct(*SCORES))],
    ),
    Op(
        "topk",
        "topk",
        topk,
        [
            case("last", distinct(4, 5), 2),
            case("first", distinct(4, 5), 3, 0),
            case("least", distinct(4, 5), 2, largest=False),
            case("all", distinct(4, 5), 5),
            case("none", distinct(4, 5), 0).but(grad=False),
        ],
        [bad("k", ValueError, r"topk: k.*0 and 3.*4", real(2, 3), 4)],
        bench=[
            case("five", distinct(*SCORES), 5),
            case("many", distinct(*SCORES), 300),
            case("vector", distinct(2**18), 100),
        ],
    ),
    Op(
        "cumsum",
        "cumsum",
        lambda x, dim: np.cumsum(x, dim),
        [
            case("last", real(4, 5), -1),
            case("first", real(4, 5), 0),
            case("middle", real(2, 5, 3, 2), dim=1),
            case("int64", ints(4, 5), 1),
            big("big", real(30, 40, 50), 1),
        ],
        [bad("dim", IndexError, r"cumsum: dim.*2", real(2, 3), 2)],
        bench=[
            case("rows", real(*MATRIX), 1),
            case("columns", real(*MATRIX), 0),
            case("ints", ints(*MATRIX), 1),
        ],
    ),
    Op(
        "logsumexp",
        "logsumexp",
        lambda x, dim, keepdim=False: special.logsumexp(x, dim, keepdims=keepdim),
        [
            case("last", real(4, 5), -1),
            case("first", real(4, 5), 0, keepdim=True),
            case("both", real(3, 4, 2), (0, 2)),
            case("far", values([[1000.0, 1001.0], [-1000.0, -np.inf]]), 1).but(grad=False),
        ],
        [bad("dtype", TypeError, r"logsumexp.*int64", ints(3), 0)],
        bench=[case("scores", real(*SCORES), 1), case("map", real(8, 21, 80, 80), 1)],
    ),
    Op(
        "norm",
        "norm",
        norm,
        [
            case("all", real(3, 4)),
            case("rows", real(3, 4), 2, 1),
            case("keepdim", real(3, 4), 2, 0, True),
            case("one", real(3, 4), 1, 1),
            case("three", real(3, 4), 3, 1),
            case("half", real(3, 4), 0.5, 1),
            case("inf", distinct(3, 4), np.inf, 1).but(gradgrad=False),
            case("minus-inf", distinct(3, 4), -np.inf, 1).but(gradgrad=False),
            case("count", values([[0.0, 2.0], [0.0, 0.0]]), 0, 1).but(grad=False),
            case("zero", values([[0.0, 0.0], [3.0, 4.0]]), 2, 1).but(
                kink=True, gradgrad=False, torch_gradgrad=False, why="NaN in PyTorch, 0 here"
            ),
        ],
        [bad("dtype", TypeError, r"norm.*int64", ints(3))],
        tol=4,
        bench=[
            case("all", real(*IMAGE)),
            case("rows", real(*MATRIX), 2, 1),
            case("three", real(*MATRIX), 3, 1),
        ],
    ),
    Op(
        "std",
        "std",
        lambda x, dim=None, correction=1: x.std(dim, ddof=correction),
        [
            case("all", real(3, 4)),
            case("rows", real(3, 4), 1),
            case("biased", real(3, 4), 0, correction=0),
        ],
        [bad("dtype", TypeError, r"std.*int64", ints(3))],
        tol=4,
        bench=[case("image", real(*IMAGE), (0, 2, 3)), case("rows", real(*MATRIX), 1)],
    ),
    Op(
        "outer",
        "outer",
        np.outer,
        [
            case("plain", real(3), real(4)),
            case("int64", ints(3), ints(2)),
        ],
        [bad("rank", ValueError, r"outer.*\(2, 3\)", real(2, 3), real(3))],
        bench=[case("square", real(1024), real(1024))],
    ),
]
