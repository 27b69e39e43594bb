"""Averaged weights and their rates, step by step against PyTorch and against the means written out."""

import copy
import pickle

import convcore as cc
import numpy as np
import pytest
from convcore import nn, optim
from convcore.optim import swa_utils


def network(lib, seed=0):
    rng = np.random.default_rng(seed)
    net = lib.nn.Sequential(
        lib.nn.Conv2d(1, 2, 3), lib.nn.BatchNorm2d(2), lib.nn.ReLU(), lib.nn.Flatten(), lib.nn.Linear(8, 3)
    )  # fmt: skip
    return fill(lib, net, rng)


def fill(lib, net, rng):
    for t in [*net.parameters(), *net.buffers()]:
        if t.ndim:
            t.detach().copy_(lib.tensor(rng.random(tuple(t.shape)).astype(np.float32)))
        else:
            t.detach().copy_(lib.tensor(int(rng.integers(100))))
    return net


def values(net):
    return {name: np.asarray(t.detach()) for name, t in net.state_dict().items()}


AVERAGES = {
    "default": lambda u: {},
    "buffers": lambda u: {"use_buffers": True},
    "swa_multi": lambda u: {"multi_avg_fn": u.get_swa_multi_avg_fn()},
    "ema_multi": lambda u: {"multi_avg_fn": u.get_ema_multi_avg_fn(0.9)},
    "ema_multi_buffers": lambda u: {"multi_avg_fn": u.get_ema_multi_avg_fn(), "use_buffers": True},
    "swa": lambda u: {"avg_fn": u.get_swa_avg_fn()},
    "ema": lambda u: {"avg_fn": u.get_ema_avg_fn(0.8)},
    "own": lambda u: {"avg_fn": lambda a, c, n: 0.5 * a + 0.5 * c},
}


@pytest.mark.parametrize("average", AVERAGES)
def test_averages_are_torchs(average):
    torch = pytest.importorskip("torch")
    results = []
    for lib in (cc, torch):
        u = lib.optim.swa_utils
        rng = np.random.default_rng(1)
        net = network(lib)
        averaged = u.AveragedModel(net, **AVERAGES[average](u))
        rows = []
        for _ in range(6):
            fill(lib, net, rng)
            averaged.update_parameters(net)
            rows.append(values(averaged))
        results.append(rows)
    for ours, theirs in zip(*results, strict=True):
        assert list(ours) == list(theirs)
        for name, value in theirs.items():
            assert ours[name].dtype == value.dtype and ours[name].shape == value.shape
            np.testing.assert_allclose(ours[name], value, rtol=3e-6, atol=3e-7, err_msg=name)


def test_averages_by_hand():
    rng = np.random.default_rng(1)
    net = network(cc)
    mean = swa_utils.AveragedModel(net)
    ema = swa_utils.AveragedModel(net, multi_avg_fn=swa_utils.get_ema_multi_avg_fn(0.75))
    weights = []
    for _ in range(5):
        fill(cc, net, rng)
        mean.update_parameters(net), ema.update_parameters(net)
        weights.append(net[0].weight.detach().numpy().copy())
    expected = weights[0]
    for w in weights[1:]:
        expected = 0.75 * expected + 0.25 * w
    np.testing.assert_allclose(
        mean.module[0].weight.detach().numpy(), np.mean(weights, 0), rtol=1e-5
    )
    np.testing.assert_allclose(ema.module[0].weight.detach().numpy(), expected, rtol=1e-5)
    assert int(mean.n_averaged) == 5
    np.testing.assert_array_equal(mean.module[1].running_var.numpy(), net[1].running_var.numpy())


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_and_state(copied):
    net = network(cc)
    first = swa_utils.AveragedModel(net)
    first.update_parameters(net)
    second = copied(first)
    third = swa_utils.AveragedModel(network(cc, 5))
    third.load_state_dict(first.state_dict())
    fill(cc, net, np.random.default_rng(2))
    for averaged in (first, second, third):
        averaged.update_parameters(net)
    for other in (second, third):
        for name, value in values(first).items():
            np.testing.assert_array_equal(values(other)[name], value)


def test_average_of_views_and_other_types():
    base = cc.zeros(4, 6, dtype=cc.float64)
    strided, counts = base[:, ::2], cc.tensor([0, 10])
    current = [cc.ones(4, 3, dtype=cc.float64), cc.tensor([8, 18])]
    swa_utils.get_ema_multi_avg_fn(0.75)([strided, counts], current, 1)
    np.testing.assert_array_equal(base.numpy()[:, ::2], 0.25)
    np.testing.assert_array_equal(base.numpy()[:, 1::2], 0)
    assert counts.tolist() == [2, 12]


