"""Learning-rate schedules: each `step()` sets the rates of the optimizer's groups for what follows."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from convcore.optim.optimizer import Optimizer


class LRScheduler:
    """The base of schedules: subclass it and define `get_lr`, the rates at `self.last_epoch`.

    Makes its first step when made; call `step()` after the optimizer's. To go on from a
    saved epoch, give `last_epoch` and groups that have "initial_lr", or load a state dict.

    >>> import convcore as cc
    >>> class Halve(cc.optim.lr_scheduler.LRScheduler):
    ...     def get_lr(self):
    ...         return [rate * 0.5**self.last_epoch for rate in self.base_lrs]
    >>> opt = cc.optim.SGD([cc.nn.Parameter(cc.zeros(1))], lr=1.0)
    >>> schedule = Halve(opt)
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f"{type(self).__name__}: optimizer must be an Optimizer, got "
                f"{type(optimizer).__name__}"
            )
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group["initial_lr"] = group["lr"]
            elif "initial_lr" not in group:
                raise KeyError(
                    f"{type(self).__name__}: last_epoch={last_epoch} continues a schedule, but "
                    f"param_groups[{i}] has no 'initial_lr'"
                )
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._step_count = 0
        self.step()

    def get_lr(self) -> list[float]:
        """The rate of each group at `self.last_epoch`."""
        raise NotImplementedError(f"{type(self).__name__} does not define get_lr()")

    def get_last_lr(self) -> list[float]:
        """The rates that the last step set."""
        return self._last_lr

    def step(self, epoch: int | None = None) -> None:
        """Go on by one epoch (or to the one given) and set the groups' rates."""
        self._step_count += 1
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        rates = self.get_lr() if epoch is None else self._closed_form()
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        self._last_lr = list(rates)

    def _closed_form(self) -> list[float]:
        return self.get_lr()

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer."""
        return {k: v for k, v in self.__dict__.items() if k != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state; the groups' rates are the optimizer's own state."""
        self.__dict__.update(state_dict)

    def _rates(self) -> list[float]:
        return [group["lr"] for group in self.optimizer.param_groups]


def _each(scheduler: LRScheduler, value: Any, name: str) -> list:
    """One value for all groups, or one for each."""
    count = len(scheduler.optimizer.param_groups)
    if not isinstance(value, tuple | list):
        return [value] * count
    if len(value) != count:
        raise ValueError(
            f"{type(scheduler).__name__}: {name} must be one value or {count}, one per parameter "
            f"group, got {len(value)}"
        )
    return list(value)


