"""The affine map."""

from __future__ import annotations

from convcore import _core
from convcore._tensor import Tensor


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input (…, in) times weightᵀ (out, in), plus bias (out): (…, out)."""
    return _core.linear(input, weight, bias)
