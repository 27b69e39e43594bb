"""Elementwise functions of two and three arguments, with broadcasting."""

from dataclasses import replace

import numpy as np

from tests.cases import (
    IMAGE,
    MATRIX,
    Op,
    bad,
    big,
    case,
    distinct,
    flags,
    ints,
    positive,
    real,
    values,
)

EDGE = [0.0, -0.0, 1.0, np.inf, -np.inf, np.nan]
ALL = np.array([(a, b) for a in EDGE for b in EDGE])


def _quiet(function):
    def oracle(*args, **kwargs):
        with np.errstate(all="ignore"):
            return function(*args, **kwargs)

    return oracle


def _broadcast(make, other=None):
    other = other or make
    return [
        case("plain", make(3, 4), other(3, 4)),
        case("row", make(3, 4), other(4)),
        case("column", make(3, 1), other(3, 4)),
        case("outer", make(3, 1, 2), other(4, 1)),
        case("scalars", make(), other()),
        case("channels", make(2, 3, 4, 5), other(3, 1, 1)),
        case("image", make(2, 3, 4, 5), other(2, 3, 4, 5)),
        case("empty", make(0, 3), other(3)),
        big("big", make(40, 33, 101), other(33, 1)),
    ]


def _bench(make, other=None):
    other = other or make
    return [
        case("image", make(*IMAGE), other(*IMAGE)),
        case("channels", make(*IMAGE), other(64, 1, 1)),
        case("row", make(*MATRIX), other(1024)),
    ]


def _mixed():
    """Operands of two dtypes: promotion as PyTorch has it."""
    return [
        case("int64", ints(3, 4), ints(3, 4)),
        case("int32-int64", ints(3, 4, dtype="int32"), ints(4)),
        case("uint8", ints(5, low=0, high=9, dtype="uint8"), ints(5, low=1, high=9, dtype="uint8")),
        case("uint8-int32", ints(5, low=0, high=9, dtype="uint8"), ints(5, low=1, dtype="int32")),
        case("int64-float", ints(3, 4), real(3, 4)),
        case("number", real(3, 4), 3).but(gradgrad=False),
    ]


TIES = case("ties", values([1.0, 2.0, 3.0]), values([1.0, 3.0, 2.0])).but(kink=True)
SHAPES = bad("shapes", ValueError, r"\(3, 4\).*\(3,\)", real(3, 4), real(3))
OPS = [
    Op(
        "add",
        "add",
        lambda a, b, alpha=1: np.add(a, alpha * b if alpha != 1 else b),
        [
            *_broadcast(real),
            *_mixed(),
            case("bool", flags(4), flags(4)),
            case("alpha", real(3, 4), real(4), alpha=2.5),
        ],
        bench=_bench(real),
    ),
    Op(
        "sub",
        "sub",
        np.subtract,
        [*_broadcast(real), *_mixed()],
        bench=_bench(real),
    ),
    Op(
        "mul",
        "mul",
        np.multiply,
        [*_broadcast(real), *_mixed(), case("bool", flags(4), flags(4))],
        bench=_bench(real),
    ),
    Op(
        "div",
        "div",
        _quiet(np.divide),
        [
            *_broadcast(real),
            case("int64", ints(3, 4), ints(3, 4, low=1)),
            case("edge", values(ALL[:, 0]), values(ALL[:, 1])).but(grad=False),
        ],
        bench=_bench(real),
    ),
    Op(
        "pow",
        "pow",
        _quiet(np.power),
        [
            *_broadcast(positive, real),
            case("number", real(3, 4), 3),
            case("square", real(3, 4), 2),
            case("root", positive(3, 4), 0.5),
            case("inverse", real(3, 4), -1.0),
            case("base", 2.0, real(3, 4)),
            case("int64", ints(3, 4), ints(3, 4, low=0, high=5)),
            case("edge", values(ALL[:, 0]), values(ALL[:, 1])).but(grad=False),
        ],
        tol=4,
        bench=[
            *_bench(positive, real),
            case("square", real(*IMAGE), 2),
            case("cube", real(*IMAGE), 3),
            case("root", positive(*IMAGE), 0.5),
            case("exponent", positive(*IMAGE), 1.7),
            case("base", 2.0, real(*IMAGE)),
        ],
    ),
    Op(
        "maximum",
        "maximum",
        np.maximum,
        [
            *_broadcast(real),
            TIES,
            case("int64", ints(3, 4), ints(4)),
            case("edge", values(ALL[:, 0]), values(ALL[:, 1])).but(grad=False),
        ],
        bench=_bench(real),
    ),
    Op(
        "minimum",
        "minimum",
        np.minimum,
        [
            *_broadcast(real),
            TIES,
            case("int64", ints(3, 4), ints(4)),
            case("edge", values(ALL[:, 0]), values(ALL[:, 1])).but(grad=False),
        ],
        bench=_bench(real),
    ),
    Op(
        "remainder",
        "remainder",
        _quiet(np.remainder),
        [
            case("plain", distinct(4, 5).const, positive(4, 5)),
            case("row", real(4, 5).const, values([0.3, -0.7, 1.1, -2.0, 5.0])).but(grad=False),
            case("int64", ints(4, 5), values([3, -3, 2, -7, 1], "int64")),
        ],
        [bad("zero", ValueError, "zero", ints(3), values([1, 0, 2], "int64"))],
        gradgrad=False,
        bench=[
            case("image", real(*IMAGE).const, positive(*IMAGE)),
            case("ints", ints(*IMAGE), ints(*IMAGE, low=1)),
        ],
    ),
    Op(
        "floor_divide",
        "floor_divide",
        _quiet(np.floor_divide),
        [
            case("row", real(4, 5), values([0.3, -0.7, 1.1, -2.0, 5.0])).but(
                torch_grad=False, why="PyTorch's result requires a gradient and then has none"
            ),
            case("int64", ints(4, 5), values([3, -3, 2, -7, 1], "int64")),
        ],
        grad=False,
        bench=[
            case("image", real(*IMAGE), positive(*IMAGE)),
            case("ints", ints(*IMAGE), ints(*IMAGE, low=1)),
        ],
    ),
    Op(
        "atan2",
        "atan2",
        np.arctan2,
        [*_broadcast(real), case("edge", values(ALL[:, 0]), values(ALL[:, 1])).but(grad=False)],
        tol=4,
        bench=_bench(real),
    ),
]
for name, function in {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}.items():
    OPS.append(
        Op(
            name,
            name,
            function,
            [
                case("plain", real(3, 4), real(4)),
                case("int64", ints(30, low=-2, high=2), ints(30, low=-2, high=2)),
                case(
                    "uint8-int32",
                    ints(9, low=0, high=2, dtype="uint8"),
                    ints(9, low=-1, high=2, dtype="int32"),
                ),
                case("bool", flags(9), flags(9)),
                case("number", ints(30, low=-2, high=2), 1),
                case("edge", values(ALL[:, 0]), values(ALL[:, 1])),
            ],
            grad=False,
            bench=[
                case("image", real(*IMAGE), real(*IMAGE)),
                case("number", real(*IMAGE), 0.5),
                case("labels", ints(*MATRIX), ints(*MATRIX)),
            ],
        )
    )
