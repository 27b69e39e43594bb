"""Module's tables, walks and state."""

from collections import OrderedDict

import convcore as cc
import numpy as np
import pytest
from convcore import nn


class Block(nn.Module):
    def __init__(self, channels=2):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.bn = nn.BatchNorm2d(channels)
        self.scale = nn.Parameter(cc.ones(1))

    def forward(self, x):
        return self.bn(self.conv(x)) * self.scale


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(Block(), nn.ReLU(), Block())
        self.heads = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 3)])
        self.register_buffer("mean", cc.zeros(2))
        self.nothing = None

    def forward(self, x):
        return self.features(x)


def test_names_in_order():
    net = Net()
    assert [n for n, _ in net.named_parameters()] == [
        "features.0.scale", "features.0.conv.weight", "features.0.conv.bias",
        "features.0.bn.weight", "features.0.bn.bias",
        "features.2.scale", "features.2.conv.weight", "features.2.conv.bias",
        "features.2.bn.weight", "features.2.bn.bias",
        "heads.0.weight", "heads.0.bias", "heads.1.weight", "heads.1.bias",
    ]  # fmt: skip
    assert [n for n, _ in net.named_children()] == ["features", "heads"]
    assert [n for n, _ in net.named_modules()][:4] == [
        "", "features", "features.0", "features.0.conv",
    ]  # fmt: skip
    assert [n for n, _ in net.named_buffers()][0] == "mean"
    assert [n for n, _ in net.named_parameters(prefix="net", recurse=False)] == []
    assert [n for n, _ in net.heads.named_parameters(prefix="h")][0] == "h.0.weight"


