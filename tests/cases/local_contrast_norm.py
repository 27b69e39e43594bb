"""Local contrast normalisation; PyTorch has none: its side is the same formula with one two-dimensional kernel."""

import numpy as np

from tests.cases import IMAGE, Op, bad, case, real, values


def gaussian(size, sigma):
    line = np.exp(-0.5 * ((np.arange(size) - (size - 1) / 2) / sigma) ** 2)
    return np.outer(line, line)


def oracle(x, kernel_size=9, sigma=None, eps=1e-4):
    weight = gaussian(kernel_size, sigma or kernel_size / 4)
    n, _, height, width = x.shape
    half = kernel_size // 2

    def local_mean(maps):
        out = np.zeros((n, 1, height, width))
        for i in range(height):
            for j in range(width):
                rows, columns = (
                    range(max(i - half, 0), min(i + half + 1, height)),
                    range(max(j - half, 0), min(j + half + 1, width)),
                )
                w = weight[np.ix_([r - i + half for r in rows], [c - j + half for c in columns])]
                part = maps[:, :, rows.start : rows.stop, columns.start : columns.stop].mean(1)
                out[:, 0, i, j] = (part * w).sum((1, 2)) / w.sum()
        return out

    centred = x - local_mean(x)
    deviation = np.sqrt(np.maximum(local_mean(centred**2), eps**2))
    return centred / np.maximum(deviation, deviation.mean((2, 3), keepdims=True))


def with_torch(m, x, kernel_size=9, sigma=None, eps=1e-4):
    weight = m.tensor(gaussian(kernel_size, sigma or kernel_size / 4), dtype=x.dtype)[None, None]

    def smoothed(maps):
        return m.nn.functional.conv2d(maps, weight, padding="same")

    share = smoothed(m.ones_like(x[:1, :1]))
    centred = x - smoothed(x.mean(1, keepdim=True)) / share
    deviation = (
        (smoothed((centred * centred).mean(1, keepdim=True)) / share).clamp(min=eps**2).sqrt()
    )
    return centred / m.maximum(deviation, deviation.mean((2, 3), keepdim=True))


OPS = [
    Op(
        "local_contrast_norm",
        "nn.functional.local_contrast_norm",
        oracle,
        [
            case("plain", real(2, 3, 7, 6), 5),
            case("sigma", real(1, 2, 5, 5), 3, sigma=1.5),
            case("window-larger-than-image", real(1, 1, 3, 4), 9),
            case("flat", values(np.ones((1, 2, 4, 4))), 3).but(grad=False),
        ],
        [
            bad(
                "rank",
                ValueError,
                r"local_contrast_norm: input must have 4 dimensions.*\(3, 8, 8\)",
                real(3, 8, 8),
            ),
            bad(
                "even",
                ValueError,
                "local_contrast_norm: kernel_size must be odd and positive, got 4",
                real(1, 1, 8, 8),
                4,
            ),
            bad(
                "sigma",
                ValueError,
                "local_contrast_norm: sigma must be positive, got -1",
                real(1, 1, 8, 8),
                5,
                sigma=-1.0,
            ),
        ],
        torch=with_torch,
        bench=[case("image", real(*IMAGE))],
        tol=4,  # four convolutions one after the other
    )
]
