"""Batch transforms against plain numpy, image by image."""

import convcore as cc
import numpy as np
import pytest
from convcore.data import transforms as T
from convcore.data.transforms import affine

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 3, 9, 8)).astype(np.uint8)


def rng():
    return np.random.default_rng(7)


def test_to_tensor_and_normalize():
    np.testing.assert_allclose(T.ToTensor()(IMAGES), IMAGES / 255, rtol=1e-6)
    assert T.ToTensor()(IMAGES.astype(float)).dtype == np.float32
    mean, std = np.array([0.1, 0.2, 0.3]), np.array([0.5, 0.6, 0.7])
    expected = (IMAGES / 255 - mean[:, None, None]) / std[:, None, None]
    out = T.Normalize(mean, std)(IMAGES)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, expected, atol=1e-6)
    np.testing.assert_allclose(T.Normalize(mean, std)(T.ToTensor()(IMAGES)), expected, atol=1e-6)
    np.testing.assert_allclose(T.Normalize(0.1, 0.5)(IMAGES), (IMAGES / 255 - 0.1) / 0.5, atol=1e-6)


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge", "symmetric"])
def test_random_crop(mode):
    crop = T.RandomCrop((6, 5), padding=2, padding_mode=mode)
    out = crop(IMAGES, rng())
    draws = rng()
    tops, lefts = draws.integers(9 + 4 - 5, size=5), draws.integers(8 + 4 - 4, size=5)
    for image, result, top, left in zip(IMAGES, out, tops, lefts, strict=True):
        padded = np.pad(image, ((0, 0), (2, 2), (2, 2)), mode)
        np.testing.assert_array_equal(result, padded[:, top : top + 6, left : left + 5])
    np.testing.assert_array_equal(T.RandomCrop((9, 8))(IMAGES, rng()), IMAGES)


def test_random_crop_reaches_every_place():
    ramp = np.tile(np.arange(25, dtype=np.uint8).reshape(1, 1, 5, 5), (2000, 1, 1, 1))
    corners = T.RandomCrop(3)(ramp, rng())[:, 0, 0, 0]
    values, counts = np.unique(corners, return_counts=True)
    assert values.tolist() == [0, 1, 2, 5, 6, 7, 10, 11, 12]
    assert counts.min() > 150


def test_random_flip():
    out = T.RandomHorizontalFlip(0.5)(IMAGES, rng())
    flipped = rng().random(5) < 0.5
    assert 0 < flipped.sum() < 5
    for image, result, flip in zip(IMAGES, out, flipped, strict=True):
        np.testing.assert_array_equal(result, image[:, :, ::-1] if flip else image)
    np.testing.assert_array_equal(T.RandomHorizontalFlip(1)(IMAGES), IMAGES[..., ::-1])


def test_random_shift_moves_by_whole_pixels():
    spot = np.zeros((500, 1, 7, 7), np.uint8)
    spot[:, 0, 3, 3] = 9
    out = T.RandomShift(2)(spot, rng())
    assert (out.sum((1, 2, 3)) == 9).all()
    places = np.argwhere(out[:, 0] == 9)[:, 1:] - 3
    assert {tuple(p) for p in places} == {(a, b) for a in range(-2, 3) for b in range(-2, 3)}


def scalar_affine(image, matrix, shift, fill):
    """The same map, one pixel at a time."""
    c, h, w = image.shape
    out = np.empty(image.shape)
    for k in range(c):
        for i in range(h):
            for j in range(w):
                point = np.array([j - (w - 1) / 2, i - (h - 1) / 2]) - shift
                x, y = matrix @ point + [(w - 1) / 2, (h - 1) / 2]
                x0, y0 = int(np.floor(x)), int(np.floor(y))
                total = 0.0
                for yy, wy in ((y0, 1 - (y - y0)), (y0 + 1, y - y0)):
                    for xx, wx in ((x0, 1 - (x - x0)), (x0 + 1, x - x0)):
                        inside = 0 <= xx < w and 0 <= yy < h
                        total += wx * wy * (image[k, yy, xx] if inside else fill)
                out[k, i, j] = total
    return out


