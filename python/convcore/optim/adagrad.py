"""Rates per element from the squares of past gradients: Adagrad, RMSprop, Adadelta."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from convcore import _core
from convcore._functions import full_like
from convcore.optim.optimizer import CoreOptimizer


class Adagrad(CoreOptimizer):
    """Adagrad (Duchi et al., JMLR 12, 2011): p ← p − lr·g / (√(sum of g²) + eps).

    The sum begins at `initial_accumulator_value`; the rate falls as lr / (1 + step·`lr_decay`).
    `weight_decay`·p is added to the gradient. `foreach` and `fused` change nothing here: every
    update is fused.

    >>> import convcore as cc
    >>> p = cc.nn.Parameter(cc.tensor([1.0]))
    >>> opt = cc.optim.Adagrad([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> p.data
    tensor([0.9000])
    """

    _core_class = _core.optim.Adagrad

    def __init__(
        self,
        params: Iterable,
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def _start_state(self, group: dict[str, Any]) -> None:
        for p in group["params"]:
            first = full_like(p.detach(), float(group["initial_accumulator_value"]))
            self._core.set_state(p, {"step": 0, "sum": first})


class RMSprop(CoreOptimizer):
    """RMSprop (Hinton, 2012): p ← p − lr·g / (√v + eps), v the running mean of g² with `alpha`.

    `centered` takes the square of the gradient's mean from v (Graves, "Generating sequences with
    recurrent neural networks", 2013); `momentum` sums the quotients, b ← momentum·b + g / (√v + eps),
    and steps by lr·b. `weight_decay`·p is added to the gradient.

    >>> import convcore as cc
    >>> p = cc.nn.Parameter(cc.tensor([1.0]))
    >>> opt = cc.optim.RMSprop([p], lr=0.01, alpha=0.99)
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> p.data
    tensor([0.9000])
    """

    _core_class = _core.optim.RMSprop

    def __init__(
        self,
        params: Iterable,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)


class Adadelta(CoreOptimizer):
    """Adadelta (Zeiler, "ADADELTA: an adaptive learning rate method", 2012).

    The step is g·√(u + eps) / √(v + eps), v and u the running means of squared gradients and of
    squared steps with `rho`, times `lr`. `weight_decay`·p is added to the gradient.

    >>> import convcore as cc
    >>> p = cc.nn.Parameter(cc.tensor([1.0]))
    >>> opt = cc.optim.Adadelta([p], eps=1e-2)
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> p.data
    tensor([0.6877])
    """

    _core_class = _core.optim.Adadelta

    def __init__(
        self,
        params: Iterable,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)
