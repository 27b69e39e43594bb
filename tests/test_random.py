"""Random numbers: reproducible, of the right distribution, the same in any format; dropout and its gradients."""

from __future__ import annotations

import copy
import pickle

import convcore as cc
import numpy as np
import pytest
from convcore.nn import functional as F

from tests import harness

N = 40000
SIGMA = 5 / np.sqrt(N)


@pytest.fixture(autouse=True)
def seeded():
    cc.manual_seed(1)


DRAWS = {
    "rand": lambda: cc.rand(3, 5),
    "rand-double": lambda: cc.rand(7, dtype=cc.float64),
    "randn": lambda: cc.randn(4, 3),
    "randint": lambda: cc.randint(-5, 90, (11,)),
    "randperm": lambda: cc.randperm(13),
    "bernoulli": lambda: cc.bernoulli(cc.full((17,), 0.5)),
    "multinomial": lambda: cc.multinomial(cc.ones(9), 5),
    "uniform_": lambda: cc.empty(6).uniform_(-1, 1),
    "normal_": lambda: cc.empty(6).normal_(3, 2),
    "bernoulli_": lambda: cc.empty(30).bernoulli_(0.4),
    "dropout": lambda: F.dropout(cc.ones(30)),
    "dropout2d": lambda: F.dropout2d(cc.ones(8, 8, 1, 1)),
    "rrelu": lambda: F.rrelu(cc.full((30,), -1.0), training=True),
}


@pytest.mark.parametrize("name", DRAWS)
def test_seed_decides(name):
    first, second = DRAWS[name](), DRAWS[name]()
    cc.manual_seed(1)
    assert cc.equal(DRAWS[name](), first)
    assert cc.equal(DRAWS[name](), second)
    assert not cc.equal(first, second)


def test_state_comes_back():
    cc.rand(10)
    state = cc.get_rng_state()
    assert state.dtype == cc.uint8 and state.shape == (16,)
    first = cc.randn(5)
    cc.set_rng_state(state)
    assert cc.equal(cc.randn(5), first)


def test_generators_are_apart():
    own = cc.Generator()
    own.manual_seed(1)
    mine = cc.rand(4, generator=own)
    assert cc.equal(cc.rand(4), mine), "equal seeds give equal streams"
    before = cc.get_rng_state()
    cc.rand(4, generator=own)
    assert cc.equal(cc.get_rng_state(), before)


def test_generators_keep_their_place():
    own = cc.Generator(device="cpu").manual_seed(4)
    cc.rand(3, generator=own)
    state = own.get_state()
    assert state.dtype == cc.uint8 and state.shape == (16,) and str(own.device) == "cpu"
    first = cc.rand(5, generator=own)
    assert own.initial_seed() == 4
    for other in (
        cc.Generator().set_state(state),
        cc.Generator().set_state(cc.stack([state, state], 1)[:, 0]),
        own.set_state(state),
    ):
        assert cc.equal(cc.rand(5, generator=other), first)
    own.set_state(state)
    for other in (copy.deepcopy(own), pickle.loads(pickle.dumps(own))):
        assert cc.equal(cc.rand(5, generator=other), first)
    assert cc.equal(cc.rand(5, generator=own), first)
    drawn = own.seed()
    assert own.initial_seed() == drawn != 4
    assert cc.equal(
        cc.rand(3, generator=own), cc.rand(3, generator=cc.Generator().manual_seed(drawn))
    )


def test_the_librarys_seed():
    assert cc.manual_seed(11) is cc.default_generator and cc.initial_seed() == 11
    drawn = cc.seed()
    assert cc.initial_seed() == drawn == cc.random.initial_seed()
    first = cc.rand(4)
    assert cc.equal(cc.manual_seed(drawn) and cc.rand(4), first)


@pytest.mark.parametrize("seed", [0, 1, -1, 2**63, 2**64 - 1, -(2**63), np.int64(5)])
def test_seeds_of_any_sign(seed):
    assert cc.manual_seed(seed).initial_seed() == int(seed) % 2**64


def test_fork():
    cc.rand(3)
    state = cc.get_rng_state()
    with pytest.raises(KeyError), cc.random.fork_rng():
        cc.manual_seed(99)
        cc.rand(7)
        raise KeyError
    assert cc.equal(cc.get_rng_state(), state)
    with cc.random.fork_rng(enabled=False):
        cc.rand(1)
    assert not cc.equal(cc.get_rng_state(), state)


def test_names_of_the_random_module_are_torchs():
    torch = pytest.importorskip("torch")
    names = (
        "manual_seed",
        "seed",
        "initial_seed",
        "get_rng_state",
        "set_rng_state",
        "default_generator",
    )
    assert all(hasattr(lib.random, name) for lib in (cc, torch) for name in names)
    ours, theirs = ([g.manual_seed(seed).initial_seed() for seed in (0, -1, 2**64 - 1, -(2**63))]
                    for g in (cc.Generator(), torch.Generator()))  # fmt: skip
    assert ours == theirs


