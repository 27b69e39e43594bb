"""autocast: which operators run in bfloat16, which in float32; regions; gradients."""

from __future__ import annotations

import threading
import warnings

import convcore as cc
import pytest

from tests import harness
from tests.test_bfloat16 import as_bfloat16, assert_near, suitable, tables

F = cc.nn.functional


APART = {
    **dict.fromkeys(
        ("addmv", "dot", "einsum", "gru", "inner", "mv", "vdot"),
        "all matrix products take bfloat16",
    ),
    **dict.fromkeys(
        ("affine_grid", "gaussian_pool1d", "gaussian_pool2d", "gaussian_pool3d"),
        "PyTorch's is a composition that holds a product",
    ),
    **dict.fromkeys(("l1_loss", "mse_loss"), "PyTorch's weighted form is a composition"),
    "local_response_norm": "PyTorch's way for lines goes by avg_pool2d",
    "max_pool3d": "PyTorch's follows its input where indices are asked for",
    **dict.fromkeys(("pad-reflect", "pad-replicate"), "moving loses nothing"),
    **dict.fromkeys(
        ("cdist", "interpolate", "nanquantile", "quantile", "trace"), "follows its input"
    ),
}


@pytest.mark.parametrize("op, cases", tables(lambda op, case: suitable(op, case) and case.torch))
def test_autocast_chooses_as_torch(op, cases):
    """The dtypes that results have, of float32 and of bfloat16 arguments."""
    torch = pytest.importorskip("torch")
    for case in cases:
        for dtype in ("float32", "bfloat16"):
            kinds = []
            for module in (torch, cc):
                args, _ = as_bfloat16(module, op, case, dtype, False)
                try:
                    with module.autocast("cpu", dtype=module.bfloat16), warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        out = harness.call(module, op, args, case.kwargs)
                except (RuntimeError, TypeError):
                    if module is cc:
                        raise
                    break  # PyTorch has no such kernel
                kinds.append([harness.dtype_name(o) for o in out])
            if len(kinds) == 2 and op.name not in APART:
                assert kinds[1] == kinds[0], f"{case.name}, {dtype}"


def test_autocast_by_hand():
    x, w = cc.randn(2, 3, 8, 8), cc.randn(4, 3, 3, 3)
    with cc.autocast("cpu"):
        y = F.conv2d(x, w)
        z = F.linear(y.flatten(1), cc.randn(5, 144))
        assert y.dtype == z.dtype == (y.flatten(1) @ cc.ones(144, 2)).dtype == cc.bfloat16
        assert F.relu(y).dtype == F.max_pool2d(y, 2).dtype == F.softmax(z, 1).dtype == cc.bfloat16
        assert F.batch_norm(y, None, None, cc.ones(4), cc.zeros(4), True).dtype == cc.bfloat16
        assert F.cross_entropy(z, cc.tensor([0, 1])).dtype == F.mse_loss(z, z).dtype == cc.float32
        assert (y + x[:, :1, :6, :6]).dtype == F.relu(x).dtype == cc.float32
        assert (
            F.linear(cc.ones(1, 2, dtype=cc.float64), cc.ones(1, 2, dtype=cc.float64)).dtype
            == cc.float64
        )
    assert (y.float() == F.conv2d(x.bfloat16(), w.bfloat16()).float()).all()


def test_autocast_regions():
    seen = []

    def look(_=None):
        seen.append((cc.is_autocast_enabled(), F.linear(cc.ones(1, 2), cc.ones(1, 2)).dtype))
        return seen[-1]

    on, off = (True, cc.bfloat16), (False, cc.float32)
    region = cc.autocast(device_type="cpu", dtype=cc.bfloat16)
    with region:
        assert look() == on
        with cc.autocast("cpu", enabled=False):
            assert look() == off
            with region:
                assert look() == on
            assert look() == off
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        assert seen[-1] == off, "another thread is not inside"
        assert look() == on
    assert look() == off
    assert cc.autocast()(look)() == on and look() == off
    with pytest.raises(KeyError), cc.autocast():
        raise KeyError
    assert look() == off


def test_autocast_arguments():
    with pytest.raises(ValueError, match="autocast: dtype must be bfloat16, got convcore.float64"):
        cc.autocast("cpu", dtype=cc.float64)
    with pytest.raises(NotImplementedError, match="cpu"):
        cc.autocast("cuda")


def test_autocast_converts_a_weight_once():
    w = cc.randn(4, 4).requires_grad_()
    x = cc.randn(2, 4)
    with cc.autocast():
        first = F.linear(x, w)
        assert (F.linear(x, w) == first).all()
        with cc.no_grad():
            w.mul_(2)
        assert (F.linear(x, w) == 2 * first).all(), "a changed weight is converted anew"
    (F.linear(x, w) - first.float()).sum().backward()
    assert w.grad.dtype == cc.float32


def test_autocast_around_several_steps():
    w = cc.ones(1, 2).requires_grad_()
    with cc.autocast():
        for _ in range(3):  # gradients add up; each walk frees its graph
            F.mse_loss(F.linear(cc.ones(1, 2), w), cc.zeros(1, 1)).backward()
    assert w.grad.tolist() == [[12, 12]]


def test_autocast_recurrent_layers():
    x = cc.randn(2, 5, 3)
    for layer in (cc.nn.LSTM(3, 4), cc.nn.GRU(3, 4)):
        with cc.autocast():
            y, state = layer(x)
            again, _ = layer(x, state)  # whose dtype is another one than x's
        assert y.dtype == again.dtype == cc.bfloat16
        again.float().sum().backward()
        assert {p.grad.dtype for p in layer.parameters()} == {cc.float32}
        low, _ = layer.bfloat16()(x.bfloat16())
        assert_near(low.float().detach().numpy(), y.float().detach().numpy(), 4, "as bfloat16")


@pytest.mark.parametrize("inside", [False, True])
def test_autocast_backward(inside):
    """Gradients are computed as the results were, wherever backward() is called."""
    cc.manual_seed(1)
    x, w, v = cc.randn(8, 16), cc.randn(32, 16).requires_grad_(), cc.randn(4, 32).requires_grad_()
    with cc.autocast():
        loss = F.mse_loss(F.linear(F.linear(x, w).relu(), v), cc.zeros(8, 4))
        if inside:
            loss.backward()
    if not inside:
        loss.backward()
    plain = F.mse_loss(F.linear(F.linear(x, w).relu(), v), cc.zeros(8, 4))
    for got, want in zip((w.grad, v.grad), cc.autograd.grad(plain, (w, v)), strict=True):
        assert got.dtype == cc.float32
        assert_near(got.numpy(), want.numpy(), 8, "gradient")
