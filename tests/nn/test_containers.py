"""Containers, each compared with PyTorch's: text, names, state-dict keys, what changes them."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from collections import OrderedDict

import convcore as cc
import numpy as np
import pytest
from convcore import nn


def plain(text: str) -> str:
    return text.replace("convcore.", "torch.")


def look(container) -> list:
    """What can be seen of a container."""
    return [plain(repr(container)), list(container.state_dict()), [n for n, _ in container.named_children()],
            [n for n, _ in container.named_parameters()], len(container)]  # fmt: skip


def named(n):
    return n.Sequential(OrderedDict(a=n.ReLU(), b=n.Tanh(), c=n.Linear(1, 1)))


def numbered(n):
    return n.Sequential(n.ReLU(), n.Tanh(), n.Linear(1, 1))


def change(container, *steps):
    for step in steps:
        changed = step(container)
        container = container if changed is None else changed
    return look(container)


SCRIPTS = {
    "sequential-delete": lambda n: change(numbered(n), lambda s: s.__delitem__(0)),
    "sequential-delete-named": lambda n: change(named(n), lambda s: s.__delitem__(0)),
    "sequential-delete-slice": lambda n: change(numbered(n), lambda s: s.__delitem__(slice(0, 2))),
    "sequential-slice": lambda n: look(numbered(n)[1:]) + look(named(n)[::2]),
    "sequential-append": lambda n: change(named(n), lambda s: s.append(n.ELU())),
    "sequential-extend": lambda n: change(numbered(n), lambda s: s.extend([n.ELU(), n.SiLU()])),
    "sequential-insert": lambda n: change(numbered(n), lambda s: s.insert(1, n.ELU()), lambda s: s.insert(4, n.SiLU())),
    "sequential-pop": lambda n: change(numbered(n), lambda s: s.pop(1) and None),
    "sequential-set": lambda n: change(named(n), lambda s: s.__setitem__(-1, n.ELU())),
    "sequential-add": lambda n: look(numbered(n) + named(n)),
    "sequential-iadd": lambda n: change(numbered(n), lambda s: s.__iadd__(named(n))),
    "sequential-times": lambda n: look(numbered(n) * 2) + look(2 * named(n)),
    "sequential-imul": lambda n: change(numbered(n), lambda s: s.__imul__(2)),
    "list": lambda n: look(n.ModuleList([n.ReLU(), n.ReLU(), n.Linear(1, 2)])),
    "list-insert": lambda n: change(n.ModuleList([n.ReLU(), n.Tanh()]), lambda m: m.insert(1, n.ELU())),
    "list-add": lambda n: look(n.ModuleList([n.ReLU()]) + n.ModuleList([n.Tanh(), n.Linear(1, 1)])),
    "list-iadd": lambda n: change(n.ModuleList([n.ReLU()]), lambda m: m.__iadd__([n.Tanh()])),
    "list-slice": lambda n: look(n.ModuleList([n.ReLU(), n.Tanh(), n.Linear(1, 1)])[-2:]),
    "list-delete": lambda n: change(n.ModuleList([n.ReLU(), n.Tanh(), n.Linear(1, 1)]), lambda m: m.__delitem__(slice(0, 2))),
    "list-pop": lambda n: change(n.ModuleList([n.ReLU(), n.Tanh()]), lambda m: m.pop(0) and None),
    "dict": lambda n: look(n.ModuleDict({"z": n.Linear(1, 1), "a": n.ReLU()})),
    "dict-empty": lambda n: look(n.ModuleDict()),
    "dict-pairs": lambda n: look(n.ModuleDict([["z", n.ReLU()], ("a", n.ReLU())])),
    "dict-of-dict": lambda n: look(n.ModuleDict(n.ModuleDict({"z": n.ReLU(), "a": n.ReLU()}))),
    "dict-set": lambda n: change(n.ModuleDict({"z": n.ReLU(), "a": n.ReLU()}), lambda d: d.__setitem__("z", n.Linear(1, 1)), lambda d: d.__setitem__("b", n.ELU())),
    "dict-pop": lambda n: change(n.ModuleDict({"z": n.ReLU(), "a": n.ReLU()}), lambda d: d.pop("z") and None),
    "dict-clear": lambda n: change(n.ModuleDict({"z": n.ReLU(), "a": n.ReLU()}), lambda d: d.clear()),
}  # fmt: skip


@pytest.mark.parametrize("name", SCRIPTS)
def test_module_containers_are_torchs(name):
    torch = pytest.importorskip("torch")
    assert SCRIPTS[name](nn) == SCRIPTS[name](torch.nn)


def lists(lib):
    p = lib.nn.Parameter(lib.ones(2, 3))
    values = [p, lib.zeros(2), 5, "x", lib.nn.Parameter(lib.tensor(1.0))]
    yield look(lib.nn.ParameterList(values))
    yield look(lib.nn.ParameterList())
    yield look(lib.nn.ParameterList([p]))
    yield look(lib.nn.ParameterList(values)[1:4])
    yield change(
        lib.nn.ParameterList(values), lambda c: c.append(lib.ones(1)), lambda c: c.extend([p])
    )
    yield change(
        lib.nn.ParameterList([p]),
        lambda c: c.__iadd__([lib.ones(1)]),
        lambda c: c.__setitem__(-1, lib.ones(4)),
    )
    yield change(lib.nn.ParameterList([p, 3]), lambda c: c.__setitem__(1, p))
    yield [type(v).__name__ for v in lib.nn.ParameterList(values)]  # fmt: skip


def dicts(lib):
    p = lib.nn.Parameter(lib.ones(2, 3))
    values = {"z": p, "n": 5, "a": lib.zeros(2)}
    D = lib.nn.ParameterDict
    yield look(D(values))
    yield look(D(OrderedDict(values)))
    yield look(D(values.items()))
    yield look(D())
    yield look(D({"one": lib.tensor(2.0, dtype=lib.float64)}))
    yield look(D(OrderedDict(values)) | {"d": lib.ones(1), "c": lib.ones(1)})
    yield list({"d": lib.ones(1), "c": lib.ones(1)} | D(OrderedDict(values)))
    yield change(
        D(values),
        lambda d: d.pop("a") is None or None,
        lambda d: d.setdefault("q", lib.ones(1)) and None,
    )
    yield change(D(values), lambda d: d.popitem() and None, lambda d: d.update({"k": p}))
    yield change(D(values), lambda d: d.__delitem__("z"), lambda d: d.__ior__({"z": lib.ones(1)}))
    yield change(D(values), lambda d: d.clear())
    yield look(D(values).copy()) + look(D().fromkeys(["x", "y"], 2))
    d = D(OrderedDict(values))
    yield list(d), list(reversed(d)), list(d.keys()), [k for k, _ in d.items()], "z" in d, "q" in d
    yield d.get("n"), d.get("q", 7), d["n"], d.z is p, d.n, d["z"] is p, next(iter(d.values())) is p  # fmt: skip


@pytest.mark.parametrize("script", [lists, dicts])
def test_parameter_containers_are_torchs(script):
    torch = pytest.importorskip("torch")
    assert list(script(cc)) == list(script(torch))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleDict({"conv": nn.Conv2d(1, 2, 3), "own": Half()})
        self.scales = nn.ParameterList([cc.ones(1), cc.ones(1)])
        self.shifts = nn.ParameterDict({"a": cc.zeros(1)})

    def forward(self, x):
        for layer in self.layers.values():
            x = layer(x)
        for scale in self.scales:
            x = x * scale
        return x + self.shifts["a"]


class Half(nn.Module):
    def forward(self, x):
        return x / 2


def test_a_model_of_containers_learns_and_copies():
    model = Net()
    assert list(model.state_dict()) == [
        "layers.conv.weight", "layers.conv.bias", "scales.0", "scales.1", "shifts.a",
    ]  # fmt: skip
    x = cc.ones(1, 1, 4, 4)
    model(x).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(other(x).detach().numpy(), model(x).detach().numpy())
        assert repr(other) == repr(model) and other.scales[0] is not model.scales[0]
        assert list(other.shifts) == ["a"] and len(other.scales) == 2
    model.double()
    assert model.scales[1].dtype == model.shifts.a.dtype == cc.float64
    model.load_state_dict({k: v * 0 for k, v in model.state_dict().items()})
    assert float(model.scales[0]) == 0


def test_containers_in_cycles_are_collected():
    def make():
        model = Net()
        model.layers["own"].__dict__["parent"] = model
        model.shifts.owner = [model]
        model.scales[0].owner = model
        model.layers["conv"].register_forward_hook(lambda *args: model and None)
        model.register_full_backward_hook(lambda *args: model and None)
        model(cc.ones(1, 1, 4, 4, requires_grad=True)).sum().backward()
        return model

    gc.collect()
    gc.disable()
    try:
        references = [weakref.ref(f(make())) for f in (lambda m: m, lambda m: m.layers, lambda m: m.shifts)]  # fmt: skip
        gc.collect()
        assert [r() for r in references] == [None] * 3
    finally:
        gc.enable()


def test_what_holds_no_cycle_is_freed_at_once():
    gc.collect()
    gc.disable()
    try:
        model = Net()
        model.register_full_backward_hook(seen)
        model.register_full_backward_pre_hook(seen)
        model(cc.ones(1, 1, 4, 4, requires_grad=True)).sum().backward()
        references = [weakref.ref(m) for m in model.modules()]
        del model
        assert [r() for r in references] == [None] * len(references)
    finally:
        gc.enable()


def seen(*args):
    return None


@pytest.mark.parametrize("call, error, message", [
    (lambda: nn.ModuleDict({"keys": nn.ReLU()}), KeyError, "'keys' already exists"),
    (lambda: nn.ModuleDict({"a.b": nn.ReLU()}), ValueError, 'must not contain "."'),
    (lambda: nn.ModuleDict({"a": 3}), TypeError, "cannot assign 'int' as child module 'a'"),
    (lambda: nn.ModuleDict(3), TypeError, "ModuleDict: expected a mapping or pairs.*got int"),
    (lambda: nn.ModuleDict([(1, 2, 3)]), ValueError, "expected pairs"),
    (lambda: nn.ModuleDict()["a"], KeyError, "a"),
    (lambda: nn.ModuleDict().pop("a"), KeyError, "a"),
    (lambda: nn.ParameterDict({"keys": cc.ones(1)}), KeyError, "'keys' already exists"),
    (lambda: nn.ParameterDict([(1, cc.ones(1))]), TypeError, "names must be str, got int"),
    (lambda: nn.ParameterDict().popitem(), KeyError, "it is empty"),
    (lambda: nn.ParameterDict()["a"], KeyError, "a"),
    (lambda: nn.ParameterList([cc.ones(1)])[1], IndexError, "index 1 is out of range for 1 parameters"),
    (lambda: nn.ParameterList(cc.ones(1)), TypeError, "expected several parameters, got Tensor"),
    (lambda: nn.ParameterList([(cc.ones(1, requires_grad=True) * 2).detach() and nn.Module()])[2], IndexError, "out of range"),
    (lambda: nn.Sequential(nn.ReLU()) * 0, ValueError, "1 or more times, got 0"),
    (lambda: nn.Sequential(nn.ReLU()) * 1.5, TypeError, "integer"),
    (lambda: nn.Sequential(nn.ReLU()) + [nn.ReLU()], TypeError, "unsupported operand"),
    (lambda: nn.Sequential(nn.ReLU()).insert(5, nn.ReLU()), IndexError, "index 5 is out of range for 1 modules"),
    (lambda: nn.Sequential(nn.ReLU()).insert(0, 5), TypeError, "insert takes a Module, got int"),
    (lambda: nn.ModuleList([nn.ReLU()])[1], IndexError, "index 1 is out of range for 1 modules"),
])  # fmt: skip
def test_bad_calls(call, error, message):
    with pytest.raises(error, match=message):
        call()