def test_shared_parts_are_listed_once():
    layer = nn.Linear(2, 2)
    model = nn.Sequential(layer, nn.ReLU(), layer)
    assert len(list(model.parameters())) == 2
    assert len(list(model.modules())) == 3
    assert [n for n, _ in model.named_modules(remove_duplicate=False)] == ["", "0", "1", "2"]
    assert [n for n, _ in model.named_parameters(remove_duplicate=False)] == [
        "0.weight", "0.bias", "2.weight", "2.bias",
    ]  # fmt: skip
    assert list(model.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_assignment_routes_to_the_tables():
    m = nn.Module()
    m.a = nn.Parameter(cc.ones(1))
    m.b = nn.Linear(1, 1)
    m.register_buffer("c", cc.zeros(1))
    m.d = cc.ones(1)
    m.e = 3
    assert list(m._parameters) == ["a"] and list(m._modules) == ["b"]
    assert list(m._buffers) == ["c"]
    assert "d" in m.__dict__ and m.e == 3
    assert {"a", "b", "c", "d", "e", "forward"} <= set(dir(m))

    m.c = cc.ones(2)
    assert m._buffers["c"].shape == (2,)
    m.a = None
    assert m.a is None and list(m.parameters(recurse=False)) == []
    m.a = nn.Parameter(cc.zeros(3))
    assert m.a.shape == (3,)
    m.b = nn.ReLU()
    assert isinstance(m.b, nn.ReLU)
    m.b = None
    assert m.b is None and list(m.children()) == []
    m.d = nn.Parameter(cc.ones(1))
    assert "d" not in m.__dict__ and "d" in m._parameters
    m.e = nn.ReLU()
    assert "e" not in m.__dict__ and isinstance(m.e, nn.ReLU)
    del m.a, m.b, m.c, m.d, m.e
    for name in "abcde":
        assert not hasattr(m, name)


def test_assignment_that_makes_no_sense():
    m = nn.Linear(1, 1)
    with pytest.raises(
        TypeError, match=r"cannot assign '.*Tensor' as parameter 'weight' \(.*Parameter or None"
    ):
        m.weight = cc.ones(1, 1)
    outer = nn.Module()
    outer.child = m
    with pytest.raises(TypeError, match=r"cannot assign 'int' as child module 'child'"):
        outer.child = 3
    b = nn.BatchNorm1d(1)
    with pytest.raises(TypeError, match="cannot assign 'list' as buffer 'running_mean'"):
        b.running_mean = [0.0]
    with pytest.raises(KeyError, match="already exists"):
        m.register_parameter("forward", nn.Parameter(cc.ones(1)))
    with pytest.raises(ValueError, match='must not contain "."'):
        m.register_parameter("a.b", nn.Parameter(cc.ones(1)))
    with pytest.raises(ValueError, match="must not be empty"):
        m.add_module("", nn.ReLU())
    with pytest.raises(TypeError, match="cannot assign 'str' as child module"):
        m.add_module("x", "no module")
    with pytest.raises(AttributeError, match="'Linear' object has no attribute 'wieght'"):
        m.wieght  # noqa: B018
    with pytest.raises(AttributeError):
        del m.wieght


def test_forgotten_super_init():
    class Forgot(nn.Module):
        def __init__(self, what):
            self.plain = 1
            self.part = what

    with pytest.raises(AttributeError, match=r"before Module.__init__\(\) call"):
        Forgot(nn.ReLU())
    with pytest.raises(AttributeError, match=r"cannot assign parameters before Module.__init__"):
        Forgot(nn.Parameter(cc.ones(1)))
    plain = Forgot(3)
    with pytest.raises(AttributeError, match="super"):
        plain.missing  # noqa: B018
    with pytest.raises(TypeError, match=r"before its Module.__init__\(\)"):
        plain(cc.ones(1))


def test_getattr_in_subclass():
    class Wrapper(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def __getattr__(self, name):
            try:
                return super().__getattr__(name)
            except AttributeError:
                return getattr(super().__getattr__("inner"), name)

    wrapper = Wrapper(nn.Linear(2, 3))
    assert wrapper.in_features == 2
    assert wrapper.inner.out_features == 3
    with pytest.raises(AttributeError):
        wrapper.nothing  # noqa: B018


def test_mixin_and_properties():
    class Counted:
        def count(self):
            return sum(p.numel() for p in self.parameters())

    class Small(nn.Module, Counted):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(2, 2)

        @property
        def width(self):
            return self.fc.in_features

    assert Small().count() == 6 and Small().width == 2


def test_get_by_path():
    net = Net()
    assert net.get_submodule("features.0.conv") is net.features[0].conv
    assert net.get_submodule("") is net
    assert net.get_parameter("heads.1.bias") is net.heads[1].bias
    assert net.get_buffer("mean") is net.mean
    with pytest.raises(AttributeError, match="Sequential has no child module '7'"):
        net.get_submodule("features.7")
    with pytest.raises(AttributeError, match="Linear has no parameter 'wieght'"):
        net.get_parameter("heads.0.wieght")


def test_train_eval_reach_overrides():
    class Frozen(nn.BatchNorm2d):
        def train(self, mode=True):
            return super().train(False)

    model = nn.Sequential(nn.Dropout(), Frozen(2), nn.Sequential(nn.Dropout()))
    assert model.train() is model
    assert model[0].training and not model[1].training and model[2][0].training
    model.eval()
    assert not any(m.training for m in model.modules())
    with pytest.raises(ValueError, match="mode must be a bool"):
        model.train(1)


def test_apply_and_requires_grad_and_zero_grad():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    seen = []
    assert model.apply(lambda m: seen.append(type(m).__name__)) is model
    assert seen == ["Linear", "Linear", "Sequential"]
    model.requires_grad_(False)
    assert not any(p.requires_grad for p in model.parameters())
    model.requires_grad_()
    model(cc.ones(1, 2)).sum().backward()
    model.zero_grad(set_to_none=False)
    assert all(float(p.grad.abs().sum()) == 0 for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_to_dtype():
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    weight = model[0].weight
    assert model.double() is model
    assert model[0].weight is weight and weight.dtype == cc.float64
    assert model[1].running_mean.dtype == cc.float64
    assert model[1].num_batches_tracked.dtype == cc.int64
    assert model.to("cpu").to(cc.float32)[0].weight.dtype == cc.float32
    with pytest.raises(TypeError, match="must be floating-point"):
        model.to(cc.int64)
    with pytest.raises((ValueError, NotImplementedError), match="device"):
        model.to("cuda")


def test_state_dict_round_trip():
    a, b = Net(), Net()
    state = a.state_dict()
    assert "features.0.bn.num_batches_tracked" in state and "mean" in state
    assert not any(v.requires_grad for v in state.values())
    result = b.load_state_dict(state)
    assert result.missing_keys == [] and result.unexpected_keys == []
    assert str(result) == "<All keys matched successfully>"
    for name, value in b.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), state[name].numpy())
    with cc.no_grad():
        a.heads[0].weight.zero_()
    assert float(state["heads.0.weight"].abs().sum()) == 0  # it shares memory
    assert float(b.heads[0].weight.abs().sum()) > 0  # it was copied


def test_state_dict_prefix_and_arrays():
    model = nn.Linear(2, 2)
    state = model.state_dict(prefix="net.")
    assert list(state) == ["net.weight", "net.bias"]
    model.load_state_dict({"weight": np.ones((2, 2)), "bias": np.zeros(2, np.float32)})
    assert model.weight.detach().tolist() == [[1.0, 1.0], [1.0, 1.0]]
    assert model.weight.dtype == cc.float32


def test_load_state_dict_lists_everything_and_changes_nothing():
    model = nn.Sequential(OrderedDict(a=nn.Linear(2, 3), b=nn.Linear(3, 1)))
    before = [p.detach().clone() for p in model.parameters()]
    bad = {"a.weight": cc.zeros(4, 2), "a.bias": cc.zeros(3), "c": cc.zeros(1), "d": cc.zeros(1)}
    with pytest.raises(ValueError) as info:
        model.load_state_dict(bad)
    text = str(info.value)
    assert "Error(s) in loading state_dict for Sequential" in text
    assert 'Missing key(s) in state_dict: "b.weight", "b.bias"' in text
    assert 'Unexpected key(s) in state_dict: "c", "d"' in text
    assert "size mismatch for a.weight" in text and "[4, 2]" in text and "[3, 2]" in text
    for p, old in zip(model.parameters(), before, strict=True):
        np.testing.assert_array_equal(p.detach().numpy(), old.numpy())
    assert isinstance(info.value, RuntimeError)

    del bad["a.weight"]
    result = model.load_state_dict(bad, strict=False)
    assert result.missing_keys == ["a.weight", "b.weight", "b.bias"]
    assert result.unexpected_keys == ["c", "d"]
    with pytest.raises(TypeError, match="state_dict must be a dict"):
        model.load_state_dict([1])


def test_load_state_dict_assign():
    model = nn.Linear(2, 1, bias=False)
    value = cc.ones(1, 2)
    model.load_state_dict({"weight": value}, assign=True)
    assert isinstance(model.weight, nn.Parameter) and model.weight.requires_grad
    value.zero_()
    assert float(model.weight.detach().sum()) == 0


def test_sequential():
    model = nn.Sequential(OrderedDict(conv=nn.Conv2d(1, 2, 3), act=nn.ReLU()))
    assert isinstance(model.act, nn.ReLU) and model[1] is model.act and model[-1] is model.act
    assert len(model) == 2 and [type(m).__name__ for m in model] == ["Conv2d", "ReLU"]
    head = model[:1]
    assert type(head) is nn.Sequential and head.conv is model.conv and len(head) == 1
    model.append(nn.Flatten())
    assert list(dict(model.named_children())) == ["conv", "act", "2"]
    model[1] = nn.Tanh()
    assert isinstance(model.act, nn.Tanh)
    with pytest.raises(IndexError, match="index 5 is out of range for 3 modules"):
        model[5]
    with pytest.raises(TypeError):
        nn.Sequential("no module")
    numbered = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Sigmoid())
    del numbered[0]
    assert [n for n, _ in numbered.named_children()] == ["0", "1"]
    assert len(numbered + numbered) == 4
    assert isinstance(numbered.insert(0, nn.ELU())[0], nn.ELU) and len(numbered) == 3
    assert isinstance(numbered.pop(), nn.Sigmoid)
    x = cc.ones(2)
    assert nn.Sequential()(x) is x


