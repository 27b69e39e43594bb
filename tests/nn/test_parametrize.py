"""Computed parameters: in C++ layers as in Python ones, copied, saved, removed; weight and spectral norm beside PyTorch."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref

import convcore as cc
import numpy as np
import pytest
from convcore import nn
from convcore.nn.utils import parametrizations, parametrize


@pytest.fixture(autouse=True)
def seeded():
    cc.manual_seed(0)


class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).T


class Scaled(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = nn.Parameter(cc.tensor(factor))

    def forward(self, x):
        return x * self.factor

    def right_inverse(self, value):
        return value / self.factor


class Product(nn.Module):
    def forward(self, a, b):
        return a * b

    def right_inverse(self, value):
        return value, cc.ones_like(value)


def values(x):
    return x.detach().numpy()


def close(a, b):
    np.testing.assert_allclose(values(a), values(b), rtol=1e-5, atol=1e-6)


LAYERS = [
    (lambda: nn.Linear(3, 3), (2, 3)), (lambda: nn.Conv1d(3, 3, 1), (2, 3, 4)), (lambda: nn.Conv2d(3, 3, 3), (2, 3, 5, 5)),
    (lambda: nn.Conv2d(4, 4, 3, groups=2, bias=False), (2, 4, 5, 5)), (lambda: nn.BatchNorm2d(3), (2, 3, 4, 4)),
]  # fmt: skip


@pytest.mark.parametrize("make, shape", LAYERS)
@pytest.mark.parametrize("inside", [False, True], ids=["alone", "sequential"])
def test_core_layers_read_computed_weights(make, shape, inside):
    layer, x = make(), cc.randn(*shape)
    plain = copy.deepcopy(layer)
    with cc.no_grad():
        plain.weight.mul_(3)
    parametrize.register_parametrization(layer, "weight", Times3())
    model = nn.Sequential(nn.Identity(), layer) if inside else layer
    close(model(x), plain(x))
    model(x).square().sum().backward()
    plain(x).square().sum().backward()
    close(layer.parametrizations.weight.original.grad, plain.weight.grad * 3)
    if plain.bias is not None:
        close(layer.bias.grad, plain.bias.grad)


class Times3(nn.Module):
    def forward(self, x):
        return 3 * x


def test_python_layers_read_them_too():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(cc.ones(2, 2))
            self.register_buffer("shift", cc.ones(2))

        def forward(self, x):
            return x @ self.weight + self.shift

    layer = parametrize.register_parametrization(Own(), "shift", Times3())
    assert layer(cc.ones(1, 2)).tolist() == [[5, 5]]
    assert [n for n, _ in layer.named_buffers()] == ["parametrizations.shift.original"]
    assert isinstance(layer, Own) and parametrize.type_before_parametrizations(layer) is Own


def test_assigning_goes_through_the_inverse():
    layer = nn.Linear(2, 2)
    original = layer.weight
    parametrize.register_parametrization(layer, "weight", Scaled(4.0))
    assert layer.parametrizations.weight.original is original, "an optimizer may hold it"
    with cc.no_grad():
        layer.weight = cc.full((2, 2), 8.0)
    assert original.tolist() == [[2, 2], [2, 2]] and layer.weight.tolist() == [[8, 8], [8, 8]]


def test_several_follow_each_other():
    layer = nn.Linear(3, 3)
    before = values(layer.weight).copy()
    parametrize.register_parametrization(layer, "weight", Symmetric())
    parametrize.register_parametrization(layer, "weight", Times3())
    upper = np.triu(before)
    np.testing.assert_allclose(values(layer.weight), 3 * (upper + np.triu(before, 1).T), rtol=1e-6)
    assert len(layer.parametrizations.weight) == 2
    parametrize.register_parametrization(layer, "bias", Product())
    names = [n for n, _ in layer.named_parameters()]
    assert names == [
        "parametrizations.weight.original", "parametrizations.bias.original0", "parametrizations.bias.original1",
    ]  # fmt: skip
    assert parametrize.is_parametrized(layer, "bias") and not parametrize.is_parametrized(
        layer, "x"
    )


def test_they_are_taken_away_again():
    layer = nn.Linear(3, 3)
    original = layer.weight
    parametrize.register_parametrization(layer, "weight", Symmetric())
    parametrize.register_parametrization(layer, "bias", Product())
    value = values(layer.weight).copy()
    parametrize.remove_parametrizations(layer, "weight")
    assert layer.weight is original and parametrize.is_parametrized(layer)
    np.testing.assert_array_equal(values(layer.weight), value)
    parametrize.remove_parametrizations(layer, "bias")
    assert type(layer) is nn.Linear and sorted(layer.state_dict()) == ["bias", "weight"]
    layer(cc.ones(1, 3)).sum().backward()
    assert layer.bias.grad is not None

    parametrize.register_parametrization(layer, "weight", Times3())
    before = values(layer.weight) / 3
    parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    np.testing.assert_allclose(values(layer.weight), before)


def parametrized():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 2))
    parametrizations.weight_norm(model[0])
    parametrizations.spectral_norm(model[2])
    return model


@pytest.mark.parametrize("again", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies(again):
    model, x = parametrized().eval(), cc.randn(2, 1, 4, 4)
    other = again(model)
    close(other(x), model(x))
    assert type(other[0]) is type(model[0]) and repr(other) == repr(model)
    with cc.no_grad():
        other[0].parametrizations.weight.original0.zero_()
    assert float(model[0].weight.detach().abs().sum()) > 0


def test_state_dicts_go_round():
    model, other, x = parametrized().eval(), parametrized().eval(), cc.randn(2, 1, 4, 4)
    assert str(other.load_state_dict(model.state_dict())) == "<All keys matched successfully>"
    close(other(x), model(x))
    model.double()
    assert model[0].weight.dtype == cc.float64 and model(x.double()).dtype == cc.float64


def test_training_changes_the_originals():
    model = parametrized()
    optimizer = cc.optim.SGD(model.parameters(), lr=0.1)
    x, before = cc.randn(4, 1, 4, 4), values(model[0].weight).copy()
    losses = []
    for _ in range(5):
        loss = (model(x) - 1).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] and not np.array_equal(values(model[0].weight), before)


def test_cached_values_are_computed_once():
    calls = []

    class Counts(nn.Module):
        def forward(self, x):
            calls.append(1)
            return x * 1

    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Counts(), unsafe=True)
    calls.clear()
    with parametrize.cached():
        assert layer.weight is layer.weight
        layer(cc.ones(1, 2))
    assert len(calls) == 1
    assert layer.weight is not layer.weight


@pytest.mark.parametrize("make", [
    lambda: parametrizations.weight_norm(nn.Linear(2, 2)), lambda: parametrizations.spectral_norm(nn.Conv2d(1, 1, 2)),
    lambda: nn.utils.weight_norm(nn.Linear(2, 2)), lambda: nn.utils.spectral_norm(nn.Linear(2, 2)),
])  # fmt: skip
def test_nothing_leaks(make):
    def used():
        layer = make()
        layer.parent = [layer]
        shape = (1, 2) if isinstance(layer, nn.Linear) else (1, 1, 3, 3)
        layer(cc.ones(*shape)).sum().backward()
        return weakref.ref(layer)

    reference = used()
    gc.collect()
    assert reference() is None


def test_spectral_norm_is_that_of_numpy():
    for layer in (nn.Linear(5, 4), nn.Conv2d(2, 6, 3)):
        for install in (parametrizations.spectral_norm, nn.utils.spectral_norm):
            weight = values(layer.weight).reshape(layer.weight.shape[0], -1).copy()
            normed = install(copy.deepcopy(layer), n_power_iterations=60)
            normed(cc.ones(1, 5) if isinstance(layer, nn.Linear) else cc.ones(1, 2, 3, 3))
            got = values(normed.weight).reshape(weight.shape)
            np.testing.assert_allclose(got, weight / np.linalg.norm(weight, 2), rtol=1e-4)
    vector = parametrizations.spectral_norm(nn.Linear(3, 2), "bias")
    assert abs(np.linalg.norm(values(vector.bias)) - 1) < 1e-6


@pytest.mark.parametrize("dim", [0, 1, None])
@pytest.mark.parametrize("older", [False, True])
def test_weight_norm_is_that_of_numpy(dim, older):
    layer = nn.Linear(3, 4)
    weight = values(layer.weight).copy()
    (nn.utils.weight_norm if older else parametrizations.weight_norm)(layer, dim=dim)
    np.testing.assert_allclose(values(layer.weight), weight, rtol=1e-6)
    g = layer.weight_g if older else layer.parametrizations.weight.original0
    with cc.no_grad():
        g.mul_(2)
    layer(cc.ones(1, 3))
    np.testing.assert_allclose(values(layer.weight), 2 * weight, rtol=1e-6)


def test_older_norms_can_be_removed():
    for install, remove in (
        (nn.utils.weight_norm, nn.utils.remove_weight_norm),
        (nn.utils.spectral_norm, nn.utils.remove_spectral_norm),
    ):
        layer = install(nn.Conv2d(1, 2, 3)).eval()
        x = cc.randn(1, 1, 4, 4)
        want = layer(x)
        assert remove(layer) is layer and sorted(layer.state_dict()) == ["bias", "weight"]
        close(layer(x), want)
        with pytest.raises(ValueError, match="has no such norm"):
            remove(layer)


def test_a_deleted_weight_may_be_any_tensor():
    layer, source = nn.Linear(2, 2, bias=False), cc.ones(2, 2, requires_grad=True)
    del layer.weight
    with pytest.raises(ValueError, match="parameter 'weight' was deleted"):
        layer(cc.ones(1, 2))
    layer.weight = source * 2
    assert layer(cc.ones(1, 2)).tolist() == [[4, 4]]
    layer(cc.ones(1, 2)).sum().backward()
    assert source.grad.tolist() == [[2, 2], [2, 2]]
    layer.weight = "text"
    with pytest.raises(TypeError, match="'weight' must be a Tensor or None, got str"):
        layer(cc.ones(1, 2))


def test_errors_of_a_computed_weight_arrive():
    class Fails(nn.Module):
        def forward(self, x):
            raise KeyError("no weight today")

    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Times3())
    layer.parametrizations.weight[0] = Fails()
    for model in (layer, nn.Sequential(nn.ReLU(), layer)):
        with pytest.raises(KeyError, match="no weight today"):
            model(cc.ones(1, 2))


class Wider(nn.Module):
    def forward(self, x):
        return cc.cat([x, x])


@pytest.mark.parametrize("call, message", [
    (lambda: parametrize.register_parametrization(nn.Linear(2, 2), "wieght", Times3()), "Linear has no parameter or buffer 'wieght'"),
    (lambda: parametrize.register_parametrization(nn.Linear(2, 2), "weight", Wider()), r"Wider: it must keep shape \(2, 2\)"),
    (lambda: parametrize.remove_parametrizations(nn.Linear(2, 2), "weight"), "'weight' of Linear has none"),
    (lambda: parametrize.remove_parametrizations(parametrizations.weight_norm(nn.Linear(2, 2)), "weight", False), "needs one original tensor, there are 2"),
    (lambda: parametrizations.spectral_norm(nn.Linear(2, 2), n_power_iterations=0), "n_power_iterations must be at least 1"),
    (lambda: parametrizations.spectral_norm(nn.ReLU()), "ReLU has no parameter or buffer 'weight'"),
    (lambda: nn.utils.weight_norm(nn.Linear(2, 2, bias=False), "bias"), "Linear has no parameter 'bias'"),
    (lambda: nn.utils.weight_norm(nn.utils.weight_norm(nn.Linear(2, 2))), "already has such a norm"),
    (lambda: nn.utils.spectral_norm(nn.Linear(2, 2), n_power_iterations=0), "n_power_iterations must be at least 1"),
])  # fmt: skip
def test_bad_calls(call, message):
    with pytest.raises(ValueError, match=message):
        call()


NORMS = {
    "weight_norm": lambda lib, m: lib.nn.utils.parametrizations.weight_norm(m),
    "weight_norm-whole": lambda lib, m: lib.nn.utils.parametrizations.weight_norm(m, dim=None),
    "spectral_norm": lambda lib, m: lib.nn.utils.parametrizations.spectral_norm(m),
    "older-weight_norm": lambda lib, m: lib.nn.utils.weight_norm(m),
    "older-spectral_norm": lambda lib, m: lib.nn.utils.spectral_norm(m),
}


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("name", NORMS)
def test_norms_are_torchs(name):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    theirs = NORMS[name](torch, torch.nn.Conv2d(2, 3, 3))
    ours = NORMS[name](cc, nn.Conv2d(2, 3, 3))
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    x = np.random.default_rng(0).normal(size=(2, 2, 5, 5)).astype("f")
    for _ in range(2):
        results = []
        for lib, layer in ((cc, ours), (torch, theirs)):
            layer.zero_grad()
            y = layer(lib.from_numpy(x.copy()))
            (y * y).sum().backward()
            results.append([y.detach().numpy(), *(p.grad.numpy() for p in layer.parameters())])
        for a, b in zip(*results, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3)
    for key, value in theirs.state_dict().items():
        np.testing.assert_allclose(
            ours.state_dict()[key].numpy(), value.numpy(), rtol=1e-4, atol=1e-5
        )


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_older_files_load_into_the_newer_weight_norm():
    torch = pytest.importorskip("torch")
    older = torch.nn.utils.weight_norm(torch.nn.Linear(2, 3))
    ours = parametrizations.weight_norm(nn.Linear(2, 3))
    ours.load_state_dict({k: v.numpy() for k, v in older.state_dict().items()})
    np.testing.assert_allclose(values(ours.weight), older.weight.detach().numpy(), rtol=1e-6)
