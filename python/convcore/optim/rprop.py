"""Resilient propagation."""

from __future__ import annotations

from collections.abc import Iterable

from convcore import _core
from convcore.optim.optimizer import CoreOptimizer


class Rprop(CoreOptimizer):
    """Rprop (Riedmiller and Braun, ICNN 1993): a step size per element, moved by signs alone.

    An element's step, `lr` at first, is multiplied by etas[1] while its gradient keeps its sign; when
    the sign turns it is multiplied by etas[0] and the element rests. Steps stay within `step_sizes`.
    For whole data sets rather than batches.

    >>> import convcore as cc
    >>> p = cc.nn.Parameter(cc.tensor([1.0]))
    >>> opt = cc.optim.Rprop([p], lr=0.1)
    >>> for _ in range(2):
    ...     p.grad = cc.ones(1)
    ...     opt.step()
    >>> p.data
    tensor([0.7800])
    """

    _core_class = _core.optim.Rprop

    def __init__(
        self,
        params: Iterable,
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)
