"""Borders."""

from __future__ import annotations

from typing import Any

from convcore import _core
from convcore._convert import values as _values
from convcore._tensor import Tensor


def pad(input: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Tensor:
    """Borders: (left, right) of the last dimension, then (low, high) of the one before it, and so on; any rank.

    `mode` says what is beyond the edge: "constant" `value` (0), "reflect" (the tensor mirrored at its last element, which is
    not repeated), "replicate" (its last element) or "circular" (the tensor again). Negative widths crop. ValueError where
    a width does not fit: reflect needs widths below the size, circular widths up to it.

    >>> import convcore as cc
    >>> cc.nn.functional.pad(cc.ones(1, 2), (1, 2))
    tensor([[0., 1., 1., 0., 0.]])
    >>> cc.nn.functional.pad(cc.tensor([[1.0, 2.0, 3.0]]), (2, 1), mode="reflect")
    tensor([[3., 2., 1., 2., 3., 2.]])
    """
    return _core.pad(input, _values(pad, "pad"), mode, 0.0 if value is None else value)
