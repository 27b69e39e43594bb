"""Adam and its family: steps by running means of the gradient and of its square."""

from __future__ import annotations

from collections.abc import Iterable

from convcore import _core
from convcore.optim.optimizer import CoreOptimizer


class Adam(CoreOptimizer):
    """Adam (Kingma and Ba, "Adam: a method for stochastic optimization", 2015).

    Steps are of about `lr` whatever the gradient's size. `weight_decay`·p is added to the gradient,
    or with `decoupled_weight_decay` taken from the parameter as AdamW does; `amsgrad` divides by the
    greatest second moment so far (Reddi et al., 2018). `foreach`, `capturable` and `fused` change
    nothing here: every update is fused.

    >>> import convcore as cc
    >>> p = cc.nn.Parameter(cc.tensor([1.0]))
    >>> opt = cc.optim.Adam([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> p.data
    tensor([0.9000])
    """

    _core_class = _core.optim.Adam

    def __init__(
        self,
        params: Iterable,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)


class AdamW(Adam):
    """Adam with decay of the parameters themselves, p ← p·(1 − lr·weight_decay).

    Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.

    >>> import convcore as cc
    >>> p = cc.nn.Parameter(cc.tensor([1.0]))
    >>> opt = cc.optim.AdamW([p], lr=0.1)
    >>> p.grad = cc.zeros(1)
    >>> opt.step()
    >>> p.data
    tensor([0.9990])
    """

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
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )

    def _load_state(self, state: dict) -> None:
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True  # whatever a file of Adam says
        super()._load_state(state)


class NAdam(CoreOptimizer):
    """Adam with Nesterov's momentum (Dozat, "Incorporating Nesterov momentum into Adam", 2016).

    The momentum rises with the steps, betas[0]·(1 − 0.96^(step·`momentum_decay`) / 2).

    >>> import convcore as cc
    >>> p = cc.nn.Parameter(cc.tensor([1.0]))
    >>> opt = cc.optim.NAdam([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> p.data
    tensor([0.8944])
    """

    _core_class = _core.optim.NAdam

    def __init__(
        self,
        params: Iterable,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)


class RAdam(CoreOptimizer):
    """Rectified Adam (Liu et al., "On the variance of the adaptive learning rate and beyond", 2020).

    Momentum alone while the second moment rests on too few gradients, then Adam with a rate that
    grows with its certainty.

    >>> import convcore as cc
    >>> p = cc.nn.Parameter(cc.tensor([1.0]))
    >>> opt = cc.optim.RAdam([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> p.data
    tensor([0.8000])
    """

    _core_class = _core.optim.RAdam

    def __init__(
        self,
        params: Iterable,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)


class Adamax(CoreOptimizer):
    """Adam divided by the greatest gradient, which fades by betas[1] (Kingma and Ba, 2015, 7.1).

    >>> import convcore as cc
    >>> p = cc.nn.Parameter(cc.tensor([1.0]))
    >>> opt = cc.optim.Adamax([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> p.data
    tensor([0.9000])
    """

    _core_class = _core.optim.Adamax

    def __init__(
        self,
        params: Iterable,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)
