"""What can be hooked into `fit`."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TextIO

from .checkpoint import save_checkpoint

if TYPE_CHECKING:
    from .loop import TrainState


class Callback:
    """Base class; `fit` calls these in the callbacks' order.

    Setting `state.stop = "reason"` ends training after the current epoch. What must survive a
    resume is returned by `state_dict` and handed to `load_state_dict`.
    """

    def on_train_begin(self, state: TrainState) -> None:
        """Before the first epoch."""

    def on_epoch_begin(self, state: TrainState) -> None:
        """Before each epoch."""

    def on_batch_end(self, state: TrainState) -> None:
        """After each step; `state.batch_loss` is its loss."""

    def on_epoch_end(self, state: TrainState, row: Mapping[str, Any]) -> None:
        """After each epoch and its validation; `row` is the history's new line."""

    def on_train_end(self, state: TrainState) -> None:
        """At the end, also after an interruption or an error."""

    def state_dict(self) -> dict[str, Any]:
        """What a resume needs; nothing by default."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what `state_dict` returned."""


class Checkpoint(Callback):
    """Save everything that `fit(resume=path)` needs, after every `every`-th epoch and the last one.

    The file is replaced in one step, so a killed run leaves the last good one.
    """

    def __init__(self, path: str | os.PathLike[str], every: int = 1) -> None:
        if every < 1:
            raise ValueError(f"Checkpoint: every: expected an int >= 1, got {every}")
        self.path = path
        self.every = every

    def on_epoch_end(self, state: TrainState, row: Mapping[str, Any]) -> None:
        if state.epoch % self.every == 0 or state.epoch == state.epochs or state.stop:
            save_checkpoint(self.path, state.state_dict())


class EarlyStopping(Callback):
    """Stop once `monitor` has not improved by `min_delta` for `patience` epochs.

    `mode` is "min", "max" or "auto" (max for accuracies). `restore_best` puts the best epoch's
    weights back at the end of training.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        patience: int = 5,
        min_delta: float = 0.0,
        mode: str = "auto",
        restore_best: bool = True,
    ) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"EarlyStopping: mode: expected 'auto', 'min' or 'max', got {mode!r}")
        if patience < 1:
            raise ValueError(f"EarlyStopping: patience: expected an int >= 1, got {patience}")
        self.monitor = monitor
        self.patience = patience
        self.min_delta = abs(min_delta)
        largest = mode == "max" or (mode == "auto" and "accuracy" in monitor)
        self.sign = -1.0 if largest else 1.0
        self.restore_best = restore_best
        self._reset()

    def _reset(self) -> None:
        self.best = math.inf
        self.best_epoch = 0
        self.best_weights: dict[str, Any] | None = None

    def on_train_begin(self, state: TrainState) -> None:
        if state.epoch == 0:
            self._reset()

    def on_epoch_end(self, state: TrainState, row: Mapping[str, Any]) -> None:
        if self.monitor not in row:
            raise ValueError(
                f"EarlyStopping: monitor: expected one of {list(row)}, got {self.monitor!r}"
            )
        value = self.sign * row[self.monitor]
        if value < self.best - self.min_delta:
            self.best, self.best_epoch = value, state.epoch
            if self.restore_best:
                weights = state.model.state_dict()
                self.best_weights = {k: v.detach().clone() for k, v in weights.items()}
        elif state.epoch - self.best_epoch >= self.patience:
            state.stop = f"{self.monitor} has not improved since epoch {self.best_epoch}"

    def on_train_end(self, state: TrainState) -> None:
        if self.best_weights is not None:
            state.model.load_state_dict(self.best_weights)

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "epoch": self.best_epoch, "weights": self.best_weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.best, self.best_epoch = float(state["best"]), int(state["epoch"])
        self.best_weights = state["weights"]


class Progress(Callback):
    """One plain line per epoch, to `stream` (standard output when None)."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream

    def on_epoch_end(self, state: TrainState, row: Mapping[str, Any]) -> None:
        print(describe(row, state.epochs), file=self.stream or sys.stdout, flush=True)


def describe(row: Mapping[str, Any], epochs: int) -> str:
    """An epoch's line: `epoch  3/24  loss 0.6012  accuracy 94.31%  val_accuracy 97.77%  ...`."""
    parts = [f"epoch {row['epoch']:{len(str(epochs))}d}/{epochs}"]
    for name, value in row.items():
        if value is None or name in ("epoch", "lr", "seconds", "images_per_second"):
            continue
        label = name.removeprefix("train_")
        percent = "accuracy" in name
        parts.append(f"{label} {100 * value:.2f}%" if percent else f"{label} {value:.4f}")
    parts.append(f"{row['images_per_second']:,.0f} images/s")
    return "  ".join(parts)