@pytest.mark.parametrize("dtype", [cc.float32, cc.float64])
def test_distributions(dtype):
    u = cc.rand(N, dtype=dtype).numpy()
    assert u.min() >= 0 and u.max() < 1
    assert abs(u.mean() - 0.5) < SIGMA and abs(u.var() - 1 / 12) < SIGMA
    z = cc.randn(N, dtype=dtype).numpy()
    assert (
        abs(z.mean()) < SIGMA
        and abs(z.var() - 1) < 2 * SIGMA
        and abs((z**4).mean() - 3) < 10 * SIGMA
    )
    counts = np.bincount(cc.randint(6, (N,)).numpy(), minlength=6) / N
    assert np.abs(counts - 1 / 6).max() < SIGMA
    assert abs(cc.bernoulli(cc.full((N,), 0.3, dtype=dtype)).numpy().mean() - 0.3) < SIGMA


def test_randperm_is_a_permutation():
    assert sorted(cc.randperm(1000).tolist()) == list(range(1000))
    assert cc.randperm(0).shape == (0,)


def test_multinomial():
    weights = cc.tensor([1.0, 0.0, 3.0])
    drawn = cc.multinomial(weights, N, replacement=True).numpy()
    assert np.abs(np.bincount(drawn, minlength=3) / N - [0.25, 0, 0.75]).max() < SIGMA
    rows = cc.multinomial(cc.ones(500, 4), 4).numpy()
    assert (np.sort(rows, 1) == np.arange(4)).all(), "without replacement each comes once"
    assert np.abs(np.bincount(rows[:, 0], minlength=4) / 500 - 0.25).max() < 0.1
    with pytest.raises(ValueError, match="2 positive weights, num_samples=3"):
        cc.multinomial(weights, 3)


def test_fills_follow_logical_order():
    """Strides do not change which element gets which number."""
    plain = cc.empty(2, 3, 4, 5).normal_()
    cc.manual_seed(1)
    turned = cc.empty(2, 3, 4, 5).contiguous(memory_format=cc.channels_last).normal_()
    assert cc.equal(plain, turned)
    view = cc.zeros(4, 6)
    cc.manual_seed(1)
    view[:, ::2].uniform_()
    cc.manual_seed(1)
    assert cc.equal(view[:, ::2], cc.rand(4, 3)) and not view[:, 1::2].any()


@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_threads_do_not_matter(n):
    want = cc.randn(100_001)
    cc.manual_seed(1)
    with harness.using_threads(n):
        assert cc.equal(cc.randn(100_001), want)


@pytest.mark.parametrize("layout", ["row-major", "channels-last", "sliced"])
def test_dropout(layout):
    data = np.random.default_rng(0).random((4, 10, 20, 25)) + 1
    x = harness.LAYOUTS[layout](cc, data).detach().requires_grad_()
    y = F.dropout(x, 0.3)
    kept = y.detach().numpy() != 0
    assert abs(kept.mean() - 0.7) < 0.02
    np.testing.assert_allclose(y.detach().numpy()[kept], data[kept] / 0.7)
    (grad,) = cc.autograd.grad((y * y).sum(), x, create_graph=True)
    np.testing.assert_allclose(grad.detach().numpy(), np.where(kept, 2 * data / 0.49, 0))
    (second,) = cc.autograd.grad(grad.sum(), x)
    np.testing.assert_allclose(second.numpy(), np.where(kept, 2 / 0.49, 0))


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_channel_dropout(rank):
    x = cc.ones(20, 30, *[3] * rank)
    y = getattr(F, f"dropout{rank}d")(x, 0.4).numpy().reshape(20, 30, -1)
    assert (y == y[..., :1]).all(), "whole channels"
    assert abs((y[..., 0] != 0).mean() - 0.6) < 0.1
    np.testing.assert_allclose(y[y != 0], 1 / 0.6, rtol=1e-6)
    with pytest.raises(ValueError, match=f"dropout{rank}d: input"):
        getattr(F, f"dropout{rank}d")(cc.ones(*[2] * (rank + 3)), 0.4)


@pytest.mark.parametrize("layout", ["row-major", "channels-last"])
@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_alpha_dropout_keeps_mean_and_variance(p, layout):
    data = np.random.default_rng(0).standard_normal((8, 25, 20, 25))
    x = harness.LAYOUTS[layout](cc, data).detach().requires_grad_()
    y = F.alpha_dropout(x, p, training=True)
    assert abs(y.mean().item()) < 0.02 and abs(y.var().item() - 1) < 0.02
    by = 1 / np.sqrt((1.7580993408473766**2 * p + 1) * (1 - p))
    dropped = -1.7580993408473766 * by * (1 - p)
    gone = np.isclose(y.detach().numpy(), dropped)
    assert abs(gone.mean() - p) < 0.02
    kept = by * data + dropped + by * 1.7580993408473766
    np.testing.assert_allclose(y.detach().numpy()[~gone], kept[~gone], rtol=1e-6)
    (grad,) = cc.autograd.grad(y.sum(), x)
    np.testing.assert_allclose(grad.numpy(), np.where(gone, 0, by), rtol=1e-6)


