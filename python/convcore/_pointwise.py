"""Elementwise functions made of others: functions of the package that are also methods of Tensor."""

from __future__ import annotations

import builtins
import math
from typing import Any

from convcore import _core
from convcore._attach import attach
from convcore._tensor import Tensor

__all__ = [
    "absolute", "addcdiv", "addcmul", "clamp_max", "clamp_min", "deg2rad", "divide", "fix", "float_power", "fmax", "fmin",
    "frac", "greater", "greater_equal", "hypot", "isclose", "isneginf", "isposinf", "isreal", "ldexp", "lerp", "less",
    "less_equal", "logaddexp", "logaddexp2", "logit", "nan_to_num", "negative", "not_equal", "positive", "rad2deg", "rsub",
    "sgn", "signbit", "sinc", "subtract", "xlogy",
]  # fmt: skip


def absolute(input: Tensor) -> Tensor:
    """|x|."""
    return input.abs()


def negative(input: Tensor) -> Tensor:
    """−x."""
    return input.neg()


def positive(input: Tensor) -> Tensor:
    """x itself; TypeError for bool."""
    if input.dtype == _core.dtype.bool:
        raise TypeError("positive: input must not have dtype bool")
    return input


def fix(input: Tensor) -> Tensor:
    """Without the fraction, as trunc."""
    return input.trunc()


def sgn(input: Tensor) -> Tensor:
    """−1, 0 or 1, as sign."""
    return input.sign()


def frac(input: Tensor) -> Tensor:
    """x − trunc(x).

    >>> import convcore as cc
    >>> cc.frac(cc.tensor([1.5, -2.25]))
    tensor([ 0.5000, -0.2500])
    """
    return _core.unary("frac", input)


def signbit(input: Tensor) -> Tensor:
    """Where the sign is negative; that of −0 is."""
    if not input.dtype.is_floating_point:
        return input < 0
    return (input < 0) | ((input == 0) & (input.reciprocal() < 0))


def isposinf(input: Tensor) -> Tensor:
    """Where x is +∞."""
    return input.isinf() & (input > 0)


def isneginf(input: Tensor) -> Tensor:
    """Where x is −∞."""
    return input.isinf() & (input < 0)


def isreal(input: Tensor) -> Tensor:
    """True everywhere: there are no complex numbers."""
    return _core.full(input.shape, True, _core.dtype.bool)


def deg2rad(input: Tensor) -> Tensor:
    """Degrees as radians."""
    return input * (math.pi / 180)


def rad2deg(input: Tensor) -> Tensor:
    """Radians as degrees."""
    return input * (180 / math.pi)


def sinc(input: Tensor) -> Tensor:
    """sin(πx)/(πx), and 1 at 0.

    >>> import convcore as cc
    >>> cc.sinc(cc.tensor([0.0, 0.5]))
    tensor([1.0000, 0.6366])
    """
    zero = input == 0
    x = input.masked_fill(zero, 1) * math.pi
    return (x.sin() / x).masked_fill(zero, 1)


def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """ln(x/(1 − x)), x first limited to [eps, 1 − eps].

    >>> import convcore as cc
    >>> cc.logit(cc.tensor([0.5, 0.75]))
    tensor([0.0000, 1.0986])
    """
    x = input if eps is None else input.clamp(eps, 1 - eps)
    return (x / (1 - x)).log()


def nan_to_num(
    input: Tensor,
    nan: float | None = None,
    posinf: float | None = None,
    neginf: float | None = None,
) -> Tensor:
    """NaN as `nan` (0) and the infinities as given, else the dtype's greatest and least numbers.

    >>> import convcore as cc
    >>> cc.nan_to_num(cc.tensor([float("nan"), float("inf")]), posinf=9.0)
    tensor([0., 9.])
    """
    return _core.nan_to_num(input, 0.0 if nan is None else nan, posinf, neginf)


def clamp_min(input: Tensor, min: Any) -> Tensor:
    """Values not below min."""
    return input.clamp(min=min)


def clamp_max(input: Tensor, max: Any) -> Tensor:
    """Values not above max."""
    return input.clamp(max=max)


