"""Does the list pick well? Random convolutions, each map of each by every algorithm that can compute it.

    python bench/choice.py [--shapes 300] [--seed 0] [--threads 2] [--out bench/results/choice.json]

For each shape and map the algorithms run in turn, medians count. "over best" is the time of the one that the list picks over that of
the fastest: 1 where the pick is the fastest. "gradients" is the time of both gradients over that of the forward map (2 where all three
cost the same), "neighbour" the largest ratio of the times per multiplication of a shape and of the same one with a channel, a pixel
or an image more: a cliff where it is large.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import convcore as cc
import numpy as np

F = cc.nn.functional
ALGORITHMS = (
    "winograd",
    "winograd2",
    "fft",
    "depthwise",
    "grouped",
    "pointwise",
    "strip",
    "direct",
)
MOST_FLOPS = 1e9
SAMPLE = 0.002  # seconds


@dataclass(frozen=True)
class Shape:
    n: int
    c: int
    k: int
    groups: int
    h: int
    w: int
    kernel: int
    stride: int = 1
    dilation: int = 1

    @property
    def padding(self) -> int:
        return self.dilation * (self.kernel - 1) // 2

    def out(self, size: int) -> int:
        reach = self.dilation * (self.kernel - 1)
        return (size + 2 * self.padding - reach - 1) // self.stride + 1

    @property
    def flops(self) -> float:
        pixels = self.n * self.out(self.h) * self.out(self.w)
        return 2.0 * pixels * self.k * (self.c // self.groups) * self.kernel**2

    def neighbours(self) -> Iterator[Shape]:
        if self.groups == 1:
            yield replace(self, c=self.c + 1)
            yield replace(self, k=self.k + 1)
        yield replace(self, h=self.h + 1, w=self.w + 1)
        yield replace(self, n=self.n + 1)


def random_shapes(count: int, seed: int) -> list[Shape]:
    """What nets are made of, and some of what they are not."""
    rng = np.random.default_rng(seed)
    channels = [1, 3, 4, 8, 12, 16, 24, 29, 32, 37, 48, 64, 96, 100, 128, 192, 256, 384, 512]
    found: list[Shape] = []
    while len(found) < count:
        c, k = (int(rng.choice(channels)) for _ in range(2))
        kind = rng.choice(["dense", "dense", "dense", "grouped", "depthwise"])
        groups = 1
        if kind == "grouped":
            groups = int(rng.choice([2, 4, 8]))
            c, k = -(-c // groups) * groups, -(-k // groups) * groups
        elif kind == "depthwise":
            k = groups = c
        size = int(rng.choice([1, 2, 4, 7, 8, 13, 14, 16, 28, 30, 32, 56, 64, 112]))
        kernel = int(rng.choice([1, 1, 2, 3, 3, 3, 3, 4, 5, 5, 7, 9, 11, 15]))
        shape = Shape(
            int(rng.choice([1, 1, 2, 4, 8, 16, 32, 64])), c, k, groups, size,
            max(1, size + int(rng.integers(-1, 2))), kernel,
            int(rng.choice([1, 1, 1, 2])), int(rng.choice([1, 1, 1, 1, 2])),
        )  # fmt: skip
        if min(shape.out(shape.h), shape.out(shape.w)) < 1:
            continue
        if 1e5 <= shape.flops <= MOST_FLOPS and shape not in found:
            found.append(shape)
    return found


def calls(s: Shape) -> dict[str, Callable[[], Any]]:
    options = {"stride": s.stride, "padding": s.padding, "dilation": s.dilation, "groups": s.groups}
    x = cc.randn(s.n, s.c, s.h, s.w).to(memory_format=cc.channels_last)
    w = cc.randn(s.k, s.c // s.groups, s.kernel, s.kernel)
    g = cc.randn(s.n, s.k, s.out(s.h), s.out(s.w)).to(memory_format=cc.channels_last)
    return {
        "forward": lambda: F.conv2d(x, w, **options),
        "grad_input": lambda: F.conv_grad_input(x.shape, w, g, **options),
        "grad_weight": lambda: F.conv_grad_weight(x, w.shape, g, **options),
    }


def medians(variants: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Seconds per call, the variants in turn, each after an untimed call that brings its own data into the cache."""
    repeats, seconds = {}, {name: [] for name in variants}
    for name, call in variants.items():
        start = time.perf_counter()
        call()
        repeats[name] = max(1, round(SAMPLE / (time.perf_counter() - start + 1e-9)))
    for _ in range(rounds):
        for name, call in variants.items():
            call()
            start = time.perf_counter()
            for _ in range(repeats[name]):
                call()
            seconds[name].append((time.perf_counter() - start) / repeats[name])
    return {name: statistics.median(values) for name, values in seconds.items()}


def by(algorithm: str, call: Callable[[], Any]) -> Callable[[], Any]:
    def run() -> Any:
        with cc.algorithms(conv=algorithm):
            return call()

    return run


def pick(call: Callable[[], Any]) -> str:
    with cc.explain() as log:
        call()
    return next(d["implementation"] for d in log.decisions if d["op"] == "conv").rpartition("_")[0]


def measure(shape: Shape, rounds: int) -> dict[str, Any]:
    row: dict[str, Any] = {"shape": asdict(shape), "maps": {}}
    for name, call in calls(shape).items():
        variants = {}
        for algorithm in ALGORITHMS:
            try:
                by(algorithm, call)()
            except NotImplementedError:
                continue
            variants[algorithm] = by(algorithm, call)
        seconds = medians(variants, rounds)
        picked, best = pick(call), min(seconds, key=seconds.__getitem__)
        row["maps"][name] = {
            "picked": picked,
            "best": best,
            "over_best": seconds[picked] / seconds[best],
            "us": {k: round(v * 1e6, 1) for k, v in seconds.items()},
        }
    forward, *gradients = (m["us"][m["picked"]] for m in row["maps"].values())
    row["gradients"] = sum(gradients) / forward
    per_flop = forward / shape.flops
    row["neighbour"] = max(
        medians({"": calls(other)["forward"]}, rounds)[""] * 1e6 / other.flops / per_flop
        for other in shape.neighbours()
    )
    return row


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shapes", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    cc.set_num_threads(args.threads)
    rows = [measure(shape, args.rounds) for shape in random_shapes(args.shapes, args.seed)]
    over = sorted(
        ((m["over_best"], name, row) for row in rows for name, m in row["maps"].items()),
        key=lambda found: -found[0],
    )
    within = sum(ratio <= 1.25 for ratio, *_ in over) / len(over)
    print(f"{len(over)} maps of {len(rows)} shapes; the pick within 1.25 of the best: {within:.1%}")
    print(f"median over best {statistics.median(r for r, *_ in over):.3f}, worst {over[0][0]:.2f}")
    for ratio, name, row in over[:25]:
        print(f"{ratio:5.2f} {name:11} {row['maps'][name]} {row['shape']}")
    gradients = sorted(row["gradients"] for row in rows)
    print(
        f"gradients over forward: median {statistics.median(gradients):.2f}, worst {gradients[-1]:.2f}"
    )
    cliffs = sorted((row["neighbour"] for row in rows), reverse=True)
    print(f"neighbour over shape: median {statistics.median(cliffs):.2f}, worst {cliffs[:5]}")
    if args.out:
        report = {"convcore": cc.show_config().splitlines(), "threads": args.threads, "rows": rows}
        args.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
