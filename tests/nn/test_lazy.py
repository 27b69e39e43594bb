"""Layers that take their size from the first input, and bilinear ones."""

import copy
import math
import pickle

import convcore as cc
import numpy as np
import pytest
from convcore import nn


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


# a snippet, the input's shape
LAYERS = [
    ("nn.LazyLinear(3)", (2, 5)),
    ("nn.LazyConv1d(4, 3, padding=1, groups=2)", (2, 6, 7)),
    ("nn.LazyConv2d(4, 3, padding_mode='circular', padding=1)", (2, 3, 5, 6)),
    ("nn.LazyConv2d(4, 3)", (3, 5, 6)),
    ("nn.LazyConv3d(2, 2, bias=False)", (1, 3, 3, 4, 3)),
    ("nn.LazyConvTranspose1d(4, 3, 2, groups=2)", (2, 6, 7)),
    ("nn.LazyConvTranspose2d(4, 3, 2, 1, 1)", (2, 3, 4, 5)),
    ("nn.LazyConvTranspose3d(2, 2)", (1, 3, 3, 4, 3)),
    ("nn.LazyBatchNorm1d()", (6, 3)),
    ("nn.LazyBatchNorm1d(affine=False)", (2, 3, 4)),
    ("nn.LazyBatchNorm2d()", (2, 3, 4, 2)),
    ("nn.LazyBatchNorm3d(track_running_stats=False)", (2, 3, 2, 2, 2)),
    ("nn.LazyInstanceNorm1d()", (2, 3, 4)),
    ("nn.LazyInstanceNorm2d(affine=True)", (2, 3, 4, 4)),
    ("nn.LazyInstanceNorm3d(track_running_stats=False)", (1, 3, 2, 2, 2)),
]


@pytest.mark.parametrize("snippet, shape", LAYERS)
@pytest.mark.filterwarnings("ignore:Lazy modules:UserWarning")
def test_first_input_gives_the_size(snippet, shape):
    torch = pytest.importorskip("torch")
    ours, theirs = eval(snippet, {"nn": nn}), eval(snippet, {"nn": torch.nn})
    data = numbers(*shape)
    unused = copy.deepcopy(ours)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert ours.has_uninitialized_params()
    parameters = list(ours.parameters())
    ours(cc.tensor(data)), theirs(torch.tensor(data))
    assert type(ours).__name__ == type(theirs).__name__ == snippet.split("(")[0][7:]
    assert [p is q for p, q in zip(parameters, ours.parameters(), strict=True)] == [True] * len(
        parameters
    )
    assert not hasattr(ours, "has_uninitialized_params")
    for key, value in theirs.state_dict().items():
        assert tuple(ours.state_dict()[key].shape) == tuple(value.shape)
    ours.load_state_dict(theirs.state_dict())
    unused.load_state_dict(theirs.state_dict())
    want = theirs(torch.tensor(data)).detach().numpy()
    for layer in (ours, unused, copy.deepcopy(ours)):
        if layer is unused and not layer.state_dict():
            continue
        got = layer(cc.tensor(data)).detach().numpy()
        np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-5)


def test_training_from_the_first_input():
    cc.manual_seed(0)
    model = nn.Sequential(
        nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2)
    )
    optimizer = cc.optim.SGD(model.parameters(), lr=0.1)
    x, y = cc.tensor(numbers(8, 3, 6, 6)), cc.tensor(np.arange(8) % 2)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
    assert [type(m).__name__ for m in model[:2]] == ["Conv2d", "BatchNorm2d"]
    assert model[4].in_features == 64


def test_unused_layers_are_saved_and_loaded():
    lazy = nn.LazyLinear(3)
    for other in (copy.deepcopy(lazy), pickle.loads(pickle.dumps(lazy))):
        assert type(other) is nn.LazyLinear and other.has_uninitialized_params()
        assert other(cc.ones(2, 5)).shape == (2, 3)
    nn.LazyLinear(3).load_state_dict(lazy.state_dict())
    assert nn.LazyLinear(3, dtype=cc.float64)(cc.ones(2, 5, dtype=cc.float64)).dtype == cc.float64
    lazy.double()
    assert lazy(cc.ones(2, 5, dtype=cc.float64)).dtype == cc.float64


def test_hooks_and_subclasses():
    seen = []
    lazy = nn.LazyLinear(3)
    lazy.register_forward_hook(lambda module, args, out: seen.append(type(module).__name__))
    lazy(cc.ones(2, 5))
    lazy(cc.ones(2, 5))
    assert seen == ["Linear", "Linear"]
    assert isinstance(nn.LazyConv2d(1, 1), nn.Conv2d)


def test_first_values_are_the_ordinary_layers():
    cc.manual_seed(3)
    layer = nn.LazyConv2d(30, 5)
    layer(cc.zeros(1, 20, 5, 5))
    bound = 1 / math.sqrt(500)
    for values in (layer.weight.detach().numpy(), layer.bias.detach().numpy()):
        assert np.abs(values).max() <= bound and values.std() > 0.4 * bound


def test_bilinear_is_torchs():
    torch = pytest.importorskip("torch")
    ours, theirs = (lib.nn.Bilinear(4, 3, 5) for lib in (cc, torch))
    bound = 1 / math.sqrt(4)
    assert 0.5 * bound < float(ours.weight.abs().max()) <= bound
    ours.load_state_dict(theirs.state_dict())
    a, b = numbers(6, 2, 4), numbers(6, 2, 3, seed=1)
    x, y = cc.tensor(a, requires_grad=True), cc.tensor(b, requires_grad=True)
    u, v = torch.tensor(a, requires_grad=True), torch.tensor(b, requires_grad=True)
    got, want = ours(x, y), theirs(u, v)
    got.square().sum().backward(), want.square().sum().backward()
    pairs = [(got, want), (x.grad, u.grad), (y.grad, v.grad)]
    pairs += [(p.grad, q.grad) for p, q in zip(ours.parameters(), theirs.parameters(), strict=True)]
    for g, w in pairs:
        np.testing.assert_allclose(g.detach().numpy(), w.detach().numpy(), rtol=2e-4, atol=2e-5)
