"""Convolution in one to three dimensions and its two gradients."""

import itertools
from dataclasses import replace

import numpy as np

from tests.cases import IMAGE, Op, bad, big, case, real, whole


def _tuple(value, rank):
    return (value,) * rank if np.isscalar(value) else tuple(value)


def _pads(padding, size, stride, dilation, kernel):
    """(low, high) per axis; the odd one of "same" is at the end."""
    if isinstance(padding, list):
        return padding
    if not isinstance(padding, str):
        return [(p, p) for p in _tuple(padding, len(kernel))]
    found = []
    for n, s, d, k in zip(size, stride, dilation, kernel, strict=True):
        reach = d * (k - 1)
        total = max((-(-n // s) - 1) * s + reach + 1 - n, 0)
        both = {
            "valid": (0, 0),
            "full": (reach, reach),
            "same": (total // 2, total - total // 2),
            "same_lower": (total - total // 2, total // 2),
        }
        found.append(both[padding])
    return found


def _taps(x_shape, w_shape, stride, padding, dilation):
    """The output's sizes, the pads, and for each kernel tap the slice of the padded input it meets."""
    rank = len(w_shape) - 2
    kernel, stride, dilation = w_shape[2:], _tuple(stride, rank), _tuple(dilation, rank)
    pads = _pads(padding, x_shape[2:], stride, dilation, kernel)
    axes = list(zip(x_shape[2:], kernel, stride, dilation, pads, strict=True))
    out = tuple((n + lo + hi - d * (k - 1) - 1) // s + 1 for n, k, s, d, (lo, hi) in axes)
    windows = {
        tap: (
            ...,
            *[
                slice(t * d, t * d + (o - 1) * s + 1, s)
                for t, d, o, s in zip(tap, dilation, out, stride, strict=True)
            ],
        )
        for tap in itertools.product(*map(range, kernel))
    }
    return out, [(0, 0), (0, 0), *pads], windows


def _groups(a, groups, axis):
    shape = a.shape[:axis] + (groups, a.shape[axis] // groups) + a.shape[axis + 1 :]
    return a.reshape(shape)


MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def conv(x, w, b=None, stride=1, padding=0, dilation=1, groups=1, flip=False, padding_mode="zeros"):
    if x.ndim == w.ndim - 1:
        return conv(x[None], w, b, stride, padding, dilation, groups, flip, padding_mode)[0]
    if flip:
        w = w[(..., *[slice(None, None, -1)] * (w.ndim - 2))]
    out, pads, windows = _taps(x.shape, w.shape, stride, padding, dilation)
    x = _groups(np.pad(x, pads, MODES[padding_mode]), groups, 1)
    w = _groups(w, groups, 0)
    y = np.zeros((x.shape[0], groups, w.shape[1], *out))
    for tap, window in windows.items():
        y += np.einsum("ngc...,gkc->ngk...", x[window], w[(..., *tap)])
    y = y.reshape(y.shape[0], groups * y.shape[2], *out)
    return y if b is None else y + b.reshape(-1, *[1] * len(out))


def conv_input(input_size, w, grad, stride=1, padding=0, dilation=1, groups=1):
    _, pads, windows = _taps(input_size, w.shape, stride, padding, dilation)
    padded = [n + lo + hi for n, (lo, hi) in zip(input_size, pads, strict=True)]
    x = _groups(np.zeros(padded), groups, 1)
    w, grad = _groups(w, groups, 0), _groups(grad, groups, 1)
    for tap, window in windows.items():
        x[window] += np.einsum("ngk...,gkc->ngc...", grad, w[(..., *tap)])
    inside = tuple(slice(lo, lo + n) for n, (lo, _) in zip(input_size, pads, strict=True))
    return x.reshape(padded)[inside]


_EVERY = {1: "ngcx,ngkx->gkc", 2: "ngcxy,ngkxy->gkc", 3: "ngcxyz,ngkxyz->gkc"}


def conv_weight(x, weight_size, grad, stride=1, padding=0, dilation=1, groups=1):
    out, pads, windows = _taps(x.shape, weight_size, stride, padding, dilation)
    x, grad = _groups(np.pad(x, pads), groups, 1), _groups(grad, groups, 1)
    w = _groups(np.zeros(weight_size), groups, 0)
    for tap, window in windows.items():
        w[(..., *tap)] = np.einsum(_EVERY[len(out)], x[window], grad)
    return w.reshape(weight_size)


def flops(x, w, *rest, stride=1, padding=0, dilation=1, **others):
    out, _, windows = _taps(x, w, stride, padding, dilation)
    return 2.0 * x[0] * w[0] * w[1] * len(windows) * np.prod(out)


# name, input, weight, keyword arguments; sizes per axis are cut to the rank.
N, M = (7, 6, 5), (3, 2, 3)
ROWS = [
    ("plain", (2, 3), N, (4, 3), M, {}),
    ("stride", (2, 3), N, (4, 3), M, {"stride": (2, 3, 1)}),
    ("stride-over-kernel", (1, 2), N, (3, 2), (1, 2, 1), {"stride": 3}),
    ("padding", (2, 3), N, (4, 3), M, {"padding": (1, 0, 2)}),
    ("padding-over-kernel", (1, 2), (3, 3, 3), (2, 2), (2, 2, 2), {"padding": 3}),
    ("dilation", (2, 2), N, (3, 2), (3, 2, 2), {"dilation": (2, 3, 1)}),
    ("stride-padding-dilation", (1, 2), N, (3, 2), M, {"stride": 2, "padding": 2, "dilation": 2}),
    ("unused-edge", (1, 2), (8, 8, 5), (3, 2), (3, 3, 2), {"stride": 3}),
    ("same", (2, 2), N, (3, 2), (3, 2, 4), {"padding": "same"}),
    ("same-dilated", (1, 2), N, (2, 2), (2, 3, 2), {"padding": "same", "dilation": 2}),
    ("valid", (1, 2), N, (2, 2), M, {"padding": "valid"}),
    ("groups", (2, 4), N, (6, 2), M, {"groups": 2, "padding": 1}),
    ("groups-stride", (1, 6), N, (6, 2), M, {"groups": 3, "stride": 2}),
    ("depthwise", (2, 5), N, (5, 1), (3, 3, 3), {"groups": 5, "padding": 1}),
    ("depthwise-multiplied", (1, 3), N, (6, 1), M, {"groups": 3, "stride": 2}),
    ("kernel-1", (2, 5), N, (4, 5), (1, 1, 1), {}),
    ("kernel-1-stride", (2, 5), N, (4, 5), (1, 1, 1), {"stride": 2}),
    ("one-channel", (2, 1), N, (3, 1), M, {"padding": 1}),
    ("one-to-one", (1, 1), N, (1, 1), M, {}),
    ("pixel", (3, 4), (1, 1, 1), (5, 4), (1, 1, 1), {}),
    ("pixel-padded", (2, 3), (1, 1, 1), (4, 3), (3, 3, 3), {"padding": 1}),
    ("kernel-is-input", (2, 3), (4, 3, 2), (5, 3), (4, 3, 2), {}),
    ("many-channels", (1, 19), (4, 3, 3), (33, 19), (2, 3, 2), {"padding": 1}),
    ("unbatched", (3,), N, (4, 3), M, {"padding": 1}),
    ("empty-batch", (0, 3), N, (4, 3), M, {}),
    ("empty-batch-same", (0, 3), N, (4, 3), M, {"padding": "same"}),
    ("no-channels", (2, 0), N, (4, 0), M, {}),
]
BIG = {
    1: [
        ("wide", (4, 16, 1000), (32, 16, 5), {"padding": 2}),
        ("winograd", (5, 37, 403), (42, 37, 3), {"padding": 1}),
        ("winograd-5", (4, 37, 203), (42, 37, 5), {"padding": 2}),
        ("long", (3, 17, 700), (20, 17, 65), {"padding": 32}),
        ("depthwise-long", (2, 21, 900), (21, 1, 129), {"padding": 60, "groups": 21}),
    ],
    2: [
        ("3x3", (4, 16, 30, 31), (32, 16, 3, 3), {"padding": 1}),
        ("3x3-stride", (4, 16, 33, 32), (32, 16, 3, 3), {"padding": 1, "stride": 2}),
        ("first-layer", (2, 3, 64, 64), (24, 3, 7, 7), {"padding": 3, "stride": 2}),
        ("1x1", (4, 40, 20, 20), (72, 40, 1, 1), {}),
        ("depthwise-wide", (2, 48, 33, 33), (48, 1, 3, 3), {"padding": 1, "groups": 48}),
        ("grouped", (2, 32, 24, 24), (64, 8, 3, 3), {"padding": 1, "groups": 4}),
        ("dilated", (2, 16, 32, 32), (16, 16, 3, 3), {"padding": 2, "dilation": 2}),
        ("winograd", (4, 64, 32, 32), (64, 64, 3, 3), {"padding": 1}),
        ("winograd-ragged", (5, 37, 22, 27), (29, 37, 3, 3), {"padding": (0, 1)}),
        ("winograd-one-image", (1, 32, 61, 50), (32, 32, 3, 3), {"padding": 1}),
        ("winograd-7x7", (12, 48, 7, 7), (72, 48, 3, 3), {"padding": 1}),
        ("winograd-4x4", (40, 64, 4, 4), (64, 64, 3, 3), {"padding": 1}),
        ("winograd-deep", (6, 260, 8, 8), (130, 260, 3, 3), {"padding": 1}),
        ("winograd-padded", (3, 32, 13, 9), (32, 32, 3, 3), {"padding": (4, 6)}),
        ("winograd-dilated", (2, 40, 25, 30), (33, 40, 3, 3), {"padding": 2, "dilation": 2}),
        ("winograd-groups", (4, 72, 20, 21), (66, 24, 3, 3), {"padding": 1, "groups": 3}),
        ("winograd-stride", (2, 24, 30, 33), (29, 24, 5, 5), {"padding": 2, "stride": 2}),
        ("winograd-5x5", (3, 37, 15, 18), (29, 37, 5, 5), {"padding": (2, 1)}),
        ("7x7", (2, 16, 40, 37), (21, 16, 7, 7), {"padding": 3}),
        ("11x11-stride", (1, 24, 45, 44), (20, 24, 11, 11), {"padding": (5, 0), "stride": (2, 1)}),
        ("11x11-groups", (2, 36, 30, 29), (48, 9, 11, 11), {"padding": 5, "groups": 4}),
        ("31x31", (1, 9, 50, 41), (11, 9, 31, 31), {"padding": 15}),
        ("depthwise-31x31", (2, 19, 35, 40), (19, 1, 31, 31), {"padding": 15, "groups": 19}),
    ],
    3: [
        ("winograd", (2, 32, 5, 18, 21), (40, 32, 1, 3, 3), {"padding": (0, 1, 1)}),
        ("winograd-cube", (2, 20, 6, 13, 14), (27, 20, 3, 3, 3), {"padding": 1}),
        ("cube", (2, 8, 12, 13, 14), (16, 8, 3, 3, 3), {"padding": 1}),
        ("7x7x7", (1, 12, 11, 12, 13), (12, 12, 7, 7, 7), {"padding": (3, 3, 0)}),
    ],
}
# Small enough for finite differences, large enough for transforms to pay.
WIDE = {2: [("depthwise-19x19", (1, 8, 20, 20), (8, 1, 19, 19), {"padding": 9, "groups": 8})]}


# What PyTorch has not: other words, pads of each side, a true convolution; borders other than zeros only its layers have.
OURS = [
    ("same-stride", {"padding": "same", "stride": (2, 3, 2)}),
    ("same-stride-dilated", {"padding": "same", "stride": 3, "dilation": 2}),
    ("same-lower", {"padding": "same_lower"}),
    ("same-lower-stride", {"padding": "same_lower", "stride": 2}),
    ("full", {"padding": "full"}),
    ("full-dilated", {"padding": "full", "dilation": (1, 2, 2)}),
    ("pairs", {"padding": [(2, 0), (0, 1), (1, 2)], "stride": 2}),
    ("flip", {"flip": True, "padding": 1}),
    ("reflect", {"padding": "same", "padding_mode": "reflect"}),
    ("replicate", {"padding": 2, "padding_mode": "replicate", "stride": 2}),
    ("circular", {"padding": [(1, 0), (2, 1), (0, 1)], "padding_mode": "circular"}),
    ("no-borders", {"padding": "valid", "padding_mode": "circular"}),
]


OURS_BIG = {
    1: [("winograd-flip", (5, 37, 403), (42, 37, 3), {"padding": [(0, 3)], "flip": True})],
    2: [
        ("winograd-pairs", (4, 36, 19, 22), (40, 36, 3, 3), {"padding": [(2, 0), (0, 3)]}),
        ("winograd-flip", (4, 40, 17, 20), (36, 40, 3, 3), {"padding": "full", "flip": True}),
    ],
}


# What networks are made of, and the corners where kernels differ: few channels, groups, wide and dilated kernels.
BENCH = {
    1: [
        ("wide", (16, 64, 1024), (64, 64, 5), {"padding": 2}),
        ("wave", (16, 1, 16384), (32, 1, 9), {"padding": 4, "stride": 2}),
        ("dilated", (8, 32, 4096), (32, 32, 3), {"padding": 8, "dilation": 8}),
        ("depthwise", (16, 64, 1024), (64, 1, 7), {"padding": 3, "groups": 64}),
    ],
    2: [
        ("3x3", IMAGE, (64, 64, 3, 3), {"padding": 1}),
        ("3x3-deep", (16, 256, 8, 8), (256, 256, 3, 3), {"padding": 1}),
        ("3x3-stride", IMAGE, (128, 64, 3, 3), {"padding": 1, "stride": 2}),
        ("3x3-few", (16, 16, 64, 64), (16, 16, 3, 3), {"padding": 1}),
        ("5x5", (16, 32, 32, 32), (32, 32, 5, 5), {"padding": 2}),
        ("31x31", (2, 16, 48, 48), (16, 16, 31, 31), {"padding": 15}),
        ("digits", (64, 1, 28, 28), (6, 1, 5, 5), {"padding": 2}),
        ("photo", (4, 3, 224, 224), (64, 3, 7, 7), {"padding": 3, "stride": 2}),
        ("colour", (64, 3, 32, 32), (64, 3, 3, 3), {"padding": 1}),
        ("colour-dilated", (16, 3, 64, 64), (32, 3, 3, 3), {"padding": 2, "dilation": 2}),
        ("1x1", IMAGE, (256, 64, 1, 1), {}),
        ("1x1-few", (16, 16, 64, 64), (32, 16, 1, 1), {}),
        ("1x1-one", IMAGE, (1, 64, 1, 1), {}),
        ("1x1-stride", IMAGE, (128, 64, 1, 1), {"stride": 2}),
        ("dilated", (8, 64, 32, 32), (64, 64, 3, 3), {"padding": 4, "dilation": 4}),
        ("depthwise-3x3", (16, 96, 32, 32), (96, 1, 3, 3), {"padding": 1, "groups": 96}),
        (
            "depthwise-stride",
            (16, 96, 32, 32),
            (96, 1, 3, 3),
            {"padding": 1, "stride": 2, "groups": 96},
        ),
        ("depthwise-7x7", (8, 96, 28, 28), (96, 1, 7, 7), {"padding": 3, "groups": 96}),
        ("depthwise-31x31", (2, 64, 32, 32), (64, 1, 31, 31), {"padding": 15, "groups": 64}),
        ("groups-4-wide", (8, 128, 28, 28), (128, 4, 3, 3), {"padding": 1, "groups": 32}),
        ("groups-8-wide", (8, 128, 28, 28), (128, 8, 3, 3), {"padding": 1, "groups": 16}),
        ("groups-16-wide", (8, 128, 28, 28), (128, 16, 3, 3), {"padding": 1, "groups": 8}),
    ],
    3: [
        ("3x3x3", (2, 32, 16, 24, 24), (32, 32, 3, 3, 3), {"padding": 1}),
        ("scan", (2, 1, 32, 48, 48), (16, 1, 3, 3, 3), {"padding": 1, "stride": 2}),
        ("depthwise", (2, 32, 16, 24, 24), (32, 1, 3, 3, 3), {"padding": 1, "groups": 32}),
    ],
}


def _bench(rank, which="forward"):
    if which == "forward":
        return [case(n, real(*x), real(*w), real(w[0]), **kw) for n, x, w, kw in BENCH[rank]]
    return [row.but(grad=False) for row in _gradients(BENCH[rank], which)]


def _cut(kwargs, rank):
    return {k: v[:rank] if isinstance(v, tuple | list) else v for k, v in kwargs.items()}


def _forward_rows(rank):
    found = []
    for name, x, space, w, kernel, kwargs in ROWS:
        x, w, kwargs = x + space[:rank], w + kernel[:rank], _cut(kwargs, rank)
        row = case(name, real(*x), real(*w), real(w[0]), **kwargs)
        if name == "no-channels":
            row = row.but(torch=False, why="PyTorch fails, or gives the input's shape")
        found.append(row)
    for name, x, w, kwargs in OURS_BIG.get(rank, []):
        row = big(name, real(*x), real(*w), real(w[0]), **kwargs)
        found.append(row.but(torch=False, why="PyTorch has no such argument"))
    x, w = (2, 3) + N[:rank], (4, 3) + M[:rank]
    for name, kwargs in OURS:
        row = case(name, real(*x), real(*w), real(4), **_cut(kwargs, rank))
        found.append(row.but(torch=False, why="PyTorch has no such argument"))
    found += [
        case("no-bias", real(*x), real(*w)),
        case("integers", whole(*x), whole(*w), whole(4), padding=1).but(exact=True),
    ]
    for name, x, w, kwargs in WIDE.get(rank, []):
        found.append(case(name, real(*x), real(*w), real(w[0]), **kwargs))
    for name, x, w, kwargs in BIG[rank]:
        found.append(big(name, real(*x), real(*w), real(w[0]), **kwargs))
    if rank == 2:
        arrays = real(2, 19, 27, 50), real(16, 19, 11, 11), real(16)
        row = big("11x11-flip", *arrays, flip=True, padding=[(5, 2), (0, 7)])
        found.append(row.but(torch=False, why="PyTorch has no such argument"))
    return found


def _gradient_rows(rank, which):
    rows = [
        (n, x + s[:rank], w + k[:rank], _cut(kw, rank))
        for n, x, s, w, k, kw in ROWS
        if len(x) == 2 and not isinstance(kw.get("padding"), str)
    ]
    rows += WIDE.get(rank, [])
    found = [row.but(gradgrad=row.name != "no-channels") for row in _gradients(rows, which)]
    return found + [row.but(big=True) for row in _gradients(BIG[rank], which)]


def _gradients(rows, which):
    found = []
    for name, x, w, kwargs in rows:
        out, _, _ = _taps(
            x, w, kwargs.get("stride", 1), kwargs.get("padding", 0), kwargs.get("dilation", 1)
        )
        grad = real(x[0], w[0], *out)
        args = (x, real(*w), grad) if which == "input" else (real(*x), w, grad)
        found.append(case(name, *args, **kwargs))
    return found


def _bad(rank):
    op, one, three = f"conv{rank}d", (5,) * rank, (3,) * rank
    x, w = real(2, 3, *one), real(4, 3, *three)
    return [
        bad(
            "channels",
            ValueError,
            rf"{op}: input has 3 channels.*\(4, 2, 3.*expects 2",
            x,
            real(4, 2, *three),
        ),
        bad("groups", ValueError, rf"{op}: input has 3 channels.*groups=2", x, w, groups=2),
        bad(
            "groups-out",
            ValueError,
            rf"{op}: weight has 4 output channels.*groups=3",
            x,
            real(4, 1, *three),
            groups=3,
        ),
        bad(
            "input-rank",
            ValueError,
            rf"{op}: input must have {rank + 2} dimensions.*\(5,\)",
            real(5),
            w,
        ),
        bad(
            "weight-rank",
            ValueError,
            rf"{op}: weight must have {rank + 2} dimensions.*\(4, 3\)",
            x,
            real(4, 3),
        ),
        bad(
            "kernel-too-large",
            ValueError,
            rf"{op}: kernel of size 7.*input size 5",
            x,
            real(4, 3, *[7] * rank),
        ),
        bad("bias", ValueError, rf"{op}: bias must have shape \(4,\), got \(3,\)", x, w, real(3)),
        bad("stride", ValueError, rf"{op}: stride must be at least 1, got 0", x, w, stride=0),
        bad(
            "stride-count",
            ValueError,
            rf"{op}: stride must be one integer or {rank}",
            x,
            w,
            stride=(1,) * (rank + 1),
        ),
        bad("padding", ValueError, rf"{op}: padding must be at least 0, got -1", x, w, padding=-1),
        bad(
            "padding-text",
            ValueError,
            rf'{op}: padding must be "valid", "same", "same_lower", "full" or integers, got "half"',
            x,
            w,
            padding="half",
        ),
        bad(
            "padding-mode",
            ValueError,
            rf'{op}: padding_mode must be "zeros", "reflect", .* got "mirror"',
            x,
            w,
            padding=1,
            padding_mode="mirror",
        ),
        bad(
            "too-little-to-reflect",
            ValueError,
            r"pad: pad must be smaller than the dimension to reflect it, got \(5, 5\)",
            x,
            w,
            padding=5,
            padding_mode="reflect",
        ),
        bad(
            "dtype",
            TypeError,
            rf"{op}: input has dtype float32, weight float64",
            x,
            replace(w, dtype="float64"),
        ),
        bad(
            "integers",
            TypeError,
            rf"{op}: input must have a floating-point dtype, got int64",
            replace(x, dtype="int64"),
            w,
        ),
    ]


def _bad_gradients(rank, which):
    op, space = f"conv_grad_{which}{rank}d", (5,) * rank
    x, w, y = (2, 3, *space), (4, 3, *[3] * rank), (2, 4, *[3] * rank)
    args = (
        (lambda x, w, y: (x, real(*w), real(*y)))
        if which == "input"
        else (lambda x, w, y: (real(*x), w, real(*y)))
    )
    return [
        bad(
            "grad-output",
            ValueError,
            rf"{op}: grad_output must have shape .*got \(2, 4, 5",
            *args(x, w, (2, 4, *space)),
        ),
        bad("channels", ValueError, rf"{op}: input has 3 channels", *args(x, (4, 2, *w[2:]), y)),
        bad(
            "stride",
            ValueError,
            rf"{op}: stride must be at least 1, got 0",
            *args(x, w, y),
            stride=0,
        ),
        bad(
            "too-large",
            ValueError,
            rf"{op}: stride must be at most 2147483647",
            *args(x, w, y),
            stride=2**40,
        ),
    ]


OPS = []
for rank in (1, 2, 3):
    OPS += [
        Op(
            f"conv{rank}d",
            f"nn.functional.conv{rank}d",
            conv,
            _forward_rows(rank),
            _bad(rank),
            impl="conv",
            flops=flops,
            covers=("conv",),
            bench=_bench(rank),
        ),
        Op(
            f"conv_grad_input{rank}d",
            "nn.functional.conv_grad_input",
            conv_input,
            _gradient_rows(rank, "input"),
            _bad_gradients(rank, "input"),
            impl="conv",
            covers=("conv_grad_input",),
            torch=f"nn.grad.conv{rank}d_input",
            bench=_bench(rank, "input"),
        ),
        Op(
            f"conv_grad_weight{rank}d",
            "nn.functional.conv_grad_weight",
            conv_weight,
            _gradient_rows(rank, "weight"),
            _bad_gradients(rank, "weight"),
            impl="conv",
            covers=("conv_grad_weight",),
            torch=f"nn.grad.conv{rank}d_weight",
            bench=_bench(rank, "weight"),
        ),
    ]
