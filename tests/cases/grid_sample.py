"""Maps read at the points of a grid, and the grids of affine maps."""

import itertools

import numpy as np

from tests.cases import Arr, Op, bad, big, case, ints, once, real, values


def _cubic(x, a=-0.75):
    x = np.abs(x)
    near, far = (a + 2) * x**3 - (a + 3) * x**2 + 1, a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def _inside(at, n, padding, align_corners):
    """Positions beyond the border brought back."""
    if padding == "zeros":
        return at
    if padding == "reflection":
        low, span = (0, n - 1) if align_corners else (-0.5, n)
        if span == 0:
            return np.zeros_like(at)
        away = np.abs(at - low)
        flips, extra = np.floor(away / span), away % span
        at = np.where(flips % 2, span - extra, extra) + low
    return np.clip(at, 0, n - 1)


def _taps(u, n, mode, padding, align_corners):
    """[(place, weight)] of one axis; a place outside is read as zero."""
    at = (u + 1) / 2 * (n - 1) if align_corners else ((u + 1) * n - 1) / 2
    if mode == "bicubic":
        first = np.floor(at)
        return [
            (_inside(first + k, n, padding, align_corners), _cubic(at - first - k))
            for k in range(-1, 3)
        ]
    at = _inside(at, n, padding, align_corners)
    if mode == "nearest":
        return [(np.round(at), np.ones_like(at))]
    first = np.floor(at)
    return [(first, 1 - (at - first)), (first + 1, at - first)]


def grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=None):
    space, rank = x.shape[2:], x.ndim - 2
    taps = [
        _taps(grid[..., rank - 1 - a], space[a], mode, padding_mode, align_corners)
        for a in range(rank)
    ]
    y = np.zeros((*grid.shape[:-1], x.shape[1]))
    batch = np.arange(x.shape[0]).reshape(-1, *[1] * rank)
    for tap in itertools.product(*taps):
        places = [np.clip(p, 0, n - 1).astype(int) for (p, _), n in zip(tap, space, strict=True)]
        read = np.all([(p >= 0) & (p < n) for (p, _), n in zip(tap, space, strict=True)], axis=0)
        weight = np.prod([w for _, w in tap], axis=0) * read
        y += weight[..., None] * np.moveaxis(x, 1, -1)[(batch, *places)]
    return np.moveaxis(y, -1, 1)


def affine_grid(theta, size, align_corners=None):
    axes = []
    for n in size[2:]:
        o = np.arange(n)
        axes.append((2 * o / max(n - 1, 1) - (n > 1)) if align_corners else (2 * o + 1) / n - 1)
    places = np.meshgrid(*axes, indexing="ij")[::-1]
    base = np.stack([*places, np.ones(size[2:])], -1)
    return np.einsum("...k,nrk->n...r", base, theta)


def points(*shape: int, reach: float = 1.4) -> Arr:
    """Coordinates that also lie beyond the border."""
    return Arr(shape, lambda rng, shape: reach * (2 * rng.random(shape) - 1))


PADDINGS = ("zeros", "border", "reflection")


def _cases():
    x, grid = real(2, 3, 5, 4), points(2, 3, 4, 2)
    volume, places = real(2, 3, 3, 4, 5), points(2, 2, 3, 2, 3)
    found = []
    for mode, padding, corners in itertools.product(
        ("bilinear", "nearest", "bicubic"), PADDINGS, (True, False)
    ):
        name = f"{mode}-{padding}-{'corners' if corners else 'edges'}"
        how = {"mode": mode, "padding_mode": padding, "align_corners": corners}
        found.append(case(f"maps-{name}", x, grid, **how).but(gradgrad=False))
        if mode != "bicubic":
            found.append(case(f"volumes-{name}", volume, places, **how).but(gradgrad=False))
        few = real(1, 2, 3, 4), points(1, 2, 2, 2)
        found.append(case(f"second-{name}", *few, **how))
    for c in (1, 2, 4, 5, 21):
        found.append(
            case(f"channels-{c}", real(1, c, 4, 3), points(1, 5, 7, 2)).but(gradgrad=False)
        )
    far = points(1, 3, 3, 2, reach=9)
    found += [
        case("second-volumes", real(1, 2, 2, 3, 2), points(1, 2, 1, 2, 3)),
        case("far-reflection", real(1, 2, 4, 3), far, padding_mode="reflection").but(gradgrad=False),
        case("far-zeros", real(1, 2, 4, 3), far).but(gradgrad=False),
        case("pixel", real(1, 2, 1, 1), points(1, 2, 3, 2), align_corners=True).but(gradgrad=False),
        case("empty-batch", real(0, 2, 3, 3), points(0, 2, 3, 2)).but(gradgrad=False),
        case("no-points", real(1, 2, 3, 3), points(1, 0, 3, 2)).but(gradgrad=False),
        case("huge", real(1, 1, 2, 2), values([[[[9e30, 0], [-9e30, 1e12]]]])).but(grad=False),
        big("big-maps", real(2, 40, 30, 31), points(2, 33, 35, 2)),
        big("big-photos", real(3, 3, 60, 61), points(3, 64, 65, 2), mode="bicubic", padding_mode="border"),
        big("big-volumes", real(2, 6, 9, 10, 11), points(2, 12, 13, 14, 3), padding_mode="reflection"),
    ]  # fmt: skip
    return once(*found)


