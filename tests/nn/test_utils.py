"""nn.utils: norms and clipping, vectors of parameters, batch norms folded into the layer before."""

from __future__ import annotations

import math

import convcore as cc
import numpy as np
import pytest
from convcore import nn
from convcore.nn import utils


@pytest.fixture(autouse=True)
def seeded():
    cc.manual_seed(0)


def parameters(lib, *grads):
    result = []
    for grad in grads:
        p = lib.nn.Parameter(lib.zeros(np.shape(grad)))
        p.grad = lib.tensor(grad, dtype=lib.float32)
        result.append(p)
    return result


NORMS = [2.0, 1, 3.5, math.inf, -math.inf, 0]
GRADS = ([3.0, 4.0], [[0.0, 12.0], [1.0, -2.0]])


@pytest.mark.parametrize("p", NORMS)
def test_total_norm(p):
    flat = np.concatenate([np.ravel(g) for g in GRADS])
    want = np.linalg.norm(flat, p) if p != 0 else 2  # of order 0: how many tensors are not zero
    got = utils.get_total_norm([cc.tensor(g) for g in GRADS], p, foreach=True)
    assert got.shape == () and got.item() == pytest.approx(want)


@pytest.mark.parametrize("max_norm", [1.0, 100.0])
def test_clipping_by_norm(max_norm):
    ps = parameters(cc, *GRADS) + [nn.Parameter(cc.ones(3))]
    total = utils.clip_grad_norm_(iter(ps), max_norm)
    assert total.item() == pytest.approx(math.sqrt(174))
    scale = min(1.0, max_norm / math.sqrt(174))
    for p, g in zip(ps, GRADS, strict=False):
        np.testing.assert_allclose(p.grad.numpy(), np.array(g) * scale, rtol=1e-5)
    assert ps[2].grad is None
    assert utils.clip_grad_norm_([], 1.0).item() == 0 == utils.clip_grad_norm_(ps[2], 1.0).item()


def test_norms_that_are_not_finite():
    (p,) = parameters(cc, [1.0, math.nan])
    with pytest.raises(RuntimeError, match="norm of order 2.0 is nan"):
        utils.clip_grad_norm_(p, 1.0, error_if_nonfinite=True)
    assert p.grad.tolist()[0] == 1
    assert math.isnan(utils.clip_grad_norm_(p, 1.0).item())


def test_clipping_by_value():
    ps = parameters(cc, *GRADS)
    utils.clip_grad_value_(ps, 3)
    assert ps[0].grad.tolist() == [3, 3] and ps[1].grad.tolist() == [[0, 3], [1, -2]]


def test_vectors_of_parameters():
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    vector = utils.parameters_to_vector(model.parameters())
    assert vector.shape == (13,) and vector.requires_grad
    utils.vector_to_parameters(cc.arange(13.0), model.parameters())
    assert utils.parameters_to_vector(model.parameters()).tolist() == list(range(13))
    with pytest.raises(ValueError, match=r"vector of 13 elements, got shape \(12,\)"):
        utils.vector_to_parameters(cc.zeros(12), model.parameters())
    with pytest.raises(TypeError, match="vec must be a Tensor, got list"):
        utils.vector_to_parameters([1.0], model.parameters())


def trained(norm):
    """A batch norm whose every part matters."""
    with cc.no_grad():
        for value in (*norm.parameters(), norm.running_mean):
            value.normal_()
        norm.running_var.uniform_(0.5, 2)
    return norm.eval()


def layers():
    yield nn.Conv1d(2, 4, 3), nn.BatchNorm1d(4), (2, 2, 7)
    yield nn.Conv2d(2, 4, 3, bias=False), nn.BatchNorm2d(4), (2, 2, 7, 7)
    yield nn.Conv2d(4, 6, 3, groups=2), nn.BatchNorm2d(6, affine=False), (2, 4, 7, 7)
    yield nn.Conv3d(2, 4, 3), nn.BatchNorm3d(4, eps=0.1), (2, 2, 4, 4, 4)
    for groups in (1, 2):
        if hasattr(nn, "ConvTranspose2d"):
            yield (
                nn.ConvTranspose2d(4, 6, 3, groups=groups),
                nn.BatchNorm2d(6),
                (2, 4, 5, 5),
            )
    yield nn.Linear(3, 4), nn.BatchNorm1d(4), (5, 3)
    yield nn.Linear(3, 4, bias=False, dtype=cc.float64), nn.BatchNorm1d(4, dtype=cc.float64), (5, 3)


@pytest.mark.parametrize("layer, norm, shape", list(layers()), ids=lambda v: type(v).__name__)
def test_batch_norm_folds_into_the_layer(layer, norm, shape):
    layer, norm = layer.eval(), trained(norm)
    layer.weight.requires_grad_(False)
    if isinstance(layer, nn.Linear):
        fused = utils.fuse_linear_bn_eval(layer, norm)
    else:
        fused = utils.fuse_conv_bn_eval(layer, norm, "Transpose" in type(layer).__name__)
    x = cc.randn(*shape, dtype=layer.weight.dtype)
    want = norm(layer(x)).detach().numpy()
    np.testing.assert_allclose(fused(x).detach().numpy(), want, rtol=1e-4, atol=1e-5)
    assert type(fused) is type(layer) and fused is not layer
    assert fused.weight.dtype == layer.weight.dtype and not fused.weight.requires_grad
    assert isinstance(fused.bias, nn.Parameter)


def test_what_cannot_be_folded():
    conv, norm = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)
    with pytest.raises(ValueError, match="fuse_conv_bn_eval: both modules must be in evaluation"):
        utils.fuse_conv_bn_eval(conv, norm.eval())
    with pytest.raises(ValueError, match="no running statistics"):
        utils.fuse_conv_bn_eval(conv.eval(), nn.BatchNorm2d(2, track_running_stats=False).eval())
    with pytest.raises(ValueError, match="as many features as the layer outputs, 2, got 3"):
        utils.fuse_conv_bn_eval(conv, nn.BatchNorm2d(3).eval())


@pytest.mark.parametrize("p", NORMS)
def test_clipping_is_torchs(p):
    torch = pytest.importorskip("torch")
    results = []
    for lib in (cc, torch):
        ps = parameters(lib, *GRADS)
        total = lib.nn.utils.clip_grad_norm_(ps, 0.5, norm_type=p)
        results.append([total.item(), *(p.grad.numpy() for p in ps)])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_folding_is_torchs():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    w, b, mean, beta = (rng.normal(size=s).astype("f") for s in ((4, 2, 3, 3), 4, 4, 4))
    var, gamma = rng.random(4).astype("f"), rng.random(4).astype("f")
    for bias, transpose in ((b, False), (None, False), (np.ones(2, "f"), True)):
        n = 2 if transpose else 4
        arrays = [w, bias, mean[:n], var[:n], 1e-3, gamma[:n], beta[:n], transpose]
        ours, theirs = (
            lib.nn.utils.fuse_conv_bn_weights(
                *(lib.from_numpy(a) if isinstance(a, np.ndarray) else a for a in arrays)
            )
            for lib in (cc, torch)
        )
        for a, b_ in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(
                a.detach().numpy(), b_.detach().numpy(), rtol=1e-5, atol=1e-6
            )
