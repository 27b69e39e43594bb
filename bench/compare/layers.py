"""Single layers beside PyTorch: convolutions of every kind, matrix products, four convolutions in a row.

    python bench/compare/layers.py [--only REGEX] [--threads 2] [--quick] [--out bench/results/layers.json]

Both libraries get the same numbers and their results are compared before anything is timed. Calls are timed in turn in one process;
medians count, and PyTorch's better memory format. Forward alone runs without a tape, where convcore keeps what it packs of
the weights. Its freed memory stays mapped (see timing.py), so that it pays for no fresh pages;
the row of four layers is timed a second time with the C library's own habit, `--fresh-pages`. The ratio is PyTorch's time over ours.
"""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from timing import (
    alternate,
    arguments,
    begin,
    convcore,
    machine,
    progress,
    rms_error,
    spread,
    torch,
)

LIBRARIES = {"convcore": convcore, "torch": torch}
CHANNELS_LAST = {2: "channels_last", 3: "channels_last_3d"}  # by the number of spatial axes
# rms of the difference over that of the result: Winograd's bound (docs/convolution.md) with room for long sums
TOLERANCE = 2e-5


@dataclass(frozen=True)
class Layer:
    """n images of c channels and the given size through k kernels."""

    group: str  # the line of the table it stands for
    n: int
    c: int
    k: int
    size: tuple[int, ...]
    kernel: int  # along each axis
    options: dict[str, Any] = field(default_factory=dict)
    formats: tuple[str, ...] = ("row-major", "channels-last")  # of PyTorch's that are tried
    input_grad: bool = True
    depth: int = 1  # so many in a row
    stages: tuple[str, ...] = ("forward", "forward+backward")
    precision: str = "fast"  # convcore's

    @property
    def name(self) -> str:
        what = ", ".join(f"{k}={v}" for k, v in self.options.items() if k != "padding")
        times = f" ×{self.depth}" if self.depth > 1 else ""
        what += " strict" if self.precision == "strict" else ""
        kernel, size = ("×".join(map(str, sizes)) for sizes in (self.kernels, self.size))
        return f"{kernel} {self.c}→{self.k} {size} n{self.n}{times}{', ' if what else ''}{what}"

    @property
    def kernels(self) -> tuple[int, ...]:
        return (self.kernel,) * len(self.size)

    def memory_format(self, library: Any, layout: str) -> Any:
        row_major = layout == "row-major"
        return getattr(library, "contiguous_format" if row_major else CHANNELS_LAST[len(self.size)])

    def conv(self, library: Any, x: Any, weight: Any) -> Any:
        return getattr(library.nn.functional, f"conv{len(self.size)}d")(x, weight, **self.options)


