"""What in-place changes may do, and to whom they show."""

from __future__ import annotations

import gc
import weakref

import convcore as cc
import pytest


@pytest.fixture
def x():
    return cc.tensor([1.0, 2.0, 3.0], requires_grad=True)


def test_leaves_are_protected(x):
    with pytest.raises(RuntimeError, match="a leaf that requires grad"):
        x += 1
    with pytest.raises(RuntimeError, match="a view of a leaf that requires grad"):
        x[0] = 5
    with cc.no_grad():
        x += 1
        x[0] = 7
    assert x.tolist() == [7, 3, 4] and x.is_leaf


def test_views_and_detached_tensors_see_the_change(x):
    y = x * 2
    first, off = y[0], y.detach()
    y += 1
    y *= 3
    assert first.item() == 9 and off.tolist() == [9, 15, 21]
    (grad,) = cc.autograd.grad(first, x)
    assert grad.tolist() == [6, 0, 0]


def test_a_view_taken_before_follows_its_base(x):
    y = x * 1
    part, rest = y[:2], y[2:]
    part *= 2
    rest *= part.sum()
    y += 1
    (grad,) = cc.autograd.grad(rest, x)
    assert rest.tolist() == [19] and grad.tolist() == [6, 6, 6]


def test_constants_join_the_tape(x):
    out = cc.zeros(2, 3)
    part = out[1]
    part += x
    assert out.requires_grad and not out.is_leaf
    out[0] = x * 2
    out.sum().backward()
    assert x.grad.tolist() == [3, 3, 3]


def test_a_change_of_saved_values_is_found(x):
    y = x * 1
    z = y.exp() * y
    y += 1
    with pytest.raises(RuntimeError, match=r"changed in place \(version 1, expected 0\)"):
        z.sum().backward()
    w = x.exp()
    w[0] = 0
    with pytest.raises(RuntimeError, match="exp: its result.*changed in place"):
        cc.autograd.grad(x.exp().mul_(2)[0] + w.sum(), x)


def test_looking_with_numpy_spoils_nothing(x):
    y = x.exp()
    y.detach().numpy()
    y.sum().backward()


def test_overwriting_cuts_the_gradient(x):
    y = x * 2
    y.zero_()
    assert y.requires_grad
    y.sum().backward()
    assert x.grad.tolist() == [0, 0, 0]
    z = x * 2
    z[1] = 0
    assert cc.autograd.grad(z.sum(), x)[0].tolist() == [2, 0, 2]


def test_retained_gradients_are_of_the_new_values(x):
    y = x * 2
    y.retain_grad()
    y *= 5
    (y * y).sum().backward()
    assert y.grad.tolist() == [20, 40, 60]


def test_dtypes_and_shapes():
    n = cc.tensor([1, 2])
    with pytest.raises(TypeError, match="float32.*int64"):
        n += 0.5
    n[0] = 7.9
    assert n.tolist() == [7, 2]
    n += True
    with pytest.raises(ValueError, match=r"\(3,\).*\(2,\)"):
        n.copy_(cc.zeros(3))
    with pytest.raises(ValueError, match=r"\(2, 2\).*\(2,\)"):
        n += cc.ones(2, 2, dtype=cc.int64)


def test_shared_memory_is_refused():
    with pytest.raises(ValueError, match="share memory along dimension 0"):
        cc.zeros(1).expand(3).add_(1)


def test_a_view_that_had_to_copy_is_refused():
    y = cc.zeros(2, 3, 4, 5).contiguous(memory_format=cc.channels_last)
    with pytest.raises(ValueError, match="reshape"):
        y.view(2, 60).add_(1)


def test_nothing_leaks(x):
    """Saved operands that are changed in place afterwards make no cycle."""

    def work():
        held = []
        y = x * x
        for _ in range(3):
            z = y * x
            y += z
            y[0] *= y[1].clone()
            y *= y.clone()
        c = cc.zeros(3)
        k = x * c
        c += k
        held += [weakref.ref(t) for t in (y, z, c, k)]
        return held

    gc.disable()
    try:
        before = cc.memory_stats()
        alive = [ref for ref in work() if ref() is not None]
        after = cc.memory_stats()
    finally:
        gc.enable()
    assert not alive
    assert after["tensors"] == before["tensors"]


def test_windows_see_a_later_change_of_their_base():
    x = cc.arange(6.0).requires_grad_()
    base = x * 1
    windows = base.unfold(0, 3, 1)
    base.mul_(2)
    (windows * windows).sum().backward()
    # Each element counts once in each window that holds it: d/dx Σ (2x)² = 8x.
    assert (x.grad == cc.tensor([1.0, 2, 3, 3, 2, 1]) * 8 * x.detach()).all().item()


def test_windows_that_share_elements_are_no_target():
    with pytest.raises(ValueError, match="share memory"):
        cc.arange(6.0).unfold(0, 3, 1).add_(1)
    x = cc.arange(6.0)
    x.unfold(0, 2, 3).add_(1)
    assert x.tolist() == [1, 2, 2, 4, 5, 5]
