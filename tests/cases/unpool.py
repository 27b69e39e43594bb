"""From the places of a pooling back, and pooling at given places."""

import itertools

import numpy as np

from tests.cases import Op, bad, big, case, distinct, ints, real, values
from tests.cases.pool import max_pool


def _tuple(value, rank):
    return (value,) * rank if np.isscalar(value) else tuple(value)


def max_unpool(x, indices, kernel_size, stride=None, padding=0, output_size=None, *, rank):
    steps, k, p = (_tuple(v, rank) for v in (stride or kernel_size, kernel_size, padding))
    if output_size is None:
        output_size = [
            (n - 1) * a + b - 2 * c for n, a, b, c in zip(x.shape[-rank:], steps, k, p, strict=True)
        ]
    space = tuple(output_size)[-rank:]
    lead = x.shape[:-rank]
    y = np.zeros((*lead, int(np.prod(space))))
    flat, at = x.reshape(*lead, -1), indices.reshape(*lead, -1)
    for i in range(flat.shape[-1]):  # in order: the last value at a place stays
        np.put_along_axis(y, at[..., i : i + 1], flat[..., i : i + 1], -1)
    return y.reshape(*lead, *space)


def _starts(u, n, out, k, dtype=np.float64):
    u = dtype(u)
    step = dtype(n - k) / dtype(out - 1) if out > 1 else dtype(0)
    return [int((dtype(i) + u) * step) - int(u * step) for i in range(out - 1)] + [n - k]


def fractional_max_pool(
    x, kernel_size, output_size, return_indices=False, _random_samples=None, *, rank
):
    k, out = _tuple(kernel_size, rank), _tuple(output_size, rank)
    batched = x if x.ndim == rank + 2 else x[None]
    space = batched.shape[2:]
    flat = np.arange(np.prod(space)).reshape(space)
    best = np.zeros((*batched.shape[:2], *out))
    where = np.zeros(best.shape, np.int64)
    for n, c in np.ndindex(*batched.shape[:2]):
        samples = _random_samples[n, c][::-1] if rank == 2 else _random_samples[n, c]
        starts = [_starts(*row) for row in zip(samples, space, out, k, strict=True)]
        for at in itertools.product(*map(range, out)):
            window = tuple(slice(s[i], s[i] + w) for s, i, w in zip(starts, at, k, strict=True))
            part = batched[n, c][window].ravel()
            best[(n, c, *at)] = part.max()
            where[(n, c, *at)] = flat[window].ravel()[part.argmax()]
    shape = best.shape if x.ndim == rank + 2 else best.shape[1:]
    best, where = best.reshape(shape), where.reshape(shape)
    return (best, where) if return_indices else best


def pool_at(rank):
    """The samples by position: they are an array of the row."""

    def call(m, x, samples, *args, **kwargs):
        pool = getattr(m.nn.functional, f"fractional_max_pool{rank}d")
        return pool(x, *args, **kwargs, _random_samples=samples)

    return call


def _switches(shape, kernel_size, stride=None, padding=0, *, rank):
    x = np.random.default_rng(3).permutation(int(np.prod(shape))).reshape(shape).astype(float)
    return max_pool(x, kernel_size, stride, padding, return_indices=True, rank=rank)[1]


def _unpool_rows(rank):
    def row(make_row, name, shape, kernel_size, stride=None, padding=0, **kwargs):
        at = _switches(shape, kernel_size, stride, padding, rank=rank)
        return make_row(
            name, real(*at.shape), values(at, "int64"), kernel_size, stride, padding, **kwargs
        )

    n = (8, 6, 4)[:rank]
    wide = {1: (4, 32, 2000), 2: (4, 32, 34, 36), 3: (2, 16, 12, 14, 16)}[rank]
    twice = np.zeros((2, 3, *[2] * rank), np.int64)
    return [
        row(case, "plain", (2, 3, *n), 2),
        row(case, "unbatched", (3, *n), 2),
        row(case, "padding", (2, 3, *[9] * rank), 3, 3, 0),
        row(case, "stride", (2, 2, *[7] * rank), 2, 3, 0, output_size=(7,) * rank),
        row(case, "size", (2, 3, *[9] * rank), 2, output_size=(2, 3, *[9] * rank)),
        row(case, "per-axis", (1, 2, *n), (2, 3, 1)[:rank], (2, 3, 1)[:rank]),
        case("repeated", real(2, 3, *[2] * rank), values(twice, "int64"), 2).but(kink=True),
        row(big, "big", wide, 2),
    ]