def test_affine_against_loops():
    draws = np.random.default_rng(3)
    matrices = np.eye(2) + draws.normal(0, 0.3, (5, 2, 2))
    shifts = draws.uniform(-3, 3, (5, 2))
    images = IMAGES.astype(np.float32)
    out = affine(images, matrices, shifts, fill=10)
    expected = [scalar_affine(*a, 10) for a in zip(images, matrices, shifts, strict=True)]
    np.testing.assert_allclose(out, expected, atol=0.35)  # the outermost sliver is clamped
    assert affine(IMAGES, matrices, shifts).dtype == np.uint8


def test_rotation_by_a_right_angle():
    square = IMAGES[:, :, :8, :8]
    out = T.RandomRotation((90, 90))(square, rng())
    np.testing.assert_array_equal(out, np.rot90(square, 1, (2, 3)))
    np.testing.assert_array_equal(T.RandomRotation(0)(square, rng()), square)


def test_affine_parts():
    spot = np.zeros((200, 1, 9, 9), np.float32)
    spot[:, 0, 4, 4] = 1
    out = T.RandomAffine(0, translate=(0.2, 0))(spot, rng())
    columns = (out.sum(2)[:, 0] * np.arange(9)).sum(1) - 4
    assert np.abs(columns).max() <= 1.8 + 1e-4 and columns.std() > 0.8
    np.testing.assert_allclose(out.sum((1, 2, 3)), 1, atol=1e-4)
    larger = T.RandomAffine(0, scale=(2, 2))(
        np.pad(np.ones((1, 1, 3, 3), "f4"), [(0, 0)] * 2 + [(3, 3)] * 2)
    )
    assert larger.sum() == pytest.approx(36, rel=0.05)


def test_same_generator_same_result():
    augment = T.Compose([T.RandomAffine(10, (0.1, 0.1), (0.9, 1.1), 5), T.Normalize(0.5, 0.2)])
    np.testing.assert_array_equal(augment(IMAGES, rng()), augment(IMAGES, rng()))
    cc.manual_seed(3)
    first = augment(IMAGES)
    second = augment(IMAGES)
    cc.manual_seed(3)
    np.testing.assert_array_equal(first, augment(IMAGES))
    assert not np.array_equal(first, second)


def test_single_image():
    assert T.Compose([T.RandomCrop(4), T.ToTensor()])(IMAGES[0]).shape == (3, 4, 4)
    assert "RandomCrop(size=(4, 4), padding=(0, 0)" in repr(T.RandomCrop(4))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: T.RandomCrop(0), "RandomCrop: size: expected an int >= 1"),
        (lambda: T.RandomCrop(3, padding=-1), "RandomCrop: padding: expected an int >= 0"),
        (lambda: T.RandomCrop(3, padding_mode="x"), "padding_mode: expected one of"),
        (
            lambda: T.RandomCrop(12)(IMAGES),
            r"at most \(9, 8\) \(the padded image\), got \(12, 12\)",
        ),
        (lambda: T.RandomHorizontalFlip(2), "p: expected a probability, got 2"),
        (lambda: T.Normalize(0, 0), "std: expected values > 0"),
        (lambda: T.Normalize([1, 2], 1)(IMAGES), r"expected 1 or 3 values.*\(5, 3, 9, 8\), got 2"),
        (lambda: T.RandomRotation(-3), "RandomRotation: degrees: expected a number >= 0"),
        (lambda: T.RandomAffine(0, translate=(2, 0)), "translate: expected fractions"),
        (lambda: T.RandomAffine(0, scale=(0, 1)), "scale: expected 0 < low"),
        (lambda: T.ToTensor()(np.zeros(3)), r"images: expected shape \(N, C, H, W\).*got \(3,\)"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
