"""Activations."""

from __future__ import annotations

from typing import Any

from convcore import _core
from convcore._tensor import Tensor
from convcore.nn.functional._in_place import maybe_in_place as _maybe_in_place
from convcore.nn.functional._in_place import unary as _unary


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(input, 0)."""
    return _unary("relu", input, inplace)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """input where positive, else negative_slope·input."""
    return _maybe_in_place(input, _core.leaky_relu(input, negative_slope), inplace)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """input where positive, else alpha·(eˣ − 1)."""
    return _maybe_in_place(input, _core.elu(input, alpha), inplace)


def softplus(input: Tensor, beta: float = 1, threshold: float = 20) -> Tensor:
    """ln(1 + e^(beta·x))/beta."""
    return _core.softplus(input, beta, threshold)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x·Φ(x); approximate="tanh" uses the tanh formula (Hendrycks and Gimpel, 2016)."""
    if approximate not in ("none", "tanh"):
        raise _core.ArgumentError(
            f'gelu: approximate must be "none" or "tanh", got {approximate!r}'
        )
    return _core.unary("gelu" if approximate == "none" else "gelu_tanh", input)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x·σ(x)."""
    return _unary("silu", input, inplace)


def sigmoid(input: Tensor) -> Tensor:
    """1/(1 + e⁻ˣ)."""
    return _core.unary("sigmoid", input)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return _core.unary("tanh", input)


def _softmax_dim(name: str, input: Tensor, dim: int | None) -> int:
    if dim is None:
        raise _core.ArgumentError(f"{name}: dim must be given")
    return dim


def softmax(input: Tensor, dim: int | None = None, dtype: Any = None) -> Tensor:
    """exp(x) over its sum along dim."""
    x = input if dtype is None else input.to(dtype)
    return _core.softmax(x, _softmax_dim("softmax", input, dim))


def log_softmax(input: Tensor, dim: int | None = None, dtype: Any = None) -> Tensor:
    """The logarithm of softmax, computed without overflow."""
    x = input if dtype is None else input.to(dtype)
    return _core.log_softmax(x, _softmax_dim("log_softmax", input, dim))
