"""Pooling whose windows follow from the output's size, and pooling made of other poolings."""

import itertools

import numpy as np

from tests.cases import IMAGE, Op, bad, big, case, distinct, positive, real, values
from tests.cases.pool import avg_pool


def _tuple(value, rank):
    return (value,) * rank if np.isscalar(value) or value is None else tuple(value)


def _windows(space, output_size):
    """For each output position its windows, one slice per axis."""
    rank = len(space)
    sizes = [n if o is None else o for n, o in zip(space, _tuple(output_size, rank), strict=True)]
    axes = [
        [slice(i * n // o, -(-(i + 1) * n // o)) for i in range(o)]
        for n, o in zip(space, sizes, strict=True)
    ]
    return sizes, axes


def adaptive_avg_pool(x, output_size, *, rank):
    sizes, axes = _windows(x.shape[-rank:], output_size)
    y = np.zeros((*x.shape[:-rank], *sizes))
    for at in itertools.product(*map(range, sizes)):
        part = x[(..., *(axis[i] for axis, i in zip(axes, at, strict=True)))]
        y[(..., *at)] = part.mean(tuple(range(-rank, 0)))
    return y


def adaptive_max_pool(x, output_size, return_indices=False, *, rank):
    space = x.shape[-rank:]
    sizes, axes = _windows(space, output_size)
    flat = np.arange(np.prod(space)).reshape(space)
    best = np.zeros((*x.shape[:-rank], *sizes))
    where = np.zeros(best.shape, np.int64)
    for at in itertools.product(*map(range, sizes)):
        window = tuple(axis[i] for axis, i in zip(axes, at, strict=True))
        part = x[(..., *window)].reshape(*x.shape[:-rank], flat[window].size)
        best[(..., *at)] = part.max(-1)
        where[(..., *at)] = flat[window].ravel()[part.argmax(-1)]
    return (best, where) if return_indices else best


def lp_pool(x, norm_type, kernel_size, stride=None, ceil_mode=False, *, rank):
    mean = avg_pool(np.abs(x) ** norm_type, kernel_size, stride, 0, ceil_mode, rank=rank)
    return (mean * np.prod(_tuple(kernel_size, rank))) ** (1 / norm_type)


def gaussian_window(kernel_size, sigma, rank):
    sizes = _tuple(kernel_size, rank)
    spreads = [n / 4 for n in sizes] if sigma is None else _tuple(sigma, rank)
    window = np.ones(())
    for n, spread in zip(sizes, spreads, strict=True):
        line = np.exp(-(((np.arange(n) - (n - 1) / 2) / spread) ** 2) / 2)
        window = window[..., None] * (line / line.sum())
    return window


def gaussian_pool(
    x, kernel_size, stride=None, padding=0, sigma=None, count_include_pad=True, *, rank
):
    window = gaussian_window(kernel_size, sigma, rank)
    ends = [(0, 0)] * (x.ndim - rank) + [(p, p) for p in _tuple(padding, rank)]
    inside = np.pad(np.ones(x.shape), ends)
    x = np.pad(x, ends)
    steps = _tuple(stride or kernel_size, rank)
    counts = [
        (n - k) // s + 1 for n, k, s in zip(x.shape[-rank:], window.shape, steps, strict=True)
    ]
    y = np.zeros((*x.shape[:-rank], *counts))
    for at in itertools.product(*map(range, counts)):
        part = tuple(
            slice(i * s, i * s + k) for i, s, k in zip(at, steps, window.shape, strict=True)
        )
        total = (x[(..., *part)] * window).sum(tuple(range(-rank, 0)))
        weight = (inside[(..., *part)] * window).sum(tuple(range(-rank, 0)))
        y[(..., *at)] = total if count_include_pad else total / weight
    return y


def torch_gaussian(rank):
    """The same in PyTorch: a convolution of each channel."""

    def pool(m, x, kernel_size, stride=None, padding=0, sigma=None, count_include_pad=True):
        window = m.tensor(gaussian_window(kernel_size, sigma, rank), dtype=x.dtype)[None, None]
        conv = getattr(m.nn.functional, f"conv{rank}d")
        many = window.expand(x.shape[1], *window.shape[1:])
        y = conv(x, many, None, stride or kernel_size, padding, groups=x.shape[1])
        if count_include_pad:
            return y
        return y / conv(m.ones_like(x[:1, :1]), window, None, stride or kernel_size, padding)

    return pool


def _of_rank(function, rank):
    return lambda *args, **kwargs: function(*args, **kwargs, rank=rank)


N = (7, 5, 4)
BIG = {1: (4, 32, 2000), 2: (4, 32, 33, 34), 3: (2, 16, 12, 13, 14)}
BENCH = {1: (16, 64, 1024), 2: IMAGE, 3: (4, 32, 16, 24, 24)}


def _cut(value, rank):
    return value[:rank] if isinstance(value, tuple) else value


def _adaptive(make, rank):
    return [
        case("divides", make(2, 3, *(6, 4, 8)[:rank]), (3, 2, 4)[:rank]),
        case("one-number", make(2, 3, *N[:rank]), 2),
        case("overlapping", make(2, 3, *N[:rank]), (5, 4, 3)[:rank]),
        case("larger", make(1, 2, *(3, 2, 4)[:rank]), (5, 3, 7)[:rank]),
        case("same", make(2, 3, *(3, 2, 4)[:rank]), (3, 2, 4)[:rank]),
        case("none", make(2, 3, *N[:rank]), (None, 3, None)[:rank]).but(
            torch=rank > 1, why="" if rank > 1 else "PyTorch takes no None in 1-D"
        ),
        case("global", make(2, 5, *N[:rank]), 1),
        case("one-channel", make(2, 1, *N[:rank]), 4),
        case("many-channels", make(1, 37, *(4, 4, 4)[:rank]), 3),
        case("unbatched", make(3, *N[:rank]), 2),
        case("empty-batch", make(0, 3, *N[:rank]), 2),
        case("nothing", make(2, 3, *N[:rank]), 0).but(
            grad=False, torch_grad=False, why="PyTorch's gradient fails"
        ),
        big("big", make(*BIG[rank]), 5),
    ]


def _adaptive_bad(op, rank):
    x = real(2, 3, *[6] * rank)
    return [
        bad(
            "rank", ValueError, rf"{op}: input must have {rank + 2} dimensions.*\(5,\)", real(5), 2
        ),
        bad("negative", ValueError, rf"{op}: output_size must not be negative, got -2", x, -2),
        bad(
            "count",
            ValueError,
            rf"{op}: output_size must be one integer or {rank}",
            x,
            (2,) * (rank + 1),
        ),
        bad(
            "empty",
            ValueError,
            rf"{op}: input must have non-empty spatial dimensions, got shape \(2, 3, 0",
            real(2, 3, *[0] * rank),
            2,
        ),
        bad(
            "dtype",
            TypeError,
            rf"{op}: input must have a floating-point dtype",
            values(np.ones((2, 3) + (6,) * rank), "int32"),
            2,
        ),
    ]


def _unequal(make, rank):
    x = BENCH[rank]
    return [case("global", make(*x), 1), case("equal", make(*x), 8), case("unequal", make(*x), 7)]


OPS = []
for rank in (1, 2, 3):
    spaces = N[:rank]
    OPS += [
        Op(
            f"adaptive_avg_pool{rank}d",
            f"nn.functional.adaptive_avg_pool{rank}d",
            _of_rank(adaptive_avg_pool, rank),
            _adaptive(real, rank),
            _adaptive_bad(f"adaptive_avg_pool{rank}d", rank),
            impl="pool",
            covers=("adaptive_avg_pool",),
            bench=_unequal(real, rank),
        ),
        Op(
            f"adaptive_max_pool{rank}d",
            f"nn.functional.adaptive_max_pool{rank}d",
            _of_rank(adaptive_max_pool, rank),
            [*_adaptive(distinct, rank), case("indices", distinct(2, 3, *spaces), 4, True)],
            _adaptive_bad(f"adaptive_max_pool{rank}d", rank),
            impl="pool",
            covers=("adaptive_max_pool",),
            bench=_unequal(distinct, rank),
        ),
        Op(
            f"lp_pool{rank}d",
            f"nn.functional.lp_pool{rank}d",
            _of_rank(lp_pool, rank),
            [
                case("squares", real(2, 3, *spaces), 2, 2),
                case("cubes", positive(2, 3, *spaces), 3.0, 3, 2),
                case("broken", positive(2, 3, *spaces), 1.5, 2, 1),
                case("ceil", real(2, 3, *spaces), 2, 2, 2, True),
                case("ones", positive(2, 3, *spaces), 1, 3),
                case("unbatched", real(3, *spaces), 2, 2),
                big("big", real(*BIG[rank]), 2, 3, 2),
            ],
            [
                bad(
                    "norm",
                    ValueError,
                    rf"lp_pool{rank}d: norm_type must not be 0",
                    real(2, 3, *spaces),
                    0,
                    2,
                ),
                bad(
                    "kernel",
                    ValueError,
                    rf"lp_pool{rank}d: kernel_size must be at least 1, got 0",
                    real(2, 3, *spaces),
                    2,
                    0,
                ),
            ],
            tol=4,
            covers=("lp_pool",),
            bench=[
                case("squares", real(*BENCH[rank]), 2, 2),
                case("cubes", positive(*BENCH[rank]), 3, 3, 2),
            ],
        ),
        Op(
            f"gaussian_pool{rank}d",
            f"nn.functional.gaussian_pool{rank}d",
            _of_rank(gaussian_pool, rank),
            [
                case("plain", real(2, 3, *spaces), 2),
                case("overlapping", real(2, 3, *spaces), 3, 2, 1),
                case("inside", real(2, 3, *spaces), 3, 2, 1, count_include_pad=False),
                case(
                    "per-axis",
                    real(2, 2, *spaces),
                    (3, 2, 1)[:rank],
                    (2, 1, 3)[:rank],
                    sigma=(0.5, 2.0, 1.0)[:rank],
                ),
                big("big", real(*BIG[rank]), 3, 2, 1),
            ],
            [
                bad(
                    "rank",
                    ValueError,
                    rf"gaussian_pool{rank}d: input must have.*\(5,\)",
                    real(5),
                    2,
                ),
                bad(
                    "sigma",
                    ValueError,
                    rf"gaussian_pool{rank}d: sigma must be positive, got -1",
                    real(2, 3, *spaces),
                    2,
                    sigma=-1.0,
                ),
                bad(
                    "padding",
                    ValueError,
                    rf"gaussian_pool{rank}d: padding must be at most half of kernel_size.*2.*3",
                    real(2, 3, *spaces),
                    3,
                    padding=2,
                ),
            ],
            covers=("gaussian_pool",),
            torch=torch_gaussian(rank),
            bench=[
                case("half", real(*BENCH[rank]), 2),
                case("overlapping", real(*BENCH[rank]), 3, 2, 1),
            ],
        ),
    ]