def test_batch_norm_statistics_are_torchs():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    batches = [rng.standard_normal((n, 1, 4, 4)).astype(np.float32) for n in (8, 4, 6)]
    results = []
    for lib in (cc, torch):
        net = network(lib).eval()
        loader = [(lib.tensor(batch), 0) for batch in batches]
        lib.optim.swa_utils.update_bn(loader, net)
        assert net[1].momentum == 0.1 and not net.training and not net[1].training
        results.append(values(net))
    for name, value in results[1].items():
        np.testing.assert_allclose(results[0][name], value, rtol=1e-5, atol=1e-6)
    swa_utils.update_bn([cc.ones(1, 1)], nn.Linear(1, 1))  # nothing to do


def test_batch_norm_momentum_survives_an_error():
    net = network(cc)
    with pytest.raises(ValueError):
        swa_utils.update_bn([cc.ones(1)], net)
    assert net[1].momentum == 0.1 and net.training


def optimizer(lib):
    params = [lib.nn.Parameter(lib.zeros(1)) for _ in range(2)]
    for p in params:
        p.grad = lib.ones(1)
    return lib.optim.SGD([{"params": params[:1]}, {"params": params[1:], "lr": 0.03}], lr=0.1)


@pytest.mark.parametrize(
    "arguments",
    [
        {"swa_lr": 0.05},
        {"swa_lr": [0.05, 0.2], "anneal_epochs": 4, "anneal_strategy": "linear"},
        {"swa_lr": 0.01, "anneal_epochs": 0},
        {"swa_lr": 0.01, "anneal_epochs": 1},
    ],
)
def test_rates_are_torchs(arguments):
    torch = pytest.importorskip("torch")
    runs = []
    for lib in (cc, torch):
        o = optimizer(lib)
        main = lib.optim.lr_scheduler.ExponentialLR(o, 0.9)
        swa = lib.optim.swa_utils.SWALR(o, **arguments)
        rates = []
        for epoch in range(14):
            rates.append([group["lr"] for group in o.param_groups])
            o.step()
            (main if epoch < 3 else swa).step()
        runs.append(rates)
    np.testing.assert_allclose(*runs, rtol=1e-12)


@pytest.mark.parametrize(
    "make, error, text",
    [
        (lambda: swa_utils.SWALR(optimizer(cc), 0.1, anneal_strategy="x"), ValueError, "SWALR: anneal_strategy must be 'cos' or 'linear', got 'x'"),
        (lambda: swa_utils.SWALR(optimizer(cc), 0.1, anneal_epochs=-1), ValueError, "anneal_epochs must be an int of at least 0, got -1"),
        (lambda: swa_utils.SWALR(optimizer(cc), [0.1]), ValueError, "swa_lr must be one value or 2, one per parameter group, got 1"),
        (lambda: swa_utils.SWALR(3, 0.1), TypeError, "SWALR: optimizer must be an Optimizer, got int"),
        (lambda: swa_utils.get_ema_avg_fn(1.5), ValueError, "get_ema_avg_fn: decay must be between 0 and 1, got 1.5"),
        (lambda: swa_utils.get_ema_multi_avg_fn(-1), ValueError, "get_ema_multi_avg_fn: decay must be between 0 and 1, got -1"),
        (lambda: swa_utils.AveragedModel(nn.Linear(1, 1), avg_fn=max, multi_avg_fn=max), ValueError, "AveragedModel: give avg_fn or multi_avg_fn, not both"),
        (lambda: swa_utils.AveragedModel(nn.Linear(1, 1)).update_parameters(nn.Linear(1, 1, bias=False)), ValueError, "AveragedModel: expected a model of 2 tensors, got 1"),
        (lambda: swa_utils.get_swa_multi_avg_fn()([cc.ones(2)], [cc.ones(3)], 1), ValueError, r"average: expected a current tensor of shape \(2,\), got \(3,\)"),
    ],
)  # fmt: skip
def test_bad_arguments(make, error, text):
    with pytest.raises(error, match=text):
        make()


def test_averaging_a_training_run():
    """Weights on a plateau of noise: their mean is nearer to its middle than the last ones are."""
    p = nn.Parameter(cc.zeros(1000))
    model = nn.Module()
    model.p = p
    o = optim.SGD([p], lr=0.5)
    averaged = swa_utils.AveragedModel(model)
    rng = np.random.default_rng(0)
    for _ in range(50):
        p.grad = p.detach() + cc.tensor(rng.standard_normal(1000).astype(np.float32))
        o.step()
        averaged.update_parameters(model)
    assert float(averaged.module.p.detach().norm()) < 0.3 * float(p.detach().norm())
