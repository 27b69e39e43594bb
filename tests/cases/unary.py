"""Elementwise functions of one argument."""

from dataclasses import replace

import numpy as np
from scipy import special

from tests.cases import IMAGE, Op, bad, big, case, flags, ints, positive, real, unit, values

SPECIAL = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-30, -1e30, 5e-324, 88.0, -104.0, 710.0]
PIECEWISE = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4999, -0.2, 7.0, 1e9]


def above_one(*shape):
    """Values from 1.2 on."""
    return replace(positive(*shape), draw=lambda rng, shape: 1.2 + 2 * rng.random(shape))


# name: (numpy's function, arguments for gradients, whether integers are taken)
FLOATS = {
    "exp": (np.exp, real),
    "expm1": (np.expm1, real),
    "log": (np.log, positive),
    "log1p": (np.log1p, positive),
    "sqrt": (np.sqrt, positive),
    "rsqrt": (lambda x: 1 / np.sqrt(x), positive),
    "reciprocal": (lambda x: 1 / x, real),
    "sin": (np.sin, real),
    "cos": (np.cos, real),
    "tan": (np.tan, unit),
    "asin": (np.arcsin, unit),
    "acos": (np.arccos, unit),
    "atan": (np.arctan, real),
    "sinh": (np.sinh, real),
    "cosh": (np.cosh, real),
    "asinh": (np.arcsinh, real),
    "acosh": (lambda x: np.arccosh(x), above_one),
    "atanh": (np.arctanh, unit),
    "exp2": (np.exp2, real),
    "log2": (np.log2, positive),
    "log10": (np.log10, positive),
    "erfc": (special.erfc, real),
    "erfinv": (special.erfinv, unit),
    "tanh": (np.tanh, real),
    "erf": (special.erf, real),
    "sigmoid": (special.expit, real),
}
NUMBERS = {
    "neg": (np.negative, True),
    "abs": (np.abs, True),
    "square": (np.square, True),
    "sign": (np.sign, False),
    "floor": (np.floor, False),
    "ceil": (np.ceil, False),
    "round": (np.round, False),
    "trunc": (np.trunc, False),
}
TESTS = {
    "isnan": np.isnan,
    "isinf": np.isinf,
    "isfinite": np.isfinite,
    "logical_not": np.logical_not,
}
# Results that overflow float32 or lose all digits there are compared in the rows of plain numbers only.
WITHOUT_SPECIAL = ("sin", "cos", "tan", "sinh", "cosh", "exp2")


def _quiet(function):
    def oracle(x):
        with np.errstate(all="ignore"):
            return function(x.astype(np.float64) if x.dtype == bool else x)

    return oracle


def _shapes(make):
    return [
        case("plain", make(3, 4, 5)),
        case("scalar", make()),
        case("image", make(2, 3, 4, 5)),
        case("odd", make(37)),
        case("empty", make(0, 3)),
        big("big", make(4, 33, 1001)),
    ]


OPS = []
for name, (function, make) in FLOATS.items():
    extra = [] if name in WITHOUT_SPECIAL else [case("special", values(SPECIAL)).but(grad=False)]
    whole = [case("int64", ints(3, 4, low=1, high=5)), case("bool", flags(3, 4))]
    bench = [case("image", make(*IMAGE))]
    OPS.append(Op(name, name, _quiet(function), _shapes(make) + extra + whole, tol=4, bench=bench))
for name, (function, smooth) in NUMBERS.items():
    rows = [
        case("int64", ints(3, 4)),
        case("int32", ints(5, dtype="int32")),
        case("uint8", ints(5, low=0, high=15, dtype="uint8")),
        case("piecewise", values(PIECEWISE)).but(grad=False),
    ]
    bools = [] if name == "sign" else [bad("bool", TypeError, f"{name}.*bool", flags(3))]
    bench = [case("image", real(*IMAGE))]
    OPS.append(
        Op(name, name, _quiet(function), _shapes(real) + rows, bools, grad=smooth, bench=bench)
    )
for name, function in TESTS.items():
    dtypes = [
        case("int64", ints(3, 4, low=-1, high=1)),
        case("bool", flags(3, 4)),
        case("special", values(SPECIAL)),
    ]
    OPS.append(
        Op(
            name,
            name,
            function,
            [case("plain", real(3, 4)), *dtypes],
            grad=False,
            bench=[case("image", real(*IMAGE))],
        )
    )


def clamp(x, min=None, max=None):
    return np.clip(x, min, max)


OPS.append(
    Op(
        "clamp",
        "clamp",
        clamp,
        [
            case("both", real(4, 5), min=-0.53, max=0.47),
            case("min", real(4, 5), min=0.21),
            case("max", real(4, 5), max=0.21),
            case("int64", ints(4, 5), min=-2, max=3),
            case("special", values(SPECIAL), min=-1.0, max=2.0).but(grad=False),
            big("big", real(300, 301), min=-0.5, max=0.5),
        ],
        bench=[case("image", real(*IMAGE), min=-0.5, max=0.5)],
    )
)
OPS = [replace(op, pointwise=True) for op in OPS]

OPS.append(
    Op(
        "bitwise_not",
        "bitwise_not",
        np.invert,
        [
            case("int64", ints(3, 4)),
            case("int32", ints(5, dtype="int32")),
            case("uint8", ints(5, low=0, high=255, dtype="uint8")),
            case("bool", flags(3, 4)),
            case("empty", ints(0, 3)),
        ],
        [bad("float", TypeError, "bitwise_not: input must not have dtype float32", real(3))],
        grad=False,
        bench=[case("image", ints(*IMAGE))],
    )
)
