"""In-place forms of methods that have no formula of their own in place: the result is computed, then written over self."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from convcore import _convert as convert
from convcore import _core
from convcore import _order as _order  # methods that get a form in place here
from convcore import _pointwise as _pointwise
from convcore._attach import overwriting
from convcore._tensor import Tensor

_NAMES = (
    "arctan2", "atan2", "bitwise_and", "bitwise_left_shift", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "clip",
    "copysign", "cumsum", "eq", "float_power", "fmod", "ge", "greater", "greater_equal", "gt", "heaviside", "ldexp", "le", "less", "less_equal",
    "logical_and", "logical_not", "logical_or", "logical_xor", "lt", "multiply", "ne", "not_equal", "tril", "triu",
    "true_divide",
)  # fmt: skip
for _name in _NAMES:
    setattr(Tensor, _name + "_", overwriting(getattr(Tensor, _name)))


def _apply_(self: Tensor, callable: Any) -> Tensor:
    """Each element overwritten with callable(element), one by one in Python."""
    array = np.vectorize(callable)(self.detach().numpy()) if self.numel() else np.asarray(self)
    _core.assign(self, convert.from_array(np.asarray(array), copy=True).to(dtype=self.dtype))
    return self


def _fill_diagonal_(self: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """The main diagonal overwritten (of equal indices where there are more dimensions than two).

    >>> import convcore as cc
    >>> cc.zeros(2, 2).fill_diagonal_(5)
    tensor([[5., 0.],
            [0., 5.]])
    """
    if self.ndim < 2:
        raise _core.ArgumentError(
            f"fill_diagonal_: expected at least 2 dimensions, got shape {tuple(self.shape)}"
        )
    if self.ndim == 2:
        rows, columns = self.shape
        self.diagonal().fill_(fill_value)
        for start in range(columns + 1, rows, columns + 1) if wrap and rows > columns else ():
            self[start:].diagonal().fill_(fill_value)
        return self
    if len(set(self.shape)) > 1:
        raise _core.ArgumentError(
            f"fill_diagonal_: sizes must be equal, got shape {tuple(self.shape)}"
        )
    places = _core.arange(0, self.shape[0], 1, _core.dtype.int64)
    self[(places,) * self.ndim] = fill_value
    return self


def _exponential_(self: Tensor, lambd: float = 1, *, generator: Any = None) -> Tensor:
    """Overwrites with exponentially distributed numbers of rate lambd."""
    uniform = self.uniform_(generator=generator)
    return self.copy_((1 - uniform).log() * (-1 / lambd))


def _geometric_(self: Tensor, p: float, *, generator: Any = None) -> Tensor:
    """Overwrites with the number of trials up to the first success of probability p."""
    drawn = _drawn(self, generator)
    return self.copy_(((1 - drawn).log() / math.log1p(-p)).ceil().clamp(min=1))


def _log_normal_(self: Tensor, mean: float = 1, std: float = 2, *, generator: Any = None) -> Tensor:
    """Overwrites with exp of normally distributed numbers."""
    return self.copy_(self.normal_(mean, std, generator=generator).exp())


def _cauchy_(self: Tensor, median: float = 0, sigma: float = 1, *, generator: Any = None) -> Tensor:
    """Overwrites with Cauchy-distributed numbers."""
    uniform = self.uniform_(generator=generator)
    return self.copy_(((uniform - 0.5) * math.pi).tan() * sigma + median)


def _random_(
    self: Tensor, from_: int = 0, to: int | None = None, *, generator: Any = None
) -> Tensor:
    """Overwrites with whole numbers from from_ to to − 1; one argument alone is `to`."""
    if to is None:
        limit = {
            "bool": 2,
            "uint8": 256,
            "int32": 2**31,
            "bfloat16": 2**8 + 1,
            "float32": 2**24 + 1,
            "float64": 2**53 + 1,
        }
        from_, to = (0, from_) if from_ else (0, limit.get(self.dtype.name, 2**63 - 1))
    drawn = _core.randint(from_, to, list(self.shape), _core.dtype.int64, generator)
    _core.assign(self, drawn.to(dtype=self.dtype))
    return self


def _drawn(like: Tensor, generator: Any) -> Tensor:
    return _core.rand(list(like.shape), _core.dtype.float32, generator)


for _function in (
    _apply_,
    _fill_diagonal_,
    _exponential_,
    _geometric_,
    _log_normal_,
    _cauchy_,
    _random_,
):
    _function.__name__ = _function.__qualname__ = _function.__name__[1:]
    setattr(Tensor, _function.__name__, _function)
