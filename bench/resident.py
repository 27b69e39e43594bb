"""Does memory stay flat? Training steps on random shapes, and the resident size as they go by.

    python bench/resident.py [--shapes 2000] [--seed 0] [--out bench/results/resident.json]

Each shape is a block of convolution, normalisation, activation and pooling, forward and backward with a step of SGD, in one of
three dimensions. Flat means: what is kept for reuse stays below its limit, and the second half of the shapes adds next to nothing.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import convcore as cc
import numpy as np

nn = cc.nn
MOST_FLOPS, MOST_ELEMENTS = 2e8, 2**20


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def step(rng: np.random.Generator) -> None:
    while True:
        rank = int(rng.choice([1, 2, 2, 2, 3]))
        size = [int(rng.integers(3, 65)) for _ in range(rank)]
        c, k, n, kernel = (int(rng.integers(1, most)) for most in (129, 129, 9, 6))
        kernel = min(kernel, *size)
        depthwise = rng.random() < 0.2
        flops = 2.0 * n * k * (1 if depthwise else c) * kernel**rank * np.prod(size)
        if flops < MOST_FLOPS and n * max(c, k) * np.prod(size) < MOST_ELEMENTS:
            break
    conv = getattr(nn, f"Conv{rank}d")
    norm, pool = getattr(nn, f"BatchNorm{rank}d"), getattr(nn, f"AdaptiveAvgPool{rank}d")
    groups = c if depthwise else 1
    block = nn.Sequential(
        conv(c, c if depthwise else k, kernel, padding=kernel // 2, groups=groups),
        norm(c if depthwise else k),
        nn.ReLU(),
        pool(2),
        nn.Flatten(),
    )
    loss = block(cc.randn(n, c, *size)).square().mean()
    loss.backward()
    cc.optim.SGD(block.parameters(), lr=0.1, momentum=0.9).step()
    block.eval()
    with cc.no_grad():
        block(cc.randn(n, c, *size))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--shapes", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    rows = []
    start = time.perf_counter()
    for i in range(args.shapes):
        step(rng)
        if (i + 1) % max(1, args.shapes // 20) == 0:
            stats = cc.memory_stats()
            rows.append({"shapes": i + 1, "resident_mb": round(resident_mb(), 1), "kept_mb": round(stats["cached"] / 2**20, 1), "live_mb": round(stats["tensors"] / 2**20, 2)})  # fmt: skip
            print("{shapes:5d} shapes  resident {resident_mb:8.1f} MB  kept for reuse {kept_mb:8.1f} MB  live {live_mb:.2f} MB".format(**rows[-1]), flush=True)  # fmt: skip
    grown = rows[-1]["resident_mb"] - rows[len(rows) // 2 - 1]["resident_mb"]
    print(f"the second half added {grown:.1f} MB; {time.perf_counter() - start:.0f} s")
    if args.out:
        args.out.write_text(json.dumps({"seed": args.seed, "second_half_mb": round(grown, 1), "rows": rows}, indent=1) + "\n")  # fmt: skip


if __name__ == "__main__":
    main()
