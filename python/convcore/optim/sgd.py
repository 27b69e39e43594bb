"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from convcore import _core
from convcore.optim.optimizer import CoreOptimizer


class SGD(CoreOptimizer):
    """Gradient descent with momentum: v ← momentum·v + (1 − dampening)·g, p ← p − lr·v.

    With `nesterov` the step is g + momentum·v. `rate_in_velocity` puts the rate into the velocity,
    v ← momentum·v + lr·g and p ← p − v, so that a changed rate acts on new gradients only.
    `foreach` and `fused` change nothing here: every update is fused.

    >>> import convcore as cc
    >>> p = cc.nn.Parameter(cc.tensor([1.0]))
    >>> opt = cc.optim.SGD([p], lr=0.1, momentum=0.9)
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> p.data
    tensor([0.8000])
    """

    _options = (
        "lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize", "rate_in_velocity",
    )  # fmt: skip

    def __init__(
        self,
        params: Iterable,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        fused: bool | None = None,
        rate_in_velocity: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "rate_in_velocity": rate_in_velocity,
        }
        super().__init__(params, defaults)

    def _new_core(self) -> Any:
        return _core.optim.SGD()

    def _shown(self, values: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in values.items() if k != "step"}
