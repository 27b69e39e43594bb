"""Who owns what: the tape, wrappers, memory shared with others, versions. (Modules: nn/test_ownership.py.)"""

from __future__ import annotations

import gc
import sys
import weakref

import convcore as cc
import numpy as np
import pytest

F = cc.nn.functional


def leaf(*shape: int) -> cc.Tensor:
    return cc.tensor(np.linspace(0.5, 1.5, int(np.prod(shape))).reshape(shape), requires_grad=True)


class Marker:
    """Something Python that a hook or closure holds: its death is what we watch."""


def watched() -> tuple[Marker, weakref.ref]:
    marker = Marker()
    return marker, weakref.ref(marker)


# Long graphs


def test_long_recurrence_is_freed():
    x = leaf(2)
    y = x
    for _ in range(100_000):
        y = y * 1.00001
    del y
    assert gc.collect() >= 0


def test_backward_through_a_long_recurrence():
    x = leaf(2)
    y = x
    for _ in range(100_000):
        y = y * 1.00001
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.full(2, 1.00001**100_000), rtol=1e-9)


def test_long_recurrence_with_a_saved_state():
    h = leaf(3)
    y = h
    for _ in range(20_000):
        y = cc.tanh(y)
    y.sum().backward()
    assert np.isfinite(h.grad.numpy()).all()


def test_memory_comes_back():
    def step():
        x = cc.ones(64, 256, requires_grad=True)
        for _ in range(10):
            x = cc.tanh(x) + 1
        x.sum().backward()

    step()
    gc.collect()
    before = cc.memory_stats()["tensors"]
    for _ in range(20):
        step()
    gc.collect()
    assert cc.memory_stats()["tensors"] <= before + 4096


# Cycles


def test_hook_that_holds_its_tensor(collected):
    marker, alive = watched()
    x = leaf(3)
    x.register_hook(lambda grad, keep=(marker, x): None)
    del x, marker
    collected()
    assert alive() is None


def test_hook_that_holds_a_later_result(collected):
    marker, alive = watched()
    x = leaf(3)
    y = x * 2
    z = y.sum()
    y.register_hook(lambda grad, keep=(marker, z): None)
    del x, y, z, marker
    collected()
    assert alive() is None


def test_attribute_that_holds_its_tensor(collected):
    marker, alive = watched()
    x = leaf(3)
    x.me, x.marker = x, marker
    del x, marker
    collected()
    assert alive() is None


def test_function_context_that_holds_its_output(collected):
    marker, alive = watched()
    held = [marker]

    class Double(cc.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.marker = held.pop()
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    x = leaf(3)
    y = Double.apply(x)
    y.register_hook(lambda grad, keep=y: None)
    y.sum().backward()
    del Double, x, y, marker
    collected()
    assert alive() is None


def test_function_context_goes_with_its_graph():
    marker, alive = watched()

    class Double(cc.autograd.Function):
        @staticmethod
        def forward(ctx, x, kept):
            ctx.kept = kept
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2, None

    y = Double.apply(leaf(3), marker)
    del marker
    assert alive() is not None
    del y
    gc.collect()
    assert alive() is None


def test_hook_in_use_is_kept():
    marker, alive = watched()
    x = leaf(3)
    y = x * 2
    y.register_hook(lambda grad, keep=marker: grad * 3)
    del marker
    gc.collect()
    assert alive() is not None
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [6, 6, 6])


def test_removed_hook_is_let_go():
    marker, alive = watched()
    x = leaf(3)
    handle = x.register_hook(lambda grad, keep=marker: None)
    del marker
    handle.remove()
    gc.collect()
    assert alive() is None


def test_gradient_does_not_keep_the_graph():
    marker, alive = watched()
    x = leaf(3)
    y = x * 2
    y.register_hook(lambda grad, keep=marker: None)
    y.sum().backward()
    grad = x.grad
    del y, marker
    gc.collect()
    assert alive() is None
    assert grad is x.grad


# Wrappers


def test_wrapper_identity():
    x = leaf(3)
    x.grad = cc.ones(3, dtype=cc.float64)
    assert x.grad is x.grad
    x.mark = "mine"
    y = x * 2
    assert y.grad_fn is not None
    holder = [x]
    gc.collect()
    assert holder[0] is x
    assert holder[0].mark == "mine"


