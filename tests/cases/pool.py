"""Max and average pooling in one to three dimensions."""

import itertools

import numpy as np

from tests.cases import IMAGE, Op, bad, big, case, distinct, real, values


def _tuple(value, rank):
    return (value,) * rank if np.isscalar(value) else tuple(value)


def _windows(shape, rank, kernel_size, stride, padding, dilation, ceil_mode):
    """For each output position the (low, high, step) of its window along each axis, before clipping."""
    axes = []
    for n, k, s, p, d in zip(
        shape[-rank:],
        *(_tuple(v, rank) for v in (kernel_size, stride or kernel_size, padding, dilation)),
        strict=True,
    ):
        room = n + 2 * p - d * (k - 1) - 1
        out = (-(-room // s) if ceil_mode else room // s) + 1
        if ceil_mode and (out - 1) * s >= n + p:
            out -= 1
        axes.append([(o * s - p, o * s - p + d * (k - 1) + 1, d, n + p) for o in range(out)])
    return axes


def _flat(part, rank):
    return part.reshape(*part.shape[:-rank], int(np.prod(part.shape[-rank:])))


def max_pool(
    x,
    kernel_size,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode=False,
    return_indices=False,
    *,
    rank,
):
    axes = _windows(x.shape, rank, kernel_size, stride, padding, dilation, ceil_mode)
    space = x.shape[-rank:]
    flat = np.arange(np.prod(space)).reshape(space)
    out = x.shape[:-rank] + tuple(map(len, axes))
    best, where = np.full(out, -np.inf), np.zeros(out, np.int64)
    for at in itertools.product(*map(range, out[-rank:])):
        # Sizes of dilated windows stay whole when the part before the input is cut off.
        window = tuple(
            slice(lo if lo >= 0 else lo % d, min(hi, n), d) if lo < 0 else slice(lo, min(hi, n), d)
            for (lo, hi, d, _), n in zip(
                (a[i] for a, i in zip(axes, at, strict=True)), space, strict=True
            )
        )
        part = _flat(x[(..., *window)], rank)
        best[(..., *at)] = part.max(-1)
        where[(..., *at)] = flat[window].ravel()[part.argmax(-1)]
    return (best, where) if return_indices else best


def avg_pool(
    x,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
    *,
    rank,
):
    axes = _windows(x.shape, rank, kernel_size, stride, padding, 1, ceil_mode)
    space = x.shape[-rank:]
    y = np.zeros(x.shape[:-rank] + tuple(map(len, axes)))
    for at in itertools.product(*map(range, y.shape[-rank:])):
        spans = [a[i] for a, i in zip(axes, at, strict=True)]
        padded = np.prod([min(hi, end) - lo for lo, hi, _, end in spans])
        window = tuple(
            slice(max(lo, 0), min(hi, n)) for (lo, hi, _, _), n in zip(spans, space, strict=True)
        )
        part = _flat(x[(..., *window)], rank)
        count = divisor_override or (padded if count_include_pad else part.shape[-1])
        y[(..., *at)] = part.sum(-1) / count
    return y


def _of_rank(function, rank):
    return lambda *args, **kwargs: function(*args, **kwargs, rank=rank)


N = (9, 8, 7)
MAX = [
    ("plain", (2, 3), N, (2,), {}),
    ("stride", (2, 3), N, (3,), {"stride": 2}),
    ("overlapping", (1, 2), N, (3,), {"stride": 1, "padding": 1}),
    ("per-axis", (2, 2), N, ((3, 2, 1),), {"stride": (2, 1, 3), "padding": (1, 1, 0)}),
    ("dilation", (2, 2), N, (2,), {"stride": 1, "dilation": 3}),
    ("dilation-padding", (1, 2), N, (3,), {"stride": 2, "dilation": 2, "padding": 1}),
    ("ceil", (2, 2), N, (2,), {"stride": 2, "ceil_mode": True}),
    ("ceil-padding", (2, 2), N, (3,), {"stride": 3, "padding": 1, "ceil_mode": True}),
    ("gaps", (1, 2), N, (2,), {"stride": 4}),
    ("one-channel", (2, 1), N, (3,), {"stride": 2, "padding": 1}),
    ("pixel", (2, 3), (1, 1, 1), (1,), {}),
    ("whole", (2, 5), (4, 3, 2), ((4, 3, 2),), {}),
    ("many-channels", (1, 37), (4, 4, 4), (2,), {}),
    ("unbatched", (3,), N, (2,), {}),
    ("empty-batch", (0, 3), N, (2,), {}),
    ("indices", (2, 3), N, (3,), {"stride": 2, "padding": 1, "return_indices": True}),
]
AVG = [row for row in MAX if "dilation" not in row[-1] and "return_indices" not in row[-1]] + [
    ("exclude-pad", (2, 2), N, (3,), {"stride": 2, "padding": 1, "count_include_pad": False}),
    (
        "exclude-pad-ceil",
        (2, 2),
        N,
        (3,),
        {"stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False},
    ),
]
BIG = {1: (4, 32, 2000), 2: (4, 32, 33, 34), 3: (2, 16, 12, 13, 14)}


def _cut(value, rank):
    return value[:rank] if isinstance(value, tuple) else value


def _rows(table, make, rank):
    found = []
    for name, lead, space, args, kwargs in table:
        row = case(
            name,
            make(*lead, *space[:rank]),
            *(_cut(a, rank) for a in args),
            **{k: _cut(v, rank) for k, v in kwargs.items()},
        )
        found.append(row)
    return [*found, big("big", make(*BIG[rank]), 3, stride=2, padding=1)]


def _bench(make, rank):
    x = {1: (16, 64, 1024), 2: IMAGE, 3: (4, 32, 16, 24, 24)}[rank]
    return [
        case("half", make(*x), 2),
        case("overlapping", make(*x), 3, 2, 1),
        case("everywhere", make(*x), 3, 1, 1),
    ]


def _bad(op, rank):
    x = real(2, 3, *[6] * rank)
    return [
        bad(
            "rank", ValueError, rf"{op}: input must have {rank + 2} dimensions.*\(5,\)", real(5), 2
        ),
        bad(
            "padding",
            ValueError,
            rf"{op}: padding must be at most half of kernel_size.*2.*3",
            x,
            3,
            padding=2,
        ),
        bad("kernel", ValueError, rf"{op}: kernel_size must be at least 1, got 0", x, 0),
        bad("stride", ValueError, rf"{op}: stride must be at least 1, got 0", x, 2, stride=0),
        bad(
            "count",
            ValueError,
            rf"{op}: kernel_size must be one integer or {rank}",
            x,
            (2,) * (rank + 1),
        ),
        bad("too-large", ValueError, rf"{op}: kernel_size 7.*input size 6", x, 7),
        bad(
            "dtype",
            TypeError,
            rf"{op}: input must have a floating-point dtype",
            values(np.ones((2, 3) + (6,) * rank), "int32"),
            2,
        ),
    ]


OPS = []
for rank in (1, 2, 3):
    nan = np.where(np.arange(2 * 4**rank) % 7 == 3, np.nan, np.arange(2 * 4**rank) % 5)
    ties = np.tile([1.0, 2.0], 4**rank).reshape(1, 2, *[4] * rank)
    kinks = [
        case("ties", values(ties), 2, return_indices=True).but(kink=True),
        case("nan", values(nan.reshape(1, 2, *[4] * rank)), 2).but(grad=False),
        case("infinite", values(np.where(ties > 1, np.inf, -np.inf)), 2).but(grad=False),
    ]
    flat = [] if rank == 1 else [case("divisor", real(2, 2, *N[:rank]), 2, divisor_override=3)]
    OPS += [
        Op(
            f"max_pool{rank}d",
            f"nn.functional.max_pool{rank}d",
            _of_rank(max_pool, rank),
            _rows(MAX, distinct, rank) + kinks,
            _bad(f"max_pool{rank}d", rank),
            impl="pool",
            covers=("max_pool",),
            bench=_bench(distinct, rank),
        ),
        Op(
            f"avg_pool{rank}d",
            f"nn.functional.avg_pool{rank}d",
            _of_rank(avg_pool, rank),
            _rows(AVG, real, rank) + flat,
            _bad(f"avg_pool{rank}d", rank),
            impl="pool",
            covers=("avg_pool",),
            bench=_bench(real, rank),
        ),
    ]
