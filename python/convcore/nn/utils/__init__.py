"""Helpers for parameters and their gradients."""

from __future__ import annotations

import math
from collections.abc import Iterable

from convcore import _core
from convcore._tensor import Tensor


def _with_grad(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    parameters = [parameters] if isinstance(parameters, Tensor) else parameters
    return [p for p in parameters if p.grad is not None]


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> Tensor:
    """Scale all gradients together so that their norm is at most `max_norm`; return the old norm.

    >>> import convcore as cc
    >>> p = cc.nn.Parameter(cc.zeros(2))
    >>> p.grad = cc.tensor([3.0, 4.0])
    >>> cc.nn.utils.clip_grad_norm_([p], 1.0), p.grad
    (tensor(5.), tensor([0.6000, 0.8000]))
    """
    grads = [p.grad.detach() for p in _with_grad(parameters)]
    if not grads:
        return Tensor([0.0]).reshape([])
    if norm_type == math.inf:
        total = max((grad.abs().amax() for grad in grads), key=float)
    else:
        sums = [(grad.abs() ** norm_type).sum() for grad in grads]
        total = sum(sums[1:], sums[0]) ** (1.0 / norm_type)
    if error_if_nonfinite and not math.isfinite(float(total)):
        raise _core.ArgumentError(
            f"clip_grad_norm_: the norm of the gradients is {float(total)}, so they cannot be clipped"
        )
    scale = (max_norm / (total + 1e-6)).clamp(max=1.0)
    for grad in grads:
        grad.mul_(scale)
    return total


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Limit every element of the gradients to ±`clip_value`.

    >>> import convcore as cc
    >>> p = cc.nn.Parameter(cc.zeros(2))
    >>> p.grad = cc.tensor([3.0, -4.0])
    >>> cc.nn.utils.clip_grad_value_([p], 1.0)
    >>> p.grad
    tensor([ 1., -1.])
    """
    for p in _with_grad(parameters):
        p.grad.detach().clamp_(-clip_value, clip_value)


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """Join all parameters into one vector.

    >>> import convcore as cc
    >>> tuple(cc.nn.utils.parameters_to_vector(cc.nn.Linear(2, 3).parameters()).shape)
    (9,)
    """
    return _core.cat([p.reshape(-1) for p in parameters], 0)


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Copy consecutive parts of a vector into the parameters."""
    at = 0
    for p in parameters:
        p.detach().copy_(vec.detach()[at : at + p.numel()].reshape(p.shape))
        at += p.numel()
