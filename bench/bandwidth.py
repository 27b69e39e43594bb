"""What only moves data, beside a copy: the share of the speed of memory that it reaches.

    python bench/bandwidth.py [--threads 2] [--rounds 15] [--out bench/results/bandwidth.json]

Arrays of 64 MB, larger than the caches of most machines. Counted are the bytes that must move: every operand is read once and
every result written once, except where a sum over all of an operand has to be known before it is used again (the statistics of a
normalisation over a batch), which is then read twice. A copy is `numpy.copyto` of as many parts as there are threads; each
function and the copy are timed in turn, and the medians are compared. `backward` is the time of `y.backward(gradient)` alone.
"""

from __future__ import annotations

import argparse
import json
import shlex
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import convcore as cc
import numpy as np

F, optim = cc.nn.functional, cc.optim
MAPS = (16, 64, 128, 128)
SMALL_MAPS = (256, 64, 32, 32)
ROWS = (16384, 1024)
SIZE = 1 << 24  # elements of each of them


@dataclass
class Row:
    name: str
    bytes: float
    prepare: Callable[[], Callable[[], object]]  # untimed; gives the call to time


def image(shape: tuple[int, ...] = MAPS) -> cc.Tensor:
    return cc.randn(*shape).contiguous(memory_format=cc.channels_last)


def forward(name: str, f: Callable, x: cc.Tensor, elements: float) -> Row:
    def run() -> np.ndarray:
        with cc.no_grad():
            return f(x).numpy()  # without a copy; what waits to be computed is

    return Row(name, 4 * elements, lambda: run)


def backward(name: str, f: Callable, x: cc.Tensor, elements: float) -> Row:
    x = x.detach().clone().requires_grad_()
    gradient = f(x).detach().clone()  # laid out as the result is
    gradient.copy_(cc.randn_like(gradient))

    def prepare() -> Callable[[], None]:
        x.grad = None
        y = f(x)
        return lambda: y.backward(gradient)

    return Row(name + ", backward", 4 * elements, prepare)


def both(name: str, f: Callable, x: cc.Tensor, there: float, back: float) -> Iterator[Row]:
    yield forward(name, f, x, there)
    yield backward(name, f, x, back)