for name in ("logical_and", "logical_or", "logical_xor"):
    OPS.append(
        Op(
            name,
            name,
            getattr(np, name),
            [
                case("bool", flags(3, 4), flags(4)),
                case("int64", ints(9, low=-1, high=1), ints(9, low=-1, high=1)),
                case("floats", values([0.0, 1.0, -2.0, 0.0]), values([0.0, 0.0, 3.0, 2.0])),
            ],
            grad=False,
            bench=[case("image", flags(*IMAGE), flags(*IMAGE))],
        )
    )
OPS = [op if op.bad else replace(op, bad=[SHAPES]) for op in OPS]

OPS.append(
    Op(
        "where",
        "where",
        np.where,
        [
            case("plain", flags(3, 4), real(3, 4), real(3, 4)),
            case("broadcast", flags(3, 1), real(4), real(2, 1, 1)),
            case("int64", flags(3, 4), ints(3, 4), ints(4)),
            case("empty", flags(0, 3), real(3), real(0, 3)),
            big("big", flags(300, 301), real(300, 301), real(301)),
        ],
        [
            bad(
                "condition",
                TypeError,
                "where: condition must have dtype bool, got float32",
                real(3),
                real(3),
                real(3),
            )
        ],
        bench=[
            case("image", flags(*IMAGE), real(*IMAGE), real(*IMAGE)),
            case("rows", flags(1024, 1), real(*MATRIX), real(1024)),
        ],
    )
)
OPS = [replace(op, pointwise=True) for op in OPS]


def _bit_rows(low=-9, shift=False):
    other = {"low": 0, "high": 7} if shift else {}
    rows = [
        case("int64", ints(3, 4, low=low), ints(3, 4, **other)),
        case("broadcast", ints(3, 1, low=low), ints(4, **other)),
        case("int32", ints(5, dtype="int32"), ints(5, dtype="int32", **other)),
        case("uint8", ints(5, low=0, dtype="uint8"), ints(5, low=0, high=7, dtype="uint8")),
    ]
    return rows if shift else [*rows, case("bool", flags(3, 4), flags(3, 4))]


for name, function in {
    "bitwise_and": np.bitwise_and,
    "bitwise_or": np.bitwise_or,
    "bitwise_xor": np.bitwise_xor,
    "bitwise_left_shift": np.left_shift,
    "bitwise_right_shift": np.right_shift,
}.items():
    OPS.append(
        Op(
            name,
            name,
            function,
            _bit_rows(shift="shift" in name),
            [
                bad(
                    "float",
                    TypeError,
                    f"{name}: operands must not have dtype float",
                    real(3),
                    real(3),
                )
            ],
            grad=False,
            bench=[case("image", ints(*IMAGE), ints(*IMAGE, low=0, high=7))],
        )
    )
OPS.append(
    Op(
        "fmod",
        "fmod",
        _quiet(np.fmod),
        [
            case("plain", real(3, 4), positive(3, 4)),
            case("broadcast", real(3, 1), positive(4)),
            case("number", real(5), 0.3),
            case("int64", ints(9), values([2, 3, 4, -2, -3, -4, 5, 7, 1], "int64")),
        ],
        bench=[case("image", real(*IMAGE), positive(*IMAGE))],
    )
)
OPS.append(
    Op(
        "copysign",
        "copysign",
        np.copysign,
        [
            case("plain", real(3, 4), real(3, 4).const),
            case("number", real(5), -2.0),
            case("edge", values(ALL[:, 0]), values(ALL[:, 1])).but(
                grad=False, torch_grad=False, why="PyTorch's is NaN where infinite"
            ),
        ],
        gradgrad=False,  # zero; PyTorch's is the noise of a quotient
        bench=[case("image", real(*IMAGE), real(*IMAGE).const)],
    )
)
