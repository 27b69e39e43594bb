"""The nets that are compared, each written once for any library with PyTorch's names.

Dropout is left out where a paper has it: the random numbers differ, and so would the losses.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np


@functools.cache
def _modules(lib: Any) -> SimpleNamespace:
    """What a Sequential cannot say."""

    class Residual(lib.nn.Module):
        """The branch added to the shortcut, then `after`."""

        def __init__(self, branch: Any, shortcut: Any, after: Any) -> None:
            super().__init__()
            self.branch, self.shortcut, self.after = branch, shortcut, after

        def forward(self, x: Any) -> Any:
            return self.after(self.branch(x) + self.shortcut(x))

    class Dense(lib.nn.Module):
        """The input with the branch's maps behind it."""

        def __init__(self, branch: Any) -> None:
            super().__init__()
            self.branch = branch

        def forward(self, x: Any) -> Any:
            return lib.cat([x, self.branch(x)], 1)

    class Scale(lib.nn.Module):
        def __init__(self, factor: float) -> None:
            super().__init__()
            self.factor = factor

        def forward(self, x: Any) -> Any:
            return x * self.factor

    return SimpleNamespace(Residual=Residual, Dense=Dense, Scale=Scale)


def _conv_norm(nn: Any, cin: int, cout: int, kernel: int, stride: int = 1, groups: int = 1) -> list:
    conv = nn.Conv2d(cin, cout, kernel, stride, kernel // 2, groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(cout)]


def lenet(lib: Any) -> Any:
    """LeCun et al., "Gradient-based learning applied to document recognition" (1998).

    With ReLU and max pooling.
    """
    nn = lib.nn
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(),
        nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def cuda_convnet(lib: Any) -> Any:
    """Krizhevsky's net of cuda-convnet (2011): `layers-18pct.cfg`, no response normalisation."""
    nn = lib.nn
    return nn.Sequential(
        nn.Conv2d(3, 32, 5, padding=2), nn.MaxPool2d(3, 2, ceil_mode=True), nn.ReLU(),
        nn.Conv2d(32, 32, 5, padding=2), nn.ReLU(), nn.AvgPool2d(3, 2, ceil_mode=True),
        nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.AvgPool2d(3, 2, ceil_mode=True),
        nn.Flatten(), nn.Linear(1024, 10),
    )  # fmt: skip


def airbench94(lib: Any) -> Any:
    """Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU" (2024, arXiv 2404.00498).

    Little arithmetic for that accuracy. The weights of the first convolution (there whitening,
    computed from the images) and the scales of the normalisation are not trained.
    """
    nn = lib.nn
    net = [nn.Conv2d(3, 24, 2), nn.GELU()]
    net[0].weight.requires_grad_(False)
    cin = 24
    for cout in (64, 256, 256):
        norms = [nn.BatchNorm2d(cout, eps=1e-12, momentum=0.4) for _ in range(2)]
        for norm in norms:
            norm.weight.requires_grad_(False)
        net += [
            nn.Conv2d(cin, cout, 3, padding=1, bias=False),
            nn.MaxPool2d(2),
            norms[0],
            nn.GELU(),
        ]
        net += [nn.Conv2d(cout, cout, 3, padding=1, bias=False), norms[1], nn.GELU()]
        cin = cout
    head = nn.Linear(256, 10, bias=False)
    return nn.Sequential(*net, nn.MaxPool2d(3), nn.Flatten(), head, _modules(lib).Scale(1 / 256))


def _resnet(lib: Any, stem: list, blocks: tuple, expansion: int, classes: int) -> Any:
    nn = lib.nn
    net, cin = stem, 64
    for stage, count in enumerate(blocks):
        width = 64 * 2**stage
        cout = width * expansion
        for block in range(count):
            stride = 2 if stage and not block else 1
            if expansion == 1:
                branch = [
                    *_conv_norm(nn, cin, width, 3, stride),
                    nn.ReLU(),
                    *_conv_norm(nn, width, cout, 3),
                ]
            else:
                branch = [
                    *_conv_norm(nn, cin, width, 1), nn.ReLU(),
                    *_conv_norm(nn, width, width, 3, stride), nn.ReLU(),
                    *_conv_norm(nn, width, cout, 1),
                ]  # fmt: skip
            shortcut = _conv_norm(nn, cin, cout, 1, stride) if stride != 1 or cin != cout else []
            net.append(
                _modules(lib).Residual(nn.Sequential(*branch), nn.Sequential(*shortcut), nn.ReLU())
            )
            cin = cout
    return nn.Sequential(*net, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(cin, classes))


def resnet18(lib: Any) -> Any:
    """He et al., "Deep residual learning for image recognition" (2015), first one 3×3, for CIFAR."""
    stem = [*_conv_norm(lib.nn, 3, 64, 3), lib.nn.ReLU()]
    return _resnet(lib, stem, (2, 2, 2, 2), expansion=1, classes=10)


def resnet50(lib: Any) -> Any:
    """The same paper's, with the stride in the 3×3 convolution, as in torchvision."""
    stem = [*_conv_norm(lib.nn, 3, 64, 7, 2), lib.nn.ReLU(), lib.nn.MaxPool2d(3, 2, 1)]
    return _resnet(lib, stem, (3, 4, 6, 3), expansion=4, classes=1000)


def densenet40(lib: Any) -> Any:
    """Huang et al., "Densely connected convolutional networks" (2017): growth 12, for CIFAR."""
    nn = lib.nn
    net, maps = [nn.Conv2d(3, 16, 3, padding=1, bias=False)], 16
    for block in range(3):
        if block:
            net += [
                nn.BatchNorm2d(maps),
                nn.ReLU(),
                nn.Conv2d(maps, maps, 1, bias=False),
                nn.AvgPool2d(2),
            ]
        for _ in range(12):
            branch = [
                nn.BatchNorm2d(maps),
                nn.ReLU(),
                nn.Conv2d(maps, 12, 3, padding=1, bias=False),
            ]
            net.append(_modules(lib).Dense(nn.Sequential(*branch)))
            maps += 12
    return nn.Sequential(
        *net, nn.BatchNorm2d(maps), nn.ReLU(), nn.AvgPool2d(8), nn.Flatten(), nn.Linear(maps, 10)
    )


def mobilenet_v2(lib: Any) -> Any:
    """Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks" (2018), table 2."""
    nn = lib.nn
    net, cin = [*_conv_norm(nn, 3, 32, 3, 2), nn.ReLU6()], 32
    for expand, cout, count, stride in (
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
        (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ):  # fmt: skip
        for block in range(count):
            step, width = 1 if block else stride, cin * expand
            branch = [*_conv_norm(nn, cin, width, 1), nn.ReLU6()] if expand > 1 else []
            branch += [
                *_conv_norm(nn, width, width, 3, step, width),
                nn.ReLU6(),
                *_conv_norm(nn, width, cout, 1),
            ]
            body = nn.Sequential(*branch)
            residual = step == 1 and cin == cout
            net.append(
                _modules(lib).Residual(body, nn.Identity(), nn.Identity()) if residual else body
            )
            cin = cout
    net += [*_conv_norm(nn, cin, 1280, 1), nn.ReLU6(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*net, nn.Linear(1280, 1000))


def vgg16(lib: Any) -> Any:
    """Simonyan and Zisserman, "Very deep convolutional networks" (2014), configuration D."""
    nn = lib.nn
    net, cin = [], 3
    for cout, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            net += [nn.Conv2d(cin, cout, 3, padding=1), nn.ReLU()]
            cin = cout
        net.append(nn.MaxPool2d(2))
    net += [nn.Flatten(), nn.Linear(512 * 7 * 7, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU()]
    return nn.Sequential(*net, nn.Linear(4096, 1000))


@dataclass(frozen=True)
class Net:
    build: Callable[[Any], Any]
    batches: tuple[int, ...]  # of training; inference has the first, and one image
    image: tuple[int, int, int]
    classes: int = 10
    rate: float = 1e-3  # of learning; small enough that rounding does not decide the third loss


CIFAR, IMAGENET = (3, 32, 32), (3, 224, 224)
NETS = {
    "lenet": Net(lenet, (64, 1), (1, 28, 28)),
    "cuda-convnet": Net(cuda_convnet, (128,), CIFAR),
    "airbench94": Net(airbench94, (256,), CIFAR, rate=10),
    "resnet18": Net(resnet18, (64,), CIFAR),
    "densenet40": Net(densenet40, (64,), CIFAR),
    "mobilenet-v2": Net(mobilenet_v2, (8,), IMAGENET, 1000, rate=1e-4),
    "resnet50": Net(resnet50, (8,), IMAGENET, 1000, rate=1e-5),
    "vgg16": Net(vgg16, (4,), IMAGENET, 1000, rate=1e-5),
}


def examples(net: Net, batch: int) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels, the same in every process."""
    rng = np.random.default_rng(0)
    images = rng.standard_normal((batch, *net.image), np.float32)
    return images, rng.integers(0, net.classes, batch)


def training_step(
    lib: Any,
    model: Any,
    data: tuple[np.ndarray, np.ndarray],
    rate: float,
    channels_last: bool = False,
) -> Callable[[], float]:
    """A call that makes a step of SGD with momentum and gives the loss before it."""
    images, labels = map(lib.tensor, data)
    if channels_last:
        model = model.to(memory_format=lib.channels_last)
        images = images.to(memory_format=lib.channels_last)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = lib.optim.SGD(trained, lr=rate, momentum=0.9)

    def step() -> float:
        optimizer.zero_grad()
        loss = lib.nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step
