"""Packed weights are kept without a tape, and never outlive the numbers they were made of."""

import threading

import convcore as cc
import numpy as np
import pytest

F = cc.nn.functional


def layer(kind):
    """(weight shape, input shape, call) that reaches one of the kernels which keep packs."""
    return {
        "winograd": ((16, 16, 3, 3), (2, 16, 20, 20), lambda x, w: F.conv2d(x, w, padding=1)),
        "winograd, deep": (
            (256, 300, 3, 3),
            (2, 300, 7, 7),
            lambda x, w: F.conv2d(x, w, padding=1),
        ),
        "winograd, few tiles": (
            (48, 48, 3, 3),
            (2, 48, 7, 7),
            lambda x, w: F.conv2d(x, w, padding=1),
        ),
        "winograd in groups": (
            (48, 24, 3, 3),
            (2, 48, 20, 20),
            lambda x, w: F.conv2d(x, w, padding=1, groups=2),
        ),
        "winograd in 3-D": (
            (24, 20, 3, 3, 3),
            (2, 20, 6, 12, 12),
            lambda x, w: F.conv3d(x, w, padding=1),
        ),
        "winograd of stride 2": (
            (32, 32, 6, 6),
            (2, 32, 40, 40),
            lambda x, w: F.conv2d(x, w, stride=2, padding=2),
        ),
        "winograd, transposed by 2": (
            (32, 24, 4, 4),
            (2, 32, 24, 24),
            lambda x, w: F.conv_transpose2d(x, w, stride=2, padding=1),
        ),
        "winograd2": ((32, 32, 3, 3), (1, 32, 7, 7), lambda x, w: F.conv2d(x, w, padding=1)),
        "direct": ((24, 32, 3, 3), (2, 32, 9, 9), lambda x, w: F.conv2d(x, w, stride=2)),
        "strip": ((24, 3, 5, 5), (2, 3, 12, 12), lambda x, w: F.conv2d(x, w)),
        "pointwise": ((40, 48, 1, 1), (2, 48, 6, 6), lambda x, w: F.conv2d(x, w)),
        "transposed": ((24, 32, 3, 3), (2, 24, 9, 9), lambda x, w: F.conv_transpose2d(x, w)),
        "linear": ((40, 700), (64, 700), F.linear),
    }[kind]


KINDS = [
    "winograd",
    "winograd, deep",
    "winograd, few tiles",
    "winograd in groups",
    "winograd in 3-D",
    "winograd of stride 2",
    "winograd, transposed by 2",
    "winograd2",
    "direct",
    "strip",
    "pointwise",
    "transposed",
    "linear",
]


