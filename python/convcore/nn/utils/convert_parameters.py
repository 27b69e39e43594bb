"""All parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from convcore import _core
from convcore._tensor import Tensor


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """Join all parameters into one vector.

    >>> import convcore as cc
    >>> tuple(cc.nn.utils.parameters_to_vector(cc.nn.Linear(2, 3).parameters()).shape)
    (9,)
    """
    return _core.cat([p.reshape(-1) for p in parameters], 0)


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Copy consecutive parts of a vector into the parameters.

    Raises ValueError, before any is changed, if the vector has fewer elements than they.

    >>> import convcore as cc
    >>> layer = cc.nn.Linear(2, 1)
    >>> cc.nn.utils.vector_to_parameters(cc.arange(3.0), layer.parameters())
    >>> layer.weight, layer.bias.item()
    (Parameter containing:
    tensor([[0., 1.]], requires_grad=True), 2.0)
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"vector_to_parameters: vec must be a Tensor, got {type(vec).__name__}")
    parameters = list(parameters)
    needed = sum(p.numel() for p in parameters)
    if vec.ndim != 1 or vec.numel() < needed:
        raise _core.ArgumentError(
            f"vector_to_parameters: vec must be a vector of {needed} elements, got shape "
            f"{tuple(vec.shape)}"
        )
    at = 0
    for p in parameters:
        p.detach().copy_(vec.detach()[at : at + p.numel()].reshape(p.shape))
        at += p.numel()
