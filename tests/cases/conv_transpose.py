"""Transposed convolution in one to three dimensions: every input pixel lays down the kernel times its value."""

import itertools
from dataclasses import replace

import numpy as np

from tests.cases import Op, bad, big, case, real, whole

OURS = "PyTorch has no such argument"


def _each(value, rank):
    return (value,) * rank if np.isscalar(value) else tuple(value)


def conv_transpose(
    x, w, b=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1, flip=False
):
    rank = w.ndim - 2
    if x.ndim == rank + 1:
        args = (stride, padding, output_padding, groups, dilation, flip)
        return conv_transpose(x[None], w, b, *args)[0]
    if flip:
        w = w[(..., *[slice(None, None, -1)] * rank)]
    size, kernel = x.shape[2:], w.shape[2:]
    stride, dilation, extra = (_each(v, rank) for v in (stride, dilation, output_padding))
    pads = padding if isinstance(padding, list) else [(p, p) for p in _each(padding, rank)]
    full = [
        (n - 1) * s + d * (k - 1) + 1 + e
        for n, s, d, k, e in zip(size, stride, dilation, kernel, extra, strict=True)
    ]
    full = [max(f, hi) for f, (_, hi) in zip(full, pads, strict=True)]
    y = np.zeros((x.shape[0], w.shape[1] * groups, *full))
    channels, maps = x.shape[1] // groups, w.shape[1]
    for g, t in itertools.product(range(groups), itertools.product(*map(range, kernel))):
        c, k = slice(g * channels, (g + 1) * channels), slice(g * maps, (g + 1) * maps)
        places = tuple(
            slice(i * d, i * d + (n - 1) * s + 1, s)
            for i, d, n, s in zip(t, dilation, size, stride, strict=True)
        )
        y[(slice(None), k, *places)] += np.einsum("nc...,ck->nk...", x[:, c], w[(c, ..., *t)])
    inside = tuple(slice(lo, f - hi) for f, (lo, hi) in zip(full, pads, strict=True))
    y = y[(slice(None), slice(None), *inside)]
    return y if b is None else y + b.reshape(-1, *[1] * rank)


def flops(x, w, *rest, groups=1, **kwargs):
    return 2.0 * x[0] * np.prod(w) * np.prod(x[2:])


# name, input, weight (in, out/groups), keyword arguments; sizes per axis are cut to the rank.
N, M = (4, 3, 3), (3, 2, 3)
ROWS = [
    ("plain", (2, 3), N, (3, 4), M, {}),
    ("stride", (2, 3), N, (3, 4), M, {"stride": (2, 3, 1)}),
    ("stride-over-kernel", (1, 2), N, (2, 3), (1, 2, 1), {"stride": 3}),
    ("padding", (2, 3), N, (3, 2), M, {"padding": (1, 0, 2)}),
    ("padding-over-kernel", (1, 2), N, (2, 2), (2, 1, 1), {"padding": 1}),
    ("output-padding", (1, 2), N, (2, 3), M, {"stride": 3, "output_padding": (2, 1, 0)}),
    ("dilation", (1, 2), N, (2, 3), (3, 2, 2), {"dilation": (2, 3, 1)}),
    (
        "output-padding-below-dilation",
        (1, 2),
        N,
        (2, 3),
        (2, 2, 2),
        {"stride": 2, "dilation": 3, "output_padding": 2},
    ),
    ("groups", (1, 4), N, (4, 3), M, {"groups": 2, "padding": 1}),
    (
        "everything",
        (1, 4),
        N,
        (4, 1),
        M,
        {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2, "dilation": 2},
    ),
    ("depthwise", (2, 5), N, (5, 1), (4, 3, 2), {"groups": 5, "stride": 2, "padding": 1}),
    ("depthwise-multiplied", (1, 3), N, (3, 2), M, {"groups": 3, "stride": 2}),
    ("kernel-1", (2, 5), N, (5, 4), (1, 1, 1), {}),
    ("one-channel", (2, 1), N, (1, 1), M, {"stride": 2}),
    ("pixel", (3, 4), (1, 1, 1), (4, 5), (3, 3, 3), {}),
    ("many-channels", (1, 33), (3, 2, 2), (33, 19), (2, 2, 2), {"stride": 2}),
    ("unbatched", (3,), N, (3, 4), M, {"stride": 2}),
    ("empty-batch", (0, 3), N, (3, 4), M, {}),
]
BIG = {
    1: [("wide", (2, 32, 500), (32, 16, 8), {"stride": 4, "padding": 2})],
    2: [
        ("generator", (4, 64, 12, 12), (64, 32, 4, 4), {"stride": 2, "padding": 1}),
        ("decoder", (2, 48, 24, 24), (48, 24, 2, 2), {"stride": 2}),
        ("to-image", (2, 32, 32, 32), (32, 3, 4, 4), {"stride": 2, "padding": 1}),
    ],
    3: [("cube", (2, 16, 8, 8, 8), (16, 8, 2, 2, 2), {"stride": 2})],
}
# What generators, decoders and vocoders are made of.
BENCH = {
    1: [("vocoder", (4, 128, 256), (128, 64, 16), {"stride": 8, "padding": 4})],
    2: [
        ("generator", (16, 256, 8, 8), (256, 128, 4, 4), {"stride": 2, "padding": 1}),
        ("to-image", (16, 64, 32, 32), (64, 3, 4, 4), {"stride": 2, "padding": 1}),
        ("from-noise", (64, 128, 1, 1), (128, 256, 4, 4), {}),
        ("decoder", (4, 64, 64, 64), (64, 32, 2, 2), {"stride": 2}),
        ("3x3", (8, 64, 32, 32), (64, 64, 3, 3), {"padding": 1}),
        (
            "5x5-output-padding",
            (8, 64, 16, 16),
            (64, 32, 5, 5),
            {"stride": 2, "padding": 2, "output_padding": 1},
        ),
        ("depthwise", (8, 64, 32, 32), (64, 1, 4, 4), {"stride": 2, "padding": 1, "groups": 64}),
        ("groups", (8, 64, 32, 32), (64, 16, 3, 3), {"stride": 2, "padding": 1, "groups": 4}),
        (
            "scores-times-8",
            (2, 21, 32, 32),
            (21, 1, 16, 16),
            {"stride": 8, "padding": 4, "groups": 21},
        ),
        ("one-channel", (16, 1, 64, 64), (1, 1, 4, 4), {"stride": 2, "padding": 1}),
    ],
    3: [
        ("decoder", (1, 32, 16, 16, 16), (32, 16, 2, 2, 2), {"stride": 2}),
        ("3x3x3", (1, 32, 16, 16, 16), (32, 16, 3, 3, 3), {"padding": 1}),
    ],
}


