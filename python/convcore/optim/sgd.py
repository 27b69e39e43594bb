"""Stochastic gradient descent, with momentum or averaged."""

from __future__ import annotations

from collections.abc import Iterable

from convcore import _core
from convcore.optim.optimizer import CoreOptimizer


class SGD(CoreOptimizer):
    """Gradient descent with momentum: v ← momentum·v + (1 − dampening)·g, p ← p − lr·v.

    With `nesterov` the step is g + momentum·v, as Sutskever et al. ("On the importance of
    initialization and momentum in deep learning", ICML 2013) write Nesterov's method.
    `rate_in_velocity` puts the rate into the velocity, v ← momentum·v + lr·g and p ← p − v, so that
    a changed rate acts on new gradients only, as Krizhevsky et al. (2012) and Caffe do.
    `weight_decay`·p is added to the gradient. `foreach` and `fused` change nothing here: every
    update is fused.

    >>> import convcore as cc
    >>> p = cc.nn.Parameter(cc.tensor([1.0]))
    >>> opt = cc.optim.SGD([p], lr=0.1, momentum=0.9)
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> p.data
    tensor([0.8000])
    """

    _core_class = _core.optim.SGD

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
        differentiable: bool = False,
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
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
            "rate_in_velocity": rate_in_velocity,
        }
        super().__init__(params, defaults)


class ASGD(CoreOptimizer):
    """Averaged descent (Polyak and Juditsky, 1992): `state[p]["ax"]` is the mean after `t0` steps.

    The parameters decay by `lambd`·rate, and the rate falls as
    lr / (1 + lambd·lr·step)^`alpha`.

    >>> import convcore as cc
    >>> p = cc.nn.Parameter(cc.tensor([1.0]))
    >>> opt = cc.optim.ASGD([p], lr=0.1, t0=0)
    >>> for _ in range(2):
    ...     p.grad = cc.ones(1)
    ...     opt.step()
    >>> p.data, opt.state[p]["ax"]
    (tensor([0.8000]), tensor([0.8000]))
    """

    _core_class = _core.optim.ASGD

    def __init__(
        self,
        params: Iterable,
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)
