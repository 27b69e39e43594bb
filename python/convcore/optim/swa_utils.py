"""Averages of weights: stochastic weight averaging and exponential moving averages."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from itertools import chain
from typing import Any

from convcore import _core
from convcore._functions import tensor
from convcore._tensor import Tensor
from convcore.autograd import no_grad
from convcore.nn.module import Module
from convcore.optim.lr_scheduler import LRScheduler
from convcore.optim.lr_scheduler.base import check_optimizer, each
from convcore.optim.optimizer import Optimizer

AverageFunction = Callable[[Tensor, Tensor, Tensor | int], Tensor]
MultiAverageFunction = Callable[[Sequence[Tensor], Sequence[Tensor], Tensor | int], None]


def _move(averaged: Sequence[Tensor], current: Sequence[Tensor], weight: float) -> None:
    """averaged += weight·(current − averaged), those of floating point in one pass."""
    floating = [a.is_floating_point() for a in averaged]
    _core.optim.average(
        [a for a, fits in zip(averaged, floating, strict=True) if fits],
        [c for c, fits in zip(current, floating, strict=True) if fits],
        weight,
    )
    for a, c, fits in zip(averaged, current, floating, strict=True):
        if not fits:
            a.copy_(a + (c - a) * weight)


def _check_decay(name: str, decay: float) -> None:
    if not 0 <= decay <= 1:
        raise ValueError(f"{name}: decay must be between 0 and 1, got {decay}")


def get_ema_multi_avg_fn(decay: float = 0.999) -> MultiAverageFunction:
    """Return a function that moves averages by (1 − `decay`) of the way to the current values.

    All tensors in one pass (Polyak and Juditsky, 1992; Tarvainen and Valpola, "Mean teachers", 2017).

    >>> import convcore as cc
    >>> a = cc.zeros(1)
    >>> cc.optim.swa_utils.get_ema_multi_avg_fn(0.75)([a], [cc.ones(1)], 1)
    >>> a
    tensor([0.2500])
    """
    _check_decay("get_ema_multi_avg_fn", decay)

    def update(averaged: Sequence[Tensor], current: Sequence[Tensor], num_averaged: Any) -> None:
        _move(averaged, current, 1 - decay)

    return update


def get_swa_multi_avg_fn() -> MultiAverageFunction:
    """Return a function that makes averages means of all the values so far, in one pass.

    >>> import convcore as cc
    >>> a = cc.zeros(1)
    >>> cc.optim.swa_utils.get_swa_multi_avg_fn()([a], [cc.ones(1)], 3)
    >>> a
    tensor([0.2500])
    """

    def update(averaged: Sequence[Tensor], current: Sequence[Tensor], num_averaged: Any) -> None:
        _move(averaged, current, 1 / (float(num_averaged) + 1))

    return update


def get_ema_avg_fn(decay: float = 0.999) -> AverageFunction:
    """Return f(average, value, n) = `decay`·average + (1 − `decay`)·value.

    >>> import convcore as cc
    >>> cc.optim.swa_utils.get_ema_avg_fn(0.75)(cc.zeros(1), cc.ones(1), 1)
    tensor([0.2500])
    """
    _check_decay("get_ema_avg_fn", decay)

    def update(averaged: Tensor, current: Tensor, num_averaged: Any) -> Tensor:
        return decay * averaged + (1 - decay) * current

    return update


def get_swa_avg_fn() -> AverageFunction:
    """Return f(average, value, n) = average + (value − average) / (n + 1).

    >>> import convcore as cc
    >>> cc.optim.swa_utils.get_swa_avg_fn()(cc.zeros(1), cc.ones(1), 3)
    tensor([0.2500])
    """

    def update(averaged: Tensor, current: Tensor, num_averaged: Any) -> Tensor:
        return averaged + (current - averaged) / (num_averaged + 1)

    return update


class AveragedModel(Module):
    """A copy of `model` whose parameters are averages of those given to `update_parameters`.

    Means of all by default (Izmailov et al., "Averaging weights leads to wider optima and better
    generalization", UAI 2018); `multi_avg_fn(averaged, current, n)` changes lists of tensors in place,
    `avg_fn(average, value, n)` returns one average. The first update copies. Buffers are averaged
    with `use_buffers` and otherwise copied; `update_bn` makes batch norms fit the averages.
    The copy is `module`, the count of updates `n_averaged`.

    >>> import convcore as cc
    >>> from convcore.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
    >>> model = cc.nn.Linear(2, 1)
    >>> ema = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))
    >>> for _ in range(2):
    ...     ema.update_parameters(model)
    >>> cc.allclose(ema(cc.ones(1, 2)), model(cc.ones(1, 2)))
    True
    """

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: AverageFunction | None = None,
        multi_avg_fn: MultiAverageFunction | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise ValueError("AveragedModel: give avg_fn or multi_avg_fn, not both")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", tensor(0))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the averaged copy computes."""
        return self.module(*args, **kwargs)

    @no_grad()
    def update_parameters(self, model: Module) -> None:
        """Take the parameters of `model` into the averages."""
        averaged = [t.detach() for t in self._averaged_tensors(self.module)]
        current = [t.detach() for t in self._averaged_tensors(model)]
        if len(averaged) != len(current):
            raise ValueError(
                f"AveragedModel: expected a model of {len(averaged)} tensors, got {len(current)}"
            )
        count = self.n_averaged
        if int(count) == 0:
            for a, c in zip(averaged, current, strict=True):
                a.copy_(c)
        elif self.avg_fn is not None:
            for a, c in zip(averaged, current, strict=True):
                a.copy_(self.avg_fn(a, c, count))
        else:
            (self.multi_avg_fn or get_swa_multi_avg_fn())(averaged, current, count)
        if not self.use_buffers:
            for a, c in zip(self.module.buffers(), model.buffers(), strict=True):
                a.copy_(c)
        count += 1

    def _averaged_tensors(self, model: Module) -> Iterable[Tensor]:
        return chain(model.parameters(), model.buffers() if self.use_buffers else ())


