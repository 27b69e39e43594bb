"""Activations and softmax."""

import numpy as np
from scipy import special

from tests.cases import (
    IMAGE,
    SCORES,
    Arr,
    Op,
    bad,
    big,
    case,
    distinct,
    flags,
    ints,
    real,
    values,
)

FAR = values([[-1e4, 0.0, 1e4], [700.0, 701.0, 702.0], [-88.0, -89.0, -1000.0]])
EDGE = values([-np.inf, np.inf, np.nan, 0.0, -0.0, 1e30, -1e30])
# Where the pieces of functions meet, and far away.
KINKS = values(
    [-1000.0, -90.0, -7.0, -3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 6.0, 7.0, 90.0, 1000.0]
)


def wide(*shape):
    """Values in ±5, away from 0 and from whole and half numbers."""

    def draw(rng, shape):
        return rng.integers(-10, 10, shape) / 2 + 0.1 + 0.3 * rng.random(shape)

    return Arr(shape, draw)


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
        [
            *_rows(),
            case("alpha", real(3, 4), 0.7),
            case("negative", wide(3, 4), -0.7),
            case("zero", real(3, 4), 0.0),
        ],
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
        [bad("dtype", TypeError, "silu.*int64", ints(3))],
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


def hardsigmoid(x):
    return np.clip(x + 3, 0, 6) / 6


def softshrink(x, lambd=0.5):
    return np.sign(x) * np.maximum(np.abs(x) - lambd, 0)


def selu(x):
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def celu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.where(x > 0, 0, x) / alpha))


def mish(x):
    return x * np.tanh(np.logaddexp(0, x))


NEGATIVE = bad("lambd", ValueError, "softshrink: lambd.*-1", real(3), -1.0)
# function: oracle, further rows, further bad calls, whether integers are taken
POINTWISE = {
    "relu6": (lambda x: np.clip(x, 0, 6), [case("int64", ints(3, 4))], [], True),
    "hardtanh": (
        lambda x, min_val=-1.0, max_val=1.0: np.clip(x, min_val, max_val),
        [case("limits", wide(3, 4), -2.0, 0.75), case("int64", ints(3, 4), -2, 3)],
        [bad("limits", ValueError, "hardtanh: min_val.*2.*1", real(3), 2.0, 1.0)],
        True,
    ),
    "hardsigmoid": (hardsigmoid, [], [], False),
    "hardswish": (lambda x: x * hardsigmoid(x), [], [], False),
    "hardshrink": (
        lambda x, lambd=0.5: np.where(np.abs(x) <= lambd, 0, x),
        [case("lambd", wide(3, 4), 1.5), case("negative", wide(3, 4), -1.0)],
        [],
        False,
    ),
    "softshrink": (softshrink, [case("lambd", wide(3, 4), 1.5)], [NEGATIVE], False),
    "tanhshrink": (lambda x: x - np.tanh(x), [case("int64", ints(3, 4))], [], True),
    "softsign": (lambda x: x / (1 + np.abs(x)), [case("int64", ints(3, 4))], [], True),
    "logsigmoid": (lambda x: -np.logaddexp(0, -x), [], [], False),
    "selu": (selu, [], [], False),
    "celu": (
        celu,
        [case("alpha", wide(3, 4), 0.5), case("negative", wide(3, 4), -2.0)],
        [bad("alpha", ValueError, "celu: alpha must not be 0", real(3), 0.0)],
        False,
    ),
    "mish": (mish, [], [], False),
}
# PyTorch's own divides by 6 in float32 and has no second gradient.
EXACT = {"hardsigmoid": lambda m, x: m.nn.functional.relu6(x + 3) / 6}
AT_KINK = "at 0 the gradient is that of the left, PyTorch's second gradient that of the right"
APART = {
    name: {"torch_gradgrad": False, "why": why}
    for name, why in {
        "selu": AT_KINK,
        "celu": AT_KINK,
        "mish": "PyTorch's is NaN in float32 where eˣ overflows",
    }.items()
}
for _name, (_oracle, _more, _bad, _integers) in POINTWISE.items():
    OPS.append(
        Op(
            _name,
            f"nn.functional.{_name}",
            _oracle,
            [
                case("plain", wide(3, 4, 5)),
                case("image", wide(2, 3, 4, 5)),
                case("empty", wide(0, 3)),
                case("scalar", values(1.7)),
                case("far", KINKS).but(kink=True, gradgrad=False, **APART.get(_name, {})),
                *_more,
                big("big", wide(2, 33, 40, 41)),
            ],
            [*_bad, *([] if _integers else [bad("dtype", TypeError, f"{_name}.*int64", ints(3))])],
            tol=4,
            torch=EXACT.get(_name),
            bench=[case("image", wide(*IMAGE))],
        )
    )


def prelu(x, weight):
    weight = weight.reshape(-1, *[1] * (x.ndim - 2)) if weight.size > 1 else weight.item()
    return np.where(x > 0, x, weight * x)


def glu(x, dim=-1):
    a, b = np.split(x, 2, dim)
    return a * special.expit(b)


