"""Arguments at their limits: None, nothing, dimensions out of range, the wrong kind of thing from a user's function."""

from __future__ import annotations

import convcore as cc
import pytest
from convcore import nn
from convcore.nn import functional as F


@pytest.mark.parametrize(
    "layer, x",
    [
        (nn.Linear(3, 2), (1, 3)),
        (nn.Conv1d(3, 2, 1), (1, 3, 4)),
        (nn.Conv2d(3, 2, 1), (1, 3, 4, 4)),
        (nn.Conv3d(3, 2, 1), (1, 3, 4, 4, 4)),
    ],
)
def test_a_layer_whose_weight_is_none(layer, x):
    layer.weight = None
    with pytest.raises(TypeError, match="weight must be a tensor, got None"):
        layer(cc.ones(*x))


@pytest.mark.parametrize("target", [cc.zeros(0, dtype=cc.int64), cc.zeros(0, 3)])
def test_cross_entropy_of_no_examples(target):
    x = cc.zeros(0, 3, requires_grad=True)
    F.cross_entropy(x, target, reduction="sum").backward()
    assert x.grad.shape == (0, 3)


def test_none_as_an_index():
    x = cc.arange(6).reshape(2, 3).transpose(0, 1)
    assert x[None].shape == (1, 3, 2)
    x[None] = 7
    assert x.tolist() == [[7, 7]] * 3


def test_an_index_whose_conversion_fails():
    class Broken:
        def __index__(self):
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        cc.zeros(3)[Broken()]


def test_in_place_on_nothing():
    for x in (cc.zeros(2, 0), cc.zeros(0, 4), cc.zeros(2, 1, 0)):
        x.add_(1)
        x[:] = 3
        x *= 2


def test_dimensions_are_not_wrapped_around():
    x = cc.zeros(2, 3)
    for call in (
        lambda: x.narrow(2, 0, 1),
        lambda: x.select(2, 0),
        lambda: x.movedim(0, 2),
        lambda: x.movedim(-3, 0),
        lambda: x.unflatten(2, (1, 2)),
        lambda: cc.tensor(1.0).select(0, 0),
    ):
        with pytest.raises(IndexError, match=r"must be in \[|0-d"):
            call()


def test_narrow_does_not_shorten():
    x = cc.arange(4)
    assert x.narrow(0, -2, 2).tolist() == [2, 3] and x.narrow(0, 4, 0).shape == (0,)
    with pytest.raises(ValueError, match="narrow: length must be between 0 and 2 .* got 3"):
        x.narrow(0, 2, 3)
    with pytest.raises(ValueError, match="narrow: length"):
        x.narrow(0, 2, -1)
    with pytest.raises(IndexError, match=r"narrow: start must be in \[-4, 4\], got 5"):
        x.narrow(0, 5, 0)


def test_dtypes_of_results():
    whole, truth = cc.tensor([1, 2, 3]), cc.ones(2, 2, dtype=cc.bool)
    assert whole.clamp(min=1.5).tolist() == [1.5, 2, 3]
    with pytest.raises(TypeError, match="clamp_: a result of dtype .*float32"):
        whole.clamp_(1.5)
    assert (
        whole.sum(dtype=cc.int32).dtype == cc.int32
        and whole.prod(dtype=cc.float32).dtype == cc.float32
    )
    assert truth.tril().dtype == cc.bool and truth.triu().tolist() == [[True, True], [False, True]]
    small = cc.tensor([1, 2, 3], dtype=cc.int32)
    assert small.add(cc.tensor([True]), alpha=2).dtype == cc.int32
    assert small.sub(small, alpha=2).tolist() == [-1, -2, -3]
    assert (+whole) is whole


def test_what_a_hook_returns():
    x = cc.ones(2, requires_grad=True)
    y = x * 1
    y.register_hook(lambda grad: 3)
    with pytest.raises(
        TypeError, match="register_hook: the hook must return a tensor or None, got int"
    ):
        y.sum().backward()


def test_what_backward_of_a_function_returns():
    class Wrong(cc.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return "x"

    with pytest.raises(
        TypeError,
        match="WrongBackward: backward must return tensors or None, got str as gradient 0",
    ):
        Wrong.apply(cc.ones(2, requires_grad=True)).sum().backward()


def test_a_function_with_other_outputs():
    class Mixed(cc.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 5, x * 2, None

        @staticmethod
        def backward(ctx, five, grad, none):
            assert five is None and none is None
            return grad * 2

    x = cc.ones(2, requires_grad=True)
    five, y, none = Mixed.apply(x)
    y.sum().backward()
    assert five == 5 and none is None and x.grad.tolist() == [2, 2]


def test_a_function_that_changes_its_input():
    class Double(cc.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x.mul_(2)

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    x = cc.ones(3, requires_grad=True)
    y = x * 1
    z = Double.apply(y)
    (y.sum() + z.sum()).backward()
    assert z is y and y.tolist() == [2, 2, 2] and x.grad.tolist() == [4, 4, 4]


def test_resetting_what_is_none():
    for layer in (nn.Linear(3, 2), nn.Conv2d(3, 2, 1)):
        layer.weight = None
        with pytest.raises(TypeError, match="reset_parameters: weight must be a tensor, got None"):
            layer.reset_parameters()
    norm = nn.BatchNorm2d(3)
    norm.running_mean = norm.running_var = norm.num_batches_tracked = norm.weight = norm.bias = None
    norm.reset_parameters()


def test_optimizer_state_of_another_type():
    p = nn.Parameter(cc.zeros(3))
    optimizer = cc.optim.SGD([p], lr=0.1, momentum=0.9)
    p.grad = cc.ones(3)
    optimizer.step()
    state = optimizer.state_dict()
    state["state"][0]["momentum_buffer"] = "x"
    with pytest.raises(TypeError, match="SGD: state 'momentum_buffer' must be a tensor, got str"):
        optimizer.load_state_dict(state)
