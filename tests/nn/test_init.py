"""First values: the published variances, exact patterns, generators, errors; PyTorch's names and arguments."""

from __future__ import annotations

import inspect
import math

import convcore as cc
import numpy as np
import pytest
from convcore.nn import init
from scipy import stats

SHAPE = (40, 30, 5, 5)  # fan_in 750, fan_out 1000


@pytest.fixture(autouse=True)
def seeded():
    cc.manual_seed(5)


def drawn(fill, *args, shape=SHAPE, **kwargs):
    x = cc.empty(shape, dtype=cc.float64)
    assert fill(x, *args, **kwargs) is x
    return x.numpy().ravel()


VARIANCES = {
    "uniform_": (lambda f, **k: drawn(f, -1, 3, **k), 16 / 12, "uniform"),
    "normal_": (lambda f, **k: drawn(f, 0, 0.3, **k), 0.09, "normal"),
    "xavier_uniform_": (lambda f, **k: drawn(f, gain=2.0, **k), 4 * 2 / 1750, "uniform"),
    "xavier_normal_": (lambda f, **k: drawn(f, gain=2.0, **k), 4 * 2 / 1750, "normal"),
    "kaiming_uniform_": (lambda f, **k: drawn(f, nonlinearity="relu", **k), 2 / 750, "uniform"),
    "kaiming_normal_": (lambda f, **k: drawn(f, 0.2, mode="fan_out", **k), 2 / 1.04 / 1000, "normal"),
}  # fmt: skip


@pytest.mark.parametrize("name", VARIANCES)
def test_published_variances(name):
    draw, variance, kind = VARIANCES[name]
    x = draw(getattr(init, name))
    n = x.size
    kurtosis = 3.0 if kind == "normal" else 1.8
    assert abs(x.var() / variance - 1) < 5 * math.sqrt((kurtosis - 1) / n)
    mean = 1.0 if name == "uniform_" else 0.0
    assert abs(x.mean() - mean) < 5 * math.sqrt(variance / n)
    assert abs(stats.kurtosis(x, fisher=False) / kurtosis - 1) < 0.1
    if kind == "uniform":
        assert abs(x - mean).max() <= math.sqrt(3 * variance)


@pytest.mark.parametrize("mean, std, a, b", [
    (0, 1, -2, 2), (1, 0.5, -2, 2), (0, 1, 1, 3), (0, 1, -0.1, 0.05), (0, 1, 2.5, 4), (0, 0.02, -2, 2), (3, 1, -2, 2),
    (0, 1, -math.inf, -2), (0, 1, -math.inf, math.inf),
])  # fmt: skip
def test_trunc_normal(mean, std, a, b):
    x = drawn(init.trunc_normal_, mean, std, a, b, shape=(30000,))
    assert x.min() >= a and x.max() <= b
    want = stats.truncnorm((a - mean) / std, (b - mean) / std, mean, std)
    assert stats.kstest(x, want.cdf).pvalue > 1e-3


def test_generators():
    for name, (draw, *_) in VARIANCES.items():
        fill = getattr(init, name)
        before = cc.get_rng_state()
        first = draw(fill, generator=cc.Generator().manual_seed(3))
        again = draw(fill, generator=cc.Generator().manual_seed(3))
        np.testing.assert_array_equal(first, again)
        assert cc.equal(cc.get_rng_state(), before), "the library's own was not used"
    for fill, args in ((init.trunc_normal_, ()), (init.orthogonal_, ()), (init.sparse_, (0.5,))):
        first, again = (
            drawn(fill, *args, shape=(8, 6), generator=cc.Generator().manual_seed(3))
            for _ in range(2)
        )
        np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5), (4, 2, 3, 3), (3, 1), (1, 1)])
@pytest.mark.parametrize("dtype", [cc.float32, cc.float64])
def test_orthogonal(shape, dtype):
    w = init.orthogonal_(cc.empty(shape, dtype=dtype), gain=3.0).numpy().reshape(shape[0], -1)
    product = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(product, 9 * np.eye(min(w.shape)), atol=1e-5)


