"""Borders."""

from __future__ import annotations

from typing import Any

from convcore import _core
from convcore._convert import values as _values
from convcore._tensor import Tensor


def pad(input: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Tensor:
    """Borders of `value` (0): (left, right) of the last dimension, then (low, high) of the one before it, and so on.

    >>> import convcore as cc
    >>> cc.nn.functional.pad(cc.ones(1, 2), (1, 2))
    tensor([[0., 1., 1., 0., 0.]])
    """
    if mode != "constant":
        raise NotImplementedError(f'pad: mode "constant" is available, got {mode!r}')
    widths = _values(pad, "pad")
    if len(widths) % 2 or len(widths) // 2 > input.ndim:
        raise _core.ArgumentError(
            f"pad: expected (low, high) pairs for at most {input.ndim} dimensions, got {tuple(widths)}"
        )
    out, fill = input, 0.0 if value is None else value
    for i in range(len(widths) // 2):
        dim, low, high = input.ndim - 1 - i, widths[2 * i], widths[2 * i + 1]
        out = out.narrow(dim, max(-low, 0), out.shape[dim] - max(-low, 0) - max(-high, 0))

        def border(width: int, like: Tensor = out, dim: int = dim) -> list[Tensor]:
            shape = [*like.shape[:dim], width, *like.shape[dim + 1 :]]
            return [_core.full(shape, fill, like.dtype)] if width > 0 else []

        parts = [*border(low), out, *border(high)]
        out = _core.cat(parts, dim) if len(parts) > 1 else out
    return out