def test_module_list():
    layers = nn.ModuleList([nn.ReLU(), nn.Tanh()])
    layers.append(nn.ELU()).extend([nn.Sigmoid()])
    layers += [nn.Identity()]
    layers.insert(1, nn.Flatten())
    assert [type(m).__name__ for m in layers] == [
        "ReLU", "Flatten", "Tanh", "ELU", "Sigmoid", "Identity",
    ]  # fmt: skip
    assert type(layers[1:3]) is nn.ModuleList and len(layers[1:3]) == 2
    assert layers[-1] is layers[5]
    del layers[0]
    assert [n for n, _ in layers.named_children()] == ["0", "1", "2", "3", "4"]
    layers[0] = nn.ReLU()
    assert isinstance(layers[0], nn.ReLU)
    with pytest.raises(NotImplementedError, match='missing the required "forward"'):
        layers(cc.ones(1))


def test_python_and_core_layers_mix():
    class Half(nn.Module):
        def forward(self, x):
            return x / 2

    class Split(nn.Module):
        def forward(self, x):
            return x, 2 * x

    class Join(nn.Module):
        def forward(self, pair):
            return pair[0] + pair[1]

    model = nn.Sequential(nn.ReLU(), Half(), nn.Sequential(nn.Flatten(), Split()), Join())
    x = cc.tensor([[2.0, -2.0]], requires_grad=True)
    y = model(x)
    assert y.tolist() == [[3.0, 0.0]]
    y.sum().backward()
    assert x.grad.tolist() == [[1.5, 0.0]]


def test_overridden_forward_inside_sequential():
    class Doubled(nn.Linear):
        def forward(self, x):
            return 2 * super().forward(x)

    layer = Doubled(2, 2)
    plain = nn.Sequential(layer)(cc.ones(1, 2))
    expected = 2 * (cc.ones(1, 2) @ layer.weight.T + layer.bias)
    np.testing.assert_allclose(plain.detach().numpy(), expected.detach().numpy(), rtol=1e-6)

    replaced = nn.ReLU()
    replaced.forward = lambda x: x + 1
    assert nn.Sequential(replaced)(cc.zeros(1)).tolist() == [1.0]


def test_forward_with_several_arguments():
    class Add(nn.Module):
        def forward(self, a, b=1, *, scale=1):
            return (a + b) * scale

    assert Add()(cc.ones(1), 2, scale=3).tolist() == [9.0]
    assert Add()(a=cc.ones(1)).tolist() == [2.0]


def test_unsupported_forward():
    with pytest.raises(NotImplementedError, match=r"Module \[Module\] is missing"):
        nn.Module()(cc.ones(1))


def test_private_tables_of_pytorch_code():
    model = nn.Sequential(nn.Linear(2, 2))
    assert list(model._modules) == ["0"]
    assert list(model[0]._parameters) == ["weight", "bias"]
    assert model[0]._non_persistent_buffers_set == set()
