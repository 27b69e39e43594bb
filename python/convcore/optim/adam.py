"""Adam and AdamW."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from convcore import _core
from convcore._tensor import Tensor
from convcore.optim.optimizer import CoreOptimizer


class Adam(CoreOptimizer):
    """Adam (Kingma and Ba, 2015): steps of about `lr` whatever the gradient's size.

    `weight_decay` is added to the gradient; `amsgrad` keeps the greatest second moment. `foreach`
    and `fused` change nothing here: every update is fused.

    >>> import convcore as cc
    >>> p = cc.nn.Parameter(cc.tensor([1.0]))
    >>> opt = cc.optim.Adam([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> p.data
    tensor([0.9000])
    """

    _options = ("lr", "betas", "eps", "weight_decay", "amsgrad", "maximize")
    _decoupled = False

    def __init__(
        self,
        params: Iterable,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        fused: bool | None = None,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def _new_core(self) -> Any:
        return _core.optim.Adam(self._decoupled)

    def _shown(self, values: dict[str, Any]) -> dict[str, Any]:
        return {**values, "step": Tensor([values["step"]]).reshape([])}


class AdamW(Adam):
    """Adam with decay of the parameters themselves, p ← p·(1 − lr·weight_decay).

    >>> import convcore as cc
    >>> p = cc.nn.Parameter(cc.tensor([1.0]))
    >>> opt = cc.optim.AdamW([p], lr=0.1)
    >>> p.grad = cc.zeros(1)
    >>> opt.step()
    >>> p.data
    tensor([0.9990])
    """

    _decoupled = True

    def __init__(
        self,
        params: Iterable,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        fused: bool | None = None,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)
