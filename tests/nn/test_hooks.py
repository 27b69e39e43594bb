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


class Two(nn.Module):
    def forward(self, x, other, scale=1):
        return x * 2, 3, x + 1


def test_backward_hooks_have_a_place_for_everything():
    layer, log = Two(), []
    layer.register_full_backward_hook(lambda m, gi, go: log.append((gi, go)))
    x = cc.ones(1, requires_grad=True)
    a, b, c = layer(x, 4)
    assert b == 3
    (a + c).backward()
    ((grad_input, grad_output),) = log
    assert [g if g is None else g.item() for g in grad_input] == [3, None]
    assert [g if g is None else g.item() for g in grad_output] == [1, None, 1]


def test_backward_hook_without_gradients_of_inputs():
    layer, log = nn.Linear(2, 2), []
    handle = layer.register_full_backward_hook(lambda m, gi, go: log.append((gi, go[0].tolist())))
    layer(cc.ones(1, 2)).sum().backward()
    assert log == [((None,), [[1.0, 1.0]])] and layer.weight.grad is not None
    handle.remove()
    layer.register_full_backward_hook(lambda m, gi, go: (cc.ones(1, 2),))
    with pytest.raises(RuntimeError, match="no input requires one"):
        layer(cc.ones(1, 2)).sum().backward()
    with cc.no_grad():
        layer(cc.ones(1, 2))


def test_backward_pre_hook():
    layer, order = Two(), []
    layer.register_full_backward_pre_hook(
        lambda m, go: order.append("pre") or (go[0] * 10, None, go[2])
    )
    layer.register_full_backward_hook(lambda m, gi, go: order.append(go[0].item()))
    x = cc.ones(1, requires_grad=True)
    a, _, c = layer(x, 4)
    (a + c).backward()
    assert x.grad.tolist() == [21] and order == ["pre", 10]


def test_backward_hook_must_fit():
    layer = nn.ReLU()
    layer.register_full_backward_hook(lambda m, gi, go: (gi[0], gi[0]))
    with pytest.raises(
        RuntimeError, match="ReLU: a backward hook must return 1 gradients, one per input, got 2"
    ):
        layer(cc.ones(1, requires_grad=True)).backward()


def test_forward_hook_that_is_always_called():
    class Fails(nn.Module):
        def forward(self, x, by=1):
            raise KeyError("broken")

    layer, log = Fails(), []
    layer.register_forward_hook(lambda m, a, o: log.append("skipped"))
    layer.register_forward_hook(
        lambda m, a, k, o: log.append((k, o)), always_call=True, with_kwargs=True
    )
    with pytest.raises(KeyError, match="broken"):
        layer(cc.ones(1), by=3)
    assert log == [({"by": 3}, None)]
    layer.register_forward_hook(lambda m, a, o: 1 / 0, always_call=True)
    with (
        pytest.warns(UserWarning, match="always called raised ZeroDivisionError"),
        pytest.raises(KeyError),
    ):
        layer(cc.ones(1))

    works, log = nn.Identity(), []
    works.register_forward_hook(lambda m, a, o: 1 / 0)
    works.register_forward_hook(lambda m, a, o: log.append(o.tolist()), always_call=True)
    with pytest.raises(ZeroDivisionError):
        works(cc.ones(1))
    assert log == [[1.0]]


def test_more_hooks_match_torch():
    torch = pytest.importorskip("torch")

    def show(value):
        if isinstance(value, tuple):
            return [show(v) for v in value]
        return value.tolist() if hasattr(value, "tolist") else value

    def run(lib):
        class Both(lib.nn.Module):
            def forward(self, x, y, *, by):
                return x * y * by, x + y

        log, layer = [], Both()
        layer.register_forward_pre_hook(lambda m, a, k: (a, {"by": k["by"] + 1}), with_kwargs=True)
        layer.register_forward_hook(
            lambda m, a, k, o: log.append(("post", k, show(o))), with_kwargs=True
        )
        layer.register_full_backward_pre_hook(lambda m, go: log.append(("pre", show(go))))
        layer.register_full_backward_pre_hook(lambda m, go: (go[0] * 2, go[1]), prepend=True)
        layer.register_full_backward_hook(
            lambda m, gi, go: log.append(("back", show(gi), show(go)))
        )
        layer.register_full_backward_hook(lambda m, gi, go: (gi[0] * 5, gi[1]))
        x, y = lib.tensor([2.0], requires_grad=True), lib.tensor([3.0], requires_grad=True)
        a, b = layer(x, y, by=3)
        (a + b).backward()
        return log, show(x.grad), show(y.grad)

    assert run(cc) == run(torch)
