"""Tables of a network's layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import convcore as cc


@dataclass(frozen=True)
class LayerInfo:
    """One layer: its path in the model, class name, output shape and number of parameters."""

    name: str
    type: str
    output_shape: tuple[int, ...]
    parameters: int


@dataclass(frozen=True)
class Summary:
    """What `summary` returns; `str()` gives the table."""

    model: str
    input_shape: tuple[int, ...]
    layers: tuple[LayerInfo, ...]
    parameters: int
    trainable: int
    buffers: int

    def __str__(self) -> str:
        rows = [
            (layer.name, layer.type, _shape(layer.output_shape), f"{layer.parameters:,}")
            for layer in self.layers
        ]
        head = ("layer", "type", "output shape", "parameters")
        widths = [max(len(row[i]) for row in [head, *rows]) for i in range(4)]
        line = "  ".join("-" * width for width in widths)

        def text(row: tuple[str, ...]) -> str:
            cells = [cell.ljust(width) for cell, width in zip(row[:3], widths, strict=False)]
            return "  ".join([*cells, row[3].rjust(widths[3])])

        megabytes = 4 * self.parameters / 1e6
        return "\n".join(
            [
                f"{self.model}, input {_shape(self.input_shape)}",
                line,
                text(head),
                line,
                *(text(row) for row in rows),
                line,
                f"parameters: {self.parameters:,} ({megabytes:.2f} MB), trainable: "
                f"{self.trainable:,}, buffers: {self.buffers:,}",
            ]
        )


def summary(model: Any, input_size: Sequence[int], dtype: Any = None) -> Summary:
    """Run zeros of shape `input_size` (with the batch axis) through `model`; list its layers.

    Layers are the modules without children, in the order in which they ran.

    >>> from convcore import nn
    >>> print(summary(nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU()), (1, 1, 8, 8)))
    Sequential, input 1x1x8x8
    -----  ------  ------------  ----------
    layer  type    output shape  parameters
    -----  ------  ------------  ----------
    0      Conv2d  1x4x6x6               40
    1      ReLU    1x4x6x6                0
    -----  ------  ------------  ----------
    parameters: 40 (0.00 MB), trainable: 40, buffers: 0
    """
    layers: list[LayerInfo] = []
    seen: set[int] = set()

    def record(name: str) -> Any:
        def hook(module: Any, inputs: Any, output: Any) -> None:
            own = [p for p in module.parameters() if id(p) not in seen]
            seen.update(id(p) for p in own)
            shape = tuple(output.shape) if isinstance(output, cc.Tensor) else ()
            count = sum(p.numel() for p in own)
            layers.append(LayerInfo(name, type(module).__name__, shape, count))

        return hook

    modes = [(m, m.training) for m in model.modules()]
    handles = [
        module.register_forward_hook(record(name or type(module).__name__))
        for name, module in model.named_modules()
        if not list(module.children())
    ]
    try:
        model.eval()
        with cc.no_grad():
            model(cc.zeros(tuple(input_size), dtype=dtype or cc.float32))
    finally:
        for handle in handles:
            handle.remove()
        for module, training in modes:
            module.training = training
    parameters = list(model.parameters())
    return Summary(
        type(model).__name__,
        tuple(input_size),
        tuple(layers),
        sum(p.numel() for p in parameters),
        sum(p.numel() for p in parameters if p.requires_grad),
        sum(b.numel() for b in model.buffers()),
    )


def _shape(shape: Sequence[int]) -> str:
    return "x".join(str(n) for n in shape)
