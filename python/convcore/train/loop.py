"""The training loop."""

from __future__ import annotations

import functools
import math
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import convcore as cc
from convcore import optim
from convcore.data import DataLoader, TensorDataset
from convcore.metrics import Accuracy, Mean, MeanAbsoluteError, MeanSquaredError, Metric
from convcore.nn import functional

from .callbacks import Callback, Checkpoint, Progress
from .checkpoint import load_checkpoint
from .history import History

Measure = Metric | Callable[[Any, Any], float]

METRICS: dict[str, Callable[[], Metric]] = {
    "accuracy": Accuracy,
    "top5_accuracy": functools.partial(Accuracy, 5),
    "mean_squared_error": MeanSquaredError,
    "mean_absolute_error": MeanAbsoluteError,
}

# Schedules that advance with every step, not with every epoch.
EACH_STEP = (optim.lr_scheduler.OneCycleLR, optim.lr_scheduler.CyclicLR)


@dataclass
class TrainState:
    """Everything a callback may look at while `fit` runs; `epoch` and `step` count what is done."""

    model: Any
    optimizer: Any
    scheduler: Any
    loader: DataLoader
    history: History
    epochs: int
    callbacks: Sequence[Callback] = ()
    epoch: int = 0
    step: int = 0
    batch: int = 0
    images: int = 0
    batch_loss: float = math.nan
    running: dict[str, float] = field(default_factory=dict)
    stop: str | None = None

    def state_dict(self) -> dict[str, Any]:
        """All that a later `fit` needs to go on exactly from here."""
        return {
            "epoch": self.epoch,
            "epochs": self.epochs,
            "step": self.step,
            "stop": self.stop,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": None if self.scheduler is None else self.scheduler.state_dict(),
            "loader": self.loader.state_dict(),
            "rng": cc.get_rng_state(),
            "history": {name: list(values) for name, values in self.history.items()},
            "callbacks": [
                [type(callback).__name__, callback.state_dict()] for callback in self.callbacks
            ],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what `state_dict` returned."""
        saved = [(name, part) for name, part in state["callbacks"] if part]
        stateful = [c for c in self.callbacks if c.state_dict()]
        if [name for name, _ in saved] != [type(c).__name__ for c in stateful]:
            raise ValueError(
                f"callbacks: expected {[name for name, _ in saved]} as in the saved run, got "
                f"{[type(c).__name__ for c in stateful]}"
            )
        if (state["scheduler"] is None) != (self.scheduler is None):
            raise ValueError("scheduler: the saved run and this one must both have one, or neither")
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.scheduler is not None:
            self.scheduler.load_state_dict(state["scheduler"])
        self.loader.load_state_dict(state["loader"])
        cc.set_rng_state(state["rng"])
        self.history = History(state["history"])
        for callback, (_, part) in zip(stateful, saved, strict=True):
            callback.load_state_dict(part)
        self.epoch, self.step, self.stop = state["epoch"], state["step"], state["stop"]


def fit(
    model: Any,
    train: Any,
    val: Any = None,
    *,
    epochs: int,
    optimizer: Any = None,
    loss: Callable[[Any, Any], Any] | None = None,
    scheduler: Any = None,
    batch_size: int = 64,
    seed: int | None = 0,
    callbacks: Iterable[Callback] = (),
    metrics: Sequence[str] | Mapping[str, Measure] = ("accuracy",),
    verbose: bool | None = None,
    resume: str | os.PathLike[str] | None = None,
) -> History:
    """Train `model` and return the history: columns of losses and metrics, a value per epoch.

    `train` and `val` are datasets, loaders, or pairs (inputs, targets) of arrays or tensors; a
    dataset is shuffled in batches of `batch_size`. `optimizer` is an optimizer, a function from
    parameters to one, or None for Adam. `scheduler` is a scheduler or a function
    `(optimizer, steps_per_epoch) -> scheduler`; OneCycleLR and CyclicLR advance with every step,
    others with every epoch, ReduceLROnPlateau by the loss of `val` or, without one, of `train`. `loss(output, target)` is cross entropy by default. `metrics` are names, or a
    mapping from names to objects of `convcore.metrics` or to functions `(output, target) -> float`, whose
    mean over batches is taken. `seed` seeds the library's
    generator, the order of samples and their augmentation; None leaves them as they are. `resume`
    is a file that the `Checkpoint` callback wrote: training goes on after its last epoch and ends
    with the same weights, bit by bit, as a run that was never stopped. `verbose=None` prints one
    line per epoch where standard output is a terminal.

    Raises FloatingPointError when the loss is no longer finite.

    >>> import numpy as np
    >>> from convcore import nn
    >>> x, y = np.random.default_rng(0).normal(size=(64, 4)).astype("float32"), np.arange(64) % 2
    >>> history = fit(nn.Linear(4, 2), (x, y), epochs=2, verbose=False)
    >>> len(history["train_loss"])
    2
    """
    if not isinstance(epochs, (int, np.integer)) or isinstance(epochs, bool) or epochs < 1:
        raise ValueError(f"fit: epochs: expected an int >= 1, got {epochs!r}")
    if seed is not None:
        cc.manual_seed(seed)
    loader = _loader("train", train, batch_size, shuffle=True, seed=seed)
    if len(loader) == 0:
        raise ValueError(f"fit: train: expected at least one batch, got none from {train!r}")
    val_loader = None if val is None else _loader("val", val, batch_size)
    for used in filter(None, (loader, val_loader)):
        used.draw_seed()  # now, before a resume sets the generator
    if optimizer is None:
        optimizer = optim.Adam(model.parameters())
    elif not hasattr(optimizer, "step"):
        optimizer = optimizer(model.parameters())
    if scheduler is not None and not hasattr(scheduler, "step"):
        scheduler = scheduler(optimizer, len(loader))
    loss = loss or functional.cross_entropy
    measures = _metrics(metrics)
    callbacks = list(callbacks)
    if verbose or (verbose is None and sys.stdout.isatty()):
        callbacks.append(Progress())
    callbacks.sort(key=lambda c: isinstance(c, Checkpoint))  # it saves what the others have done
    state = TrainState(model, optimizer, scheduler, loader, History(), int(epochs), callbacks)
    if resume is not None:
        _resume(state, resume)
    try:
        for callback in callbacks:
            callback.on_train_begin(state)
        while state.epoch < state.epochs and not state.stop:
            row = _epoch(state, loss, measures)
            if val_loader is not None:
                results = evaluate(model, val_loader, loss=loss, metrics=measures)
                row.update({f"val_{name}": value for name, value in results.items()})
            _end_epoch(state.scheduler, row)
            state.epoch += 1
            state.history.append(row)
            for callback in callbacks:
                callback.on_epoch_end(state, row)
    finally:
        for callback in callbacks:
            callback.on_train_end(state)
    return state.history


def _resume(state: TrainState, path: str | os.PathLike[str]) -> None:
    saved = load_checkpoint(path)
    if not isinstance(saved, dict) or "epoch" not in saved:
        raise ValueError(f"{path}: expected a checkpoint of a training run, got other contents")
    try:
        if saved["epoch"] > state.epochs:
            raise ValueError(
                f"epochs: expected at least the {saved['epoch']} done, got {state.epochs}"
            )
        state.load_state_dict(saved)
    except (ValueError, TypeError, RuntimeError, KeyError, IndexError, AttributeError) as error:
        raise ValueError(f"{path}: does not fit this training: {error}") from None


def _epoch(state: TrainState, loss: Any, measures: Mapping[str, Metric]) -> dict[str, Any]:
    """One pass over the data; returns the history's line."""
    model, optimizer, scheduler = state.model, state.optimizer, state.scheduler
    each_step = isinstance(scheduler, EACH_STEP)
    rate = optimizer.param_groups[0]["lr"]
    state.batch = state.images = 0
    state.running = {}
    mean_loss = Mean()
    for measure in measures.values():
        measure.reset()
    for callback in state.callbacks:
        callback.on_epoch_begin(state)
    model.train()
    start = time.perf_counter()
    for batch in state.loader:
        inputs, target = _pair(batch, "train")
        optimizer.zero_grad()
        output = model(inputs)
        value = loss(output, target)
        value.backward()
        optimizer.step()
        if each_step:
            scheduler.step()
        state.batch_loss = value.item()
        if not math.isfinite(state.batch_loss):
            raise FloatingPointError(
                f"fit: the loss is {state.batch_loss} at epoch {state.epoch + 1}, batch "
                f"{state.batch + 1}, learning rate {rate:g}; a smaller learning rate may help"
            )
        state.step += 1
        state.batch += 1
        state.images += target.shape[0]
        mean_loss.update(state.batch_loss, target.shape[0])
        state.running = {"loss": mean_loss.compute()}
        for name, measure in measures.items():
            state.running[name] = float(measure.update(output, target).compute())
        for callback in state.callbacks:
            callback.on_batch_end(state)
    seconds = time.perf_counter() - start
    return {
        "epoch": state.epoch + 1,
        "lr": float(rate),
        "seconds": seconds,
        "images_per_second": state.images / max(seconds, 1e-9),
        **{f"train_{name}": value for name, value in state.running.items()},
    }


def _end_epoch(scheduler: Any, row: Mapping[str, Any]) -> None:
    if isinstance(scheduler, optim.lr_scheduler.ReduceLROnPlateau):
        scheduler.step(row.get("val_loss", row["train_loss"]))
    elif scheduler is not None and not isinstance(scheduler, EACH_STEP):
        scheduler.step()


def evaluate(
    model: Any,
    data: Any,
    *,
    loss: Callable[[Any, Any], Any] | None = None,
    metrics: Sequence[str] | Mapping[str, Measure] = ("accuracy",),
    batch_size: int = 256,
) -> dict[str, float]:
    """The mean loss and metrics of `model` over `data`, in evaluation mode and without gradients.

    >>> import numpy as np
    >>> from convcore import nn
    >>> x, y = np.zeros((8, 4), np.float32), np.zeros(8, np.int64)
    >>> sorted(evaluate(nn.Linear(4, 2), (x, y)))
    ['accuracy', 'loss']
    """
    loss = loss or functional.cross_entropy
    measures = _metrics(metrics)
    mean_loss, images = Mean(), 0
    for measure in measures.values():
        measure.reset()
    with _evaluating(model), cc.no_grad():
        for batch in _loader("data", data, batch_size):
            inputs, target = _pair(batch, "data")
            output = model(inputs)
            images += target.shape[0]
            mean_loss.update(loss(output, target).item(), target.shape[0])
            for measure in measures.values():
                measure.update(output, target)
    if images == 0:
        raise ValueError("evaluate: data: expected at least one sample, got none")
    return {
        "loss": mean_loss.compute(),
        **{name: float(measure.compute()) for name, measure in measures.items()},
    }


def predict(model: Any, x: Any, *, batch_size: int = 256) -> Any:
    """The outputs of `model` for inputs `x` (array, tensor or dataset), as one tensor, in order.

    >>> import numpy as np
    >>> from convcore import nn
    >>> tuple(predict(nn.Linear(4, 2), np.zeros((8, 4), np.float32)).shape)
    (8, 2)
    """
    if isinstance(x, (cc.Tensor, np.ndarray)):
        x = TensorDataset(x)
    outputs = []
    with _evaluating(model), cc.no_grad():
        for batch in _loader("x", x, batch_size):
            outputs.append(model(batch[0] if isinstance(batch, (list, tuple)) else batch))
    if not outputs:
        raise ValueError("predict: x: expected at least one sample, got none")
    return cc.cat(outputs, 0)


class _evaluating:
    """Evaluation mode for a while, then each module's own mode again."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def __enter__(self) -> None:
        self.modes = [(m, m.training) for m in self.model.modules()]
        self.model.eval()

    def __exit__(self, *_: object) -> None:
        for module, training in self.modes:
            module.training = training


class _OverBatches(Metric):
    """A function's mean over batches, weighted by their sizes."""

    def __init__(self, function: Callable[[Any, Any], float]) -> None:
        self._function = function
        self._mean = Mean()

    def reset(self) -> None:
        self._mean.reset()

    def update(self, input: Any, target: Any) -> _OverBatches:
        self._mean.update(float(self._function(input, target)), target.shape[0])
        return self

    def compute(self) -> float:
        return self._mean.compute()


def _metrics(metrics: Sequence[str] | Mapping[str, Measure]) -> dict[str, Metric]:
    if isinstance(metrics, Mapping):
        return {
            name: measure if isinstance(measure, Metric) else _OverBatches(measure)
            for name, measure in metrics.items()
        }
    unknown = [name for name in metrics if name not in METRICS]
    if unknown:
        raise ValueError(
            f"metrics: expected names among {sorted(METRICS)} or a mapping from names to functions "
            f"(output, target) -> float or convcore.metrics objects, got {unknown}"
        )
    return {name: METRICS[name]() for name in metrics}


def _loader(
    argument: str, data: Any, batch_size: int, *, shuffle: bool = False, seed: int | None = None
) -> DataLoader:
    if isinstance(data, DataLoader):
        return data
    if isinstance(data, (list, tuple)) and len(data) == 2:
        data = TensorDataset(*data)
    if not hasattr(data, "__getitem__") or not hasattr(data, "__len__"):
        raise TypeError(
            f"{argument}: expected a dataset, a DataLoader or a pair (inputs, targets), got "
            f"{type(data).__name__}"
        )
    generator = seed if shuffle else 0  # what is not shuffled draws nothing
    return DataLoader(data, batch_size, shuffle=shuffle, generator=generator)


def _pair(batch: Any, argument: str) -> tuple[Any, Any]:
    if not isinstance(batch, (list, tuple)) or len(batch) != 2:
        raise ValueError(
            f"{argument}: expected batches of (inputs, targets), got {type(batch).__name__}"
        )
    return batch[0], batch[1]
