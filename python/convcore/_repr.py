"""How tensors print: PyTorch's text, element for element."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from convcore import _core

_PROFILES = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}
_options: dict[str, Any] = {**_PROFILES["default"], "sci_mode": None}


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Sets how tensors print: digits after the point, elements before summarising, items kept at each edge, columns.

    `profile` sets all four: "default", "short" or "full". `sci_mode` says whether floats have
    exponents; None, and each call that does not give it, lets the values decide.

    >>> import convcore as cc
    >>> cc.set_printoptions(precision=2)
    >>> cc.tensor([1 / 3])
    tensor([0.33])
    >>> cc.set_printoptions(profile="default")
    """
    if profile is not None:
        if profile not in _PROFILES:
            raise ValueError(
                f"set_printoptions: profile must be one of {list(_PROFILES)}, got {profile!r}"
            )
        _options.update(_PROFILES[profile])
    given = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    for name, value in given.items():
        if value is not None:
            if value < 0:
                raise ValueError(f"set_printoptions: {name} must not be negative, got {value}")
            _options[name] = value
    _options["sci_mode"] = sci_mode


def format_tensor(x: _core.TensorBase) -> str:
    prefix = "tensor("
    shown = x.detach().float() if x.dtype == _core.dtype.bfloat16 else x
    array = np.asarray(_core.to_numpy(shown, False))
    text = prefix + (_body(array, len(prefix)) if array.size else "[]")
    parts = []
    if _options["edgeitems"] == 0 if array.size else array.ndim != 1:
        parts.append(f"size={tuple(array.shape)}")
    plain = (_core.dtype.float32, _core.dtype.int64, _core.dtype.bool)[: 3 if array.size else 1]
    if x.dtype not in plain:
        parts.append(f"dtype={x.dtype}")
    if x.grad_fn is not None:
        parts.append(f"grad_fn=<{x.grad_fn}>")
    elif x.requires_grad:
        parts.append("requires_grad=True")
    return _joined(text, parts, len(prefix)) + ")"


def _joined(text: str, parts: list[str], indent: int) -> str:
    """The parts after the text, each on a new line where the last one is full."""
    used = len(text) - text.rfind("\n") + 1
    for part in parts:
        if used + len(part) + 2 > _options["linewidth"]:
            text += ",\n" + " " * indent + part
            used = indent + len(part)
        else:
            text += ", " + part
            used += len(part) + 2
    return text


def _body(array: np.ndarray, indent: int) -> str:
    summarized = array.size > _options["threshold"]
    width, show = _style(_edges(array) if summarized else array)

    def item(value: Any) -> str:
        return show(value).rjust(width)

    def row(values: np.ndarray, indent: int) -> str:
        first, last = _split(len(values), summarized)
        items = [item(v) for v in values[:first].tolist()]
        if last is not None:
            items += [" ...", *(item(v) for v in values[last:].tolist())]
            items = items if first else ["..."]
        per_line = max(1, (_options["linewidth"] - indent) // (width + 2))
        lines = [", ".join(items[i : i + per_line]) for i in range(0, len(items), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"

    def block(part: np.ndarray, indent: int) -> str:
        if part.ndim == 0:
            return item(part.item())
        if part.ndim == 1:
            return row(part, indent)
        first, last = _split(len(part), summarized)
        rows = [block(p, indent + 1) for p in part[:first]]
        if last is not None:
            rows += ["...", *(block(p, indent + 1) for p in part[last:])]
        return "[" + ("," + "\n" * (part.ndim - 1) + " " * (indent + 1)).join(rows) + "]"

    return block(array, indent)


def _split(length: int, summarized: bool) -> tuple[int, int | None]:
    """How many items are shown at the front, and where those at the end begin (None: all are at the front)."""
    edge = _options["edgeitems"]
    return (edge, length - edge) if summarized and length > 2 * edge else (length, None)


def _edges(array: np.ndarray) -> np.ndarray:
    """What a summary shows of the array."""
    edge = _options["edgeitems"]
    for axis, length in enumerate(array.shape):
        if length > 2 * edge:
            array = np.take(array, [*range(edge), *range(length - edge, length)], axis)
    return array


def _style(array: np.ndarray) -> tuple[int, Any]:
    """The width of all elements and the function that writes one.

    Floats are written as whole numbers with a point where they all are, else with fixed digits;
    with exponents where they are very large, very small or more than a factor 1000 apart. Zeros and
    what is not finite do not count.
    """
    if array.dtype.kind != "f":
        return max((len(str(v)) for v in array.ravel().tolist()), default=1), str
    values = array[np.isfinite(array) & (array != 0)].astype(np.float64)
    digits = _options["precision"]
    whole = bool((values == np.ceil(values)).all())
    exponents = _options["sci_mode"] if values.size else False
    if exponents is None:
        sizes = np.abs(values)
        high, low = float(sizes.max()), float(sizes.min())
        exponents = high / low > 1000 or high > 1e8 or (low < 1e-4 and not whole)
    if exponents:
        fixed = f"{{:.{digits}e}}".format
    elif whole:
        fixed = "{:.0f}.".format
    else:
        fixed = f"{{:.{digits}f}}".format

    def show(value: float) -> str:
        return fixed(value) if math.isfinite(value) else str(value)

    return max((len(show(v)) for v in values.tolist()), default=1), show