X, GRID = real(2, 3, 5, 4), points(2, 3, 4, 2)
BAD = [
    bad("rank", ValueError, r"input must have 4 or 5 dimensions.*\(3, 5, 4\)", real(3, 5, 4), GRID),
    bad("grid-rank", ValueError, r"grid must have shape \(2, H, W, 2\).*got \(2, 3, 2\)", X, points(2, 3, 2)),
    bad("grid-last", ValueError, r"grid must have shape \(2, H, W, 2\)", X, points(2, 3, 4, 3)),
    bad("batch", ValueError, r"grid must have shape \(2, H, W, 2\).*got \(1, 3, 4, 2\)", X, points(1, 3, 4, 2)),
    bad("mode", ValueError, 'mode must be one of bilinear, nearest, bicubic, got "linear"', X, GRID, mode="linear"),
    bad("padding", ValueError, 'padding_mode must be one of zeros, border, reflection, got "wrap"', X, GRID, padding_mode="wrap"),
    bad("bicubic-volume", ValueError, '"bicubic" takes an input of 4 dimensions', real(1, 1, 2, 2, 2), points(1, 2, 2, 2, 3), mode="bicubic"),
    bad("no-places", ValueError, "input must have places to read", real(2, 3, 0, 4), GRID),
    bad("dtype", TypeError, "input must have a floating-point dtype, got int64", ints(2, 3, 5, 4), GRID),
    bad("dtypes", TypeError, "input has dtype float32, grid float64", X, values(np.zeros((2, 3, 4, 2)), "float64")),
]  # fmt: skip

THETA, THETA3 = real(2, 2, 3), real(2, 3, 4)
PHOTOS, POINTS = real(8, 3, 224, 224), points(8, 224, 224, 2, reach=1.1)

OPS = [
    Op(
        "grid_sample",
        "nn.functional.grid_sample",
        grid_sample,
        _cases(),
        BAD,
        impl="grid_sample",
        bench=[
            case("photos", PHOTOS, POINTS, align_corners=False),
            case("photos-bicubic", PHOTOS, POINTS, mode="bicubic", align_corners=False),
            case("digits", real(64, 1, 28, 28), points(64, 28, 28, 2), align_corners=False),
            case("maps", real(16, 64, 28, 28), points(16, 28, 28, 2), align_corners=False),
            case("maps-nearest", real(16, 64, 28, 28), points(16, 28, 28, 2), mode="nearest", align_corners=False),
            case("volumes", real(2, 4, 32, 32, 32), points(2, 32, 32, 32, 3), align_corners=False),
        ],
    ),
    Op(
        "affine_grid",
        "nn.functional.affine_grid",
        affine_grid,
        [
            case("maps", THETA, (2, 3, 4, 5)),
            case("maps-corners", THETA, (2, 1, 4, 5), align_corners=True),
            case("volumes", THETA3, (2, 1, 2, 3, 4), align_corners=False),
            case("volumes-corners", THETA3, (2, 1, 2, 1, 4), align_corners=True),
            case("pixel", THETA, (2, 1, 1, 1)),
        ],
        [
            bad("size", ValueError, r"size must have 4 or 5 numbers", THETA, (2, 3, 4)),
            bad("theta", ValueError, r"theta must have shape \(2, 2, 3\).*got \(2, 3, 4\)", THETA3, (2, 1, 4, 4)),
            bad("zero", ValueError, "sizes must be positive", THETA, (2, 1, 0, 4)),
            bad("dtype", TypeError, "theta must have a floating-point dtype, got int64", ints(2, 2, 3), (2, 1, 4, 4)),
        ],
        bench=[
            case("photos", real(8, 2, 3), (8, 3, 224, 224), align_corners=False),
            case("volumes", real(4, 3, 4), (4, 1, 48, 48, 48), align_corners=False),
        ],
    ),
]  # fmt: skip