def _bench(rank):
    return [
        case(name, real(*x), real(*w), real(w[1] * kwargs.get("groups", 1)), **kwargs)
        for name, x, w, kwargs in BENCH[rank]
    ]


def _rows(rank):
    found = []
    for name, x, space, w, kernel, kwargs in ROWS:
        kwargs = {k: v[:rank] if isinstance(v, tuple) else v for k, v in kwargs.items()}
        maps = w[1] * kwargs.get("groups", 1)
        args = real(*x, *space[:rank]), real(*w, *kernel[:rank]), real(maps)
        found.append(case(name, *args, **kwargs))
    x, w = (2, 3, *N[:rank]), (3, 2, *M[:rank])
    pairs = [(1, 0), (0, 1), (2, 1)][:rank]
    found += [
        case("no-bias", real(*x), real(*w)),
        case("integers", whole(*x), whole(*w), whole(2), stride=2).but(exact=True),
        case("pairs", real(*x), real(*w), real(2), stride=2, padding=pairs).but(
            torch=False, why=OURS
        ),
        case("flip", real(*x), real(*w), real(2), stride=2, flip=True).but(torch=False, why=OURS),
    ]
    for name, x, w, kwargs in BIG[rank]:
        found.append(big(name, real(*x), real(*w), real(w[1]), **kwargs))
    return found


def _bad(rank):
    op, one, three = f"conv_transpose{rank}d", (5,) * rank, (3,) * rank
    x, w = real(2, 3, *one), real(3, 4, *three)
    rows = [
        ("channels", rf"{op}: input has 3 channels.*\(4, 3, 3.*expects 4", x, real(4, 3, *three), {}),
        ("groups", rf"{op}: input has 3 channels, not a multiple of groups=2", x, w, {"groups": 2}),
        ("no-groups", rf"{op}: groups must be at least 1, got 0", x, w, {"groups": 0}),
        ("input-rank", rf"{op}: input must have {rank + 2} dimensions.*\(5,\)", real(5), w, {}),
        ("weight-rank", rf"{op}: weight must have {rank + 2} dimensions.*\(3, 4\)", x, real(3, 4), {}),
        (
            "output-padding",
            rf"{op}: output_padding must be smaller than stride or dilation, got 2 with stride 2 and dilation 1",
            x,
            w,
            {"stride": 2, "output_padding": 2},
        ),
        ("negative", rf"{op}: output_padding must be at least 0, got -1", x, w, {"output_padding": -1}),
        ("too-small", rf"{op}: output would have size -1", x, w, {"padding": 4}),
        ("words", rf"{op}: padding must be integers", x, w, {"padding": "same"}),
        ("stride", rf"{op}: stride must be at least 1, got 0", x, w, {"stride": 0}),
    ]  # fmt: skip
    found = [bad(name, ValueError, text, x, w, **kwargs) for name, text, x, w, kwargs in rows]
    found += [
        bad("bias", ValueError, rf"{op}: bias must have shape \(4,\), got \(3,\)", x, w, real(3)),
        bad(
            "dtype",
            TypeError,
            rf"{op}: input has dtype float32, weight float64",
            x,
            replace(w, dtype="float64"),
        ),
    ]
    return found


OPS = [
    Op(
        f"conv_transpose{rank}d",
        f"nn.functional.conv_transpose{rank}d",
        conv_transpose,
        _rows(rank),
        _bad(rank),
        impl="conv",
        flops=flops,
        covers=("conv_transpose",),
        bench=_bench(rank),
    )
    for rank in (1, 2, 3)
]
