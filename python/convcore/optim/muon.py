"""Momentum whose steps are orthogonal matrices."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from convcore import _core
from convcore._functions import zeros_like
from convcore._tensor import Tensor
from convcore.autograd import enable_grad, no_grad
from convcore.optim.optimizer import Optimizer


class Muon(Optimizer):
    """Muon (Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024), for matrices.

    v ← momentum·v + (1 − momentum)·g; with `nesterov` u = (1 − momentum)·g + momentum·v, else u = v; then `ns_steps` steps of
    Newton and Schulz's iteration bring u's singular values near one, and w ← (1 − lr·weight_decay)·w − lr'·u. lr' is lr times
    √max(1, rows/columns) (`adjust_lr_fn` "original" or None), or 0.2·√max(rows, columns) ("match_rms_adamw").
    ValueError for a parameter that is no matrix: give biases, kernels and embeddings to another optimizer.

    >>> import convcore as cc
    >>> p = cc.nn.Parameter(cc.eye(3))
    >>> opt = cc.optim.Muon([p], lr=0.1, weight_decay=0.0)
    >>> (p * p).sum().backward()
    >>> opt.step()
    """

    def __init__(
        self,
        params: Iterable,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        for name, value in (("lr", lr), ("weight_decay", weight_decay), ("momentum", momentum)):
            if value < 0:
                raise _core.ArgumentError(f"Muon: {name} must not be negative, got {value}")
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise _core.ArgumentError(
                f"Muon: adjust_lr_fn must be None, 'original' or 'match_rms_adamw', got {adjust_lr_fn!r}"
            )
        if len(ns_coefficients) != 3:
            raise _core.ArgumentError(
                f"Muon: ns_coefficients must be three numbers, got {tuple(ns_coefficients)}"
            )
        defaults = {
            "lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov,
            "ns_coefficients": ns_coefficients, "eps": eps, "ns_steps": ns_steps, "adjust_lr_fn": adjust_lr_fn,
        }  # fmt: skip
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of matrices."""
        super().add_param_group(param_group)
        for p in self.param_groups[-1]["params"]:
            if p.ndim != 2:
                raise _core.ArgumentError(
                    f"Muon: parameters must be matrices, got shape {tuple(p.shape)}"
                )

    @no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; the closure's loss, if there is one."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self._move(p, group)
        return loss

    def _move(self, p: Tensor, group: dict[str, Any]) -> None:
        state = self.state.setdefault(p, {})
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = zeros_like(p)
        average, momentum = state["momentum_buffer"], group["momentum"]
        average.copy_(average.lerp(p.grad, 1 - momentum))
        update = p.grad.lerp(average, momentum) if group["nesterov"] else average
        update = orthogonalized(update, group["ns_coefficients"], group["ns_steps"], group["eps"])
        rows, columns = p.shape
        if group["adjust_lr_fn"] == "match_rms_adamw":
            factor = 0.2 * max(rows, columns) ** 0.5
        else:
            factor = max(1, rows / columns) ** 0.5
        p.mul_(1 - group["lr"] * group["weight_decay"])
        p.add_(update, alpha=-group["lr"] * factor)


def orthogonalized(
    matrix: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float
) -> Tensor:
    """x ← a·x + (b·x·xᵀ + c·(x·xᵀ)²)·x, from the matrix over its norm: singular values near one, vectors as they were."""
    a, b, c = coefficients
    wide = matrix.shape[0] <= matrix.shape[1]
    x = matrix if wide else matrix.t()
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.t()
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return x if wide else x.t()
