"""What `convcore train` does for each dataset where the user asks for nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from convcore import data, optim
from convcore.data import transforms as T


@dataclass(frozen=True)
class Recipe:
    """A dataset with the model, schedule and augmentation that suit it."""

    dataset: Callable[..., Any]
    needs_folder: bool
    model: str
    epochs: int
    batch_size: int
    lr: float
    mean: Sequence[float]
    std: Sequence[float]
    augment: Callable[[], list[Any]]
    optimizer: Callable[[Any, float], Any]
    label_smoothing: float = 0.0
    drop_last: bool = True

    def load(self, folder: str | None) -> tuple[Any, Any]:
        """The training part, augmented, and the test part."""
        place = [folder] if self.needs_folder else []
        normalize = T.Normalize(self.mean, self.std)
        train = self.dataset(*place, train=True, transform=T.Compose([*self.augment(), normalize]))
        return train, self.dataset(*place, train=False, transform=normalize)


def _adam(parameters: Any, lr: float) -> Any:
    return optim.Adam(parameters, lr=lr)


def _sgd(parameters: Any, lr: float) -> Any:
    return optim.SGD(parameters, lr=lr, momentum=0.9, nesterov=True, weight_decay=5e-4)


RECIPES = {
    "digits": Recipe(
        dataset=data.Digits,
        needs_folder=False,
        model="digits",
        epochs=24,
        batch_size=64,
        lr=0.01,
        mean=(0.305,),
        std=(0.376,),
        augment=lambda: [T.RandomAffine(10, (0.1, 0.1), (0.9, 1.1))],
        optimizer=_adam,
        label_smoothing=0.05,
    ),
    "mnist": Recipe(
        dataset=data.MNIST,
        needs_folder=True,
        model="lenet5",
        epochs=6,
        batch_size=128,
        lr=0.005,
        mean=(0.1307,),
        std=(0.3081,),
        augment=lambda: [T.RandomAffine(8, (0.07, 0.07), (0.92, 1.08))],
        optimizer=_adam,
    ),
    "fashion-mnist": Recipe(
        dataset=data.FashionMNIST,
        needs_folder=True,
        model="lenet5",
        epochs=10,
        batch_size=128,
        lr=0.004,
        mean=(0.2860,),
        std=(0.3530,),
        augment=lambda: [T.RandomShift(1), T.RandomHorizontalFlip()],
        optimizer=_adam,
    ),
    "cifar10": Recipe(
        dataset=data.CIFAR10,
        needs_folder=True,
        model="cifar_small",
        epochs=12,
        batch_size=128,
        lr=0.1,
        mean=(0.4914, 0.4822, 0.4465),
        std=(0.2470, 0.2435, 0.2616),
        augment=lambda: [T.RandomCrop(32, 4, padding_mode="reflect"), T.RandomHorizontalFlip()],
        optimizer=_sgd,
        label_smoothing=0.05,
    ),
}


def recipe(name: str) -> Recipe:
    """The recipe of a dataset; ValueError lists the known ones."""
    try:
        return RECIPES[name]
    except KeyError:
        raise ValueError(
            f"train: dataset: expected one of {', '.join(RECIPES)}, got {name!r}"
        ) from None