def subtract(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """x − alpha·other."""
    return input.sub(other, alpha=alpha)


def rsub(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """other − alpha·x."""
    return other - (input if alpha == 1 else input * alpha)


def divide(input: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """x/other, rounded towards zero ("trunc") or down ("floor") if asked."""
    return input.div(other, rounding_mode=rounding_mode)


def greater(input: Tensor, other: Any) -> Tensor:
    """Where greater."""
    return input > other


def greater_equal(input: Tensor, other: Any) -> Tensor:
    """Where greater or equal."""
    return input >= other


def less(input: Tensor, other: Any) -> Tensor:
    """Where less."""
    return input < other


def less_equal(input: Tensor, other: Any) -> Tensor:
    """Where less or equal."""
    return input <= other


def not_equal(input: Tensor, other: Any) -> Tensor:
    """Where different."""
    return _core.binary("ne", input, other)


def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """x + value·tensor1·tensor2.

    >>> import convcore as cc
    >>> cc.addcmul(cc.ones(2), cc.tensor([1.0, 2.0]), cc.tensor([3.0, 4.0]), value=2)
    tensor([ 7., 17.])
    """
    return _core.addcmul(input, tensor1, tensor2, value)


def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """x + value·tensor1/tensor2.

    >>> import convcore as cc
    >>> cc.addcdiv(cc.ones(2), cc.tensor([1.0, 2.0]), cc.tensor([2.0, 4.0]))
    tensor([1.5000, 1.5000])
    """
    return _core.addcdiv(input, tensor1, tensor2, value)


def lerp(input: Tensor, end: Tensor, weight: Any) -> Tensor:
    """x + weight·(end − x).

    >>> import convcore as cc
    >>> cc.lerp(cc.zeros(2), cc.tensor([2.0, 4.0]), 0.5)
    tensor([1., 2.])
    """
    return _core.lerp(input, end, weight)


def float_power(input: Tensor, exponent: Any) -> Tensor:
    """x to the power exponent, in float64."""
    return input.double() ** (
        exponent.double() if isinstance(exponent, _core.TensorBase) else builtins.float(exponent)
    )


def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """x·2^other."""
    return input * other.to(input.dtype if input.dtype.is_floating_point else "float32").exp2()


def hypot(input: Tensor, other: Tensor) -> Tensor:
    """√(x² + other²)."""
    return (input.square() + other.square()).sqrt()


def fmax(input: Tensor, other: Tensor) -> Tensor:
    """The greater of the two; a number wins over NaN."""
    return _number(input, other).maximum(_number(other, input))


def fmin(input: Tensor, other: Tensor) -> Tensor:
    """The lesser of the two; a number wins over NaN."""
    return _number(input, other).minimum(_number(other, input))


def _number(x: Tensor, instead: Tensor) -> Tensor:
    return _core.where(x != x, instead, x)


def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    """ln(eˣ + e^other), without overflow.

    >>> import convcore as cc
    >>> cc.logaddexp(cc.zeros(1), cc.zeros(1))
    tensor([0.6931])
    """
    return _core.logaddexp(input, other, math.e)


def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    """log₂(2ˣ + 2^other), without overflow."""
    return _core.logaddexp(input, other, 2)


def xlogy(input: Any, other: Any) -> Tensor:
    """x·ln(other), 0 where x is 0 and other no NaN.

    >>> import convcore as cc
    >>> cc.xlogy(cc.tensor([0.0, 2.0]), cc.tensor([0.0, 1.0]))
    tensor([0., 0.])
    """
    y = other if isinstance(other, _core.TensorBase) else _core.full([], other, input.dtype)
    flat = (input == 0) & ((y <= 0) | (y == math.inf))
    return input * y.masked_fill(flat, 1).log()


def isclose(
    input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Where |x − other| ≤ atol + rtol·|other|.

    >>> import convcore as cc
    >>> cc.isclose(cc.tensor([1.0, 2.0]), cc.tensor([1.0, 2.1]))
    tensor([ True, False])
    """
    if input.dtype != other.dtype:
        raise _core.ArgumentError(
            f"isclose: dtypes must be equal, got {input.dtype} and {other.dtype}"
        )
    close = (input == other) | (
        ((input - other).abs() <= atol + rtol * other.abs()) & other.isfinite()
    )
    return close | ((input != input) & (other != other)) if equal_nan else close


attach(
    [globals()[name] for name in __all__],
    in_place=(
        "absolute",
        "addcdiv",
        "addcmul",
        "clamp_max",
        "clamp_min",
        "deg2rad",
        "divide",
        "fix",
        "frac",
        "hypot",
        "lerp",
        "logit",
        "nan_to_num",
        "negative",
        "rad2deg",
        "sgn",
        "sinc",
        "subtract",
        "xlogy",
    ),  # fmt: skip
)
