"""How tensors print: PyTorch's form, numpy's number formatting."""

from __future__ import annotations

import numpy as np

from convcore import _core

_options = {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80}


def set_printoptions(
    precision: int | None = None,
    threshold: int | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
) -> None:
    """Sets how tensors print: digits after the point, elements before summarising, items kept at each edge, columns.

    >>> import convcore as cc
    >>> cc.set_printoptions(precision=2)
    >>> cc.tensor([1 / 3])
    tensor([0.33])
    >>> cc.set_printoptions(precision=4)
    """
    given = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    _options.update({name: value for name, value in given.items() if value is not None})


def format_tensor(x: _core.TensorBase, prefix: str = "tensor(") -> str:
    array = np.asarray(_core.to_numpy(x, False))
    body = np.array2string(
        array,
        separator=", ",
        prefix=prefix,
        formatter=_formatter(array),
        precision=_options["precision"],
        threshold=_options["threshold"],
        edgeitems=_options["edgeitems"],
        max_line_width=_options["linewidth"],
    )
    parts = [body]
    if array.size == 0 and array.ndim != 1:
        parts.append(f"size={tuple(array.shape)}")
    plain = (_core.dtype.float32, _core.dtype.int64, _core.dtype.bool)[: 3 if array.size else 1]
    if x.dtype not in plain:
        parts.append(f"dtype={x.dtype}")
    if x.grad_fn is not None:
        parts.append(f"grad_fn=<{x.grad_fn}>")
    elif x.requires_grad:
        parts.append("requires_grad=True")
    return prefix + ", ".join(parts) + ")"


def _formatter(array: np.ndarray) -> dict | None:
    """Floats as PyTorch prints them: whole numbers bare, large ranges in exponents, else fixed digits."""
    if array.dtype.kind != "f" or array.size == 0:
        return None
    finite = np.abs(array[np.isfinite(array)]).astype(np.float64)
    nonzero = finite[finite > 0]
    digits = _options["precision"]
    if nonzero.size and (
        nonzero.max() / nonzero.min() > 1000 or nonzero.max() > 1e8 or nonzero.min() < 1e-4
    ):
        whole = bool(np.all(nonzero == np.floor(nonzero))) and nonzero.max() < 1e8
        style = "{:.0f}." if whole else f"{{:.{digits}e}}"
    elif nonzero.size == 0 or np.all(nonzero == np.floor(nonzero)):
        style = "{:.0f}."
    else:
        style = f"{{:.{digits}f}}"
    width = max(
        (len(style.format(v)) for v in array[np.isfinite(array)].ravel()[:10000]), default=3
    )

    def format_float(value: float) -> str:
        return (style.format(value) if np.isfinite(value) else str(value)).rjust(width)

    return {"float_kind": format_float}
