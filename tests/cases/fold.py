"""Windows as columns, columns added up, windows along one dimension."""

import itertools

import numpy as np

from tests.cases import Op, bad, big, case, ints, real


def _pair(value):
    return (value, value) if np.isscalar(value) else value


def _windows(space, kernel_size, dilation, padding, stride):
    """For each place of a window: where it lies in the padded maps, one index array per axis."""
    axes = []
    for n, k, d, p, s in zip(
        space, *map(_pair, (kernel_size, dilation, padding, stride)), strict=True
    ):
        starts = np.arange(0, n + 2 * p - d * (k - 1), s)
        axes.append([starts + t * d for t in range(k)])
    return [np.ix_(*where) for where in itertools.product(*axes)]


def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    border = [(0, 0)] * (x.ndim - 2) + [(p, p) for p in _pair(padding)]
    padded = np.pad(x, border)
    places = [
        padded[(..., *at)] for at in _windows(x.shape[-2:], kernel_size, dilation, padding, stride)
    ]
    columns = np.stack(places, -3)  # (…, C, places, rows, columns)
    lead = x.shape[:-3]
    windows = columns.shape[-2] * columns.shape[-1]
    return columns.reshape(*lead, x.shape[-3] * len(places), windows)


def fold(x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    size, (p, q) = _pair(output_size), _pair(padding)
    at = _windows(size, kernel_size, dilation, padding, stride)
    lead, channels = x.shape[:-2], x.shape[-2] // len(at)
    y = np.zeros((*lead, channels, size[0] + 2 * p, size[1] + 2 * q))
    columns = x.reshape(*lead, channels, len(at), at[0][0].size, at[0][1].size)
    for t, where in enumerate(at):
        y[(..., *where)] += columns[..., t, :, :]
    return y[..., p : p + size[0], q : q + size[1]]


def unfold_dim(x, dimension, size, step):
    axis = dimension % x.ndim
    starts = range(0, x.shape[axis] - size + 1, step)
    windows = [np.moveaxis(np.take(x, range(s, s + size), axis), axis, -1) for s in starts]
    return np.stack(windows, axis)


MAPS = real(2, 3, 6, 7)
HOW = {
    "plain": {"kernel_size": 2},
    "per-axis": {"kernel_size": (3, 2), "dilation": (1, 2), "padding": (2, 0), "stride": (2, 1)},
    "dilation": {"kernel_size": 3, "dilation": 2, "padding": 1},
    "stride": {"kernel_size": 2, "stride": 3, "padding": 1},
    "wide-padding": {"kernel_size": (1, 2), "padding": (3, 4), "stride": (2, 3)},
    "pixel": {"kernel_size": 1},
    "whole": {"kernel_size": (6, 7)},
}


def _columns(lead, space, channels, how):
    """Columns that fold accepts."""
    return real(*unfold(np.zeros((*lead, channels, *space)), **how).shape)


OPS = [
    Op(
        "unfold",
        "nn.functional.unfold",
        unfold,
        [case(name, MAPS, **how) for name, how in HOW.items()]
        + [
            case("unbatched", real(3, 5, 4), 2),
            case("empty-batch", real(0, 2, 5, 4), 2),
            big("big", real(4, 8, 40, 41), 3, padding=1),
        ],
        [
            bad("rank", ValueError, r"unfold: input must have 4 dimensions.*\(5, 4\)", real(5, 4), 2),
            bad("large", ValueError, "kernel_size 4 with dilation 2 is larger than the padded size 6", MAPS, 4, dilation=2),
            bad("kernel", ValueError, "kernel_size must be at least 1, got 0", MAPS, 0),
            bad("stride", ValueError, "stride must be at least 1, got 0", MAPS, 2, stride=0),
            bad("padding", ValueError, "padding must be at least 0, got -1", MAPS, 2, padding=-1),
            bad("count", ValueError, "kernel_size must be one integer or 2 of them, got 3", MAPS, (1, 2, 3)),
            bad("empty", ValueError, "only the batch may be empty", real(2, 0, 4, 4), 2),
            bad("dtype", TypeError, "input must have a floating-point dtype, got int64", ints(1, 2, 4, 4), 2),
        ],
        impl="fold",
        bench=[
            case("maps", real(16, 32, 28, 28), 3, padding=1),
            case("patches", real(16, 3, 224, 224), 16, stride=16),
            case("dilated", real(16, 32, 28, 28), 3, padding=2, dilation=2, stride=2),
        ],
    ),
    Op(
        "fold",
        "nn.functional.fold",
        fold,
        [case(name, _columns((2,), (6, 7), 3, how), (6, 7), **how) for name, how in HOW.items()]
        + [
            case("unbatched", _columns((), (5, 5), 3, {"kernel_size": 2}), 5, 2),
            case("empty-batch", _columns((0,), (5, 4), 2, {"kernel_size": 2}), (5, 4), 2),
            big("big", _columns((4,), (40, 41), 8, {"kernel_size": 3, "padding": 1}), (40, 41), 3, padding=1),
        ],
        [
            bad("rank", ValueError, r"fold: input must have 3 dimensions.*\(4,\)", real(4), 5, 2),
            bad("rows", ValueError, "must have a multiple of 4 rows", real(1, 6, 9), 4, 2),
            bad("columns", ValueError, "must have 3·3 = 9 columns, the windows of a map of 4x4", real(1, 8, 10), 4, 2),
            bad("size", ValueError, "output_size must be one integer or 2 of them", real(1, 8, 9), (4, 4, 4), 2),
            bad("large", ValueError, "kernel_size 2 with dilation 1 is larger than the padded size 1", real(1, 4, 1), 1, 2),
        ],
        impl="fold",
        bench=[
            case("maps", real(16, 32 * 9, 28 * 28), 28, 3, padding=1),
            case("patches", real(16, 3 * 256, 14 * 14), 224, 16, stride=16),
        ],
    ),
    Op(
        "unfold_dim",
        ".unfold",
        unfold_dim,
        [
            case("last", real(3, 8), -1, 3, 1),
            case("first", real(7, 2, 3), 0, 2, 2),
            case("middle", real(2, 9, 3), 1, 4, 3),
            case("apart", real(2, 9), 1, 2, 4),
            case("whole", real(5), 0, 5, 1),
            case("none", real(5), 0, 0, 2).but(grad=False),
            case("maps", real(2, 3, 5, 4), 2, 3, 1),
            case("integers", ints(2, 6), 1, 3, 2),
        ],
        [
            bad("size", ValueError, "size must be between 0 and the dimension's 6, got 7", real(2, 6), 1, 7, 1),
            bad("step", ValueError, "step must be positive, got 0", real(2, 6), 1, 2, 0),
            bad("dim", IndexError, r"dimension must be in \[-2, 1\], got 2", real(2, 6), 2, 2, 1),
        ],
        covers=("unfold",),
        bench=[case("windows", real(64, 32, 512), 2, 16, 4)],
    ),
]  # fmt: skip
