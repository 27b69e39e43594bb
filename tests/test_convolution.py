"""What convolution is: its three maps against each other and against SciPy."""

from __future__ import annotations

import convcore as cc
import numpy as np
import pytest

from tests import harness

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


def values(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def numpy(tensor):
    return tensor.detach().numpy()


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_the_three_maps_agree(rank, window):
    """⟨conv(x, w), y⟩ = ⟨x, grad_input(w, y)⟩ = ⟨w, grad_weight(x, y)⟩."""
    x = cc.tensor(whole(2, 4, *(9, 8, 7)[:rank]))
    w = cc.tensor(whole(6, 4 // window.get("groups", 1), *(3, 2, 3)[:rank], seed=1))
    forward = conv(rank)(x, w, **window)
    y = cc.tensor(whole(*forward.shape, seed=2))
    product = float((forward * y).sum())
    assert product == float((x * F.conv_grad_input(x.shape, w, y, **window)).sum())
    assert product == float((w * F.conv_grad_weight(x, w.shape, y, **window)).sum())


def test_output_sizes():
    """(W − F + 2P)/S + 1 where that is whole."""
    for w, f, p, s in [(227, 11, 0, 4), (10, 3, 1, 1), (5, 3, 1, 2), (7, 3, 0, 1), (7, 3, 0, 2)]:
        y = F.conv1d(cc.zeros(1, 1, w), cc.zeros(1, 1, f), padding=p, stride=s)
        assert y.shape[-1] == (w - f + 2 * p) // s + 1
        assert (w - f + 2 * p) % s == 0


def test_kernels_shrink_what_is_not_padded():
    """Kernels of width 6 without padding: 16, 11, 6, 1; with it the width stays."""
    x, w = cc.zeros(1, 1, 16), cc.zeros(1, 1, 6)
    widths, same, lower = [16], x, x
    for _ in range(3):
        x = F.conv1d(x, w, padding="valid")
        same, lower = F.conv1d(same, w, padding="same"), F.conv1d(lower, w, padding="same_lower")
        widths.append(x.shape[-1])
        assert same.shape[-1] == lower.shape[-1] == 16
    assert widths == [16, 11, 6, 1]


@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("stride", [1, 2, 3, 5])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 7])
def test_same_is_tensorflows_rule(kernel, stride, dilation):
    """⌈W/S⌉ outputs; max((⌈W/S⌉ − 1)·S + F − W, 0) zeros, the odd one at the end or, same_lower, at the start."""
    options = {"stride": stride, "dilation": dilation}
    w = cc.tensor(values(1, 1, kernel))
    for size in range(1, 12):
        x = cc.tensor(values(1, 1, size, seed=size))
        out = -(-size // stride)
        zeros = max((out - 1) * stride + dilation * (kernel - 1) + 1 - size, 0)
        less, more = zeros // 2, zeros - zeros // 2
        for word, pair in (("same", (less, more)), ("same_lower", (more, less))):
            got = F.conv1d(x, w, padding=word, **options)
            assert got.shape == (1, 1, out)
            assert got.tolist() == F.conv1d(F.pad(x, pair), w, **options).tolist()
            assert got.tolist() == F.conv1d(x, w, padding=[pair], **options).tolist()


@pytest.mark.filterwarnings("ignore:Using padding=.same. with even kernel:UserWarning")
def test_same_of_an_even_kernel_is_pytorchs():
    torch = pytest.importorskip("torch")
    x, w = values(2, 3, 7, 9), values(4, 3, 4, 2)
    theirs = torch.nn.functional.conv2d(torch.tensor(x), torch.tensor(w), padding="same")
    ours = F.conv2d(cc.tensor(x), cc.tensor(w), padding="same")
    np.testing.assert_allclose(numpy(ours), theirs.numpy(), rtol=1e-12, atol=1e-12)


SIZES = {1: ((9,), (4,)), 2: ((7, 8), (3, 4)), 3: ((5, 4, 6), (2, 3, 3))}


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_flip_is_true_convolution(rank):
    """SciPy's convolve, which flips the kernel, in all of its modes; and f ∗ g = g ∗ f."""
    from scipy.signal import convolve

    f, g = values(*SIZES[rank][0]), values(*SIZES[rank][1], seed=1)
    a, b = (cc.tensor(v[None, None]) for v in (f, g))
    # SciPy's "same" is the middle of "full", which has the odd element of an even kernel before it.
    for word, mode in (("full", "full"), ("valid", "valid"), ("same_lower", "same")):
        got = numpy(conv(rank)(a, b, padding=word, flip=True))[0, 0]
        np.testing.assert_allclose(got, convolve(f, g, mode, method="direct"), atol=1e-12)
    one, other = (conv(rank)(*pair, padding="full", flip=True) for pair in ((a, b), (b, a)))
    np.testing.assert_allclose(numpy(one), numpy(other), atol=1e-12)


def test_stride_is_convolution_then_subsampling():
    x, w = cc.tensor(whole(2, 3, 11, 12)), cc.tensor(whole(4, 3, 3, 3, seed=1))
    strided = F.conv2d(x, w, stride=(2, 3), padding=1)
    assert strided.tolist() == F.conv2d(x, w, padding=1)[:, :, ::2, ::3].tolist()
    with cc.explain() as sparse:
        F.conv2d(x, w, stride=(2, 3), padding=1)
    with cc.explain() as dense:
        F.conv2d(x, w, padding=1)
    ratio = dense.decisions[0]["flops"] / sparse.decisions[0]["flops"]
    assert ratio == (11 * 12) / (6 * 4)


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_padding_mode_is_padding_first(mode):
    x, w = cc.tensor(whole(2, 3, 6, 5)), cc.tensor(whole(4, 3, 3, 2, seed=1))
    got = F.conv2d(x, w, padding=((2, 1), (0, 3)), padding_mode=mode)
    assert got.tolist() == F.conv2d(F.pad(x, (0, 3, 2, 1), mode), w).tolist()
    layer = cc.nn.Conv2d(3, 4, (3, 2), padding=((2, 1), (0, 3)), padding_mode=mode, bias=False)
    layer.weight = cc.nn.Parameter(w)
    assert layer(x).tolist() == got.tolist()


def test_circular_convolution_commutes_with_shifts():
    x, w = cc.tensor(whole(1, 2, 8, 9)), cc.tensor(whole(3, 2, 3, 3, seed=1))

    def f(x):
        return F.conv2d(x, w, padding="same", padding_mode="circular")

    assert f(x.roll((3, 2), (2, 3))).tolist() == f(x).roll((3, 2), (2, 3)).tolist()


@pytest.mark.parametrize(
    ("shape", "kernel", "window"),
    [
        ((4, 70, 89, 88), 3, {"padding": (1, 0)}),
        ((3, 84, 95, 90), 3, {"padding": 1, "stride": 2}),
        ((2, 20, 230, 231), 3, {"padding": 2}),
        ((3, 84, 93, 92), 5, {"padding": 2}),
    ],
    ids=str,
)
@pytest.mark.parametrize("isa", harness.isas())
def test_depthwise_from_memory_is_that_of_its_images(isa, shape, kernel, window):
    """Batches that no cache holds are read in another order than single images: the same values, on any number of threads."""
    options = {**window, "groups": shape[1]}

    def maps(x, w, y):
        return (
            F.conv2d(x, w, **options),
            F.conv_grad_input(x.shape, w, y, **options),
            F.conv_grad_weight(x, w.shape, y, **options),
        )

    def tensors(draw):
        x = cc.tensor(draw(*shape).astype(np.float32)).to(memory_format=cc.channels_last)
        w = cc.tensor(draw(shape[1], 1, kernel, kernel, seed=1).astype(np.float32))
        y = F.conv2d(x, w, **options).shape
        return (
            x,
            w,
            cc.tensor(draw(*y, seed=2).astype(np.float32)).to(memory_format=cc.channels_last),
        )

    with harness.using_isa(isa):
        x, w, y = tensors(whole)
        ys, dxs, dws = zip(
            *(maps(x[i : i + 1], w, y[i : i + 1]) for i in range(len(x))), strict=True
        )
        for got, expected in zip(maps(x, w, y), (cc.cat(ys), cc.cat(dxs), sum(dws)), strict=True):
            np.testing.assert_array_equal(numpy(got), numpy(expected))

        rounded = tensors(values)
        with cc.threads(1):
            alone = maps(*rounded)
        with cc.threads(3):
            for got, expected in zip(maps(*rounded), alone, strict=True):
                np.testing.assert_array_equal(numpy(got), numpy(expected))