def recorded(call, x, w):
    """The result with a tape, which keeps nothing."""
    w.requires_grad = True
    return call(x, w).detach().numpy()


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_bits_as_with_a_tape(kind):
    size, shape, call = layer(kind)
    w, x = cc.randn(*size), cc.randn(*shape)
    with cc.no_grad():
        first, again = call(x, w).numpy(), call(x, w).numpy()
    expected = recorded(call, x, w)
    assert np.array_equal(first, expected)
    assert np.array_equal(again, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_changed_weights_are_packed_anew(kind):
    size, shape, call = layer(kind)
    w, x = cc.randn(*size), cc.randn(*shape)
    changes = [
        lambda: w.mul_(2),
        lambda: w.copy_(cc.randn(*size)),
        lambda: w.numpy().__setitem__(0, 3),
        lambda: w[0].fill_(0.5),
    ]
    with cc.no_grad():
        before = call(x, w).numpy()
        for change in changes:
            change()
            now, fresh = call(x, w).numpy(), call(x, cc.tensor(w.numpy().copy())).numpy()
            assert np.array_equal(now, fresh)
            assert not np.array_equal(now, before)
            before = now


def test_views_of_one_storage_have_packs_of_their_own():
    whole, x = cc.randn(32, 16, 3, 3), cc.randn(2, 16, 20, 20)
    with cc.no_grad():
        parts = [F.conv2d(x, whole[i : i + 16], padding=1).numpy() for i in (0, 16, 0, 16)]
    assert np.array_equal(parts[0], parts[2])
    assert np.array_equal(parts[1], parts[3])
    assert not np.array_equal(parts[0], parts[1])


def test_every_implementation_has_packs_of_its_own():
    conv = cc.nn.Conv2d(16, 16, 3, padding=1)
    x = cc.randn(2, 16, 20, 20)
    expected = conv(x).detach().numpy()
    with cc.no_grad():
        for impl in ("winograd", "winograd2", "direct", "strip", "winograd", "winograd2", "direct"):
            with cc.algorithms(conv=impl):
                np.testing.assert_allclose(conv(x).numpy(), expected, atol=1e-5)


def test_packs_go_with_the_change_that_spoils_them():
    conv, x = cc.nn.Conv2d(16, 16, 3, padding=1), cc.randn(2, 16, 20, 20)
    before = cc.memory_stats()["packs"]
    with cc.no_grad():
        conv(x)
        assert cc.memory_stats()["packs"] > before
        conv.weight.mul_(2)
    assert cc.memory_stats()["packs"] == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_backward_pass_keeps_nothing(kind):
    size, shape, call = layer(kind)
    w, x = cc.randn(*size, requires_grad=True), cc.randn(*shape, requires_grad=True)
    before = cc.memory_stats()["packs"]
    call(x, w).sum().backward()
    assert cc.memory_stats()["packs"] == before


def test_packs_of_channels_last_weights():
    conv = cc.nn.Conv2d(16, 16, 3, padding=1)
    conv.to(memory_format=cc.channels_last)
    x = cc.randn(2, 16, 20, 20)
    expected = conv(x).detach().numpy()
    with cc.no_grad():
        before = cc.memory_stats()["packs"]
        assert np.array_equal(conv(x).numpy(), expected)
        kept = cc.memory_stats()["packs"]
        assert kept > before
        assert np.array_equal(conv(x).numpy(), expected)
        assert cc.memory_stats()["packs"] == kept
        conv.weight.mul_(2)
        assert cc.memory_stats()["packs"] == before
        assert not np.array_equal(conv(x).numpy(), expected)


def test_many_threads_share_the_packs():
    conv, x = cc.nn.Conv2d(32, 32, 3, padding=1), cc.randn(1, 32, 24, 24)
    results = []

    def infer():
        with cc.no_grad():
            results.append([conv(x).numpy() for _ in range(5)])

    threads = [threading.Thread(target=infer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first = results[0][0]
    assert len(results) == 4
    assert all(np.array_equal(first, y) for ys in results for y in ys)


@pytest.mark.parametrize("which", ["running_mean", "running_var", "weight", "bias", "eps"])
def test_scale_and_shift_of_a_normalisation_follow_what_they_come_from(which):
    norm, x = cc.nn.BatchNorm2d(5).eval(), cc.randn(2, 5, 3, 4)
    with cc.no_grad():
        norm(x), norm(x)  # kept
        if which == "eps":
            norm.eps = 0.5
        else:
            getattr(norm, which).add_(cc.arange(5) + 0.25)
        changed = norm(x).numpy().copy()
    mean, var, weight, bias = (
        t.detach().numpy()[None, :, None, None]
        for t in (norm.running_mean, norm.running_var, norm.weight, norm.bias)
    )
    expected = (x.numpy() - mean) / np.sqrt(var + norm.eps) * weight + bias
    np.testing.assert_allclose(changed, expected, rtol=1e-5, atol=1e-5)


def test_kept_weights_may_be_transformed_for_fewer_tiles():
    conv, x = cc.nn.Conv2d(64, 64, 5, padding=2), cc.randn(1, 64, 4, 4)
    chosen = []
    for grad in (True, False):
        with cc.set_grad_enabled(grad), cc.explain() as log:
            conv(x)
        chosen.append(log.decisions[0]["implementation"].split("_")[0])
    assert chosen == ["direct", "winograd"]
