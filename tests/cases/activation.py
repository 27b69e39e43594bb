"""Activations and softmax."""

import numpy as np
from scipy import special

from tests.cases import IMAGE, SCORES, Op, bad, big, case, ints, real, values

FAR = values([[-1e4, 0.0, 1e4], [700.0, 701.0, 702.0], [-88.0, -89.0, -1000.0]])
EDGE = values([-np.inf, np.inf, np.nan, 0.0, -0.0, 1e30, -1e30])


def _rows(**kwargs):
    return [
        case("plain", real(3, 4, 5), **kwargs),
        case("image", real(2, 3, 4, 5), **kwargs),
        case("pixel", real(2, 3, 1, 1), **kwargs),
        case("empty", real(0, 3), **kwargs),
        big("big", real(2, 33, 40, 41), **kwargs),
    ]


def relu(x, inplace=False):
    return np.where(x > 0, x, np.where(np.isnan(x), np.nan, 0 * np.sign(np.nan_to_num(x))))


def leaky_relu(x, negative_slope=0.01):
    return np.where(x > 0, x, negative_slope * x)


def elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def gelu(x, approximate="none"):
    if approximate == "tanh":
        return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * (1 + special.erf(x / np.sqrt(2)))


def softplus(x, beta=1.0, threshold=20.0):
    return np.where(x * beta > threshold, x, np.logaddexp(0, x * beta) / beta)


OPS = [
    Op(
        "relu",
        "nn.functional.relu",
        lambda x: np.maximum(x, 0),
        [*_rows(), case("int64", ints(3, 4)), case("edge", EDGE).but(kink=True)],
        bench=[case("image", real(*IMAGE))],
    ),
    Op(
        "leaky_relu",
        "nn.functional.leaky_relu",
        leaky_relu,
        [*_rows(), case("slope", real(3, 4), 0.2), case("negative", real(3, 4), -0.5)],
        [bad("dtype", TypeError, "leaky_relu.*int64", ints(3))],
        bench=[case("image", real(*IMAGE))],
    ),
    Op(
        "elu",
        "nn.functional.elu",
        elu,
        [*_rows(), case("alpha", real(3, 4), 0.7)],
        [bad("dtype", TypeError, "elu.*int64", ints(3))],
        tol=4,
        bench=[case("image", real(*IMAGE))],
    ),
    Op(
        "gelu",
        "nn.functional.gelu",
        gelu,
        [*_rows(), case("tanh", real(3, 4), approximate="tanh")],
        tol=4,
        covers=("gelu_tanh",),
        bench=[case("image", real(*IMAGE)), case("image-tanh", real(*IMAGE), approximate="tanh")],
    ),
    Op(
        "silu",
        "nn.functional.silu",
        lambda x: x * special.expit(x),
        _rows(),
        tol=4,
        bench=[case("image", real(*IMAGE))],
    ),
    Op(
        "softplus",
        "nn.functional.softplus",
        softplus,
        [
            *_rows(),
            case("beta", real(3, 4), beta=3.0, threshold=1.7),
            case("far", FAR).but(grad=False),
        ],
        [bad("dtype", TypeError, "softplus.*int64", ints(3))],
        tol=4,
        bench=[case("image", real(*IMAGE))],
    ),
]


def _softmax_rows():
    return [
        case("last", real(3, 5), dim=-1),
        case("first", real(3, 5), dim=0),
        case("channels", real(2, 5, 3, 4), dim=1),
        case("middle", real(2, 3, 4), dim=1),
        case("vector", real(7), dim=0),
        case("one", real(3, 1), dim=1),
        case("far", FAR, dim=1).but(gradgrad=False),
        case("masked", values([[0.0, -np.inf, 1.0]]), dim=1).but(grad=False),
        case("odd", real(3, 37), dim=1),
        case("empty", real(0, 3), dim=1),
        big("big", real(600, 101), dim=1),
        big("channels-big", real(4, 21, 30, 31), dim=1),
    ]


SOFTMAX_BENCH = [
    case("scores", real(*SCORES), dim=1),
    case("few-classes", real(65536, 10), dim=1),
    case("attention", real(64, 128, 128), dim=-1),
    case("map", real(8, 21, 80, 80), dim=1),
]
SOFTMAX_BAD = [
    bad("dim", IndexError, "softmax: dim.*2", real(3, 4), dim=2),
    bad("dtype", TypeError, "softmax.*int64", ints(3, 4), dim=1),
]
OPS += [
    Op(
        "softmax",
        "nn.functional.softmax",
        lambda x, dim: special.softmax(x, axis=dim),
        _softmax_rows(),
        SOFTMAX_BAD,
        tol=4,
        impl="softmax",
        bench=SOFTMAX_BENCH,
    ),
    Op(
        "log_softmax",
        "nn.functional.log_softmax",
        lambda x, dim: special.log_softmax(x, axis=dim),
        _softmax_rows(),
        SOFTMAX_BAD,
        tol=4,
        impl="softmax",
        bench=SOFTMAX_BENCH,
    ),
]
