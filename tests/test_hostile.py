"""Sizes that overflow, and memory changed behind a gradient's back: an error or the right answer, never a wild access."""

from __future__ import annotations

import convcore as cc
import pytest

F = cc.nn.functional


@pytest.mark.parametrize("shape", [(2**62 + 1, 4), (2**32, 2**32, 4)])
def test_reshape_to_sizes_that_overflow(shape):
    with pytest.raises(ValueError, match="does not fit 4 elements"):
        cc.zeros(4).reshape(shape)


@pytest.mark.parametrize(
    "shape, error", [((-5,), ValueError), ((2, -3), ValueError), ((2**62, 4), MemoryError)]
)
def test_expand_to_impossible_sizes(shape, error):
    with pytest.raises(error, match="must not be negative|does not fit in memory"):
        cc.zeros(1).expand(shape)


@pytest.mark.parametrize(
    "options",
    [{"dilation": 2**62}, {"stride": 2**62}, {"padding": 2**62}, {"padding": (2**62, 2**62)}],
)
def test_windows_beyond_all_bounds(options):
    (name,) = options
    with pytest.raises(ValueError, match=f"conv1d: {name} must be at most 2147483647"):
        F.conv1d(cc.zeros(1, 1, 8), cc.zeros(1, 1, 3), **options)


def slope(loss, x):
    (grad,) = cc.autograd.grad(loss, x)
    return grad.tolist()


def test_indices_may_change_after_the_forward():
    x = cc.tensor([1.0, 2.0, 3.0], requires_grad=True)
    index = cc.tensor([0, 1])
    for pick in (
        lambda: x.gather(0, index),
        lambda: x.index_select(0, index),
        lambda: x[index],
        lambda: cc.zeros(3).scatter_add(0, index, x[:2]),
    ):
        index.copy_(cc.tensor([0, 1]))
        loss = pick().sum()
        index.numpy()[:] = 10**12
        assert slope(loss, x) == [1, 1, 0]


def test_labels_may_change_after_the_forward():
    x = cc.zeros(1, 2, requires_grad=True)
    labels = cc.tensor([0])
    loss = F.cross_entropy(x, labels)
    labels.numpy()[:] = 10**12
    assert slope(loss, x) == [[-0.5, 0.5]]


def test_places_of_maxima_may_change_after_the_forward():
    x = cc.tensor([[[1.0, 2.0]]], requires_grad=True)
    for pool in (
        lambda x: F.max_pool1d(x, 2, return_indices=True),
        cc.nn.MaxPool1d(2, return_indices=True),
    ):
        values, places = pool(x)
        assert places.tolist() == [[[1]]]
        places.fill_(10**12)
        assert slope(values, x) == [[[0, 1]]]


def test_what_hooks_return_is_checked():
    weight = cc.ones(1, 1, 3, 3, requires_grad=True)
    for result, error, text in [
        (cc.zeros(1), ValueError, r"hook: returned a gradient of shape \(1,\)"),
        (3.0, TypeError, "the hook must return a tensor or None, got float"),
    ]:
        y = F.conv2d(cc.ones(1, 1, 8, 8), weight)
        y.register_hook(lambda grad, result=result: result)
        with pytest.raises(error, match=text):
            y.sum().backward()


def test_what_a_backward_returns_is_checked():
    class Wrong(cc.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, grad):
            return 3.0

    with pytest.raises(
        TypeError, match="WrongBackward: backward must return tensors or None, got float"
    ):
        Wrong.apply(cc.ones(2, requires_grad=True)).sum().backward()


@pytest.mark.parametrize(
    "make",
    [lambda p: cc.optim.SGD([p], lr=0.1, momentum=0.9), lambda p: cc.optim.Adam([p], lr=0.1)],
)
@pytest.mark.parametrize(
    "data", [cc.ones(100_000), cc.ones(2, dtype=cc.float64)], ids=["shape", "dtype"]
)
def test_optimizers_refuse_a_parameter_that_became_another(make, data):
    p = cc.nn.Parameter(cc.ones(2))
    optimizer = make(p)
    p.sum().backward()
    optimizer.step()
    p.grad = None
    p.data = data.clone()
    p.sum().backward()
    with pytest.raises(ValueError, match="make a new optimizer"):
        optimizer.step()


def test_a_parameter_may_change_its_dtype_after_a_backward():
    model = cc.nn.Linear(2, 2)
    model(cc.ones(1, 2)).sum().backward()
    model.zero_grad()
    model.double()
    model(cc.ones(1, 2, dtype=cc.float64)).sum().backward()
    assert model.weight.grad.dtype == cc.float64

    weight = cc.nn.Parameter(cc.ones(2))
    weight.register_hook(lambda grad: grad * 10)
    (weight * 2).sum().backward()
    weight.grad = None
    weight.data = cc.ones(3)
    (weight * 2).sum().backward()
    assert weight.grad.tolist() == [20, 20, 20]