def test_orthogonal_is_drawn_evenly():
    signs = [np.linalg.det(init.orthogonal_(cc.empty(2, 2)).numpy()) > 0 for _ in range(400)]
    assert abs(np.mean(signs) - 0.5) < 5 * 0.025
    first = np.array([init.orthogonal_(cc.empty(3, 3)).numpy()[0, 0] for _ in range(400)])
    assert abs((first**2).mean() - 1 / 3) < 0.1 and abs(first.mean()) < 0.15


def test_sparse():
    w = init.sparse_(cc.empty(50, 400), 0.29, std=2.0).numpy()
    assert ((w == 0).sum(0) == 15).all(), "ceil(0.29·50)"
    assert abs(w[w != 0].std() - 2) < 0.1
    assert (w == 0).any(1).all(), "the rows differ"
    assert not init.sparse_(cc.empty(3, 3), 1.0).any()


def test_parameters_keep_their_gradients():
    layer = cc.nn.Linear(3, 4)
    for fill in (init.eye_, init.orthogonal_, init.xavier_normal_, init.trunc_normal_, init.ones_):
        assert fill(layer.weight) is layer.weight
        assert layer.weight.requires_grad and layer.weight.grad_fn is None
    sliced = cc.zeros(4, 6)
    init.trunc_normal_(sliced[:, ::2])
    assert (sliced[:, ::2] != 0).all() and not sliced[:, 1::2].any()


def test_empty_tensors():
    for fill in (init.kaiming_uniform_, init.xavier_normal_, init.orthogonal_, init.trunc_normal_):
        assert fill(cc.empty(0, 3)).numel() == 0


@pytest.mark.parametrize("call, message", [
    (lambda: init.xavier_uniform_(cc.empty(3)), r"xavier_uniform_: tensor.*at least 2.*\(3,\)"),
    (lambda: init.kaiming_normal_(cc.empty(3, 3), mode="fan"), "kaiming_normal_: mode.*'fan'"),
    (lambda: init.kaiming_normal_(cc.empty(3, 3), nonlinearity="gelu"), "nonlinearity.*'gelu'"),
    (lambda: init.eye_(cc.empty(3)), "eye_: tensor must have 2 dimensions"),
    (lambda: init.dirac_(cc.empty(3, 3)), "dirac_: tensor must have 3, 4 or 5"),
    (lambda: init.dirac_(cc.empty(3, 3, 1), 2), "dirac_: groups must divide the 3"),
    (lambda: init.orthogonal_(cc.empty(3)), "orthogonal_: tensor"),
    (lambda: init.sparse_(cc.empty(3), 0.1), "sparse_: tensor must have 2"),
    (lambda: init.sparse_(cc.empty(3, 3), 1.5), "sparsity.*1.5"),
    (lambda: init.trunc_normal_(cc.empty(3), a=2, b=1), "trunc_normal_: a must be less"),
    (lambda: init.trunc_normal_(cc.empty(3), std=0), "trunc_normal_: std"),
])  # fmt: skip
def test_bad_calls(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_names_arguments_and_patterns_are_torchs():
    torch = pytest.importorskip("torch")
    theirs = torch.nn.init
    for name in theirs.__all__:
        ours, other = getattr(init, name), getattr(theirs, name)
        if not name.endswith("_") and name != "calculate_gain":
            assert callable(ours)  # an older name, without a signature of its own
            continue
        want = {p.name: p.default for p in inspect.signature(other).parameters.values()}
        assert {p.name: p.default for p in inspect.signature(ours).parameters.values()} == want
    for shape, groups in [((4, 2, 3), 2), ((2, 4, 3, 4), 1), ((6, 2, 1, 2, 3), 3)]:
        want = theirs.dirac_(torch.empty(shape), groups).numpy()
        np.testing.assert_array_equal(init.dirac_(cc.empty(shape), groups), want)
    np.testing.assert_array_equal(init.eye_(cc.empty(3, 5)), theirs.eye_(torch.empty(3, 5)))
    for kind in ("linear", "conv2d", "conv_transpose3d", "sigmoid", "tanh", "relu", "selu"):
        assert init.calculate_gain(kind) == theirs.calculate_gain(kind)
    assert init.calculate_gain("leaky_relu", 0.3) == theirs.calculate_gain("leaky_relu", 0.3)
    fans = theirs._calculate_fan_in_and_fan_out(torch.empty(SHAPE))
    assert init._calculate_fan_in_and_fan_out(cc.empty(SHAPE)) == fans