class LambdaLR(LRScheduler):
    """The initial rate times `lr_lambda(epoch)`, one function or one per group.

    >>> import convcore as cc
    >>> opt = cc.optim.SGD([cc.nn.Parameter(cc.zeros(1))], lr=1.0)
    >>> schedule = cc.optim.lr_scheduler.LambdaLR(opt, lambda epoch: 1 / (1 + epoch))
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(
        self, optimizer: Optimizer, lr_lambda: Callable | Iterable[Callable], last_epoch: int = -1
    ) -> None:
        self.optimizer = optimizer
        self.lr_lambdas = _each(self, lr_lambda, "lr_lambda")
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return [
            base * f(self.last_epoch)
            for f, base in zip(self.lr_lambdas, self.base_lrs, strict=True)
        ]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer; of the functions only what callable objects hold."""
        state = {k: v for k, v in super().state_dict().items() if k != "lr_lambdas"}
        state["lr_lambdas"] = [
            None if hasattr(f, "__code__") else dict(f.__dict__) for f in self.lr_lambdas
        ]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state; functions stay."""
        state = dict(state_dict)
        for f, attributes in zip(self.lr_lambdas, state.pop("lr_lambdas"), strict=True):
            if attributes is not None:
                f.__dict__.update(attributes)
        self.__dict__.update(state)


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
        if self.last_epoch == 0:
            return self._rates()
        return [rate * self.gamma for rate in self._rates()]

    def _closed_form(self) -> list[float]:
        return [rate * self.gamma**self.last_epoch for rate in self.base_lrs]


class CosineAnnealingLR(LRScheduler):
    """From the initial rate to `eta_min` along half a cosine of `T_max` epochs, and back.

    >>> import convcore as cc
    >>> opt = cc.optim.SGD([cc.nn.Parameter(cc.zeros(1))], lr=1.0)
    >>> schedule = cc.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=2)
    >>> schedule.step()
    >>> round(schedule.get_last_lr()[0], 6)
    0.5
    """

    def __init__(
        self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        if T_max < 1:
            raise ValueError(f"CosineAnnealingLR: T_max must be positive, got {T_max}")
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        # Multiplies what is there, so that schedules can be combined.
        epoch, period = self.last_epoch, self.T_max
        if epoch == 0:
            return self._rates()
        if self._step_count == 1 and epoch > 0:
            return self._closed_form()
        if (epoch - 1 - period) % (2 * period) == 0:
            rise = (1 - math.cos(math.pi / period)) / 2
            return [
                rate + (base - self.eta_min) * rise
                for base, rate in zip(self.base_lrs, self._rates(), strict=True)
            ]
        factor = (1 + math.cos(math.pi * epoch / period)) / (
            1 + math.cos(math.pi * (epoch - 1) / period)
        )
        return [factor * (rate - self.eta_min) + self.eta_min for rate in self._rates()]

    def _closed_form(self) -> list[float]:
        share = (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2
        return [self.eta_min + (base - self.eta_min) * share for base in self.base_lrs]


class OneCycleLR(LRScheduler):
    """Up from `max_lr`/`div_factor` to `max_lr`, then down (Smith and Topin, 2019); step per batch.

    The length is `total_steps` or `epochs`·`steps_per_epoch`; `pct_start` of it rises. Momentum
    (or Adam's first beta) goes the other way. With `three_phase` the fall to the start mirrors the
    rise and a last phase goes to the start divided by `final_div_factor`. Raises ValueError when
    stepped beyond its end.

    >>> import convcore as cc
    >>> opt = cc.optim.SGD([cc.nn.Parameter(cc.zeros(1))], lr=1.0, momentum=0.9)
    >>> schedule = cc.optim.lr_scheduler.OneCycleLR(opt, max_lr=0.5, total_steps=10)
    >>> schedule.step(); schedule.step()
    >>> round(opt.param_groups[0]["lr"], 6), round(opt.param_groups[0]["momentum"], 6)
    (0.5, 0.85)
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        self.optimizer = optimizer
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("OneCycleLR: give total_steps, or both epochs and steps_per_epoch")
            for name, value in (("epochs", epochs), ("steps_per_epoch", steps_per_epoch)):
                if value <= 0:
                    raise ValueError(f"OneCycleLR: {name} must be positive, got {value}")
            total_steps = epochs * steps_per_epoch
        if total_steps <= 0:
            raise ValueError(f"OneCycleLR: total_steps must be positive, got {total_steps}")
        if not 0 <= pct_start <= 1:
            raise ValueError(f"OneCycleLR: pct_start must be between 0 and 1, got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"OneCycleLR: anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r}"
            )
        self.total_steps = total_steps
        self.anneal_strategy = anneal_strategy
        self.cycle_momentum = cycle_momentum
        rise = pct_start * total_steps - 1
        if three_phase:
            self._phases = [
                (rise, "initial_lr", "max_lr", "max_momentum", "base_momentum"),
                (2 * rise, "max_lr", "initial_lr", "base_momentum", "max_momentum"),
                (total_steps - 1, "initial_lr", "min_lr", "max_momentum", "max_momentum"),
            ]
        else:
            self._phases = [
                (rise, "initial_lr", "max_lr", "max_momentum", "base_momentum"),
                (total_steps - 1, "max_lr", "min_lr", "base_momentum", "max_momentum"),
            ]
        if last_epoch == -1:
            for group, rate in zip(
                optimizer.param_groups, _each(self, max_lr, "max_lr"), strict=True
            ):
                group["initial_lr"] = rate / div_factor
                group["max_lr"] = rate
                group["min_lr"] = group["initial_lr"] / final_div_factor
        if cycle_momentum:
            groups = optimizer.param_groups
            if not all("momentum" in g or "betas" in g for g in groups):
                raise ValueError(
                    "OneCycleLR: cycle_momentum=True needs an optimizer with momentum or betas"
                )
            if last_epoch == -1:
                for group, low, high in zip(
                    groups,
                    _each(self, base_momentum, "base_momentum"),
                    _each(self, max_momentum, "max_momentum"),
                    strict=True,
                ):
                    _set_momentum(group, high)
                    group["max_momentum"] = high
                    group["base_momentum"] = low
        initial = [group.get("initial_lr") for group in optimizer.param_groups]
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, initial, strict=True):
                group["lr"] = rate  # the base class takes the initial rate from here
        super().__init__(optimizer, last_epoch)

    def _anneal(self, start: float, end: float, share: float) -> float:
        if self.anneal_strategy == "cos":
            return end + (start - end) / 2 * (math.cos(math.pi * share) + 1)
        return (end - start) * share + start

    def get_lr(self) -> list[float]:
        if self.last_epoch > self.total_steps:
            raise ValueError(
                f"OneCycleLR: step {self.last_epoch} is beyond total_steps={self.total_steps}"
            )
        rates = []
        for group in self.optimizer.param_groups:
            begin = 0.0
            for phase in self._phases:
                end, rate_from, rate_to, momentum_from, momentum_to = phase
                if self.last_epoch <= end or phase is self._phases[-1]:
                    break
                begin = end
            share = (self.last_epoch - begin) / (end - begin)
            rates.append(self._anneal(group[rate_from], group[rate_to], share))
            if self.cycle_momentum:
                _set_momentum(group, self._anneal(group[momentum_from], group[momentum_to], share))
        return rates


def _set_momentum(group: dict[str, Any], momentum: float) -> None:
    if "betas" in group:
        group["betas"] = (momentum, *group["betas"][1:])
    else:
        group["momentum"] = momentum


__all__ = [
    "CosineAnnealingLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "MultiStepLR",
    "OneCycleLR",
    "StepLR",
]
