"""Elementwise functions made of others."""

import numpy as np
from scipy import special

from tests.cases import IMAGE, Op, bad, case, distinct, ints, positive, real, values

SHAPE = (3, 4, 5)
SPECIAL = [0.0, -0.0, 1.5, -1.5, np.inf, -np.inf, np.nan]


def one(name, oracle, make=real, *rows, bench=True, **flags):
    return Op(
        name,
        name,
        oracle,
        [case("plain", make(*SHAPE)), case("empty", make(0, 3)), *rows],
        [bad("no-tensor", TypeError, rf"{name}: input must be .*Tensor.*str", "x")],
        bench=[case("image", make(*IMAGE))],
        **flags,
    )


def two(name, oracle, a=real, b=real, *rows, **flags):
    return Op(
        name,
        name,
        oracle,
        [
            case("plain", a(*SHAPE), b(*SHAPE)),
            case("broadcast", a(3, 1, 5), b(4, 1)),
            case("empty", a(0, 3), b(0, 3)),
            *rows,
        ],
        [bad("shapes", ValueError, r"\(3,\).*\(4,\)", real(3), real(4))],
        bench=[case("image", a(*IMAGE), b(*IMAGE))],
        **flags,
    )


def special_row():
    return case("special", values(SPECIAL)).but(grad=False)


def quiet(function):
    def oracle(*args, **kwargs):
        with np.errstate(all="ignore"):
            return function(*args, **kwargs)

    return oracle


def nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    # The limits are those of the dtype under test; float64's stand for float32's where nothing is infinite.
    return np.nan_to_num(x, nan=nan or 0.0, posinf=posinf, neginf=neginf)


def divide(a, b, rounding_mode=None):
    rounded = {None: lambda q: q, "trunc": np.trunc, "floor": np.floor}[rounding_mode](a / b)
    whole = a.dtype.kind == "i" and rounding_mode
    return rounded.astype(a.dtype) if whole else rounded


COMPARISONS = {
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "less": np.less,
    "less_equal": np.less_equal,
    "not_equal": np.not_equal,
}

