"""bfloat16 and autocast beside float32, of convcore and of PyTorch: layers, memory, a step of ResNet-18.

Usage: python bench/compare/bfloat16.py [--threads N] [--quick] [--out results.json]
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from typing import Any

import timing
from timing import convcore, torch

KINDS = ("float32", "bfloat16", "autocast")


def images(module: Any, n: int, c: int, size: int) -> Any:
    return module.randn(n, c, size, size).contiguous(memory_format=module.channels_last)


def convolution(n: int, c: int, k: int, size: int, kernel: int) -> Callable:
    def make(module: Any) -> tuple:
        weight = module.randn(k, c, kernel, kernel) * 0.05
        operands = (images(module, n, c, size), weight, module.zeros(k))
        f = module.nn.functional
        return (lambda *t: f.conv2d(*t, padding=kernel // 2)), operands, images(module, n, k, size)

    return make


def linear(rows: int) -> Callable:
    def make(module: Any) -> tuple:
        operands = (module.randn(rows, 1024), module.randn(1024, 1024) * 0.03, module.zeros(1024))
        return module.nn.functional.linear, operands, module.randn(rows, 1024)

    return make


def norm(module: Any) -> tuple:
    operands = (images(module, 8, 64, 56), module.ones(64), module.zeros(64))

    def f(x: Any, w: Any, b: Any) -> Any:
        y = module.nn.functional.batch_norm(x, None, None, w, b, True)
        return module.nn.functional.relu(y)

    return f, operands, images(module, 8, 64, 56)


def relu(module: Any) -> tuple:
    return module.nn.functional.relu, (module.randn(2**24),), module.randn(2**24)


LAYERS = {
    "3×3, 64→64 channels, 32×32, 8 images": convolution(8, 64, 64, 32, 3),
    "1×1, 256→64 channels, 56×56, 8 images": convolution(8, 256, 64, 56, 1),
    "linear, 512×1024 by 1024×1024": linear(512),
    "linear, 1×1024 by 1024×1024": linear(1),
    "batch norm and relu, 64 channels, 56×56, 8 images": norm,
    "relu, 16M numbers": relu,
}


def calls(module: Any, make: Callable, kind: str) -> dict[str, Callable[[], Any]]:
    """Forward, without a tape, and forward + backward."""
    f, operands, grad = make(module)
    low = [t.to(module.bfloat16) for t in operands]
    if kind == "bfloat16":
        operands = low
    elif kind == "autocast":  # what comes from the layer before is bfloat16, parameters are not
        operands = (low[0], *operands[1:])
    result = "float32" if kind == "float32" else "bfloat16"
    grad = grad.to(getattr(module, result))
    leaves = [t.detach().requires_grad_() for t in operands]

    def forward() -> Any:
        with module.no_grad(), module.autocast("cpu", module.bfloat16, enabled=kind == "autocast"):
            y = f(*operands)
            return y[(0,) * y.ndim].item()  # a pass that waits for a reader is counted, too

    def both() -> Any:
        with module.autocast("cpu", module.bfloat16, enabled=kind == "autocast"):
            y = f(*leaves)
        return module.autograd.grad(y, leaves, grad)

    return {"forward": forward, "forward + backward": both}


def step(kind: str) -> tuple[Callable[[], Any], ...]:
    """Training and inference of ResNet-18 (CIFAR), 16 images; and what forgets the gradients."""
    cc = convcore
    cc.manual_seed(0)
    net = cc.models.build("resnet18_cifar")
    x, labels = cc.randn(16, 3, 32, 32), cc.randint(0, 10, (16,))
    if kind == "bfloat16":
        net, x = net.bfloat16(), x.bfloat16()
    optimizer = cc.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)

    def train() -> None:
        net.train()
        optimizer.zero_grad()
        with cc.autocast("cpu", enabled=kind == "autocast"):
            loss = cc.nn.functional.cross_entropy(net(x), labels)
        loss.backward()
        optimizer.step()

    def infer() -> None:
        net.eval()
        with cc.no_grad(), cc.autocast("cpu", enabled=kind == "autocast"):
            net(x).argmax(1)

    return train, infer, optimizer.zero_grad


def peak(call: Callable[[], Any], forget: Callable[[], Any]) -> float:
    """MB that a call takes at most beyond parameters and the optimizer's state."""
    call()
    forget()
    convcore._core.reset_peak_memory()
    before = convcore.memory_stats()["tensors"]
    call()
    return (convcore.memory_stats()["peak"] - before) / 2**20


def main() -> None:
    args = timing.arguments(__doc__).parse_args()
    timing.begin(args)
    budget = 1.0 if args.quick else 4.0
    found: dict[str, Any] = {"machine": timing.machine(), "layers": {}, "net": {}}
    for name, make in LAYERS.items():
        sides = {
            f"{module.__name__} {kind}": calls(module, make, kind)
            for module in (convcore, torch)
            for kind in KINDS
        }
        medians = {
            k: statistics.median(v) * 1e3 for k, v in timing.alternate(sides, budget).items()
        }
        found["layers"][name] = {f"{side}, {what}": ms for (side, what), ms in medians.items()}
        for what in ("forward", "forward + backward"):
            row = [medians[f"{m} {k}", what] for m in ("convcore", "torch") for k in KINDS]
            print(f"{name:52}{what:20}" + "".join(f"{ms:9.2f}" for ms in row), flush=True)
    steps = {kind: step(kind) for kind in KINDS}
    memory = {kind: peak(train, forget) for kind, (train, _, forget) in steps.items()}
    sides = {kind: {"train": train, "infer": infer} for kind, (train, infer, _) in steps.items()}
    medians = {
        k: statistics.median(v) * 1e3 for k, v in timing.alternate(sides, 4 * budget).items()
    }
    for kind in KINDS:
        row = {"train": medians[kind, "train"], "infer": medians[kind, "infer"], "MB": memory[kind]}
        found["net"][kind] = row
        print(
            f"ResNet-18, 16 images, {kind:12}" + "".join(f"{k} {v:8.1f}  " for k, v in row.items())
        )
    if args.out:
        args.out.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
