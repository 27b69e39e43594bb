"""A run: a folder that holds a training's configuration, weights, history and pictures."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import convcore as cc
from convcore import models, optim, plots
from convcore._files import write_atomically
from convcore.nn import functional
from convcore.train import (
    Callback,
    Checkpoint,
    History,
    TrainState,
    evaluate,
    fit,
    load_checkpoint,
    load_weights,
    save_weights,
)

from .recipes import Recipe, recipe

WEIGHTS = "weights.safetensors"
CHECKPOINT = "checkpoint.safetensors"
CONFIG = "config.json"


@dataclass(frozen=True)
class Config:
    """What `config.json` holds: enough to resume the training and to use its network."""

    dataset: str
    data: str | None
    model: str
    epochs: int
    batch_size: int
    lr: float
    seed: int
    input_shape: tuple[int, ...]
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    version: str

    def save(self, folder: Path) -> None:
        write_atomically(folder / CONFIG, json.dumps(asdict(self), indent=1).encode() + b"\n")

    @classmethod
    def load(cls, folder: Path) -> Config:
        """Read a run's configuration; FileNotFoundError or ValueError name the file."""
        path = folder / CONFIG
        if not folder.is_dir():
            raise FileNotFoundError(f"{folder}: no such run folder")
        if not path.is_file():
            raise FileNotFoundError(f"{path}: no such file; {folder} is not a run folder")
        try:
            values = json.loads(path.read_bytes())
            types = {"epochs": int, "batch_size": int, "seed": int, "lr": float}
            for name in ("input_shape", "classes", "mean", "std"):
                values[name] = tuple(values[name])
            config = cls(**values)
            for name, kind in types.items():
                if not isinstance(getattr(config, name), kind):
                    raise TypeError(f"{name}: expected {kind.__name__}")
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"{path}: expected the configuration of a run ({error})") from None
        return config

    def build(self) -> Any:
        """The run's network, freshly initialised."""
        return models.build(self.model, len(self.classes), self.input_shape[0])


def new_folder(dataset: str, out: Path | None) -> Path:
    """Make the folder of a new run: `out`, or the first free `runs/<dataset>-<number>`."""
    if out is not None:
        if (out / CONFIG).exists():
            raise ValueError(
                f"train: --out: {out} holds a run already; continue it with --resume {out} or "
                "choose another folder"
            )
        out.mkdir(parents=True, exist_ok=True)
        return out
    number = 1
    while True:
        folder = Path("runs") / f"{dataset}-{number}"
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            number += 1


def configure(dataset: str, folder: str | None, options: Mapping[str, Any]) -> tuple[Config, Any]:
    """The configuration of a new run, checked, and its two datasets."""
    chosen = recipe(dataset)
    if chosen.needs_folder and folder is None:
        raise ValueError(f"train: --data: {dataset} needs the folder that holds its files")
    if not chosen.needs_folder and folder is not None:
        raise ValueError(f"train: --data: {dataset} comes with the package and takes no folder")
    values = {name: value for name, value in options.items() if value is not None}
    for name, least in (("epochs", 1), ("batch_size", 1), ("seed", 0)):
        if name in values and values[name] < least:
            flag = name.replace("_", "-")
            raise ValueError(f"train: --{flag}: expected an int >= {least}, got {values[name]}")
    if "lr" in values and not 0 < values["lr"] < float("inf"):
        raise ValueError(f"train: --lr: expected a number > 0, got {values['lr']}")
    name = values.get("model", chosen.model)
    models.get(name)
    parts = chosen.load(folder)
    config = Config(
        dataset=dataset,
        data=None if folder is None else str(Path(folder).resolve()),
        model=name,
        epochs=values.get("epochs", chosen.epochs),
        batch_size=min(values.get("batch_size", chosen.batch_size), len(parts[0])),
        lr=float(values.get("lr", chosen.lr)),
        seed=values.get("seed", 0),
        input_shape=tuple(parts[0].data.shape[1:]),
        classes=tuple(parts[0].classes),
        mean=tuple(chosen.mean),
        std=tuple(chosen.std),
        version=cc.__version__,
    )
    _try(config)
    return config, parts


def _try(config: Config) -> None:
    """Refuse a network that cannot take the dataset's images before anything is written."""
    model = config.build()
    model.eval()
    try:
        with cc.no_grad():
            model(cc.zeros((1, *config.input_shape)))
    except (ValueError, RuntimeError) as error:
        shape = "x".join(map(str, config.input_shape))
        raise ValueError(
            f"train: --model: {config.model} does not take the {shape} images of "
            f"{config.dataset} ({error})"
        ) from None


class _Save(Checkpoint):
    """Keeps the run's checkpoint and, in step with it, the history files."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / CHECKPOINT)
        self.folder = folder
        self.done = 0

    def on_train_begin(self, state: TrainState) -> None:
        self.done = state.epoch

    def on_epoch_end(self, state: TrainState, row: Mapping[str, Any]) -> None:
        super().on_epoch_end(state, row)
        self.done = state.epoch
        self.on_train_end(state)

    def on_train_end(self, state: TrainState) -> None:
        saved = History({name: values[: self.done] for name, values in state.history.items()})
        saved.to_csv(self.folder / "history.csv")
        saved.to_json(self.folder / "history.json")


class Interrupted(Exception):
    """Ctrl-C came; `epochs` were done and are saved."""

    def __init__(self, epochs: int) -> None:
        super().__init__(f"interrupted after {epochs} epochs")
        self.epochs = epochs


def train(config: Config, parts: Any, folder: Path, progress: Callback) -> float:
    """Train into `folder`, from its checkpoint if it has one; returns the test accuracy."""
    chosen: Recipe = recipe(config.dataset)
    train_part, test_part = parts
    cc.manual_seed(config.seed)
    model = config.build()
    save = _Save(folder)
    loader = cc.data.DataLoader(
        train_part,
        config.batch_size,
        shuffle=True,
        drop_last=chosen.drop_last,
        generator=config.seed,
    )
    checkpoint = folder / CHECKPOINT
    try:
        history = fit(
            model,
            loader,
            test_part,
            epochs=config.epochs,
            optimizer=chosen.optimizer(model.parameters(), config.lr),
            scheduler=lambda optimizer, steps: optim.lr_scheduler.OneCycleLR(
                optimizer, config.lr, total_steps=steps * config.epochs
            ),
            loss=functools.partial(
                functional.cross_entropy, label_smoothing=chosen.label_smoothing
            ),
            seed=config.seed,
            callbacks=[progress, save],
            verbose=False,
            resume=checkpoint if checkpoint.exists() else None,
        )
        save_weights(folder / WEIGHTS, model)
        title = f"{config.model} on {config.dataset}"
        plots.learning_curves(history, folder / "curves.png", title)
        plots.filters(plots.first_convolution(model), folder / "filters.png")
        return evaluate(model, test_part)["accuracy"]
    except KeyboardInterrupt:
        raise Interrupted(save.done) from None


def load_model(folder: Path) -> tuple[Config, Any]:
    """A run's configuration and its trained network, in evaluation mode."""
    config = Config.load(folder)
    model = config.build()
    if (folder / WEIGHTS).exists() or not (folder / CHECKPOINT).exists():
        load_weights(folder / WEIGHTS, model)
    else:  # interrupted: as of the last whole epoch
        model.load_state_dict(load_checkpoint(folder / CHECKPOINT)["model"])
    model.eval()
    return config, model
