"""The live progress bar of a terminal."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from convcore.train import Callback, TrainState

WIDE = 100  # columns; a narrower terminal gets a shorter bar and no test accuracy


class Bar(Callback):
    """Epoch, loss, accuracy, images per second and the time left, on one line that is redrawn."""

    def __init__(self, console: Console) -> None:
        self.wide = console.width >= WIDE
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20 if self.wide else 10),
            TextColumn("{task.fields[text]}"),
            TextColumn("left"),
            TimeRemainingColumn(compact=True),
            console=console,
        )
        self.test = ""

    def on_train_begin(self, state: TrainState) -> None:
        steps = len(state.loader)
        self.task = self.bar.add_task(
            "starting", total=steps * state.epochs, completed=steps * state.epoch, text=""
        )
        self.bar.start()

    def on_epoch_begin(self, state: TrainState) -> None:
        self.started = time.perf_counter()

    def on_batch_end(self, state: TrainState) -> None:
        speed = state.images / max(time.perf_counter() - self.started, 1e-9)
        loss, accuracy = state.running["loss"], 100 * state.running["accuracy"]
        self.bar.update(
            self.task,
            advance=1,
            description=f"epoch {state.epoch + 1}/{state.epochs}",
            text=f"loss {loss:.4f}  accuracy {accuracy:.1f}%{self.test}  {speed:,.0f} images/s",
        )

    def on_epoch_end(self, state: TrainState, row: Mapping[str, Any]) -> None:
        if self.wide:
            self.test = f"  test {100 * row['val_accuracy']:.1f}%"

    def on_train_end(self, state: TrainState) -> None:
        self.bar.stop()