@no_grad()
def update_bn(loader: Iterable, model: Module, device: Any = None) -> None:
    """Give the batch norms of `model` the statistics of all inputs of `loader`, in one pass.

    The loader gives inputs, or tuples that begin with them.

    >>> import convcore as cc
    >>> model = cc.nn.Sequential(cc.nn.BatchNorm1d(2))
    >>> cc.optim.swa_utils.update_bn([cc.ones(4, 2), 3 * cc.ones(4, 2)], model)
    >>> model[0].running_mean
    tensor([2., 2.])
    """
    norms = [m for m in model.modules() if isinstance(m, _core.nn.BatchNorm)]
    if not norms:
        return
    momenta = [m.momentum for m in norms]
    was_training = model.training
    model.train()
    for m in norms:
        m.reset_running_stats()
        m.momentum = None  # a plain mean
    try:
        for batch in loader:
            inputs = batch[0] if isinstance(batch, list | tuple) else batch
            model(inputs if device is None else inputs.to(device))
    finally:
        for m, momentum in zip(norms, momenta, strict=True):
            m.momentum = momentum
        model.train(was_training)


class SWALR(LRScheduler):
    """From the rate at hand to `swa_lr` in `anneal_epochs` steps, then constant.

    Along half a cosine ("cos") or a line ("linear"); one `swa_lr`, or one per group.

    >>> import convcore as cc
    >>> opt = cc.optim.SGD([cc.nn.Parameter(cc.zeros(1))], lr=1.0)
    >>> schedule = cc.optim.swa_utils.SWALR(opt, 0.5, anneal_epochs=2, anneal_strategy="linear")
    >>> [(opt.param_groups[0]["lr"], schedule.step())[0] for _ in range(4)]
    [1.0, 0.75, 0.5, 0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(self, optimizer)
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"SWALR: anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r}"
            )
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(
                f"SWALR: anneal_epochs must be an int of at least 0, got {anneal_epochs!r}"
            )
        self.anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        self.optimizer = optimizer
        for group, rate in zip(optimizer.param_groups, each(self, swa_lr, "swa_lr"), strict=True):
            group["swa_lr"] = rate
        super().__init__(optimizer, last_epoch)

    def _share(self, step: int) -> float:
        share = min(max(step / max(self.anneal_epochs, 1), 0), 1)
        return (1 - math.cos(math.pi * share)) / 2 if self.anneal_strategy == "cos" else share

    def get_lr(self) -> list[float]:
        step = max(self._step_count - 1, 0 if self.anneal_epochs else 1)
        before, now = self._share(step - 1), self._share(step)
        rates = []
        for group, rate in zip(self.optimizer.param_groups, self._rates(), strict=True):
            aim = group["swa_lr"]
            # Another schedule may have set the rate: where this way would have begun.
            start = aim if before == 1 else (rate - before * aim) / (1 - before)
            rates.append(now * aim + (1 - now) * start)
        return rates


__all__ = [
    "AveragedModel",
    "SWALR",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]
