"""Schedules made of schedules."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from convcore.optim.lr_scheduler.base import LRScheduler, check_optimizer, set_option
from convcore.optim.lr_scheduler.plateau import ReduceLROnPlateau
from convcore.optim.optimizer import Optimizer


class _Combined(LRScheduler):
    """What the combinations share: the parts, and their states within the whole's."""

    def _take(self, optimizer: Optimizer | None, schedulers: Sequence[LRScheduler]) -> None:
        name = type(self).__name__
        if len(schedulers) == 0:
            raise ValueError(f"{name}: schedulers is empty")
        for i, scheduler in enumerate(schedulers):
            if not isinstance(scheduler, LRScheduler):
                raise TypeError(
                    f"{name}: schedulers[{i}] must be a schedule, got {type(scheduler).__name__}"
                )
        optimizer = optimizer or schedulers[0].optimizer
        check_optimizer(self, optimizer)
        for i, scheduler in enumerate(schedulers):
            if scheduler.optimizer is not optimizer:
                raise ValueError(f"{name}: schedulers[{i}] belongs to another optimizer")
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(
                    f"{name}: schedulers[{i}] is a {type(scheduler).__name__}, whose steps need a "
                    "metric"
                )
        self.optimizer = optimizer
        self._schedulers = list(schedulers)

    def _rewind(self) -> None:
        for scheduler in self._schedulers:
            scheduler._rewind()

    def _to_initial_rates(self) -> None:
        for group in self.optimizer.param_groups:
            set_option(group, "lr", group["initial_lr"])

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer, with the states of the parts as "_schedulers"."""
        return super().state_dict() | {"_schedulers": [s.state_dict() for s in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state, each part its own."""
        state = dict(state_dict)
        for scheduler, part in zip(self._schedulers, state.pop("_schedulers"), strict=True):
            scheduler.load_state_dict(part)
        super().load_state_dict(state)


class SequentialLR(_Combined):
    """One schedule after the other: the next begins at each epoch of `milestones`.

    Each counts its epochs from its own beginning, and starts from the initial rates or from those it
    finds, as its formula says.

    >>> import convcore as cc
    >>> opt = cc.optim.SGD([cc.nn.Parameter(cc.zeros(1))], lr=1.0)
    >>> warm = cc.optim.lr_scheduler.LinearLR(opt, start_factor=0.25, total_iters=3)
    >>> fall = cc.optim.lr_scheduler.ExponentialLR(opt, gamma=0.5)
    >>> schedule = cc.optim.lr_scheduler.SequentialLR(opt, [warm, fall], milestones=[3])
    >>> [(opt.param_groups[0]["lr"], schedule.step())[0] for _ in range(6)]
    [0.25, 0.5, 0.75, 1.0, 0.5, 0.25]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: list[LRScheduler],
        milestones: list[int],
        last_epoch: int = -1,
    ) -> None:
        self._take(optimizer, schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"SequentialLR: milestones must be one less than the {len(schedulers)} schedulers, "
                f"got {len(milestones)}"
            )
        self._milestones = list(milestones)
        self.last_epoch = last_epoch + 1
        self._last_lr = self._rates()
        if last_epoch == -1:  # each part made its first step when it was made; only one counts
            self._rewind()
            self._to_initial_rates()
            self._initial_step()

    def _initial_step(self) -> None:
        self.last_epoch = 0
        self._schedulers[0]._initial_step()
        self._last_lr = self._rates()

    def _restart(self) -> None:
        self.last_epoch = 0
        self._schedulers[0]._restart()

    def step(self) -> None:
        """Go on by one epoch."""
        self.last_epoch += 1
        now = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[now]
        if now > 0 and self._milestones[now - 1] == self.last_epoch:
            scheduler._restart()
        else:
            scheduler.step()
        self._last_lr = self._rates()


class ChainedScheduler(_Combined):
    """Several schedules at once: each step makes a step of all, in order.

    For schedules that multiply the rate they find.

    >>> import convcore as cc
    >>> opt = cc.optim.SGD([cc.nn.Parameter(cc.zeros(1))], lr=1.0)
    >>> warm = cc.optim.lr_scheduler.ConstantLR(opt, factor=0.5, total_iters=1)
    >>> fall = cc.optim.lr_scheduler.ExponentialLR(opt, gamma=0.5)
    >>> schedule = cc.optim.lr_scheduler.ChainedScheduler([warm, fall])
    >>> [(opt.param_groups[0]["lr"], schedule.step())[0] for _ in range(3)]
    [0.5, 0.5, 0.25]
    """

    def __init__(
        self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None
    ) -> None:
        self._take(optimizer, schedulers)
        self._last_lr = self._rates()

    @property
    def last_epoch(self) -> int:
        """The epoch of the last of the schedules."""
        return self._schedulers[-1].last_epoch

    def _initial_step(self) -> None:
        for scheduler in self._schedulers:
            scheduler._initial_step()
        self._last_lr = self._rates()

    def _restart(self) -> None:
        self._rewind()
        self._to_initial_rates()
        self._initial_step()

    def step(self) -> None:
        """Go on by one epoch in all schedules."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = self._rates()