def maxout(x, k):
    return x.reshape(x.shape[0], x.shape[1] // k, k, *x.shape[2:]).max(2)


OPS += [
    Op(
        "threshold",
        "nn.functional.threshold",
        lambda x, threshold, value: np.where(x > threshold, x, value),
        [
            case("plain", wide(3, 4, 5), 0.0, -2.0),
            case("above", wide(3, 4), 1.0, 20.0),
            case("image", wide(2, 3, 4, 5), 1.0, 0.0),
            case("far", KINKS, 1.0, 0.5).but(kink=True),
            case("int64", ints(3, 4), 1, 5),
            case("empty", real(0, 3), 1.0, 0.0),
            big("big", wide(2, 33, 40, 41), 1.0, 0.0),
        ],
        bench=[case("image", wide(*IMAGE), 1.0, 0.0)],
    ),
    Op(
        "prelu",
        "nn.functional.prelu",
        prelu,
        [
            case("one", wide(3, 4, 5), real(1)),
            case("channels", wide(2, 3, 4, 5), real(3)),
            case("matrix", wide(5, 3), real(3)),
            case("vector", wide(5), real(1)),
            case("scalar", wide(), real(1)),
            case("constant", wide(5, 3), real(3).const),
            case("empty", wide(0, 3), real(3)),
            case("far", KINKS, values([0.25])).but(
                kink=True, gradgrad=False, torch_gradgrad=False, why=AT_KINK
            ),
            big("big", wide(2, 33, 40, 41), real(33)),
        ],
        [
            bad("dtype", TypeError, "prelu.*int64", ints(3), real(1)),
            bad("weight", ValueError, r"prelu: weight.*3.*\(2, 3\).*\(2,\)", real(2, 3), real(2)),
            bad("rank", ValueError, r"prelu: weight.*\(1, 3\)", real(2, 3), real(1, 3)),
        ],
        bench=[case("image", wide(*IMAGE), real(1)), case("channels", wide(*IMAGE), real(64))],
    ),
    Op(
        "rrelu",
        "nn.functional.rrelu",
        lambda x, lower=0.125, upper=1 / 3: leaky_relu(x, (lower + upper) / 2),
        [case("plain", wide(3, 4, 5)), case("bounds", wide(3, 4), 0.25, 0.5)],
        [
            bad("bounds", ValueError, "rrelu: lower.*0.5.*0.25", real(3), 0.5, 0.25),
            bad("dtype", TypeError, "rrelu.*int64", ints(3), training=True),
        ],
        bench=[case("training", wide(*IMAGE), training=True).but(chance=True)],
    ),
    Op(
        "glu",
        "nn.functional.glu",
        glu,
        [
            case("plain", wide(3, 4)),
            case("channels", wide(2, 6, 4, 5), dim=1),
            case("first", wide(4, 3, 5), 0),
            case("empty", wide(0, 4)),
            big("big", wide(2, 34, 40, 41), dim=1),
        ],
        [
            bad("odd", ValueError, r"glu.*even.*\(3, 5\)", real(3, 5)),
            bad("dim", IndexError, "glu: dim.*2", real(3, 4), 2),
            bad("rank", ValueError, "glu.*0-d", real()),
            bad("dtype", TypeError, "glu.*int64", ints(4)),
        ],
        tol=4,
        bench=[case("image", wide(*IMAGE), dim=1), case("rows", wide(1024, 2048))],
    ),
    Op(
        "heaviside",
        "heaviside",
        np.heaviside,
        [
            case("plain", values([-2.0, -0.0, 0.0, 3.0, np.inf, -np.inf]), values([0.5])).but(
                torch_grad=False, why="PyTorch's result requires a gradient and then has none"
            ),
            case("broadcast", ints(3, 4, low=-1, high=1), ints(4)),
            case("bool", flags(5), flags(5)),
            case("empty", real(0, 3).const, real(3).const),
        ],
        [bad("shape", ValueError, r"\(3,\).*\(2,\)", real(3), real(2))],
        grad=False,
        bench=[case("image", real(*IMAGE), real(1))],
    ),
    Op(
        "maxout",
        "nn.functional.maxout",
        maxout,
        [
            case("plain", distinct(3, 6), 2),
            case("image", distinct(2, 6, 4, 5), 3),
            case("one", distinct(2, 3, 4), 1),
            case("empty", real(0, 6, 2), 2),
            big("big", distinct(2, 32, 40, 41), 4),
        ],
        [
            bad("k", ValueError, "maxout: k must be positive, got 0", real(2, 6), 0),
            bad("channels", ValueError, r"maxout.*k = 4.*\(2, 6\)", real(2, 6), 4),
            bad("rank", ValueError, r"maxout.*at least 2.*\(6,\)", real(6), 2),
        ],
        torch=lambda m, x, k: x.unflatten(1, (-1, k)).max(2).values,
        bench=[case("image", distinct(*IMAGE), 2)],
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
    Op(
        "softmin",
        "nn.functional.softmin",
        lambda x, dim: special.softmax(-x, axis=dim),
        [row for row in _softmax_rows() if row.name != "masked"],
        [
            bad("dim", IndexError, "softmin: dim.*2", real(3, 4), dim=2),
            bad("dtype", TypeError, "softmin.*int64", ints(3, 4), dim=1),
        ],
        tol=4,
        impl="softmax",
        bench=SOFTMAX_BENCH,
    ),
    # Samples are random but among one class; test_random.py has the others.
    Op(
        "gumbel_softmax",
        "nn.functional.gumbel_softmax",
        lambda x, tau=1, hard=False, dim=-1: np.ones(x.shape),
        [
            case("one-class", real(3, 1)),
            case("hard", real(3, 1, 2), 0.5, True, dim=1),
        ],
        [
            bad("tau", ValueError, "gumbel_softmax: tau must be positive, got 0", real(3, 4), 0.0),
            bad("dim", IndexError, "dim.*2", real(3, 4), dim=2),
            bad("dtype", TypeError, "gumbel_softmax: logits.*int64", ints(3, 4)),
        ],
        bench=[case("scores", real(*SCORES)).but(chance=True)],
    ),
]
