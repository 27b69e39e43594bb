"""Training steps side by side with PyTorch: LeNet and ResNet-18 (CIFAR), alternately in one process, medians and their ratio.

    python bench/compare/training.py [--threads 2] [--rounds 9] [--out bench/results/training.json]

Both libraries start from equal weights and see equal batches; the losses are compared before anything is timed. PyTorch is timed
in its default format and in channels_last, and the faster one counts. Absolute times on shared machines mean little: quote ratios.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from pathlib import Path
from typing import Any, Callable

import convcore
import numpy as np
import torch


def lenet(lib: Any) -> Any:
    nn = lib.nn
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def resnet18(lib: Any) -> Any:
    nn = lib.nn

    class Block(nn.Module):
        def __init__(self, cin: int, cout: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(cout)
            self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(cout)
            self.relu = nn.ReLU()
            self.shortcut = nn.Sequential()
            if stride != 1 or cin != cout:
                self.shortcut = nn.Sequential(
                    nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout)
                )

        def forward(self, x: Any) -> Any:
            y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
            return self.relu(y + self.shortcut(x))

    layers = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    cin = 64
    for cout, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [Block(cin, cout, stride), Block(cout, cout, 1)]
        cin = cout
    return nn.Sequential(*layers, nn.AvgPool2d(4), nn.Flatten(), nn.Linear(512, 10))


NETS = {"lenet": (lenet, (64, 1, 28, 28)), "resnet18_cifar": (resnet18, (64, 3, 32, 32))}


def stepper(
    lib: Any, model: Any, x: np.ndarray, y: np.ndarray, channels_last: bool
) -> Callable[[], float]:
    optimizer = lib.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    images, labels = lib.tensor(x), lib.tensor(y)
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
        images = images.to(memory_format=torch.channels_last)

    def step() -> float:
        optimizer.zero_grad()
        loss = lib.nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def measure(name: str, rounds: int) -> dict:
    build, shape = NETS[name]
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape).astype(np.float32)
    y = rng.integers(0, 10, shape[0])
    theirs = build(torch)
    ours = build(convcore)
    ours.load_state_dict(
        {key: convcore.tensor(value.numpy()) for key, value in theirs.state_dict().items()}
    )
    steps = {
        "convcore": stepper(convcore, ours, x, y, False),
        "torch": stepper(torch, theirs, x, y, False),
    }
    losses = {key: [step() for _ in range(3)] for key, step in steps.items()}
    np.testing.assert_allclose(losses["convcore"], losses["torch"], rtol=1e-3)
    steps["torch_channels_last"] = stepper(torch, build(torch), x, y, True)

    seconds = {key: [] for key in steps}
    probe = time.perf_counter()
    steps["torch"]()
    inner = max(1, int(0.2 / (time.perf_counter() - probe)))
    for _ in range(rounds):
        for key, step in steps.items():
            start = time.perf_counter()
            for _ in range(inner):
                step()
            seconds[key].append((time.perf_counter() - start) / inner)
    medians = {key: statistics.median(values) for key, values in seconds.items()}
    best = min(medians["torch"], medians["torch_channels_last"])
    return {
        "net": name,
        "batch": shape[0],
        "losses": losses,
        "ms": {key: round(value * 1e3, 3) for key, value in medians.items()},
        "images_per_s": {key: round(shape[0] / value, 1) for key, value in medians.items()},
        "speed_relative_to_torch": round(best / medians["convcore"], 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--nets", nargs="+", default=list(NETS))
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    convcore.set_num_threads(args.threads)
    report = {
        "torch": torch.__version__,
        "convcore": convcore.show_config(),
        "python": platform.python_version(),
        "threads": args.threads,
        "nets": [measure(name, args.rounds) for name in args.nets],
    }
    print(json.dumps(report, indent=2))
    if args.out:
        args.out.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
