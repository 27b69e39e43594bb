"""Functions that may overwrite their input."""

from __future__ import annotations

from convcore import _core
from convcore._tensor import Tensor


def unary(op: str, input: Tensor, inplace: bool, p: float = 0, q: float = 0) -> Tensor:
    """An elementwise function by its name and parameters."""
    if not inplace:
        return _core.unary(op, input, p, q)
    _core.unary_(op, input, p, q)
    return input


def maybe_in_place(input: Tensor, result: Tensor, inplace: bool) -> Tensor:
    """result, or input overwritten with it."""
    if not inplace:
        return result
    _core.assign(input, result)
    return input
