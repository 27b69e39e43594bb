"""Methods of Tensor that compute: reductions, elementwise functions, products, and their in-place forms."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from convcore import _core
from convcore._shape_methods import ShapeMethods

if TYPE_CHECKING:
    from convcore._tensor import Tensor


class ValuesIndices(NamedTuple):
    """What max, min, sort and topk along a dimension give."""

    values: Tensor
    indices: Tensor


class MathMethods(ShapeMethods):
    """The part of Tensor that computes."""

    def sum(self, dim: Any = None, keepdim: builtins.bool = False, *, dtype: Any = None) -> Tensor:
        """The sum over some or all dimensions (integers in int64)."""
        if dtype is None:
            return _core.sum(self, dim, keepdim)
        return _core.sum(self.to(dtype=dtype), dim, keepdim).to(dtype=dtype)

    def mean(self, dim: Any = None, keepdim: builtins.bool = False, *, dtype: Any = None) -> Tensor:
        """The mean over some or all dimensions."""
        x = self if dtype is None else self.to(dtype=dtype)
        return _core.mean(x, dim, keepdim)

    def prod(self, dim: Any = None, keepdim: builtins.bool = False, *, dtype: Any = None) -> Tensor:
        """The product over some or all dimensions (integers in int64)."""
        if dtype is None:
            return _core.prod(self, dim, keepdim)
        return _core.prod(self.to(dtype=dtype), dim, keepdim).to(dtype=dtype)

    def var(
        self,
        dim: Any = None,
        unbiased: builtins.bool = True,
        keepdim: builtins.bool = False,
        *,
        correction: Any = None,
    ) -> Tensor:
        """The variance, divided by n − correction (1 unless told)."""
        if isinstance(dim, builtins.bool):
            dim, unbiased = None, dim
        degrees = builtins.float(unbiased) if correction is None else builtins.float(correction)
        return _core.var(self, dim, degrees, keepdim)

    def std(
        self,
        dim: Any = None,
        unbiased: builtins.bool = True,
        keepdim: builtins.bool = False,
        *,
        correction: Any = None,
    ) -> Tensor:
        """The standard deviation, √var."""
        if isinstance(dim, builtins.bool):
            dim, unbiased = None, dim
        degrees = builtins.float(unbiased) if correction is None else builtins.float(correction)
        return _core.std(self, dim, degrees, keepdim)

    def amax(self, dim: Any = None, keepdim: builtins.bool = False) -> Tensor:
        """The greatest value over some or all dimensions; ties share the gradient."""
        return _core.amax(self, dim, keepdim)

    def amin(self, dim: Any = None, keepdim: builtins.bool = False) -> Tensor:
        """The least value over some or all dimensions; ties share the gradient."""
        return _core.amin(self, dim, keepdim)

    def max(self, dim: Any = None, keepdim: builtins.bool = False) -> Any:
        """The greatest value; with an integer dim, (values, indices); with a tensor, the elementwise maximum."""
        return _extremum(self, dim, keepdim, _core.amax, _core.max_dim, "maximum")

    def min(self, dim: Any = None, keepdim: builtins.bool = False) -> Any:
        """The least value; with an integer dim, (values, indices); with a tensor, the elementwise minimum."""
        return _extremum(self, dim, keepdim, _core.amin, _core.min_dim, "minimum")

    def argmax(self, dim: int | None = None, keepdim: builtins.bool = False) -> Tensor:
        """The index of the greatest value, the first among equals."""
        return _core.argmax(self, dim, keepdim)

    def argmin(self, dim: int | None = None, keepdim: builtins.bool = False) -> Tensor:
        """The index of the least value, the first among equals."""
        return _core.argmin(self, dim, keepdim)

    def any(self, dim: Any = None, keepdim: builtins.bool = False) -> Tensor:
        """Whether any element is not zero."""
        return _core.any(self, dim, keepdim)

    def all(self, dim: Any = None, keepdim: builtins.bool = False) -> Tensor:
        """Whether all elements are not zero."""
        return _core.all(self, dim, keepdim)

    def clamp(self, min: Any = None, max: Any = None) -> Tensor:
        """Values limited to [min, max]; None leaves a side open."""
        if isinstance(min, _core.TensorBase) or isinstance(max, _core.TensorBase):
            low = self if min is None else _core.binary("maximum", self, min)
            return low if max is None else _core.binary("minimum", low, max)
        limits = -np.inf if min is None else min, np.inf if max is None else max
        fractions = builtins.any(isinstance(limit, builtins.float) for limit in (min, max))
        whole = not self.dtype.is_floating_point
        return _core.clamp(
            self.to(dtype=_core.dtype.float32) if fractions and whole else self, *limits
        )

    clip = clamp

    def matmul(self, other: Tensor) -> Tensor:
        """The matrix product; leading dimensions broadcast."""
        return _core.matmul(self, other)

    def mm(self, mat2: Tensor) -> Tensor:
        """The product of two matrices."""
        _check_ranks("mm", 2, self, mat2)
        return _core.matmul(self, mat2)

    def bmm(self, mat2: Tensor) -> Tensor:
        """The products of two batches of matrices."""
        _check_ranks("bmm", 3, self, mat2)
        return _core.matmul(self, mat2)

    def dot(self, other: Tensor) -> Tensor:
        """The inner product of two vectors."""
        _check_ranks("dot", 1, self, other)
        return _core.matmul(self, other)

    def softmax(self, dim: int) -> Tensor:
        """exp(x) over its sum along dim."""
        return _core.softmax(self, dim)

    def log_softmax(self, dim: int) -> Tensor:
        """The logarithm of softmax, computed without overflow."""
        return _core.log_softmax(self, dim)

    def heaviside(self, values: Tensor) -> Tensor:
        """0 below 0, 1 above, and values at 0."""
        return _core.binary("heaviside", self, values)

    def hardshrink(self, lambd: builtins.float = 0.5) -> Tensor:
        """0 where |x| ≤ lambd, else x."""
        return _core.unary("hardshrink", self, lambd)

    def prelu(self, weight: Tensor) -> Tensor:
        """x where positive, else weight·x: one weight, or one for each channel."""
        return _core.prelu(self, weight)

    def where(self, condition: Tensor, other: Tensor | float) -> Tensor:
        """Elements of self where condition holds, else of other."""
        return _core.where(condition, self, other)

    def copy_(self, src: Any) -> Tensor:
        """Overwrites this tensor with src, broadcast and converted."""
        _core.assign(self, src)
        return self

    def fill_(self, value: Any) -> Tensor:
        """Overwrites every element."""
        _core.assign(self, value)
        return self

    def zero_(self) -> Tensor:
        """Overwrites every element with zero."""
        return self.fill_(0)

    def clamp_(self, min: Any = None, max: Any = None) -> Tensor:
        """clamp in place."""
        limited = (self.clone() if self.requires_grad else self).clamp(min, max)
        if limited.dtype.is_floating_point and not self.dtype.is_floating_point:
            raise TypeError(
                f"clamp_: a result of dtype {limited.dtype} does not fit into {self.dtype}"
            )
        _core.assign(self, limited)
        return self

    def add_(self, other: Tensor | float, *, alpha: Any = 1) -> Tensor:
        """Adds alpha·other in place."""
        _core.binary_("add", self, _scaled(self, other, alpha))
        return self

    def add(self, other: Tensor | float, *, alpha: Any = 1) -> Tensor:
        """self + alpha·other."""
        return self + _scaled(self, other, alpha)

    def div(self, other: Tensor | float, *, rounding_mode: str | None = None) -> Tensor:
        """x/other (integers give floating point), rounded towards zero ("trunc") or down ("floor") if asked."""
        if rounding_mode is None:
            return _core.binary("div", self, other)
        if rounding_mode == "floor":
            return _core.binary("floor_divide", self, other)
        if rounding_mode != "trunc":
            raise _core.ArgumentError(
                f'div: rounding_mode must be None, "trunc" or "floor", got {rounding_mode!r}'
            )
        quotient = _core.binary("div", self, other).trunc()
        return quotient.to(dtype=_core.result_type(self, other))

    def div_(self, other: Tensor | float, *, rounding_mode: str | None = None) -> Tensor:
        """div in place."""
        if rounding_mode is None:
            _core.binary_("div", self, other)
        else:
            _core.assign(self, self.div(other, rounding_mode=rounding_mode))
        return self

    def sub(self, other: Tensor | float, *, alpha: Any = 1) -> Tensor:
        """self − alpha·other."""
        return self - _scaled(self, other, alpha)

    def sub_(self, other: Tensor | float, *, alpha: Any = 1) -> Tensor:
        """Subtracts alpha·other in place."""
        _core.binary_("sub", self, _scaled(self, other, alpha))
        return self


def _scaled(self: Tensor, other: Any, alpha: Any) -> Any:
    """alpha·other; a whole alpha does not change the dtype of what self and other give together."""
    if isinstance(alpha, builtins.int) and alpha == 1:
        return other
    if isinstance(other, _core.TensorBase) and isinstance(alpha, builtins.int):
        return (other * alpha).to(dtype=_core.result_type(self, other))
    return other * alpha


def _check_ranks(op: str, rank: int, a: Tensor, b: Tensor) -> None:
    if a.ndim != rank or b.ndim != rank:
        raise _core.ArgumentError(
            f"{op}: expected two tensors with {rank} dimensions, got shapes {a.shape} and {b.shape}"
        )
    if rank == 3 and a.shape[0] != b.shape[0]:
        raise _core.ArgumentError(f"{op}: batch sizes differ, got shapes {a.shape} and {b.shape}")


def _extremum(
    x: Tensor, dim: Any, keepdim: builtins.bool, over_all: Any, along: Any, elementwise: str
) -> Any:
    if dim is None:
        return over_all(x, [], False)
    if isinstance(dim, _core.TensorBase):
        return _core.binary(elementwise, x, dim)
    return ValuesIndices(*along(x, dim, keepdim))


def _unary_method(op: str, text: str) -> Any:
    def method(self: Tensor) -> Tensor:
        return _core.unary(op, self)

    method.__name__ = method.__qualname__ = op
    method.__doc__ = text
    return method


def _binary_method(name: str, op: str, text: str) -> Any:
    def method(self: Tensor, other: Tensor | float) -> Tensor:
        return _core.binary(op, self, other)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = text
    return method


def _unary_in_place(op: str) -> Any:
    def method(self: Tensor) -> Tensor:
        _core.unary_(op, self)
        return self

    method.__name__ = method.__qualname__ = op + "_"
    method.__doc__ = f"{op} in place."
    return method


def _binary_in_place(op: str) -> Any:
    def method(self: Tensor, other: Any) -> Tensor:
        _core.binary_(op, self, other)
        return self

    method.__name__ = method.__qualname__ = op + "_"
    method.__doc__ = f"{op} in place; TypeError where the result's dtype does not fit."
    return method


UNARY = {
    "neg": "−x.",
    "abs": "|x|.",
    "sign": "−1, 0 or 1.",
    "square": "x².",
    "floor": "The greatest integer ≤ x.",
    "ceil": "The least integer ≥ x.",
    "round": "The nearest integer, halves to even.",
    "trunc": "Without the fraction.",
    "relu": "max(x, 0).",
    "exp": "eˣ.",
    "expm1": "eˣ − 1, exact near 0.",
    "log": "The natural logarithm.",
    "log1p": "ln(1 + x), exact near 0.",
    "sqrt": "√x.",
    "rsqrt": "1/√x.",
    "reciprocal": "1/x.",
    "sin": "The sine (radians).",
    "cos": "The cosine (radians).",
    "tan": "The tangent (radians).",
    "asin": "The inverse sine, in [−π/2, π/2].",
    "acos": "The inverse cosine, in [0, π].",
    "atan": "The inverse tangent, in (−π/2, π/2).",
    "sinh": "The hyperbolic sine.",
    "cosh": "The hyperbolic cosine.",
    "asinh": "The inverse hyperbolic sine.",
    "acosh": "The inverse hyperbolic cosine.",
    "atanh": "The inverse hyperbolic tangent.",
    "exp2": "2ˣ.",
    "log2": "The logarithm to base 2.",
    "log10": "The logarithm to base 10.",
    "erfc": "1 − erf(x), exact for large x.",
    "erfinv": "The inverse of erf, for |x| ≤ 1.",
    "bitwise_not": "Every bit of an integer turned; of bool, where false.",
    "tanh": "The hyperbolic tangent.",
    "erf": "The error function.",
    "sigmoid": "1/(1 + e⁻ˣ).",
    "logical_not": "Where x is zero.",
    "isnan": "Where x is not a number.",
    "isinf": "Where x is ±∞.",
    "isfinite": "Where x is neither ±∞ nor NaN.",
}
# Further names, as PyTorch has them.
ALIASES = {
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
}  # fmt: skip
BINARY = {
    "mul": ("mul", "x·other."),
    "multiply": ("mul", "x·other."),
    "true_divide": ("div", "x/other."),
    "pow": ("pow", "x to the power other."),
    "maximum": ("maximum", "The greater of the two; NaN wins."),
    "minimum": ("minimum", "The lesser of the two; NaN wins."),
    "remainder": ("remainder", "The remainder, with other's sign."),
    "floor_divide": ("floor_divide", "⌊x/other⌋."),
    "atan2": ("atan2", "The angle of (other, x)."),
    "arctan2": ("atan2", "The angle of (other, x)."),
    "fmod": ("fmod", "The remainder, with x's sign."),
    "copysign": ("copysign", "|x| with other's sign."),
    "bitwise_and": ("bitwise_and", "Bits set in both; of bool, where both are true."),
    "bitwise_or": ("bitwise_or", "Bits set in one; of bool, where one is true."),
    "bitwise_xor": ("bitwise_xor", "Bits set in exactly one; of bool, where they differ."),
    "bitwise_left_shift": ("bitwise_left_shift", "x·2^other of integers."),
    "bitwise_right_shift": ("bitwise_right_shift", "⌊x/2^other⌋ of integers."),
    "eq": ("eq", "Where equal."),
    "ne": ("ne", "Where different."),
    "lt": ("lt", "Where less."),
    "le": ("le", "Where less or equal."),
    "gt": ("gt", "Where greater."),
    "ge": ("ge", "Where greater or equal."),
    "logical_and": ("logical_and", "Where both are not zero."),
    "logical_or": ("logical_or", "Where one is not zero."),
    "logical_xor": ("logical_xor", "Where exactly one is not zero."),
}


for _name, _text in UNARY.items():
    setattr(MathMethods, _name, _unary_method(_name, _text))
for _name, (_op, _text) in BINARY.items():
    setattr(MathMethods, _name, _binary_method(_name, _op, _text))
for _name in UNARY:
    if not _name.startswith(("is", "logical")):
        setattr(MathMethods, _name + "_", _unary_in_place(_name))
for _name in ("mul", "pow", "remainder", "floor_divide"):
    setattr(MathMethods, _name + "_", _binary_in_place(_name))
for _name, _op in ALIASES.items():
    setattr(MathMethods, _name, getattr(MathMethods, _op))
    setattr(MathMethods, _name + "_", getattr(MathMethods, _op + "_"))