def step(name: str, make: Callable, arrays: int) -> Row:
    parameters = [cc.nn.Parameter(cc.randn(SIZE // 16)) for _ in range(16)]
    for p in parameters:
        p.grad = cc.randn_like(p)
    optimizer = make(parameters)
    optimizer.step()
    return Row(name, 4 * arrays * SIZE, lambda: optimizer.step)


def rows() -> Iterator[Row]:
    x, small, flat = image(), image(SMALL_MAPS), cc.randn(*ROWS)
    half = x.to(cc.bfloat16)
    raw = cc.tensor(np.random.default_rng(0).integers(0, 256, SIZE, dtype=np.uint8))
    yield Row("uint8 to float32", 5 * SIZE, lambda: lambda: raw.to(cc.float32))
    yield Row("float32 to uint8", 5 * SIZE, lambda: lambda: x.to(cc.uint8))
    yield Row("float32 to bfloat16", 6 * SIZE, lambda: lambda: x.to(cc.bfloat16))
    yield Row("bfloat16 to float32", 6 * SIZE, lambda: lambda: half.to(cc.float32))
    yield forward("add", lambda t: t + x, image(), 3 * SIZE)
    yield forward("add per channel", lambda t, bias=cc.randn(64, 1, 1): t + bias, x, 2 * SIZE)
    for f in (F.relu, F.leaky_relu, F.hardswish, F.sigmoid, cc.tanh, F.silu, F.gelu, F.elu):
        yield from both(f.__name__, f, x, 2 * SIZE, 3 * SIZE)
    yield from both("max_pool2d 2x2", lambda t: F.max_pool2d(t, 2), x, 1.25 * SIZE, 1.25 * SIZE)
    yield from both(
        "max_pool2d 3x3 stride 2", lambda t: F.max_pool2d(t, 3, 2, 1), x, 1.25 * SIZE, 1.25 * SIZE
    )
    yield from both("avg_pool2d 2x2", lambda t: F.avg_pool2d(t, 2), x, 1.25 * SIZE, 1.25 * SIZE)
    yield from both(
        "avg_pool2d 3x3 stride 1", lambda t: F.avg_pool2d(t, 3, 1, 1), x, 2 * SIZE, 2 * SIZE
    )
    yield from both(
        "adaptive_avg_pool2d to 1x1", lambda t: F.adaptive_avg_pool2d(t, 1), x, SIZE, SIZE
    )
    weight, bias = cc.ones(64), cc.zeros(64)
    norm = cc.nn.BatchNorm2d(64)
    yield from both("batch_norm, training", norm, x, 3 * SIZE, 5 * SIZE)
    yield forward("batch_norm, eval", cc.nn.BatchNorm2d(64).eval(), x, 2 * SIZE)
    yield from both("batch_norm + relu, training", lambda t: F.relu(norm(t)), x, 3 * SIZE, 5 * SIZE)
    yield from both("instance_norm", F.instance_norm, small, 2 * SIZE, 3 * SIZE)
    yield from both(
        "group_norm", lambda t: F.group_norm(t, 8, weight, bias), small, 2 * SIZE, 3 * SIZE
    )
    yield from both("layer_norm", lambda t: F.layer_norm(t, ROWS[1:]), flat, 2 * SIZE, 3 * SIZE)
    yield from both("softmax", lambda t: F.softmax(t, 1), flat, 2 * SIZE, 3 * SIZE)
    yield from both("log_softmax", lambda t: F.log_softmax(t, 1), flat, 2 * SIZE, 3 * SIZE)
    labels = cc.tensor(np.random.default_rng(0).integers(0, ROWS[1], ROWS[0]))
    target, chance = cc.randn(*ROWS), cc.rand(*ROWS)
    yield from both("cross_entropy", lambda t: F.cross_entropy(t, labels), flat, SIZE, 2 * SIZE)
    for f, to in (
        (F.mse_loss, target),
        (F.smooth_l1_loss, target),
        (F.binary_cross_entropy_with_logits, chance),
    ):
        yield from both(f.__name__, lambda t, f=f, to=to: f(t, to), flat, 2 * SIZE, 3 * SIZE)
    yield step("SGD", lambda p: optim.SGD(p, 1e-3), 3)
    yield step(
        "SGD with momentum", lambda p: optim.SGD(p, 1e-3, momentum=0.9, weight_decay=1e-4), 5
    )
    yield step("Adam", lambda p: optim.Adam(p), 7)
    yield step("AdamW", lambda p: optim.AdamW(p), 7)


def copier(threads: int) -> Callable[[], object]:
    pool = ThreadPoolExecutor(threads)
    source = np.random.default_rng(0).random(SIZE, dtype=np.float32)
    parts = list(zip(np.split(source.copy(), threads), np.split(source, threads), strict=True))
    return lambda: list(pool.map(lambda part: np.copyto(*part), parts))


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    result = call()
    spent = time.perf_counter() - start
    del result
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    cc.set_num_threads(args.threads)
    copy = copier(args.threads)
    found = []
    for row in rows():
        calls, copies = [], []
        for _ in range(args.rounds + 1):
            call = row.prepare()
            copies.append(seconds(copy))
            calls.append(seconds(call))
        speed = row.bytes / statistics.median(calls[1:])
        copied = 8 * SIZE / statistics.median(copies[1:])
        found.append({"name": row.name, "GB/s": round(speed / 1e9, 2), "copy GB/s": round(copied / 1e9, 2),
                      "of copy": round(speed / copied, 3)})  # fmt: skip
        print(f"{row.name:44s} {speed / 1e9:6.1f} GB/s {speed / copied:6.0%} of copy")
    if args.out:
        report = {"machine": {"command": shlex.join(["python", *sys.argv]), "convcore": cc.show_config().splitlines(),
                              "threads": args.threads}, "rows": found}  # fmt: skip
        args.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
