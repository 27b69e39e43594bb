"""What a call costs where there is nothing to compute: microseconds per operator from Python, beside PyTorch's.

    python bench/overhead.py [--out bench/results/overhead.json]

Tensors of 16 elements, one thread, the smallest mean of seven rounds, both libraries in turn; without a tape, and with one (then
what is recorded is dropped again with the result).
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import convcore as cc
import torch

ROUNDS, CALLS = 7, 2000


def calls(lib: Any, grad: bool) -> dict[str, Callable[[], Any]]:
    functional, nn = lib.nn.functional, lib.nn
    lib.manual_seed(0)
    a, b = lib.randn(4, 4), lib.randn(4, 4)
    image, weight = lib.randn(1, 4, 2, 2), lib.randn(4, 4, 1, 1)
    image = image.to(memory_format=lib.channels_last)
    conv, norm = nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4).eval()
    line, relu, pool = nn.Linear(4, 4), nn.ReLU(), nn.MaxPool2d(2)
    target = lib.tensor([0, 1, 2, 3])
    for x in (a, b, image, weight):
        x.requires_grad = grad
    return {
        "a + b": lambda: a + b,
        "a * 2": lambda: a * 2,
        "exp": lambda: lib.exp(a),
        "F.relu": lambda: functional.relu(a),
        "sum": lambda: a.sum(),
        "mean of an axis": lambda: a.mean(1),
        "a @ b": lambda: a @ b,
        "reshape": lambda: a.reshape(2, 8),
        "transpose": lambda: a.transpose(0, 1),
        "a[1]": lambda: a[1],
        "cat": lambda: lib.cat([a, b]),
        "F.softmax": lambda: functional.softmax(a, 1),
        "F.cross_entropy": lambda: functional.cross_entropy(a, target),
        "F.linear": lambda: functional.linear(a, b),
        "F.conv2d": lambda: functional.conv2d(image, weight),
        "F.max_pool2d": lambda: functional.max_pool2d(image, 2),
        "Linear": lambda: line(a),
        "Conv2d": lambda: conv(image),
        "BatchNorm2d": lambda: norm(image),
        "ReLU": lambda: relu(image),
        "MaxPool2d": lambda: pool(image),
    }


def microseconds(f: Callable[[], Any]) -> float:
    start = time.perf_counter()
    for _ in range(CALLS):
        f()
    return (time.perf_counter() - start) / CALLS * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    cc.set_num_threads(1)
    rows = []
    for grad in (False, True):
        ours, theirs = calls(cc, grad), calls(torch, grad)
        for name, f in ours.items():
            best = [float("inf")] * 2
            with cc.set_grad_enabled(grad), torch.set_grad_enabled(grad):
                for _ in range(ROUNDS):
                    for i, call in enumerate((f, theirs[name])):
                        best[i] = min(best[i], microseconds(call))
            rows.append({"op": name, "tape": grad, "convcore_us": round(best[0], 3), "torch_us": round(best[1], 3)})  # fmt: skip
            print(f"{name:18s} {'with a tape' if grad else 'without':12s} {best[0]:7.2f} us   torch {best[1]:7.2f} us   {best[1] / best[0]:.1f}", flush=True)  # fmt: skip
    for grad in (False, True):
        some = [r for r in rows if r["tape"] == grad]
        print(f"{'with' if grad else 'without'} a tape: median {statistics.median(r['convcore_us'] for r in some):.2f} us, most {max(r['convcore_us'] for r in some):.2f} us; torch {statistics.median(r['torch_us'] for r in some):.2f} us")  # fmt: skip
    if args.out:
        args.out.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
