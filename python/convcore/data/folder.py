"""Images in folders, one folder for each class."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import convcore as cc

from .dataset import Dataset
from .random import AUGMENT, draw_seed, stream
from .transforms import ToTensor

EXTENSIONS = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")


def load_image(
    path: str | os.PathLike[str], mode: str = "RGB", size: tuple[int, int] | None = None
) -> np.ndarray:
    """An image file as uint8 (C, H, W); `mode` is Pillow's, `size` is (height, width) or None.

    Raises FileNotFoundError or ValueError with the file's name, ImportError without Pillow.
    """
    try:
        from PIL import Image
    except ModuleNotFoundError:
        raise ImportError('reading images needs Pillow: pip install "convcore[cli]"') from None
    try:
        with Image.open(path) as image:
            if image.mode.startswith("I"):  # 16 bits, which convert() would clip
                image = Image.fromarray((np.asarray(image) // 257).astype(np.uint8))
            picture = image.convert(mode)
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such file") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path}: expected an image file ({error})") from None
    if size is not None and picture.size != (size[1], size[0]):
        picture = picture.resize((size[1], size[0]), Image.Resampling.BOX)
    pixels = np.asarray(picture, np.uint8)
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


class ImageFolder(Dataset):
    """Images under `root/<class>/`, at any depth; classes are the folders' names, sorted.

    `transform` as in `ImageArrays`; `mode` is Pillow's ("RGB", "L"); `size` (height, width) resizes
    every image, which batches need where the files differ. Give the loader `num_workers` threads.

    >>> data = ImageFolder("photos", size=(64, 64))    # doctest: +SKIP
    >>> data.classes                                   # doctest: +SKIP
    ['cat', 'dog']
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        transform: Callable[..., np.ndarray] | None = None,
        target_transform: Callable[[np.ndarray], np.ndarray] | None = None,
        *,
        mode: str = "RGB",
        size: int | tuple[int, int] | None = None,
    ) -> None:
        self.root = Path(root)
        if not self.root.is_dir():
            raise FileNotFoundError(f"{root}: no such folder; expected one subfolder per class")
        self.classes = sorted(entry.name for entry in self.root.iterdir() if entry.is_dir())
        if not self.classes:
            raise FileNotFoundError(f"{root}: expected one subfolder per class, found none")
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}
        self.samples: list[tuple[str, int]] = []
        for label, name in enumerate(self.classes):
            files = sorted(
                str(f) for f in (self.root / name).rglob("*") if f.suffix.lower() in EXTENSIONS
            )
            if not files:
                raise FileNotFoundError(
                    f"{self.root / name}: expected images ({', '.join(EXTENSIONS)}), found none"
                )
            self.samples += [(file, label) for file in files]
        self.targets = [label for _, label in self.samples]
        self.transform = transform
        self.target_transform = target_transform
        self.mode = mode
        self.size = (size, size) if isinstance(size, int) else size

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        images, labels = self.gather(np.array([index]), stream(draw_seed(), AUGMENT))
        return cc.from_numpy(images[0]), int(labels[0])

    def gather(self, indices: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        rows = [self.samples[i] for i in indices]
        images = [load_image(file, self.mode, self.size) for file, _ in rows]
        for (file, _), image in zip(rows, images, strict=True):
            if image.shape != images[0].shape:
                raise ValueError(
                    f"{file}: expected an image of shape {images[0].shape} as in {rows[0][0]}, got "
                    f"{image.shape}; ImageFolder(size=...) resizes"
                )
        labels = np.array([label for _, label in rows], np.int64)
        if self.target_transform is not None:
            labels = self.target_transform(labels)
        return (self.transform or ToTensor())(np.stack(images), rng), labels
