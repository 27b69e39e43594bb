"""Winograd convolution: when it is chosen, and how far it may be from float64."""

from __future__ import annotations

from contextlib import contextmanager

import convcore as cc
import numpy as np
import pytest

from tests import harness

F = cc.nn.functional


def maps(x, w, y, **window):
    """The three maps of training as (name, call)."""
    rank = w.ndim - 2
    return [
        ("forward", lambda: getattr(F, f"conv{rank}d")(x, w, **window)),
        ("grad_input", lambda: F.conv_grad_input(x.shape, w, y, **window)),
        ("grad_weight", lambda: F.conv_grad_weight(x, w.shape, y, **window)),
    ]


def tensors(n, c, k, size, kernel, dtype="float32", **window):
    """A rectified input, He's weights, a gradient of the output."""
    rng = np.random.default_rng(3)
    x = np.maximum(rng.standard_normal((n, c, *size)), 0).astype(np.float32)
    taps = int(np.prod(kernel))
    w = (rng.standard_normal((k, c, *kernel)) * np.sqrt(2 / (c * taps))).astype(np.float32)
    x, w = (cc.tensor(a.astype(dtype)) for a in (x, w))
    shape = getattr(F, f"conv{len(size)}d")(x, w, **window).shape
    y = rng.standard_normal(shape).astype(np.float32)
    return x, w, cc.tensor(y.astype(dtype))


@contextmanager
def precision(word):
    before = cc.get_conv_precision()
    cc.set_conv_precision(word)
    try:
        yield
    finally:
        cc.set_conv_precision(before)


def implementation(call):
    with cc.explain() as log:
        call()
    return log.decisions[-1]["implementation"]


# Root mean square error relative to the output's: forward, gradient of the input, of the kernel. A tenth or so above what was
# measured with the slower to round of generic and AVX2; direct summation errs by 0.2 to 0.7 of it. The largest error is at
# most 12 times as much.
BOUNDS = [
    ((4, 64, 64, (32, 32)), (7.4e-7, 9e-7, 1.05e-6)),
    ((4, 256, 256, (8, 8)), (1.1e-6, 1.3e-6, 5.3e-7)),
    ((4, 64, 64, (300,)), (3.5e-7, 4e-7, 6.6e-7)),
]


@pytest.mark.parametrize("isa", harness.isas())
@pytest.mark.parametrize("sizes, bounds", BOUNDS, ids=str)
def test_error(sizes, bounds, isa):
    n, c, k, size = sizes
    kernel = (3,) * len(size)
    with harness.using_isa(isa), harness.using_impl("conv", "winograd"):
        near = [m() for _, m in maps(*tensors(n, c, k, size, kernel, padding=1), padding=1)]
    exact = maps(*tensors(n, c, k, size, kernel, "float64", padding=1), padding=1)
    for got, (name, call), bound in zip(near, exact, bounds, strict=True):
        want = call().numpy()
        rms = np.sqrt((want**2).mean())
        error = np.abs(got.numpy() - want) / rms
        assert np.sqrt((error**2).mean()) < bound, name
        assert error.max() < 12 * bound, name


@pytest.mark.parametrize("kernel", [(3,), (3, 3), (1, 3, 3)], ids=str)
def test_chosen_unless_strict(kernel):
    size, padding = (20,) * len(kernel), [(t // 2, t // 2) for t in kernel]
    args = tensors(8, 64, 64, size, kernel, padding=padding)
    for name, call in maps(*args, padding=padding):
        assert implementation(call).startswith("winograd"), name
        with precision("strict"):
            assert not implementation(call).startswith("winograd"), name


@pytest.mark.parametrize(
    "window, reason",
    [
        ({"stride": 2}, "stride is not 1"),
        ({"dilation": 2}, "dilation is not 1"),
        ({"groups": 2}, "groups is not 1"),
    ],
    ids=str,
)
def test_declines(window, reason):
    x, w, y = tensors(8, 64, 64, (20, 20), (3, 3))
    if "groups" in window:
        w = w[:, :32].contiguous()
    with cc.explain() as log:
        F.conv2d(x, w, **window)
    reasons = [r for r in log.decisions[-1]["declined"] if r.startswith("winograd")]
    assert reasons and any(reason in r for r in reasons)


def test_other_precisions_are_refused():
    with pytest.raises(ValueError, match='precision must be "fast" or "strict", got \'exact\''):
        cc.set_conv_precision("exact")
    assert cc.get_conv_precision() == "fast"
