"""Schedules of one formula: by functions, steps, factors, lines and powers."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from convcore.optim.lr_scheduler.base import LRScheduler, callable_state, check_optimizer, each
from convcore.optim.optimizer import Optimizer


class _ByFunction(LRScheduler):
    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Iterable[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(self, optimizer)
        self.optimizer = optimizer
        self.lr_lambdas = each(self, lr_lambda, "lr_lambda")
        super().__init__(optimizer, last_epoch)

    def _factors(self) -> list[float]:
        return [f(self.last_epoch) for f in self.lr_lambdas]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer; of the functions only what callable objects hold."""
        return super().state_dict() | {"lr_lambdas": [callable_state(f) for f in self.lr_lambdas]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state; functions stay."""
        state = dict(state_dict)
        for f, attributes in zip(self.lr_lambdas, state.pop("lr_lambdas"), strict=True):
            if attributes is not None:
                f.__dict__.update(attributes)
        super().load_state_dict(state)


class LambdaLR(_ByFunction):
    """The initial rate times `lr_lambda(epoch)`, one function or one per group.

    >>> import convcore as cc
    >>> opt = cc.optim.SGD([cc.nn.Parameter(cc.zeros(1))], lr=1.0)
    >>> schedule = cc.optim.lr_scheduler.LambdaLR(opt, lambda epoch: 1 / (1 + epoch))
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    def get_lr(self) -> list[float]:
        return [base * factor for base, factor in zip(self.base_lrs, self._factors(), strict=True)]


class MultiplicativeLR(_ByFunction):
    """The rate times `lr_lambda(epoch)` after each epoch, one function or one per group.

    >>> import convcore as cc
    >>> opt = cc.optim.SGD([cc.nn.Parameter(cc.zeros(1))], lr=1.0)
    >>> schedule = cc.optim.lr_scheduler.MultiplicativeLR(opt, lambda epoch: 0.5)
    >>> schedule.step(); schedule.step()
    >>> schedule.get_last_lr()
    [0.25]
    """

    def get_lr(self) -> list[float]:
        if self._starting:
            return self._rates()
        return [rate * factor for rate, factor in zip(self._rates(), self._factors(), strict=True)]


class StepLR(LRScheduler):
    """Multiply the rates by `gamma` every `step_size` epochs.

    >>> import convcore as cc
    >>> opt = cc.optim.SGD([cc.nn.Parameter(cc.zeros(1))], lr=1.0)
    >>> schedule = cc.optim.lr_scheduler.StepLR(opt, step_size=2, gamma=0.5)
    >>> schedule.step(); schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        if step_size < 1:
            raise ValueError(f"StepLR: step_size must be positive, got {step_size}")
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0 or self.last_epoch % self.step_size:
            return self._rates()
        return [rate * self.gamma for rate in self._rates()]

    def _closed_form(self) -> list[float]:
        factor = self.gamma ** (self.last_epoch // self.step_size)
        return [rate * factor for rate in self.base_lrs]


class MultiStepLR(LRScheduler):
    """Multiply the rates by `gamma` at each of the epochs in `milestones`.

    >>> import convcore as cc
    >>> opt = cc.optim.SGD([cc.nn.Parameter(cc.zeros(1))], lr=1.0)
    >>> schedule = cc.optim.lr_scheduler.MultiStepLR(opt, milestones=[1, 3], gamma=0.5)
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        milestones: Iterable[int],
        gamma: float = 0.1,
        last_epoch: int = -1,
    ) -> None:
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        times = self.milestones[self.last_epoch]
        return [rate * self.gamma**times if times else rate for rate in self._rates()]

    def _closed_form(self) -> list[float]:
        factor = self.gamma ** bisect_right(sorted(self.milestones.elements()), self.last_epoch)
        return [rate * factor for rate in self.base_lrs]

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state; its milestones may have become a plain dict."""
        super().load_state_dict(state_dict)
        self.milestones = Counter(self.milestones)


class ConstantLR(LRScheduler):
    """The rates times `factor` for `total_iters` epochs, then as they were.

    >>> import convcore as cc
    >>> opt = cc.optim.SGD([cc.nn.Parameter(cc.zeros(1))], lr=1.0)
    >>> schedule = cc.optim.lr_scheduler.ConstantLR(opt, factor=0.5, total_iters=2)
    >>> [(opt.param_groups[0]["lr"], schedule.step())[0] for _ in range(4)]
    [0.5, 0.5, 1.0, 1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        factor: float = 1 / 3,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 <= factor <= 1:
            raise ValueError(f"ConstantLR: factor must be between 0 and 1, got {factor}")
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0:
            return [rate * self.factor for rate in self._rates()]
        if self.last_epoch != self.total_iters:
            return self._rates()
        if self.factor == 0:
            return list(self.base_lrs)
        return [rate * (1 / self.factor) for rate in self._rates()]

    def _closed_form(self) -> list[float]:
        factor = 1 if self.last_epoch >= self.total_iters else self.factor
        return [rate * factor for rate in self.base_lrs]


class LinearLR(LRScheduler):
    """A factor on the rates that goes evenly from `start_factor` to `end_factor` in `total_iters` epochs.

    >>> import convcore as cc
    >>> opt = cc.optim.SGD([cc.nn.Parameter(cc.zeros(1))], lr=1.0)
    >>> schedule = cc.optim.lr_scheduler.LinearLR(opt, start_factor=0.5, total_iters=2)
    >>> [(opt.param_groups[0]["lr"], schedule.step())[0] for _ in range(4)]
    [0.5, 0.75, 1.0, 1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ValueError(
                f"LinearLR: start_factor must be above 0 and at most 1, got {start_factor}"
            )
        if not 0 <= end_factor <= 1:
            raise ValueError(f"LinearLR: end_factor must be between 0 and 1, got {end_factor}")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self, epoch: int) -> float:
        share = min(epoch, self.total_iters) / self.total_iters
        return self.start_factor + (self.end_factor - self.start_factor) * share

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0:
            return [rate * self.start_factor for rate in self._rates()]
        if self._starting or self.last_epoch > self.total_iters:
            return self._rates()
        factor = self._factor(self.last_epoch) / self._factor(self.last_epoch - 1)
        return [rate * factor for rate in self._rates()]

    def _closed_form(self) -> list[float]:
        return [base * self._factor(self.last_epoch) for base in self.base_lrs]


class ExponentialLR(LRScheduler):
    """Multiply the rates by `gamma` every epoch.

    >>> import convcore as cc
    >>> opt = cc.optim.SGD([cc.nn.Parameter(cc.zeros(1))], lr=1.0)
    >>> schedule = cc.optim.lr_scheduler.ExponentialLR(opt, gamma=0.5)
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self._starting:
            return self._rates()
        return [rate * self.gamma for rate in self._rates()]

    def _closed_form(self) -> list[float]:
        return [rate * self.gamma**self.last_epoch for rate in self.base_lrs]


class PolynomialLR(LRScheduler):
    """The initial rate times (1 − epoch/`total_iters`)^`power`, 0 from `total_iters` on.

    >>> import convcore as cc
    >>> opt = cc.optim.SGD([cc.nn.Parameter(cc.zeros(1))], lr=1.0)
    >>> schedule = cc.optim.lr_scheduler.PolynomialLR(opt, total_iters=4, power=1.0)
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.75]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        total_iters: int = 5,
        power: float = 1.0,
        last_epoch: int = -1,
    ) -> None:
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def _left(self, epoch: int) -> float:
        return 1 - min(epoch, self.total_iters) / self.total_iters

    def get_lr(self) -> list[float]:
        if self._starting or self.last_epoch > self.total_iters:
            return self._rates()
        factor = (self._left(self.last_epoch) / self._left(self.last_epoch - 1)) ** self.power
        return [rate * factor for rate in self._rates()]

    def _closed_form(self) -> list[float]:
        return [base * self._left(self.last_epoch) ** self.power for base in self.base_lrs]
