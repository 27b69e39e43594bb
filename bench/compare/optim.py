"""A step of each optimizer beside PyTorch's: its default, foreach=True, and fused=True where there is one.

Usage: python bench/compare/optim.py [--model resnet18|lenet] [--threads N] [--repeats N] [--out results.json]

Processor time of one thread by default, which other work on the machine changes little; with more threads, wall time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time

import convcore as cc
import numpy as np
import torch

RULES = [
    "SGD(p, lr=1e-3)",
    "SGD(p, lr=1e-3, momentum=0.9, weight_decay=1e-4)",
    "SGD(p, lr=1e-3, momentum=0.9, nesterov=True)",
    "Adam(p)",
    "Adam(p, amsgrad=True)",
    "AdamW(p)",
    "NAdam(p)",
    "RAdam(p)",
    "Adamax(p)",
    "RMSprop(p)",
    "RMSprop(p, momentum=0.9, centered=True)",
    "Adagrad(p)",
    "Adadelta(p)",
    "ASGD(p)",
    "Rprop(p)",
]
FUSED = ("SGD", "Adam", "AdamW", "Adagrad")


def shapes(model: str) -> list[tuple[int, ...]]:
    if model == "lenet":
        return [(6, 1, 5, 5), (6,), (16, 6, 5, 5), (16,), (120, 400), (120,), (84, 120), (84,), (10, 84), (10,)]  # fmt: skip
    found, width = [(64, 3, 7, 7), (64,), (64,)], 64
    for channels in (64, 128, 256, 512):
        for block in range(2):
            for inputs in (width, channels):
                found += [(channels, inputs, 3, 3), (channels,), (channels,)]
            if block == 0 and channels != width:
                found += [(channels, width, 1, 1), (channels,), (channels,)]
            width = channels
    return [*found, (1000, 512), (1000,)]


def parameters(lib, all_shapes):
    rng = np.random.default_rng(0)
    params = []
    for shape in all_shapes:
        value, grad = (rng.standard_normal(shape).astype(np.float32) for _ in range(2))
        params.append(lib.nn.Parameter(lib.tensor(value)))
        params[-1].grad = lib.tensor(grad)
    return params


def optimizers(rule, all_shapes):
    def made(lib, more=""):
        names = {"o": lib.optim, "p": parameters(lib, all_shapes)}
        return eval(f"o.{rule[:-1]}{more})", names), names["p"]

    pairs = {"convcore": made(cc), "torch": made(torch), "foreach": made(torch, ", foreach=True")}
    if rule.split("(")[0] in FUSED:
        pairs["fused"] = made(torch, ", fused=True")
    for optimizer, _ in pairs.values():
        optimizer.step()
    for ours, theirs in zip(pairs["convcore"][1], pairs["torch"][1], strict=True):
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-4, atol=1e-5)  # fmt: skip
    return {name: optimizer for name, (optimizer, _) in pairs.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=("resnet18", "lenet"), default="resnet18")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=25)
    parser.add_argument("--out")
    args = parser.parse_args()
    cc.set_num_threads(args.threads)
    torch.set_num_threads(args.threads)
    clock = time.process_time if args.threads == 1 else time.perf_counter
    all_shapes = shapes(args.model)
    inner = max(1, 200_000 // sum(map(np.prod, all_shapes)))
    rows = []
    for rule in RULES:
        steps = optimizers(rule, all_shapes)
        seconds = {name: [] for name in steps}
        for _ in range(args.repeats):
            for name, optimizer in steps.items():
                start = clock()
                for _ in range(inner):
                    optimizer.step()
                seconds[name].append((clock() - start) / inner)
        medians = {
            name: round(statistics.median(times) * 1e3, 4) for name, times in seconds.items()
        }
        rows.append({"rule": rule, "ms": medians})
        ratios = "  ".join(
            f"{name} {ms:8.3f} ms (×{ms / medians['convcore']:.2f})" for name, ms in medians.items()
        )
        print(f"{rule:50s} {ratios}", flush=True)
    if args.out:
        result = {
            "torch": torch.__version__,
            "convcore": cc.show_config(),
            "model": args.model,
            "threads": args.threads,
            "rows": rows,
        }
        with open(args.out, "w") as file:
            json.dump(result, file, indent=1)


if __name__ == "__main__":
    main()
