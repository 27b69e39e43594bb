"""Functions that may overwrite their input."""

from __future__ import annotations

from convcore import _core
from convcore._tensor import Tensor


def unary(op: str, input: Tensor, inplace: bool) -> Tensor:
    """An elementwise function by its name."""
    if not inplace:
        return _core.unary(op, input)
    _core.unary_(op, input)
    return input


def maybe_in_place(input: Tensor, result: Tensor, inplace: bool) -> Tensor:
    """result, or input overwritten with it."""
    if not inplace:
        return result
    _core.assign(input, result)
    return input
