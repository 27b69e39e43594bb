"""Pictures of a run, drawn with matplotlib's object interface (no window, no global state)."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from convcore._files import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = {"train": "#8c8c8c", "val": "#1f5fa8"}


def _figure(width: float, height: float) -> Figure:
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise ImportError('plots need matplotlib: pip install "convcore[cli]"') from None
    return Figure(figsize=(width, height), layout="constrained")


def _save(figure: Figure, path: str | os.PathLike[str]) -> None:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=120)
    write_atomically(path, content.getvalue())


def learning_curves(
    history: Mapping[str, Sequence[float]], path: str | os.PathLike[str], title: str = ""
) -> None:
    """Draw loss, accuracy and learning rate over the epochs as a PNG file.

    >>> learning_curves({"epoch": [1, 2], "train_loss": [1.0, 0.5]}, "/tmp/curves.png")
    """
    epochs = history["epoch"]
    names = {n.split("_", 1)[1] for n in history if n.startswith(("train_", "val_"))}
    panels = sorted(names, key=lambda n: (n != "loss", n)) + ["lr"] * ("lr" in history)
    figure = _figure(4.2 * len(panels), 3.4)
    if title:
        figure.suptitle(title)
    for panel, name in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        percent = name == "accuracy"
        marker = "o" if len(epochs) == 1 else None
        if name == "lr":
            panel.plot(epochs, history["lr"], color="#b5651d", marker=marker)
            panel.set_ylabel("learning rate")
            panel.set_ylim(bottom=0)
        for part in ("train", "val"):
            values = history.get(f"{part}_{name}")
            if values is None:
                continue
            values = np.array([math.nan if v is None else v for v in values], float)
            label = {"train": "training", "val": "held out"}[part]
            panel.plot(
                epochs,
                values * (100 if percent else 1),
                color=COLOURS[part],
                label=label,
                marker=marker,
            )
            panel.set_ylabel("accuracy (%)" if percent else name)
        if name != "lr":
            panel.legend(frameon=False)
        panel.set_xlabel("epoch")
        panel.xaxis.get_major_locator().set_params(integer=True)
        panel.grid(alpha=0.25)
        panel.spines[["top", "right"]].set_visible(False)
    _save(figure, path)


def filters(weight: Any, path: str | os.PathLike[str], title: str = "") -> None:
    """Draw the kernels of a 2-D convolution, `weight` (out, in, height, width), as a PNG file.

    Kernels on three channels are shown in colour, others one grey picture per input channel (at
    most 16 rows of them). Grey levels are symmetric about zero and shared by all kernels.

    >>> import numpy as np
    >>> filters(np.random.default_rng(0).normal(size=(8, 1, 3, 3)), "/tmp/filters.png")
    """
    kernels = np.asarray(weight.detach() if hasattr(weight, "detach") else weight)
    if kernels.ndim != 4:
        raise ValueError(
            f"filters: weight: expected shape (out, in, height, width), got {kernels.shape}"
        )
    limit = float(np.abs(kernels).max()) or 1.0
    if kernels.shape[1] == 3:
        tiles = list((kernels.transpose(0, 2, 3, 1) / limit + 1) / 2)
        columns = _columns(len(tiles))
    elif kernels.shape[1] == 1:
        tiles = list(kernels[:, 0])
        columns = _columns(len(tiles))
    else:
        shown = kernels[:16]
        tiles = list(shown.reshape(-1, *kernels.shape[2:]))
        columns = kernels.shape[1]
    rows = math.ceil(len(tiles) / columns)
    figure = _figure(max(0.7 * columns, 3.0), 0.7 * rows + 0.6)
    figure.suptitle(title or f"{len(kernels)} kernels of the first layer", fontsize=10)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel in panels:
        panel.set_axis_off()
    for panel, tile in zip(panels, tiles, strict=False):
        panel.imshow(tile, cmap="gray", vmin=-limit, vmax=limit, interpolation="nearest")
    _save(figure, path)


def _columns(count: int) -> int:
    """The width of a full grid where there is a handy one, else of a wide one."""
    exact = [n for n in (8, 10, 12, 6, 9, 7, 5) if count % n == 0]
    return exact[0] if exact else min(count, math.ceil(math.sqrt(2 * count)))


def first_convolution(model: Any) -> Any:
    """The weight of the model's first 2-D convolution, or None."""
    for name, parameter in model.named_parameters():
        if name.endswith("weight") and len(parameter.shape) == 4:
            return parameter
    return None
