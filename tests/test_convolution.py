"""What convolution is: its three maps against each other and against SciPy."""

from __future__ import annotations

import convcore as cc
import numpy as np
import pytest

F = cc.nn.functional


def whole(*shape, seed=0):
    """Small integers in float64: every sum of products is exact."""
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(np.float64)


def conv(rank, transpose=False):
    return getattr(F, f"conv_transpose{rank}d" if transpose else f"conv{rank}d")


WINDOWS = [
    {},
    {"stride": 2},
    {"stride": 3, "padding": 2},
    {"dilation": 2, "padding": 1},
    {"stride": 2, "padding": 1, "groups": 2},
    {"stride": 2, "padding": 1, "groups": 2, "dilation": 2, "flip": True},
]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_transposed_convolution_is_the_adjoint(rank, window):
    """⟨conv(x), y⟩ = ⟨x, conv_transpose(y)⟩, to the last bit."""
    kernel = (3, 2, 3)[:rank]
    x = cc.tensor(whole(2, 4, *(9, 8, 7)[:rank]))
    w = cc.tensor(whole(6, 4 // window.get("groups", 1), *kernel, seed=1))
    forward = conv(rank)(x, w, **window)
    y = cc.tensor(whole(*forward.shape, seed=2))
    smallest = conv(rank, transpose=True)(y, w, **window)
    extra = [n - m for n, m in zip(x.shape[2:], smallest.shape[2:], strict=True)]
    back = conv(rank, transpose=True)(y, w, output_padding=extra, **window)
    assert back.shape == x.shape
    assert float((forward * y).sum()) == float((x * back).sum())
    assert back.tolist() == F.conv_grad_input(x.shape, w, y, **window).tolist()