def same(kernel: int, **options: Any) -> dict[str, Any]:
    return {"padding": kernel // 2, **options}


MIDDLE, DEEP, THIN = (
    "3×3, C, K 64–128",
    "3×3, C, K ≥ 256",
    "3×3, C, K 16–48; small maps; ragged sizes",
)
OTHER = "stride 2, dilated, grouped, strict"
POINT, FIRST = "1×1 on large maps", "first layer"
LAYERS = [
    Layer(MIDDLE, 32, 64, 64, (32, 32), 3, same(3)),
    Layer(MIDDLE, 32, 128, 128, (16, 16), 3, same(3)),
    Layer(MIDDLE, 8, 64, 64, (56, 56), 3, same(3)),
    Layer(MIDDLE, 64, 64, 128, (16, 16), 3, same(3)),
    Layer(DEEP, 32, 256, 256, (8, 8), 3, same(3)),
    Layer(DEEP, 32, 256, 256, (15, 15), 3, same(3)),
    Layer(DEEP, 64, 512, 512, (4, 4), 3, same(3)),
    Layer(DEEP, 16, 512, 512, (7, 7), 3, same(3)),
    Layer(THIN, 64, 32, 32, (32, 32), 3, same(3)),
    Layer(THIN, 64, 16, 16, (32, 32), 3, same(3)),
    Layer(THIN, 64, 48, 48, (16, 16), 3, same(3)),
    Layer(THIN, 64, 256, 256, (7, 7), 3, same(3)),
    Layer(THIN, 64, 256, 256, (4, 4), 3, same(3)),
    Layer(THIN, 16, 37, 29, (30, 30), 3, same(3)),
    Layer(OTHER, 32, 64, 128, (32, 32), 3, same(3, stride=2)),
    Layer(OTHER, 32, 256, 512, (8, 8), 3, same(3, stride=2)),
    Layer(OTHER, 16, 64, 64, (32, 32), 3, {"padding": 2, "dilation": 2}),
    Layer(OTHER, 16, 128, 128, (28, 28), 3, same(3, groups=32)),
    Layer(OTHER, 16, 128, 128, (28, 28), 3, same(3, groups=4)),
    Layer(OTHER, 32, 64, 64, (32, 32), 3, same(3), precision="strict"),
    Layer(OTHER, 32, 128, 128, (16, 16), 3, same(3), precision="strict"),
    Layer(POINT, 8, 256, 64, (56, 56), 1),
    Layer(POINT, 8, 64, 256, (56, 56), 1),
    Layer(POINT, 16, 128, 128, (28, 28), 1),
    Layer(FIRST, 32, 3, 64, (32, 32), 3, same(3), input_grad=False),
    Layer(FIRST, 8, 3, 64, (224, 224), 7, {"padding": 3, "stride": 2}, input_grad=False),
    Layer(FIRST, 8, 3, 64, (224, 224), 3, same(3), input_grad=False),
    Layer("3×3×3", 2, 64, 64, (16, 32, 32), 3, same(3)),
    Layer("3×3×3", 1, 32, 32, (32, 64, 64), 3, same(3)),
    Layer("3×3×3", 4, 128, 128, (8, 16, 16), 3, same(3)),
    Layer("5×5, C ≥ 32", 32, 64, 64, (32, 32), 5, same(5)),
    Layer("5×5, C ≥ 32", 64, 32, 64, (16, 16), 5, same(5)),
    Layer("dense k = 7", 8, 64, 64, (64, 64), 7, same(7)),
    Layer("dense k = 11", 8, 64, 64, (64, 64), 11, same(11)),
    Layer("dense k = 31", 4, 32, 32, (128, 128), 31, same(31), ("row-major",)),
    Layer("depthwise 3×3", 32, 128, 128, (28, 28), 3, same(3, groups=128)),
    Layer("depthwise 7×7", 16, 96, 96, (28, 28), 7, same(7, groups=96)),
    Layer("depthwise 31×31", 8, 64, 64, (64, 64), 31, same(31, groups=64)),
    Layer("four 3×3 layers, activations alive", 32, 64, 64, (32, 32), 3, same(3), depth=4),
    Layer("four 3×3 layers, activations alive", 128, 64, 64, (32, 32), 3, same(3), depth=4),
]  # fmt: skip
PRODUCT, PRODUCTS = "matmul ≥ 512", [512, 1024, 2048]


@dataclass
class Row:
    group: str
    name: str
    stage: str
    seconds: dict[tuple[str, str], list[float]]

    def best(self, library: str) -> tuple[float, str]:
        return min(
            (statistics.median(s), f) for (lib, f), s in self.seconds.items() if lib == library
        )

    @property
    def ratio(self) -> float:
        return self.best("torch")[0] / self.best("convcore")[0]

    def report(self) -> dict[str, Any]:
        (ours, _), (theirs, layout) = self.best("convcore"), self.best("torch")
        return {
            "group": self.group, "row": self.name, "stage": self.stage, "ratio": round(self.ratio, 3),
            "ms": {"convcore": round(ours * 1e3, 4), "torch": round(theirs * 1e3, 4)}, "torch_format": layout,
            "spread": round(max(map(spread, self.seconds.values())), 3),
        }  # fmt: skip


def numbers(layer: Layer) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((layer.n, layer.c, *layer.size), np.float32)
    shape = (layer.k, layer.c // layer.options.get("groups", 1), *layer.kernels)
    weights = [
        rng.standard_normal(shape, np.float32) * np.float32(np.prod(shape[1:]) ** -0.5)
        for _ in range(layer.depth)
    ]
    out = layer.conv(convcore, convcore.zeros(1, *x.shape[1:]), convcore.tensor(weights[0]))
    return (
        x,
        [w.astype(np.float32) for w in weights],
        rng.standard_normal((layer.n, *out.shape[1:]), np.float32),
    )


def calls(library: Any, layer: Layer, layout: str, data: tuple) -> dict[str, Callable[[], Any]]:
    """The stages, each giving its arrays."""
    x, weights, gradient = data

    def tensor(array: np.ndarray, grad: bool = False) -> Any:
        t = library.tensor(array).contiguous(memory_format=layer.memory_format(library, layout))
        return t.requires_grad_(grad)

    plain = tensor(x), [tensor(w) for w in weights]
    leaf, kernels = tensor(x, layer.input_grad), [tensor(w, True) for w in weights]
    outward = tensor(gradient)
    wanted = [leaf, *kernels] if layer.input_grad else kernels

    def through(y: Any, ws: list) -> list:
        alive = []
        for w in ws:
            y = layer.conv(library, y, w)
            alive.append(y)
        return alive

    def forward() -> list:
        with library.no_grad():
            alive = through(*plain)
            alive[-1].data_ptr()  # read: nothing waits for a reader any more
            return alive

    def both() -> list:
        alive = through(leaf, kernels)
        return [alive[-1].detach(), *library.autograd.grad(alive[-1], wanted, outward)]

    return {"forward": forward, "forward+backward": both}


def check(layer: Layer, found: dict[str, list]) -> None:
    for ours, theirs in zip(found["convcore"], found["torch"], strict=True):
        a, b = np.asarray(ours.detach().numpy()), np.asarray(theirs.detach().numpy())
        error = rms_error(a, b)
        assert error < TOLERANCE, (
            f"{layer.name}: differs by {error:.1e} of the result's root mean square"
        )


def measure(layer: Layer, budget: float) -> list[Row]:
    data = numbers(layer)
    made = {("convcore", "channels-last"): calls(convcore, layer, "channels-last", data)}
    made |= {("torch", f): calls(torch, layer, f, data) for f in layer.formats}
    rows = []
    convcore.set_conv_precision(layer.precision)
    for stage in layer.stages:
        check(layer, {"convcore": made["convcore", "channels-last"][stage](), "torch": made["torch", layer.formats[0]][stage]()})  # fmt: skip
        variants = {
            lib: {f: c[stage] for (name, f), c in made.items() if name == lib} for lib in LIBRARIES
        }
        rows.append(Row(layer.group, layer.name, stage, alternate(variants, budget)))
    convcore.set_conv_precision("fast")
    return rows


def product(n: int, budget: float) -> Row:
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((n, n), np.float32) for _ in range(2))
    sides = {name: (lib.tensor(a), lib.tensor(b)) for name, lib in LIBRARIES.items()}
    found = {name: np.asarray((x @ y).numpy()) for name, (x, y) in sides.items()}
    np.testing.assert_allclose(found["convcore"], found["torch"], rtol=0, atol=1e-3)
    variants = {name: {"row-major": lambda x=x, y=y: x @ y} for name, (x, y) in sides.items()}
    return Row(PRODUCT, f"matmul {n}", "forward", alternate(variants, budget))


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--only", default="", help="rows whose group or name matches")
    args = parser.parse_args()
    begin(args)
    budget = 0.3 if args.quick else 1.5
    rows: list[Row] = []
    for layer in progress(
        [x for x in LAYERS if re.search(args.only, f"{x.group} {x.name}")], "timing"
    ):
        rows += measure(layer, budget)
    rows += [product(n, budget) for n in PRODUCTS if re.search(args.only, f"matmul {n}")]
    for row in rows:
        (ours, _), (theirs, layout) = row.best("convcore"), row.best("torch")
        print(
            f"{row.group:44} {row.name:40} {row.stage:17} {row.ratio:7.2f}  {ours * 1e3:9.3f} {theirs * 1e3:9.3f} ms  {layout}"
        )
    peak = convcore._core.measure_peak_flops()
    print(f"peak {peak / 1e9:.0f} GFLOP/s with {args.threads} threads")
    for row in rows:
        if row.group == PRODUCT:
            rates = {lib: 2 * int(row.name.split()[1]) ** 3 / row.best(lib)[0] / peak for lib in LIBRARIES}  # fmt: skip
            print(row.name, *(f"{lib} {rate:.0%} of peak" for lib, rate in rates.items()))
    if args.out:
        report = {"machine": machine(), "fresh_pages": args.fresh_pages, "peak_gflops": round(peak / 1e9, 1), "rows": [r.report() for r in rows]}  # fmt: skip
        args.out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
