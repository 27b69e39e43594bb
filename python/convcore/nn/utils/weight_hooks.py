"""PyTorch's older forms of weight and spectral norm: the weight is computed before each forward.

Their state-dict keys are in many published files; for new code there is `parametrizations`.
"""

from __future__ import annotations

from typing import Any

from convcore import _core
from convcore._tensor import Parameter, Tensor
from convcore.autograd import no_grad
from convcore.nn.hooks import FORWARD_PRE
from convcore.nn.module import Module
from convcore.nn.utils.parametrizations import (
    as_matrix,
    default_dim,
    largest_singular_value,
    norm_except,
    normalized,
    power_method,
)


class _WeightNorm:
    """A forward pre-hook that puts g·v/‖v‖ in the weight's place."""

    parts = ("_g", "_v")

    def __init__(self, name: str, dim: int | None) -> None:
        self.name, self.dim = name, dim

    def begin(self, module: Module, weight: Tensor) -> None:
        for part, value in zip(self.parts, (norm_except(weight, self.dim), weight), strict=True):
            module.register_parameter(self.name + part, Parameter(value.clone(), True))

    def compute(self, module: Module, training: bool) -> Tensor:
        g, v = (getattr(module, self.name + part) for part in self.parts)
        return v * (g / norm_except(v, self.dim))

    def __call__(self, module: Module, args: tuple) -> None:
        setattr(module, self.name, self.compute(module, module.training))


class _SpectralNorm(_WeightNorm):
    """A forward pre-hook that puts w/σ in the weight's place, σ found by the power method."""

    parts = ("_orig", "_u", "_v")

    def __init__(self, name: str, dim: int, n_power_iterations: int, eps: float) -> None:
        super().__init__(name, dim)
        if n_power_iterations < 1:
            raise ValueError(
                f"spectral_norm: n_power_iterations must be at least 1, got {n_power_iterations}"
            )
        self.n_power_iterations, self.eps = n_power_iterations, eps

    def begin(self, module: Module, weight: Tensor) -> None:
        matrix = as_matrix(weight, self.dim)
        u, v = (_core.empty([n], weight.dtype).normal_() for n in matrix.shape)
        module.register_parameter(self.name + "_orig", Parameter(weight, True))
        module.register_buffer(self.name + "_u", normalized(u, self.eps))
        module.register_buffer(self.name + "_v", normalized(v, self.eps))

    def compute(self, module: Module, training: bool) -> Tensor:
        weight, u, v = (getattr(module, self.name + part) for part in self.parts)
        matrix = as_matrix(weight, self.dim)
        if training:
            # v first, as PyTorch's older form has it.
            power_method(matrix.detach().T, v, u, self.n_power_iterations, self.eps)
        return weight / largest_singular_value(matrix, u.clone(), v.clone())


def _installed(module: Module, name: str, kind: type) -> int | None:
    """The place of the hook of that kind and name among the module's forward pre-hooks."""
    for place, (hook, _) in module.__dict__.get(FORWARD_PRE, {}).items():
        if type(hook) is kind and hook.name == name:
            return place
    return None


def _install(module: Module, hook: Any) -> Module:
    name = hook.name
    if _installed(module, name, type(hook)) is not None:
        raise _core.ArgumentError(f"{type(module).__name__}: {name!r} already has such a norm")
    weight = module._parameters.get(name)
    if weight is None:
        raise _core.ArgumentError(f"{type(module).__name__} has no parameter {name!r}")
    delattr(module, name)
    hook.begin(module, weight.detach())
    with no_grad():
        setattr(module, name, hook.compute(module, False))
    module.register_forward_pre_hook(hook)
    return module


def _remove(module: Module, name: str, kind: type) -> Module:
    place = _installed(module, name, kind)
    if place is None:
        raise _core.ArgumentError(f"{type(module).__name__}: {name!r} has no such norm")
    hook, _ = module.__dict__[FORWARD_PRE].pop(place)
    value = hook.compute(module, False).detach()
    for part in (name, *(name + part for part in hook.parts)):
        delattr(module, part)
    module.register_parameter(name, Parameter(value))
    return module


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Learn a weight's length `weight_g` and direction `weight_v` apart; see `parametrizations.weight_norm`.

    >>> import convcore as cc
    >>> list(cc.nn.utils.weight_norm(cc.nn.Linear(2, 3)).state_dict())
    ['bias', 'weight_g', 'weight_v']
    """
    return _install(module, _WeightNorm(name, dim))


def remove_weight_norm(module: Module, name: str = "weight") -> Module:
    """Make the weight that `weight_norm` divided a parameter again, with its present value."""
    return _remove(module, name, _WeightNorm)


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """Divide a weight by its largest singular value; see `parametrizations.spectral_norm`.

    >>> import convcore as cc
    >>> list(cc.nn.utils.spectral_norm(cc.nn.Linear(2, 3)).state_dict())
    ['bias', 'weight_orig', 'weight_u', 'weight_v']
    """
    dim = default_dim(module) if dim is None else dim
    return _install(module, _SpectralNorm(name, dim, n_power_iterations, eps))


def remove_spectral_norm(module: Module, name: str = "weight") -> Module:
    """Make the weight that `spectral_norm` divided a parameter again, with its present value."""
    return _remove(module, name, _SpectralNorm)