OPS = [
    one("absolute", np.abs),
    one("negative", np.negative),
    one("positive", np.positive),
    one("fix", np.trunc, real, grad=False),
    one("sgn", np.sign, real, grad=False),
    one("frac", lambda x: x - np.trunc(x)),
    one("signbit", np.signbit, real, special_row(), case("int64", ints(3, 4)), grad=False),
    one("isposinf", np.isposinf, real, special_row(), grad=False),
    one("isneginf", np.isneginf, real, special_row(), grad=False),
    one("isreal", np.isreal, real, grad=False),
    one("deg2rad", np.deg2rad),
    one("rad2deg", np.rad2deg),
    one(
        "sinc",
        np.sinc,
        real,
        case("zero", values([0.0, 0.5])).but(
            grad=False, torch_gradgrad=False, why="PyTorch's is NaN at 0"
        ),
    ),
    Op(
        "clamp_min",
        "clamp_min",
        np.maximum,
        [case("number", distinct(*SHAPE), 0.1), case("tensor", distinct(*SHAPE), distinct(5))],
        bench=[case("image", real(*IMAGE), 0.1)],
    ),
    Op(
        "clamp_max",
        "clamp_max",
        np.minimum,
        [case("number", distinct(*SHAPE), 0.1), case("tensor", distinct(*SHAPE), distinct(5))],
        bench=[case("image", real(*IMAGE), 0.1)],
    ),
    Op(
        "logit",
        "logit",
        lambda x, eps=None: special.logit(x if eps is None else np.clip(x, eps, 1 - eps)),
        [
            case("plain", values(np.linspace(0.1, 0.9, 12).reshape(3, 4))),
            case("eps", values([0.02, 0.3, 0.95]), eps=0.1).but(kink=True),
        ],
        bench=[case("image", values(np.linspace(0.01, 0.99, 1 << 20)))],
    ),
    Op(
        "nan_to_num",
        "nan_to_num",
        nan_to_num,
        [
            case("plain", real(3, 4)),
            case("given", values(SPECIAL), nan=1.0, posinf=5.0, neginf=-3.0).but(kink=True),
            case("int64", ints(3)),
        ],
        bench=[case("image", real(*IMAGE))],
    ),
    two("subtract", np.subtract, real, real, case("number", real(3), 2.5)),
    Op(
        "rsub",
        "rsub",
        lambda a, b, alpha=1: b - alpha * a,
        [case("plain", real(3, 4), real(4)), case("alpha", real(3, 4), 2.0, alpha=3)],
        bench=[case("image", real(*IMAGE), 1.0)],
    ),
    two(
        "divide",
        divide,
        real,
        real,
        case("trunc", positive(3, 4), real(3, 4), rounding_mode="trunc").but(grad=False),
        case("floor", positive(3, 4), real(3, 4), rounding_mode="floor").but(grad=False),
        case("int64", ints(8), values([2, -2, 3, -3, 4, 5, 7, -1], "int64"), rounding_mode="trunc"),
    ),
    *[two(name, oracle, grad=False) for name, oracle in COMPARISONS.items()],
    two("hypot", np.hypot),
    two("fmax", np.fmax, distinct, distinct, case("nan", values(SPECIAL), real(7)).but(grad=False)),
    two("fmin", np.fmin, distinct, distinct, case("nan", values(SPECIAL), real(7)).but(grad=False)),
    two(
        "logaddexp",
        quiet(np.logaddexp),
        real,
        real,
        case("special", values(SPECIAL), values(SPECIAL[::-1])).but(
            grad=False, torch_gradgrad=False, why="PyTorch's is NaN where an argument is infinite"
        ),
    ),
    two("logaddexp2", np.logaddexp2),
    two(
        "xlogy",
        special.xlogy,
        real,
        positive,
        case("zero", values([0.0, 0.0, 2.0]), values([0.0, np.nan, 1.0])).but(
            grad=False, torch_grad=False, why="PyTorch's gradient to 0 is NaN where both are 0"
        ),
    ),
    Op(
        "float_power",
        "float_power",
        np.float_power,
        [
            case("number", positive(3, 4), 2),
            case("tensor", positive(3, 4), real(4)),
            case("int64", ints(5), 2),
        ],
        bench=[case("image", positive(*IMAGE), 1.5)],
    ),
    Op(
        "ldexp",
        "ldexp",
        lambda x, n: np.ldexp(x, n),
        [
            case("plain", real(3, 4), ints(4, low=-5, high=5)).but(
                torch_grad=False, why="PyTorch's gradient takes 2⁻ⁿ of an integer n as 0"
            )
        ],
        bench=[case("image", real(*IMAGE), ints(*IMAGE, low=0, high=5, dtype="int32"))],
    ),
    Op(
        "addcmul",
        "addcmul",
        lambda x, a, b, value=1: x + value * a * b,
        [
            case("plain", real(3, 4), real(3, 4), real(4)),
            case("value", real(3), real(3), real(3), value=0.5),
        ],
        [bad("shapes", ValueError, r"\(3,\).*\(4,\)", real(3), real(3), real(4))],
        bench=[case("image", real(*IMAGE), real(*IMAGE), real(*IMAGE), value=0.5)],
    ),
    Op(
        "addcdiv",
        "addcdiv",
        lambda x, a, b, value=1: x + value * a / b,
        [
            case("plain", real(3, 4), real(3, 4), real(4)),
            case("value", real(3), real(3), real(3), value=0.5),
        ],
        [bad("shapes", ValueError, r"\(3,\).*\(4,\)", real(3), real(3), real(4))],
        bench=[case("image", real(*IMAGE), real(*IMAGE), positive(*IMAGE), value=0.5)],
    ),
    Op(
        "lerp",
        "lerp",
        lambda x, end, weight: x + weight * (end - x),
        [
            case("number", real(3, 4), real(3, 4), 0.3),
            case("tensor", real(3, 4), real(3, 4), real(3, 4)),
        ],
        [bad("shapes", ValueError, r"\(3,\).*\(4,\)", real(3), real(4), 0.5)],
        bench=[case("image", real(*IMAGE), real(*IMAGE), 0.3)],
    ),
    Op(
        "isclose",
        "isclose",
        lambda a, b, rtol=1e-5, atol=1e-8, equal_nan=False: np.isclose(a, b, rtol, atol, equal_nan),
        [
            case("plain", values([1.0, 2.0, 0.0]), values([1.000001, 2.1, 0.0])),
            case("special", values(SPECIAL), values(SPECIAL), equal_nan=True),
        ],
        [
            bad(
                "dtypes",
                ValueError,
                r"isclose: dtypes",
                ints(3),
                values([1.0, 2.0, 3.0], "float64"),
            )
        ],
        grad=False,
        bench=[case("image", real(*IMAGE), real(*IMAGE))],
    ),
]
