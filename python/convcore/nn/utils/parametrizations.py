"""Ready parametrizations: weights of given norms."""

from __future__ import annotations

import functools
from typing import Any

from convcore import _core
from convcore._tensor import Tensor
from convcore.autograd import no_grad
from convcore.nn.module import Module
from convcore.nn.utils.parametrize import register_parametrization


def norm_except(v: Tensor, dim: int | None) -> Tensor:
    """The norms of a tensor's parts along one dimension, or of the whole."""
    if dim is None or dim == -1:
        return _core.norm(v, 2.0, [], False)
    return _core.norm(v, 2.0, [d for d in range(v.ndim) if d != dim], True)


def normalized(v: Tensor, eps: float) -> Tensor:
    return v / _core.norm(v, 2.0, [], False).clamp(min=eps)


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return weight_v * (weight_g / norm_except(weight_v, self.dim))

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return norm_except(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Learn a weight's length and direction apart: w = g·v/‖v‖, a length for each index of `dim` (None: one).

    (Salimans and Kingma, 2016.) State dicts with PyTorch's older keys `weight_g` and `weight_v` are
    understood too.

    >>> import convcore as cc
    >>> layer = cc.nn.utils.parametrizations.weight_norm(cc.nn.Linear(2, 3))
    >>> {name: tuple(value.shape) for name, value in layer.named_parameters()}  # doctest: +NORMALIZE_WHITESPACE
    {'bias': (3,), 'parametrizations.weight.original0': (3, 1),
     'parametrizations.weight.original1': (3, 2)}
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)
    module.register_load_state_dict_pre_hook(functools.partial(_rename_older, name))
    return module


def _rename_older(name: str, module: Module, state_dict: dict, prefix: str, *rest: Any) -> None:
    for i, part in enumerate("gv"):
        old = f"{prefix}{name}_{part}"
        if old in state_dict:
            state_dict[f"{prefix}parametrizations.{name}.original{i}"] = state_dict.pop(old)


class _SpectralNorm(Module):
    def __init__(
        self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12
    ) -> None:
        super().__init__()
        if not -weight.ndim <= dim < weight.ndim:
            raise IndexError(
                f"spectral_norm: dim must be in [{-weight.ndim}, {weight.ndim - 1}], got {dim}"
            )
        if n_power_iterations < 1:
            raise ValueError(
                f"spectral_norm: n_power_iterations must be at least 1, got {n_power_iterations}"
            )
        self.dim = dim % weight.ndim
        self.eps = eps
        self.n_power_iterations = n_power_iterations
        if weight.ndim > 1:
            with no_grad():
                matrix = as_matrix(weight.detach(), self.dim)
                u, v = (_core.empty([n], weight.dtype).normal_() for n in matrix.shape)
                self.register_buffer("_u", normalized(u, eps))
                self.register_buffer("_v", normalized(v, eps))
                power_method(matrix, self._u, self._v, 15, eps)

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            return normalized(weight, self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            power_method(matrix.detach(), self._u, self._v, self.n_power_iterations, self.eps)
        # Copies: the next call changes both, and this one's gradient still needs them.
        return weight / largest_singular_value(matrix, self._u.clone(), self._v.clone())

    def right_inverse(self, value: Tensor) -> Tensor:
        return value


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """One row for each index of `dim`."""
    order = [dim, *(d for d in range(weight.ndim) if d != dim)]
    return weight.permute(*order).reshape(weight.shape[dim], -1)


def power_method(matrix: Tensor, u: Tensor, v: Tensor, times: int, eps: float) -> None:
    """Turn u and v towards the first singular vectors, in place (Miyato et al., 2018, algorithm 1)."""
    with no_grad():
        for _ in range(times):
            u.copy_(normalized(matrix @ v, eps))
            v.copy_(normalized(matrix.T @ u, eps))


def largest_singular_value(matrix: Tensor, u: Tensor, v: Tensor) -> Tensor:
    return (u * (matrix @ v)).sum()


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """Divide a weight, seen as a matrix with a row for each index of `dim`, by its largest singular value.

    That is followed by `n_power_iterations` steps of the power method at each read in training mode.
    `dim` is 1 for transposed convolutions and else 0. (Miyato, Kataoka, Koyama and Yoshida, 2018.)

    >>> import convcore as cc, numpy as np
    >>> layer = cc.nn.utils.parametrizations.spectral_norm(cc.nn.Linear(3, 3), n_power_iterations=50)
    >>> round(float(np.linalg.norm(np.asarray(layer.weight), 2)), 3)
    1.0
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise _core.ArgumentError(
            f"spectral_norm: {type(module).__name__} has no parameter or buffer {name!r}"
        )
    if dim is None:
        dim = default_dim(module)
    return register_parametrization(
        module, name, _SpectralNorm(weight, n_power_iterations, dim, eps)
    )


def default_dim(module: Module) -> int:
    """Where a layer's weight has its outputs."""
    return 1 if any("ConvTranspose" in kind.__name__ for kind in type(module).__mro__) else 0