def test_wrapper_of_a_saved_tensor():
    seen = []

    class Keep(cc.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 1

        @staticmethod
        def backward(ctx, grad):
            seen.append(ctx.saved_tensors[0])
            return grad

    x = leaf(3)
    Keep.apply(x).sum().backward()
    assert seen[0] is x


def test_subclass_survives_without_its_wrapper():
    class Named(cc.nn.Parameter):
        pass

    module = cc.nn.Module()
    module.weight = Named(cc.ones(3))
    gc.collect()
    assert type(module.weight) is Named


def test_no_reference_is_lost_or_gained():
    x = leaf(3)
    before = sys.getrefcount(x)
    for _ in range(100):
        (x * 2 + x).sum().backward()
    assert sys.getrefcount(x) == before


# Memory shared with others


def convolve(x, w):
    return F.conv2d(x, w).numpy()


@pytest.mark.parametrize("share", [lambda t: t.numpy(), np.from_dlpack], ids=["numpy", "dlpack"])
def test_write_through_an_alias_is_seen(share):
    """Even by a kernel that packs its weights."""
    rng = np.random.default_rng(1)
    x, w = (
        cc.tensor(rng.random((1, 16, 8, 8), np.float32)),
        cc.tensor(rng.random((16, 16, 3, 3), np.float32)),
    )
    with cc.no_grad():
        for _ in range(3):
            before = convolve(x, w)
        alias = share(w)
        if alias.flags.writeable:
            alias *= 2
            np.testing.assert_array_equal(convolve(x, w), before * 2)
            alias *= 2
            np.testing.assert_array_equal(convolve(x, w), before * 4)
            del alias
            np.testing.assert_array_equal(convolve(x, w), before * 4)
        for _ in range(2):
            w.mul_(0.5)
        want = convolve(x, w)
        np.testing.assert_array_equal(want, convolve(x, cc.tensor(w.numpy().copy())))


def test_write_into_foreign_memory_is_seen():
    rng = np.random.default_rng(1)
    x, weights = (
        cc.tensor(rng.random((1, 16, 8, 8), np.float32)),
        rng.random((16, 16, 3, 3), np.float32),
    )
    w = cc.from_numpy(weights)
    with cc.no_grad():
        for _ in range(3):
            before = convolve(x, w)
        weights *= 2
        np.testing.assert_array_equal(convolve(x, w), before * 2)


def test_in_place_write_is_seen():
    rng = np.random.default_rng(1)
    x, w = (
        cc.tensor(rng.random((1, 16, 8, 8), np.float32)),
        cc.tensor(rng.random((16, 16, 3, 3), np.float32)),
    )
    with cc.no_grad():
        for _ in range(3):
            before = convolve(x, w)
        w.view(-1)[:] = w.view(-1) * 2
        np.testing.assert_array_equal(convolve(x, w), before * 2)
        w.detach().mul_(2)
        np.testing.assert_array_equal(convolve(x, w), before * 4)
        w.data.mul_(2)
        np.testing.assert_array_equal(convolve(x, w), before * 8)


def test_numpy_keeps_memory_alive():
    array = (cc.ones(1000) * 3).numpy()
    gc.collect()
    junk = [cc.zeros(1000) for _ in range(20)]
    np.testing.assert_array_equal(array, np.full(1000, 3, np.float32))
    assert len(junk) == 20


def test_foreign_memory_is_kept_alive():
    array = np.full(1000, 3.0)
    alive = weakref.ref(array)
    x = cc.from_numpy(array)
    del array
    gc.collect()
    assert alive() is not None
    assert x.sum().item() == 3000
    del x
    gc.collect()
    assert alive() is None


def test_asarray_is_read_only():
    x = cc.ones(3)
    view = np.asarray(x)
    assert not view.flags.writeable
    x.add_(1)
    np.testing.assert_array_equal(view, [2, 2, 2])


def test_numpy_of_what_requires_a_gradient():
    with pytest.raises(RuntimeError, match=r"detach\(\)"):
        leaf(3).numpy()


# Versions


def test_saved_operand_changed_in_place():
    x, w = leaf(3), leaf(3)
    y = (x * w).sum()
    with cc.no_grad():
        w.add_(1)
    with pytest.raises(RuntimeError, match=r"\(3,\).*changed in place.*version 1, expected 0"):
        y.backward()


def test_saved_operand_changed_through_a_view():
    x, w = leaf(3), leaf(2, 3)
    y = (x * w).sum()
    with cc.no_grad():
        w[0, 1] = 5.0
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_saved_result_changed_in_place():
    x = leaf(3)
    y = cc.tanh(x)
    z = y.sum()
    with cc.no_grad():
        y.mul_(2)
    with pytest.raises(RuntimeError, match="changed in place"):
        z.backward()


def test_change_of_what_was_not_saved():
    x = leaf(3)
    y = x + 1
    z = y * 2
    with cc.no_grad():
        y.mul_(3)
    z.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [2, 2, 2])


