"""Image transforms on whole batches: numpy arrays (N, C, H, W), uint8 0-255 or float32 0-1.

A transform is called as `transform(images, rng)`; `rng` is a `numpy.random.Generator` that the
loader derives from (seed, epoch, batch), so augmentation is repeatable and independent of threads.
Without `rng` one is seeded from the library's own generator. A single (C, H, W) image works too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from convcore import _core
from convcore._convert import from_array

from .random import AUGMENT, draw_seed, stream

__all__ = [
    "Compose",
    "Normalize",
    "RandomAffine",
    "RandomCrop",
    "RandomHorizontalFlip",
    "RandomRotation",
    "RandomShift",
    "ToTensor",
    "Transform",
]

PADDING_MODES = ("constant", "edge", "reflect", "symmetric")


class Transform:
    """Base class: subclasses define `apply(images, rng)` on a batch (N, C, H, W)."""

    def apply(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        raise NotImplementedError(f"{type(self).__name__}: define apply(images, rng)")

    def __call__(self, images: Any, rng: np.random.Generator | None = None) -> np.ndarray:
        images = np.asarray(images)
        if images.ndim not in (3, 4):
            raise ValueError(
                f"{type(self).__name__}: images: expected shape (N, C, H, W) or (C, H, W), "
                f"got {images.shape}"
            )
        if rng is None:
            rng = stream(draw_seed(), AUGMENT)
        return self.apply(images, rng) if images.ndim == 4 else self.apply(images[None], rng)[0]

    def __repr__(self) -> str:
        arguments = ", ".join(f"{k}={v!r}" for k, v in vars(self).items() if k[0] != "_")
        return f"{type(self).__name__}({arguments})"


class Compose(Transform):
    """Apply transforms one after the other.

    >>> import numpy as np
    >>> t = Compose([RandomCrop(28, padding=2), ToTensor(), Normalize(0.5, 0.5)])
    >>> t(np.zeros((4, 1, 28, 28), np.uint8)).shape
    (4, 1, 28, 28)
    """

    def __init__(self, transforms: Sequence[Any]) -> None:
        self.transforms = list(transforms)

    def apply(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        for transform in self.transforms:
            images = transform(images, rng)
        return images


class ToTensor(Transform):
    """Make float32 of an image: uint8 0-255 becomes 0-1, other types keep their values."""

    def apply(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if images.dtype == np.uint8:
            return images * np.float32(1 / 255)
        return images.astype(np.float32, copy=False)


class Normalize(Transform):
    """Subtract `mean` and divide by `std`, one value or one for each channel, on the 0-1 scale.

    >>> import numpy as np
    >>> float(Normalize(0.5, 0.25)(np.full((1, 1, 2, 2), 255, np.uint8))[0, 0, 0, 0])
    2.0
    """

    def __init__(self, mean: float | Sequence[float], std: float | Sequence[float]) -> None:
        self.mean = np.atleast_1d(np.asarray(mean, np.float32)).tolist()
        self.std = np.atleast_1d(np.asarray(std, np.float32)).tolist()
        if any(not s > 0 for s in self.std):
            raise ValueError(f"Normalize: std: expected values > 0, got {std}")

    def apply(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        channels = images.shape[1]
        if any(len(values) not in (1, channels) for values in (self.mean, self.std)):
            raise ValueError(
                f"Normalize: mean, std: expected 1 or {channels} values for images of shape "
                f"{images.shape}, got {len(self.mean)} and {len(self.std)}"
            )
        mean, std = (np.float32(v).reshape(1, -1, 1, 1) for v in (self.mean, self.std))
        scale = np.float32(1 / 255) if images.dtype == np.uint8 else np.float32(1)
        out = images * (scale / std)
        out -= mean / std
        return out


class RandomCrop(Transform):
    """Cut a window of `size` at a random place, after padding each side by `padding` pixels.

    `padding_mode` is "constant" (with `fill`), "edge", "reflect" or "symmetric".

    >>> import numpy as np
    >>> RandomCrop(32, padding=4)(np.zeros((2, 3, 32, 32), np.uint8)).shape
    (2, 3, 32, 32)
    """

    def __init__(
        self,
        size: int | tuple[int, int],
        padding: int | tuple[int, int] = 0,
        fill: float = 0,
        padding_mode: str = "constant",
    ) -> None:
        self.size = _pair("RandomCrop: size", size, 1)
        self.padding = _pair("RandomCrop: padding", padding, 0)
        self.fill = fill
        if padding_mode not in PADDING_MODES:
            raise ValueError(
                f"RandomCrop: padding_mode: expected one of {list(PADDING_MODES)}, "
                f"got {padding_mode!r}"
            )
        self.padding_mode = padding_mode

    def apply(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        (h, w), (ph, pw) = self.size, self.padding
        if ph or pw:
            options = {"constant_values": self.fill} if self.padding_mode == "constant" else {}
            images = np.pad(
                images, ((0, 0), (0, 0), (ph, ph), (pw, pw)), self.padding_mode, **options
            )
        n, _, height, width = images.shape
        if height < h or width < w:
            raise ValueError(
                f"RandomCrop: size: expected at most {(height, width)} (the padded image), "
                f"got {(h, w)}"
            )
        top = rng.integers(height - h + 1, size=n)
        left = rng.integers(width - w + 1, size=n)
        windows = np.lib.stride_tricks.sliding_window_view(images, (h, w), axis=(2, 3))
        return windows[np.arange(n), :, top, left]


class RandomShift(Transform):
    """Shift by up to `pixels` in each direction; what enters the image is `fill`."""

    def __init__(self, pixels: int, fill: float = 0) -> None:
        self.pixels = _pair("RandomShift: pixels", pixels, 0)
        self.fill = fill

    def apply(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        height, width = images.shape[2:]
        return RandomCrop((height, width), self.pixels, self.fill).apply(images, rng)


class RandomHorizontalFlip(Transform):
    """Mirror left and right with probability `p`."""

    def __init__(self, p: float = 0.5) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"RandomHorizontalFlip: p: expected a probability, got {p}")
        self.p = p

    def apply(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        flip = rng.random(len(images)) < self.p
        out = images.copy()
        out[flip] = images[flip, :, :, ::-1]
        return out


class RandomAffine(Transform):
    """Rotate, shift, scale and shear about the centre, with bilinear interpolation.

    `degrees` (counter-clockwise) and `shear` (degrees) are ranges, x meaning (-x, x); `translate`
    is the largest shift as a fraction of (width, height); `scale` is a range of factors. Outside
    the image is `fill`.

    >>> import numpy as np
    >>> RandomAffine(10, translate=(0.1, 0.1))(np.zeros((2, 1, 8, 8), np.uint8)).shape
    (2, 1, 8, 8)
    """

    def __init__(
        self,
        degrees: float | tuple[float, float],
        translate: tuple[float, float] | None = None,
        scale: tuple[float, float] | None = None,
        shear: float | tuple[float, float] | None = None,
        fill: float = 0,
    ) -> None:
        name = type(self).__name__
        self.degrees = _range(f"{name}: degrees", degrees)
        self.translate = translate
        if translate is not None and not all(0 <= t <= 1 for t in translate):
            raise ValueError(f"{name}: translate: expected fractions in [0, 1], got {translate}")
        self.scale = scale
        if scale is not None and not 0 < scale[0] <= scale[1]:
            raise ValueError(f"{name}: scale: expected 0 < low <= high, got {scale}")
        self.shear = None if shear is None else _range(f"{name}: shear", shear)
        self.fill = fill

    def apply(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        n, _, height, width = images.shape
        angle = np.radians(rng.uniform(*self.degrees, size=n))
        factor = rng.uniform(*self.scale, size=n) if self.scale else np.ones(n)
        shear = np.tan(np.radians(rng.uniform(*self.shear, size=n))) if self.shear else np.zeros(n)
        limit = np.multiply(self.translate or (0, 0), (width, height))
        shift = rng.uniform(-1, 1, size=(n, 2)) * limit
        cos, sin = np.cos(angle) / factor, np.sin(angle) / factor
        # The inverse map: from a pixel of the output, about the centre, to its source.
        inverse = np.stack([cos, shear * cos - sin, sin, shear * sin + cos], 1).reshape(n, 2, 2)
        return affine(images, inverse, shift, self.fill)


class RandomRotation(RandomAffine):
    """Rotate about the centre by an angle in `degrees`, x meaning (-x, x), bilinearly."""

    def __init__(self, degrees: float | tuple[float, float], fill: float = 0) -> None:
        super().__init__(degrees, fill=fill)


def affine(
    images: np.ndarray, inverse: np.ndarray, shift: np.ndarray, fill: float = 0
) -> np.ndarray:
    """Resample a batch: output (x, y) about the centre is input `inverse @ ((x, y) - shift)`.

    `images` (N, C, H, W), `inverse` (N, 2, 2), `shift` (N, 2) in pixels; bilinear.
    """
    height, width = images.shape[2:]
    f32 = np.float32
    x = np.arange(width, dtype=f32) - f32((width - 1) / 2)
    y = np.arange(height, dtype=f32) - f32((height - 1) / 2)
    matrix = inverse.astype(f32)[:, :, :, None, None]
    x = x[None, None, :] - shift.astype(f32)[:, 0, None, None]
    y = y[None, :, None] - shift.astype(f32)[:, 1, None, None]
    source_x = matrix[:, 0, 0] * x + matrix[:, 0, 1] * y + f32(width / 2)
    source_y = matrix[:, 1, 0] * x + matrix[:, 1, 1] * y + f32(height / 2)
    grid = np.stack([source_x * f32(2 / width) - 1, source_y * f32(2 / height) - 1], -1)
    above = images.astype(f32) - f32(fill)  # what lies outside is zero
    tensors = [from_array(np.ascontiguousarray(a), copy=False) for a in (above, grid)]
    sampled = _core.grid_sample(*tensors, "bilinear", "zeros", False).numpy()
    out = np.add(sampled, f32(fill), order="C")
    return np.rint(out).astype(np.uint8) if images.dtype == np.uint8 else out


def _pair(name: str, value: int | Sequence[int], least: int) -> tuple[int, int]:
    pair = (value, value) if isinstance(value, (int, np.integer)) else tuple(value)
    if len(pair) != 2 or any(not isinstance(v, (int, np.integer)) or v < least for v in pair):
        raise ValueError(f"{name}: expected an int >= {least} or two of them, got {value!r}")
    return int(pair[0]), int(pair[1])


def _range(name: str, value: float | Sequence[float]) -> tuple[float, float]:
    if isinstance(value, (int, float)):
        if value < 0:
            raise ValueError(f"{name}: expected a number >= 0 or (low, high), got {value}")
        return -float(value), float(value)
    if len(value) != 2 or value[0] > value[1]:
        raise ValueError(f"{name}: expected a number >= 0 or (low, high), got {value!r}")
    return float(value[0]), float(value[1])
