"""The base of schedules."""

from __future__ import annotations

from typing import Any

from convcore._tensor import Tensor
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
        check_optimizer(self, optimizer)
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", float(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"{type(self).__name__}: last_epoch={last_epoch} continues a schedule, but "
                    f"param_groups[{i}] has no 'initial_lr'"
                )
        self.base_lrs = self._initial_rates()
        self.last_epoch = last_epoch
        self._initial_step()

    def _initial_rates(self) -> list[float]:
        return [group["initial_lr"] for group in self.optimizer.param_groups]

    def _initial_step(self) -> None:
        self._step_count = 0
        self.step()

    def _rewind(self) -> None:
        """Forget the steps made, to begin again with `_initial_step` or `_restart`."""
        self.last_epoch = -1

    def _restart(self) -> None:
        """The step to epoch 0 when another schedule has run before."""
        self.step(0)

    @property
    def _starting(self) -> bool:
        """Whether this is the step that a schedule makes when it is made."""
        return self._step_count == 1

    def get_lr(self) -> list[float]:
        """The rate of each group at `self.last_epoch`."""
        raise NotImplementedError(f"{type(self).__name__} does not define get_lr()")

    def get_last_lr(self) -> list[float]:
        """The rates that the last step set."""
        return self._last_lr

    def step(self, epoch: int | None = None) -> None:
        """Go on by one epoch (or to the one given) and set the groups' rates."""
        self._step_count += 1
        self._move(epoch)

    def _move(self, epoch: int | None = None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        self._set_rates(self.get_lr() if epoch is None else self._closed_form())

    def _set_rates(self, rates: list[float]) -> None:
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            set_option(group, "lr", rate)
        self._last_lr = self._rates()

    def _closed_form(self) -> list[float]:
        """The rates at `self.last_epoch`, whatever was before."""
        return self.get_lr()

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer."""
        return {k: v for k, v in self.__dict__.items() if k != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state; the groups' rates are the optimizer's own state."""
        self.__dict__.update(state_dict)

    def _rates(self) -> list[float]:
        return [float(group["lr"]) for group in self.optimizer.param_groups]


def check_optimizer(scheduler: LRScheduler, optimizer: Any) -> None:
    """Raise TypeError for what is no optimizer."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"{type(scheduler).__name__}: optimizer must be an Optimizer, got "
            f"{type(optimizer).__name__}"
        )


def set_option(group: dict[str, Any], option: str, value: float) -> None:
    """Set an option of a group; one that is a tensor stays that tensor."""
    if isinstance(group.get(option), Tensor):
        group[option].fill_(value)
    else:
        group[option] = value


def set_momentum(group: dict[str, Any], momentum: float) -> None:
    """Set what stands for momentum: Adam's first beta where there are betas."""
    if "betas" in group:
        group["betas"] = (momentum, *group["betas"][1:])
    else:
        group["momentum"] = momentum


def check_momentum(scheduler: LRScheduler) -> None:
    """Raise ValueError for groups without momentum or betas."""
    if not all("momentum" in g or "betas" in g for g in scheduler.optimizer.param_groups):
        raise ValueError(
            f"{type(scheduler).__name__}: cycle_momentum=True needs an optimizer with momentum or betas"
        )


def each(scheduler: LRScheduler, value: Any, name: str) -> list:
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


def callable_state(function: Any) -> dict[str, Any] | None:
    """What a state dict holds of a callable: of objects their attributes, of functions nothing."""
    return (
        None
        if not hasattr(function, "__dict__") or hasattr(function, "__code__")
        else dict(function.__dict__)
    )