def _unpool_bad(rank):
    op = f"max_unpool{rank}d"
    x, at = real(1, 2, *[2] * rank), np.zeros((1, 2, *[2] * rank), np.int64)
    return [
        bad(
            "rank",
            ValueError,
            rf"{op}: input must have.*\(2,\)",
            real(2),
            ints(2, low=0, high=1),
            2,
        ),
        bad(
            "shape",
            ValueError,
            rf"{op}: indices must have input's shape",
            x,
            values(at[:, :1], "int64"),
            2,
        ),
        bad(
            "dtype",
            TypeError,
            rf"{op}: indices must have dtype int64, got int32",
            x,
            values(at, "int32"),
            2,
        ),
        bad(
            "range",
            ValueError,
            rf"{op}: indices must lie in.*got 4096",
            x,
            values(at + 4096, "int64"),
            2,
        ),
        bad(
            "negative",
            ValueError,
            rf"{op}: indices must lie in.*got -1",
            x,
            values(at - 1, "int64"),
            2,
        ),
        bad(
            "size",
            ValueError,
            rf"{op}: output_size must lie between 3 and 5 in dimension 0, got 6",
            x,
            values(at, "int64"),
            2,
            output_size=(6,) * rank,
        ),
    ]


def _fractional_rows(rank):
    def samples(*shape):
        return values(np.random.default_rng(5).random((*shape, rank)).astype(np.float32)).const

    n = (9, 6, 6)[:rank]
    wide = {2: (2, 32, 33, 34), 3: (1, 16, 12, 13, 14)}[rank]
    return [
        case("plain", distinct(2, 3, *n), samples(2, 3), 2, 4),
        case("per-axis", distinct(2, 3, *n), samples(2, 3), (3, 2, 1)[:rank], (5, 4, 2)[:rank]),
        case("indices", distinct(2, 3, *n), samples(2, 3), 2, 4, return_indices=True),
        case("one", distinct(1, 2, *n), samples(1, 2), 3, 1),
        case("unbatched", distinct(3, *n), samples(1, 3), 2, 3),
        big("big", distinct(*wide), samples(*wide[:2]), 2, 8),
    ]


def _fractional_bad(rank):
    op = f"fractional_max_pool{rank}d"
    x = distinct(1, 2, *[6] * rank)
    samples = values(np.zeros((1, 2, rank)))
    return [
        bad("rank", ValueError, rf"{op}: input must have.*\(5,\)", real(5), samples, 2, 3),
        bad(
            "large",
            ValueError,
            rf"{op}: output_size \+ kernel_size - 1 must be at most.*6 and 2",
            x,
            samples,
            2,
            6,
        ),
        bad(
            "samples",
            ValueError,
            rf"{op}: _random_samples must have shape \(1, 2, {rank}\).*\(1, 1, {rank}\)",
            x,
            values(np.zeros((1, 1, rank))),
            2,
            3,
        ),
        bad(
            "size",
            ValueError,
            rf"{op}: output_size or output_ratio must be given",
            x,
            samples,
            2,
            None,
        ),
    ]


def _of_rank(function, rank):
    return lambda *args, **kwargs: function(*args, **kwargs, rank=rank)


def _sampled(rank):
    def oracle(x, samples, *args, **kwargs):
        return fractional_max_pool(x, *args, **kwargs, _random_samples=samples, rank=rank)

    return oracle


def _timed(rank):
    shape = {1: (16, 64, 1024), 2: (16, 64, 32, 32), 3: (4, 32, 16, 24, 24)}[rank]
    at = np.zeros((*shape[:2], *(n // 2 for n in shape[2:])), np.int64)
    corners = [np.arange(0, n, 2) for n in shape[2:]]
    at[...] = np.ravel_multi_index(np.meshgrid(*corners, indexing="ij"), shape[2:])
    return [case("half", real(*at.shape), values(at, "int64"), 2)]


OPS = []
for rank in (1, 2, 3):
    OPS.append(
        Op(
            f"max_unpool{rank}d",
            f"nn.functional.max_unpool{rank}d",
            _of_rank(max_unpool, rank),
            _unpool_rows(rank),
            _unpool_bad(rank),
            covers=("max_unpool",),
            bench=_timed(rank),
        )
    )
for rank in (2, 3):
    image = {2: (16, 64, 32, 32), 3: (4, 32, 16, 24, 24)}[rank]
    OPS.append(
        Op(
            f"fractional_max_pool{rank}d",
            pool_at(rank),
            _sampled(rank),
            _fractional_rows(rank),
            _fractional_bad(rank),
            covers=("fractional_max_pool",),
            bench=[
                case(
                    "images",
                    distinct(*image),
                    values(np.full((*image[:2], rank), 0.3)).const,
                    2,
                    11,
                )
            ],
        )
    )
