"""Image datasets held in memory: the package's own digits, MNIST and its like, CIFAR-10."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

import convcore as cc

from .dataset import Dataset
from .formats import read_cifar10, read_digits, read_idx
from .random import AUGMENT, draw_seed, stream
from .transforms import ToTensor

DIGITS_FILE = Path(__file__).parent / "digits" / "digits.csv.gz"


class ImageArrays(Dataset):
    """Images (N, C, H, W) in uint8 with integer labels; samples are (float32 tensor, int).

    `transform` takes a batch and a generator, see `convcore.data.transforms`; None scales to 0-1.
    `target_transform` maps the array of labels.

    >>> import numpy as np
    >>> data = ImageArrays(np.zeros((5, 1, 8, 8), np.uint8), np.arange(5))
    >>> image, label = data[3]
    >>> tuple(image.shape), label
    ((1, 8, 8), 3)
    """

    classes: Sequence[str] = ()

    def __init__(
        self,
        data: Any,
        targets: Any,
        transform: Callable[..., np.ndarray] | None = None,
        target_transform: Callable[[np.ndarray], np.ndarray] | None = None,
        classes: Sequence[str] = (),
    ) -> None:
        name = type(self).__name__
        self.data = np.asarray(data)
        self.targets = np.asarray(targets, dtype=np.int64)
        if self.data.ndim != 4:
            raise ValueError(f"{name}: data: expected shape (N, C, H, W), got {self.data.shape}")
        if self.targets.shape != self.data.shape[:1]:
            raise ValueError(
                f"{name}: targets: expected shape {self.data.shape[:1]} for images of shape "
                f"{self.data.shape}, got {self.targets.shape}"
            )
        self.transform = transform
        self.target_transform = target_transform
        if classes or not self.classes:
            self.classes = tuple(classes)

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        if not -len(self) <= index < len(self):
            raise IndexError(
                f"{type(self).__name__}: index {index} is outside a dataset of {len(self)}"
            )
        images, labels = self.gather(np.array([index]), stream(draw_seed(), AUGMENT))
        return cc.from_numpy(images[0]), int(labels[0])

    def gather(self, indices: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        labels = self.targets[indices]
        if self.target_transform is not None:
            labels = self.target_transform(labels)
        return (self.transform or ToTensor())(self.data[indices], rng), labels

    def __repr__(self) -> str:
        shape = "x".join(str(n) for n in self.data.shape[1:])
        return f"{type(self).__name__}({len(self)} images of {shape})"


class Digits(ImageArrays):
    """The 1,797 real 8x8 digits that come with the package.

    A fixed fifth, 359 images, is held out: of each class, in the file's order, the third of every
    five. Pixels 0-16 are stored as 0-255. Source: UCI, E. Alpaydin and C. Kaynak, CC BY 4.0.

    >>> len(Digits(train=True)), len(Digits(train=False))
    (1438, 359)
    """

    classes = tuple("0123456789")

    def __init__(
        self,
        train: bool = True,
        transform: Callable[..., np.ndarray] | None = None,
        target_transform: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> None:
        images, labels = read_digits(DIGITS_FILE)
        held_out = np.zeros(len(labels), bool)
        for label in range(10):
            held_out[np.flatnonzero(labels == label)[2::5]] = True
        keep = ~held_out if train else held_out
        data = (images[keep].astype(np.uint16) * 255 + 8) // 16
        super().__init__(data.astype(np.uint8)[:, None], labels[keep], transform, target_transform)


def find(root: str | os.PathLike[str], folders: Sequence[str], names: Sequence[str]) -> Path:
    """The first existing file `root/folder/name`, trying every folder, then every name."""
    root = Path(root)
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: no such folder; expected it to hold {names[0]}")
    for folder in folders:
        for name in names:
            if (root / folder / name).is_file():
                return root / folder / name
    where = ", ".join(str(root / folder) for folder in folders)
    raise FileNotFoundError(f"{root}: found none of {', '.join(names)} in {where}")


class MNIST(ImageArrays):
    """MNIST's 28x28 handwritten digits from the four idx files, plain or `.gz`, under `root`.

    The files lie in `root` itself, `root/mnist` or `root/MNIST/raw`; nothing is downloaded.

    >>> train = MNIST("data")                   # doctest: +SKIP
    >>> train.data.shape                        # doctest: +SKIP
    (60000, 1, 28, 28)
    """

    folders: Sequence[str] = (".", "mnist", "MNIST/raw")
    classes = tuple("0123456789")

    def __init__(
        self,
        root: str | os.PathLike[str],
        train: bool = True,
        transform: Callable[..., np.ndarray] | None = None,
        target_transform: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> None:
        part = "train" if train else "t10k"
        image_file = self._find(root, f"{part}-images-idx3-ubyte")
        label_file = self._find(root, f"{part}-labels-idx1-ubyte")
        images, labels = read_idx(image_file), read_idx(label_file)
        if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28):
            raise ValueError(
                f"{image_file}: expected uint8 images of shape (N, 28, 28), got {images.dtype} "
                f"{images.shape}"
            )
        if labels.dtype != np.uint8 or labels.shape != images.shape[:1]:
            raise ValueError(
                f"{label_file}: expected uint8 labels of shape {images.shape[:1]} as in "
                f"{image_file.name}, got {labels.dtype} {labels.shape}"
            )
        if labels.size and labels.max() > 9:
            raise ValueError(f"{label_file}: expected labels 0-9, got {labels.max()}")
        super().__init__(images[:, None], labels, transform, target_transform)

    def _find(self, root: str | os.PathLike[str], name: str) -> Path:
        dotted = name.replace("-idx", ".idx")
        return find(root, self.folders, [f"{name}.gz", name, f"{dotted}.gz", dotted])


class FashionMNIST(MNIST):
    """Fashion-MNIST's 28x28 articles of clothing, in the same four files as MNIST.

    The files lie in `root` itself, `root/fashion-mnist` or `root/FashionMNIST/raw`.
    """

    folders = (".", "fashion-mnist", "FashionMNIST/raw")
    classes = (
        "T-shirt/top",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    )


class CIFAR10(ImageArrays):
    """CIFAR-10's 32x32 colour images from its batches under `root`.

    Reads the binary version (`data_batch_1.bin`), the python version (`data_batch_1`; no pickle is
    executed) and the compressed form `data_batch_1.delta.xz`, in `root` itself, `root/cifar10`,
    `root/cifar-10-batches-bin` or `root/cifar-10-batches-py`. `batches` limits the training part,
    for a quick look at the data.
    """

    folders = (".", "cifar10", "cifar-10-batches-bin", "cifar-10-batches-py")
    classes = (
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    )

    def __init__(
        self,
        root: str | os.PathLike[str],
        train: bool = True,
        transform: Callable[..., np.ndarray] | None = None,
        target_transform: Callable[[np.ndarray], np.ndarray] | None = None,
        *,
        batches: int = 5,
    ) -> None:
        if not 1 <= batches <= 5:
            raise ValueError(f"CIFAR10: batches: expected 1-5, got {batches}")
        names = [f"data_batch_{i + 1}" for i in range(batches)] if train else ["test_batch"]
        files = [find(root, self.folders, [f"{n}.bin", n, f"{n}.delta.xz"]) for n in names]
        with ThreadPoolExecutor(2) as pool:  # decompression runs outside the interpreter's lock
            parts = list(pool.map(read_cifar10, files))
        images = np.concatenate([images for images, _ in parts])
        labels = np.concatenate([labels for _, labels in parts])
        super().__init__(images, labels, transform, target_transform)