def test_leaf_changed_in_place():
    with pytest.raises(RuntimeError, match="leaf"):
        leaf(3).add_(1)


def test_in_place_on_the_tape():
    x = leaf(3)
    y = x * 1
    y.mul_(x)
    y[1] = 0.0
    y.sum().backward()
    want = 2 * x.detach().numpy()
    want[1] = 0
    np.testing.assert_allclose(x.grad.numpy(), want)


@pytest.mark.parametrize(
    "name",
    [
        "neg",
        "abs",
        "square",
        "relu",
        "exp",
        "log",
        "sqrt",
        "tanh",
        "sigmoid",
        "mul",
        "div",
        "pow",
        "add",
        "sub",
        "clamp",
    ],
)
def test_in_place_methods_have_the_gradients_of_the_others(name):
    grads = []
    for suffix in ("", "_"):
        x, other = leaf(3), leaf(3)
        args = (
            (other + 0.5,)
            if name in ("mul", "div", "pow", "add", "sub")
            else (0.6, 1.2)
            if name == "clamp"
            else ()
        )
        y = x * 1
        z = getattr(y, name + suffix)(*args)
        assert suffix == "" or z is y
        (z * z).sum().backward()
        grads.append([x.grad.numpy()] + ([other.grad.numpy()] if other.grad is not None else []))
    np.testing.assert_array_equal(grads[0], grads[1])


@pytest.mark.parametrize(
    "name",
    [
        n
        for n in dir(F)
        if n[0] != "_" and "inplace" in getattr(getattr(F, n), "__annotations__", {})
    ],
)
def test_functions_in_place_have_the_gradients_of_the_others(name):
    grads = []
    for inplace in (False, True):
        x = cc.tensor(np.linspace(-1, 1, 60).reshape(2, 3, 10), requires_grad=True)
        y = (x * 1).view(
            *{"dropout2d": (2, 3, 2, 5), "dropout3d": (2, 3, 1, 2, 5)}.get(name, (2, 3, 10))
        )
        cc.manual_seed(0)
        z = getattr(F, name)(y, *((0.1, 0.5) if name == "threshold" else ()), inplace=inplace)
        assert not inplace or z is y
        (z * z).sum().backward()
        grads.append(x.grad.numpy())
    np.testing.assert_array_equal(grads[0], grads[1])


def test_in_place_through_a_view_on_the_tape():
    x = leaf(4)
    y = x * 1
    view = y[1:3]
    view.mul_(10)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [1, 10, 10, 1])


# The graph's life


def test_second_backward():
    x = leaf(3)
    y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="second time|already|freed"):
        y.backward()


def test_retained_graph():
    x = leaf(3)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), 4 * x.detach().numpy())


def test_backward_of_what_was_not_recorded():
    with pytest.raises(RuntimeError, match="grad"):
        cc.ones(3).sum().backward()
    with pytest.raises(RuntimeError, match="one element"):
        (leaf(3) * 2).backward()


def test_unused_input():
    x, other = leaf(3), leaf(3)
    with pytest.raises(RuntimeError, match="allow_unused"):
        cc.autograd.grad(x.sum(), [other])
    assert cc.autograd.grad(x.sum(), [other], allow_unused=True)[0] is None


def test_error_in_a_hook_comes_through():
    x = leaf(3)
    y = x * 2

    def fails(grad):
        raise KeyError("from the hook")

    y.register_hook(fails)
    with pytest.raises(KeyError, match="from the hook"):
        y.sum().backward()


def test_error_in_a_backward_comes_through():
    class Fails(cc.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, grad):
            raise ZeroDivisionError("from backward")

    with pytest.raises(ZeroDivisionError, match="from backward"):
        Fails.apply(leaf(3)).sum().backward()


@pytest.mark.parametrize("step", [F.relu, cc.sigmoid, lambda x: x * x, lambda x: F.softmax(x, 0)])
def test_backward_drops_what_was_saved_on_its_way(step):
    x = leaf(100_000)
    y, alive = x * 1, []
    y.register_hook(lambda grad: alive.append(cc.memory_stats()["tensors"] - before))
    for _ in range(10):
        y = step(y)
    loss = y.sum()
    del y
    before = cc.memory_stats()["tensors"]
    loss.backward()
    assert alive[0] < -4 * x.numel() * 8
