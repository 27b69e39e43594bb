"""Forward and backward hooks."""

import convcore as cc
import pytest
from convcore import nn


def test_forward_hook_sees_and_replaces():
    layer = nn.ReLU()
    seen = []
    handle = layer.register_forward_hook(
        lambda m, a, o: seen.append((m, a[0].tolist(), o.tolist()))
    )
    layer(cc.tensor([-1.0, 1.0]))
    assert seen == [(layer, [-1.0, 1.0], [0.0, 1.0])]
    second = layer.register_forward_hook(lambda m, a, o: o + 1)
    assert layer(cc.zeros(1)).tolist() == [1.0]
    second.remove()
    handle.remove()
    handle.remove()
    assert layer(cc.zeros(1)).tolist() == [0.0]
    assert len(seen) == 2


def test_pre_hook_and_order():
    order = []
    layer = nn.Identity()
    layer.register_forward_pre_hook(lambda m, a: order.append("a"))
    layer.register_forward_pre_hook(lambda m, a: order.append("b"), prepend=True)
    layer.register_forward_pre_hook(lambda m, a: (a[0] * 3,))
    layer.register_forward_pre_hook(lambda m, a: a[0] + 1)
    assert layer(cc.ones(1)).tolist() == [4.0]
    assert order == ["b", "a"]


def test_hooks_with_kwargs():
    class Scale(nn.Module):
        def forward(self, x, by=1):
            return x * by

    layer = Scale()
    layer.register_forward_pre_hook(lambda m, a, k: (a, {"by": 5}), with_kwargs=True)
    seen = []
    layer.register_forward_hook(lambda m, a, k, o: seen.append(k), with_kwargs=True)
    assert layer(cc.ones(1), by=2).tolist() == [5.0]
    assert seen == [{"by": 5}]


@pytest.mark.parametrize("depth", [1, 3])
def test_hooks_inside_core_containers(depth):
    inner = nn.Linear(2, 2)
    model = nn.Sequential(nn.Identity(), inner)
    for _ in range(depth):
        model = nn.Sequential(model)
    shapes = []
    with inner.register_forward_hook(lambda m, a, o: shapes.append(tuple(o.shape))):
        model(cc.ones(3, 2))
    model(cc.ones(3, 2))
    assert shapes == [(3, 2)]


def test_hook_on_a_container():
    model = nn.Sequential(nn.Identity())
    model.register_forward_hook(lambda m, a, o: o + 1)
    assert model(cc.zeros(1)).tolist() == [1.0]
    assert nn.Sequential(model)(cc.zeros(1)).tolist() == [1.0]


def test_full_backward_hook():
    layer = nn.Linear(2, 1, bias=False)
    seen = []
    layer.register_full_backward_hook(
        lambda m, gi, go: seen.append((gi[0].tolist(), go[0].tolist()))
    )
    x = cc.ones(1, 2, requires_grad=True)
    (2 * layer(x)).sum().backward()
    assert seen == [((2 * layer.weight).detach().tolist(), [[2.0]])]
    layer.register_full_backward_hook(lambda m, gi, go: (gi[0] * 0,))
    x.grad = None
    layer(x).sum().backward()
    assert x.grad.tolist() == [[0.0, 0.0]]


def test_hooks_match_torch():
    torch = pytest.importorskip("torch")

    def run(lib):
        log = []
        model = lib.nn.Sequential(lib.nn.Linear(2, 2, bias=False), lib.nn.ReLU())
        with lib.no_grad():
            model[0].weight.copy_(lib.tensor([[1.0, 2.0], [3.0, -4.0]]))
        for name, m in model.named_modules():
            m.register_forward_pre_hook(lambda m, a, n=name: log.append(("pre", n, a[0].tolist())))
            m.register_forward_hook(lambda m, a, o, n=name: log.append(("post", n, o.tolist())))
            m.register_full_backward_hook(
                lambda m, gi, go, n=name: log.append(("back", n, gi[0].tolist(), go[0].tolist()))
            )
        x = lib.tensor([[1.0, 1.0]], requires_grad=True)
        model(x).sum().backward()
        return log

    assert run(cc) == run(torch)
