"""Muon: by hand, beside PyTorch's, its state."""

from __future__ import annotations

import convcore
import numpy as np
import pytest


def by_hand(w, grads, lr=0.02, decay=0.1, momentum=0.95, nesterov=True):
    """The published rule in numpy."""
    v = np.zeros_like(w)
    for g in grads:
        v = momentum * v + (1 - momentum) * g
        u = (1 - momentum) * g + momentum * v if nesterov else v
        x = u / np.linalg.norm(u)
        x = x.T if w.shape[0] > w.shape[1] else x
        for _ in range(5):
            a = x @ x.T
            x = 3.4445 * x + (-4.775 * a + 2.0315 * a @ a) @ x
        x = x.T if w.shape[0] > w.shape[1] else x
        w = w * (1 - lr * decay) - lr * max(1, w.shape[0] / w.shape[1]) ** 0.5 * x
    return w


def stepped(lib, w, grads, **options):
    p = lib.nn.Parameter(lib.tensor(w))
    optimizer = lib.optim.Muon([p], lr=0.02, **options)
    for g in grads:
        p.grad = lib.tensor(g)
        optimizer.step()
    return p.detach().numpy(), optimizer


def draw(shape, dtype="float64"):
    rng = np.random.default_rng(0)
    return rng.standard_normal(shape).astype(dtype), rng.standard_normal((6, *shape)).astype(dtype)


@pytest.mark.parametrize("shape", [(4, 7), (7, 4), (5, 5)])
@pytest.mark.parametrize("nesterov", [True, False])
def test_rule(shape, nesterov):
    w, grads = draw(shape)
    found, _ = stepped(convcore, w, grads, nesterov=nesterov)
    np.testing.assert_allclose(found, by_hand(w, grads, nesterov=nesterov), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("adjust", [None, "match_rms_adamw"])
def test_beside_torch(adjust):
    """PyTorch iterates in bfloat16, which has 8 bits: steps of lr agree to that."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    w, grads = draw((6, 9), "float32")
    ours, optimizer = stepped(convcore, w, grads, adjust_lr_fn=adjust)
    theirs, other = stepped(torch, w, grads, adjust_lr_fn=adjust)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=len(grads) * 0.02 * 0.05)
    assert optimizer.param_groups[0].keys() == other.param_groups[0].keys()
    assert [*optimizer.state_dict()["state"][0]] == [*other.state_dict()["state"][0]]


def test_singular_values_come_near_one():
    x = convcore.randn(20, 30, dtype=convcore.float64)
    found = convcore.optim.muon.orthogonalized(x, (3.4445, -4.775, 2.0315), 5, 1e-7)
    values = np.linalg.svd(found.numpy(), compute_uv=False)
    assert values.min() > 0.4 and values.max() < 1.4


def test_resumes():
    w, grads = draw((4, 6), "float32")
    whole, _ = stepped(convcore, w, grads)
    half, first = stepped(convcore, w, grads[:3])
    p = convcore.nn.Parameter(convcore.tensor(half))
    second = convcore.optim.Muon([p], lr=0.02)
    second.load_state_dict(first.state_dict())
    for g in grads[3:]:
        p.grad = convcore.tensor(g)
        second.step()
    assert p.detach().numpy().tobytes() == whole.tobytes()


def test_only_matrices():
    with pytest.raises(ValueError, match=r"Muon: parameters must be matrices, got shape \(3,\)"):
        convcore.optim.Muon([convcore.nn.Parameter(convcore.ones(3))])
    with pytest.raises(ValueError, match="Muon: lr must not be negative, got -1"):
        convcore.optim.Muon([convcore.nn.Parameter(convcore.ones(3, 3))], lr=-1)
