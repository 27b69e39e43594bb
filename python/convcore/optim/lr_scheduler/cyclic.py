"""Cyclical rates and momenta."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from convcore.optim.lr_scheduler.base import (
    LRScheduler,
    callable_state,
    check_momentum,
    check_optimizer,
    each,
    set_momentum,
    set_option,
)
from convcore.optim.optimizer import Optimizer

_SCALES = {
    "triangular": ("cycle", lambda self, x: 1.0),
    "triangular2": ("cycle", lambda self, x: 1 / 2.0 ** (x - 1)),
    "exp_range": ("iterations", lambda self, x: self.gamma**x),
}


class CyclicLR(LRScheduler):
    """From `base_lr` evenly up to `max_lr` and down again, again and again; step per batch.

    Smith, "Cyclical learning rates for training neural networks", WACV 2017. The way up takes
    `step_size_up` steps, the way down `step_size_down` or as many. The height is the same in each
    cycle ("triangular"), halved with each ("triangular2") or times `gamma`^step ("exp_range");
    `scale_fn` gives the height's factor instead, from the cycle's number (from 1) or, with
    `scale_mode` "iterations", the step's. Momentum (or Adam's first beta) goes the other way.

    >>> import convcore as cc
    >>> opt = cc.optim.SGD([cc.nn.Parameter(cc.zeros(1))], lr=1.0, momentum=0.9)
    >>> schedule = cc.optim.lr_scheduler.CyclicLR(opt, base_lr=0.25, max_lr=1.25, step_size_up=2)
    >>> [(opt.param_groups[0]["lr"], schedule.step())[0] for _ in range(6)]
    [0.25, 0.75, 1.25, 0.75, 0.25, 0.75]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(self, optimizer)
        if scale_fn is None and mode not in _SCALES:
            raise ValueError(
                f"CyclicLR: mode must be one of {', '.join(map(repr, _SCALES))}, got {mode!r}"
            )
        if scale_mode not in ("cycle", "iterations"):
            raise ValueError(
                f"CyclicLR: scale_mode must be 'cycle' or 'iterations', got {scale_mode!r}"
            )
        self.optimizer = optimizer
        step_size_down = step_size_up if step_size_down is None else step_size_down
        self.total_size = float(step_size_up + step_size_down)
        if step_size_up <= 0 or step_size_down < 0:
            raise ValueError(
                "CyclicLR: step_size_up must be positive and step_size_down not negative, got "
                f"{step_size_up} and {step_size_down}"
            )
        self.step_ratio = step_size_up / self.total_size
        self.mode = mode
        self.gamma = gamma
        self.scale_mode = scale_mode if scale_fn is not None else _SCALES[mode][0]
        self._scale_fn = scale_fn
        self.cycle_momentum = cycle_momentum
        self.base_lrs = each(self, base_lr, "base_lr")
        self.max_lrs = each(self, max_lr, "max_lr")
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, self.base_lrs, strict=True):
                set_option(group, "lr", rate)
        if cycle_momentum:
            check_momentum(self)
            self.base_momentums = each(self, base_momentum, "base_momentum")
            self.max_momentums = each(self, max_momentum, "max_momentum")
        super().__init__(optimizer, last_epoch)

    def _initial_rates(self) -> list[float]:
        return self.base_lrs

    def scale_fn(self, x: float) -> float:
        """The factor on the height of cycle x, or of step x."""
        if self._scale_fn is not None:
            return self._scale_fn(x)
        return _SCALES[self.mode][1](self, x)

    def get_lr(self) -> list[float]:
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        height *= self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            for group, low, high in zip(
                self.optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True
            ):
                set_momentum(group, high - (high - low) * height)
        return [
            low + (high - low) * height
            for low, high in zip(self.base_lrs, self.max_lrs, strict=True)
        ]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer; of `scale_fn` only what a callable object holds."""
        return super().state_dict() | {"_scale_fn": callable_state(self._scale_fn)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state; a function stays."""
        state = dict(state_dict)
        attributes = state.pop("_scale_fn", None)
        if attributes is not None:
            self._scale_fn.__dict__.update(attributes)
        super().load_state_dict(state)


class OneCycleLR(LRScheduler):
    """Up from `max_lr`/`div_factor` to `max_lr`, then down; step per batch.

    Smith and Topin, "Super-convergence", 2019. The length is `total_steps` or
    `epochs`·`steps_per_epoch`; `pct_start` of it rises. Momentum (or Adam's first beta) goes the
    other way. With `three_phase` the fall to the start mirrors the rise and a last phase goes to the
    start divided by `final_div_factor`. Raises ValueError when stepped beyond its end.

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
        check_optimizer(self, optimizer)
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
        if cycle_momentum:
            check_momentum(self)
        if last_epoch == -1:
            highest = each(self, max_lr, "max_lr")
            low, high = (
                each(self, base_momentum, "base_momentum"),
                each(self, max_momentum, "max_momentum"),
            )
            for i, group in enumerate(optimizer.param_groups):
                group["initial_lr"] = highest[i] / div_factor
                group["max_lr"] = highest[i]
                group["min_lr"] = group["initial_lr"] / final_div_factor
                if cycle_momentum:
                    group["max_momentum"], group["base_momentum"] = high[i], low[i]
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
                set_momentum(group, self._anneal(group[momentum_from], group[momentum_to], share))
        return rates
