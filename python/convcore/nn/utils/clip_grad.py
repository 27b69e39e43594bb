"""Norms of gradients and their clipping."""

from __future__ import annotations

import math
from collections.abc import Iterable

from convcore import _core
from convcore._tensor import Tensor


def _grads(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    parameters = [parameters] if isinstance(parameters, Tensor) else parameters
    return [p.grad.detach() for p in parameters if p.grad is not None]


def get_total_norm(
    tensors: Tensor | Iterable[Tensor],
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of the norms of tensors, as a 0-d tensor: for p = 1, 2, … and ±inf that of all their elements.

    `foreach` changes nothing. Raises RuntimeError for a norm that is not finite if asked to.

    >>> import convcore as cc
    >>> cc.nn.utils.get_total_norm([cc.tensor([3.0]), cc.tensor([0.0, 4.0])])
    tensor(5.)
    """
    tensors = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    if not tensors:
        return Tensor([0.0]).reshape([])
    p = float(norm_type)
    norms = [_core.norm(tensor.detach(), p, [], False) for tensor in tensors]
    total = _core.norm(_core.stack(norms, 0), p, [], False)
    if error_if_nonfinite and not math.isfinite(total.item()):
        raise _core.ArgumentError(
            f"get_total_norm: the norm of order {p} is {total.item()}, so gradients cannot be "
            "clipped by it; error_if_nonfinite=False scales them all the same"
        )
    return total


def clip_grads_with_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    total_norm: Tensor,
    foreach: bool | None = None,
) -> None:
    """Scale all gradients by max_norm / total_norm where that is less than one.

    >>> import convcore as cc
    >>> p = cc.nn.Parameter(cc.zeros(1))
    >>> p.grad = cc.tensor([4.0])
    >>> cc.nn.utils.clip_grads_with_norm_(p, 1.0, cc.tensor(2.0))
    >>> p.grad
    tensor([2.0000])
    """
    scale = (max_norm / (total_norm + 1e-6)).clamp(max=1.0)
    for grad in _grads(parameters):
        grad.mul_(scale)


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients together so that their norm is at most `max_norm`; return the old norm.

    >>> import convcore as cc
    >>> p = cc.nn.Parameter(cc.zeros(2))
    >>> p.grad = cc.tensor([3.0, 4.0])
    >>> cc.nn.utils.clip_grad_norm_([p], 1.0), p.grad
    (tensor(5.), tensor([0.6000, 0.8000]))
    """
    parameters = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    total = get_total_norm(_grads(parameters), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(parameters, max_norm, total)
    return total


def clip_grad_value_(
    parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None
) -> None:
    """Limit every element of the gradients to ±`clip_value`.

    >>> import convcore as cc
    >>> p = cc.nn.Parameter(cc.zeros(2))
    >>> p.grad = cc.tensor([3.0, -4.0])
    >>> cc.nn.utils.clip_grad_value_([p], 1.0)
    >>> p.grad
    tensor([ 1., -1.])
    """
    for grad in _grads(parameters):
        grad.clamp_(-float(clip_value), float(clip_value))
