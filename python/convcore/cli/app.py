"""The commands. Each user error becomes one line on standard error and exit code 2."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

import convcore as cc
from convcore import models

from . import report

app = typer.Typer(
    name="convcore",
    help="Convolutional networks: train, use and look at them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
USER_ERRORS = (ValueError, TypeError, OSError, ImportError, FloatingPointError, MemoryError)


def run(arguments: list[str]) -> int:
    """Run one command line; returns the exit code."""
    command = typer.main.get_command(app)
    try:
        result = command.main(arguments, prog_name="convcore", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except BrokenPipeError:
        raise
    except USER_ERRORS as error:
        return _fail(str(error) or type(error).__name__)
    except Exception as error:
        if hasattr(error, "format_message"):  # the command-line library's own errors
            return _fail(error.format_message())
        if type(error).__name__ == "Exit":
            return int(error.exit_code)  # type: ignore[attr-defined]
        if type(error).__name__ == "Abort":
            raise KeyboardInterrupt from None
        raise


def _fail(message: str) -> int:
    if message:
        print(f"convcore: error: {' '.join(message.split())}", file=sys.stderr)
    return 2


@app.command()
def train(
    dataset: Annotated[
        str | None, typer.Argument(help="digits, mnist, fashion-mnist or cifar10.")
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="Folder with the dataset's files (digits needs none).")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Network, by name; `convcore summary` lists them.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the data.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Images in a step.")] = None,
    lr: Annotated[float | None, typer.Option(help="Highest learning rate of the cycle.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of everything random (0).")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the run (runs/DATASET-NUMBER).")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Go on with the run in this folder, to the same result.")
    ] = None,
) -> int:
    """Train a network and write a run folder: weights, history, learning curves, filters."""
    from convcore.train import Callback, Progress

    from .run import Config, Interrupted, configure, new_folder
    from .run import train as train_run

    options = {
        "model": model, "epochs": epochs, "batch_size": batch_size, "lr": lr, "seed": seed,
    }  # fmt: skip
    if resume is not None:
        config = Config.load(resume)
        place = None if data is None else str(Path(data).resolve())
        given = {"dataset": dataset, "data": place, "out": out, **options}
        for name, value in given.items():
            if value is not None and value != getattr(config, name, None):
                flag = "dataset" if name == "dataset" else f"--{name.replace('_', '-')}"
                raise ValueError(
                    f"train: {flag}: a resumed run keeps what it started with "
                    f"({getattr(config, name, resume)}), got {value}"
                )
        from .recipes import recipe

        folder, parts = resume, recipe(config.dataset).load(config.data)
    elif dataset is None:
        raise ValueError("train: dataset: expected digits, mnist, fashion-mnist or cifar10")
    else:
        config, parts = configure(dataset, data, options)
        folder = new_folder(dataset, out)
        config.save(folder)

    progress: Callback = Progress()
    if sys.stdout.isatty():
        from rich.console import Console

        from .progress import Bar

        progress = Bar(Console())
    try:
        accuracy = train_run(config, parts, folder, progress)
    except Interrupted as interruption:
        print(
            f"convcore: interrupted after {interruption.epochs} of {config.epochs} epochs; "
            f"continue with: convcore train --resume {folder}",
            file=sys.stderr,
        )
        return 130
    print(f"run folder: {folder}")
    print(f"test accuracy: {100 * accuracy:.2f}%")
    return 0


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    images: Annotated[list[Path], typer.Argument(help="Image files.")],
    top: Annotated[int, typer.Option(help="How many classes to name.")] = 1,
    invert: Annotated[
        bool, typer.Option("--invert", help="For dark ink on white, unlike the training images.")
    ] = False,
) -> int:
    """Name what each image shows, with its probability."""
    from .run import load_model

    config, model = load_model(run)
    if not 1 <= top <= len(config.classes):
        raise ValueError(f"predict: --top: expected 1 to {len(config.classes)}, got {top}")
    lines = report.predictions(config, model, images, top, invert)
    for path, line in zip(images, lines, strict=True):
        print(f"{path}: {line}")
    return 0


@app.command()
def summary(
    model: Annotated[
        str | None, typer.Argument(help="A network's name or the folder of a run.")
    ] = None,
) -> int:
    """List a network's layers: name, type, output shape, parameters."""
    from convcore.describe import summary as describe

    if model is None:
        for name in models.names():
            print(name)
        return 0
    if Path(model).is_dir():
        from .run import Config

        config = Config.load(Path(model))
        print(describe(config.build(), (1, *config.input_shape)))
        return 0
    entry = models.get(model)
    print(describe(models.build(model), (1, *entry.input_shape)))
    return 0


@app.command()
def info() -> int:
    """Show the version, the build and what it found on this machine."""
    rows = report.information()
    width = max(map(len, rows))
    for name, value in rows.items():
        print(f"{name:{width}}  {value}")
    return 0


@app.command()
def version() -> int:
    """Print the version."""
    print(cc.__version__)
    return 0
