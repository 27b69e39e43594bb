"""The live progress bar of a terminal."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from convcore.train import Callback, TrainState


class Bar(Callback):
    """Epoch, loss, accuracy, images per second and the time left, on one line that is redrawn."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.held_out = ""
        self.bar: Progress | None = None

    def on_train_begin(self, state: TrainState) -> None:
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[text]}"),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self.console,
        )
        steps = len(state.loader)
        self.task = self.bar.add_task(
            "starting", total=steps * state.epochs, completed=steps * state.epoch, text=""
        )
        self.bar.start()

    def on_epoch_begin(self, state: TrainState) -> None:
        self.started = time.perf_counter()

    def on_batch_end(self, state: TrainState) -> None:
        if self.bar is None:
            return
        speed = state.images / max(time.perf_counter() - self.started, 1e-9)
        loss, accuracy = state.running["loss"], 100 * state.running["accuracy"]
        text = f"loss {loss:.4f}  accuracy {accuracy:.2f}%{self.held_out}  {speed:,.0f} images/s"
        self.bar.update(
            self.task,
            advance=1,
            description=f"epoch {state.epoch + 1}/{state.epochs}",
            text=text,
        )

    def on_epoch_end(self, state: TrainState, row: Mapping[str, Any]) -> None:
        self.held_out = f"  test {100 * row['val_accuracy']:.2f}%"

    def on_train_end(self, state: TrainState) -> None:
        if self.bar is not None:
            self.bar.stop()