def test_feature_alpha_dropout_drops_whole_channels():
    x = cc.randn(200, 40, 4, 5).requires_grad_()
    y = F.feature_alpha_dropout(x, 0.4, training=True)
    assert abs(y.mean().item()) < 0.1 and abs(y.var().item() - 1) < 0.1
    maps = y.detach().numpy().reshape(200, 40, -1)
    dropped = -1.7580993408473766 * 0.6 / np.sqrt((1.7580993408473766**2 * 0.4 + 1) * 0.6)
    gone = np.isclose(maps, dropped, rtol=1e-6)
    assert np.array_equal(gone.all(-1), gone.any(-1)) and abs(gone.all(-1).mean() - 0.4) < 0.05
    (grad,) = cc.autograd.grad((y * y).sum(), x, create_graph=True)
    (second,) = cc.autograd.grad(grad.sum(), x)
    flat = second.numpy().reshape(200, 40, -1)
    assert (flat[gone] == 0).all() and (flat[~gone] > 0).all()


def test_alpha_dropout_layers():
    x = cc.randn(10, 6, 4)
    for layer in (cc.nn.AlphaDropout(0.4), cc.nn.FeatureAlphaDropout(0.4)):
        assert layer.eval()(x) is x
        y = x.clone()
        layer.inplace = True
        assert layer.train()(y) is y and not np.array_equal(y.numpy(), x.numpy())
    with pytest.raises(ValueError, match="FeatureAlphaDropout: p must be between 0 and 1, got 2"):
        cc.nn.FeatureAlphaDropout(2)
    with pytest.raises(ValueError, match="feature_alpha_dropout: input must have at least 2"):
        F.feature_alpha_dropout(cc.ones(3), 0.5, True)


def test_gumbel_softmax_samples_the_distribution():
    share = np.array([0.1, 0.2, 0.7])
    logits = cc.tensor(np.log(share)).expand(N, 3)
    hard = F.gumbel_softmax(logits, tau=0.3, hard=True)
    assert (hard.sum(-1) == 1).all() and set(np.unique(hard.numpy())) == {0.0, 1.0}
    assert np.abs(hard.mean(0).numpy() - share).max() < SIGMA
    soft = F.gumbel_softmax(logits, tau=100.0)
    np.testing.assert_allclose(soft.numpy(), 1 / 3, atol=0.1)
    np.testing.assert_allclose(soft.sum(-1).numpy(), 1)
    x = cc.zeros(1, 4).requires_grad_()
    y = F.gumbel_softmax(x, hard=True)
    (y * cc.arange(4.0)).sum().backward()
    assert abs(x.grad.sum().item()) < 1e-6 and x.grad.abs().sum().item() > 0


def test_random_slopes():
    x = (cc.arange(N, dtype=cc.float32) - N / 2 + 0.5).requires_grad_()
    y = F.rrelu(x, 0.2, 0.6, training=True)
    y.sum().backward()
    slope = (y / x).detach().numpy()
    assert np.array_equal(slope[N // 2 :], np.ones(N // 2)) and np.allclose(x.grad.numpy(), slope)
    below = slope[: N // 2]
    assert below.min() >= 0.2 - 1e-6 and below.max() <= 0.6 + 1e-6
    assert abs(below.mean() - 0.4) < SIGMA and abs(below.std() - 0.4 / np.sqrt(12)) < SIGMA
    z = x * 1
    assert F.rrelu_(z, 0.2, 0.6, training=True) is z
    z.sum().backward()
    assert cc.nn.RReLU(0.2, 0.6).eval()(cc.tensor([-2.0])).item() == pytest.approx(-0.8)


def test_evaluation_gives_the_input_itself():
    x = cc.ones(3)
    assert F.dropout(x, 0.5, training=False) is x and F.dropout(x, 0.0) is x


@pytest.mark.parametrize("call, match", [
    (lambda: cc.rand(3, dtype=cc.int64), "rand: dtype.*int64"),
    (lambda: cc.randint(5, 5, (3,)), "low 5.*high 5"),
    (lambda: cc.bernoulli(cc.tensor([0.5, 1.5])), "bernoulli: input.*between 0 and 1"),
    (lambda: cc.empty(3).uniform_(2, 1), "uniform_.*2.*1"),
    (lambda: cc.empty(3).normal_(0, -1), "normal_: std.*-1"),
    (lambda: cc.manual_seed(2**64), "manual_seed: seed must be an integer of 64 bits, got 18446744073709551616"),
    (lambda: cc.Generator().manual_seed(1.5), "manual_seed|incompatible"),
    (lambda: cc.Generator("cuda"), "Generator: device.*cuda"),
    (lambda: cc.set_rng_state(cc.zeros(16)), "new_state must be a uint8 tensor of 16.*float32"),
    (lambda: cc.set_rng_state(cc.zeros(5, dtype=cc.uint8)), r"16 elements.*\(5,?\)"),
    (lambda: cc.randperm(-1), "randperm: n.*-1"),
    (lambda: cc.zeros(3, requires_grad=True).normal_(), "leaf"),
])  # fmt: skip
def test_errors(call, match):
    with pytest.raises((ValueError, TypeError), match=match):
        call()
