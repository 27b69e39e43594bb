"""A backward step writes over the gradient it is given where nobody else has it, and only there."""

import convcore as cc
import numpy as np
import pytest
from convcore import _core

F = cc.nn.functional


def step_of(kind: str):
    """(input that requires a gradient, what it goes through): a backward step that may write over the gradient it is given."""
    x = cc.tensor(
        np.random.default_rng(0).normal(size=(2, 3, 4, 4)).astype("f"), requires_grad=True
    )
    if kind == "batch_norm":
        return x, lambda t: F.batch_norm(
            t.to(memory_format=cc.channels_last), None, None, training=True
        )
    return x, {"relu": F.relu, "tanh": cc.tanh}[kind]


@pytest.mark.parametrize("kind", ["batch_norm", "relu", "tanh"])
def test_a_gradient_is_written_over_only_where_nobody_else_has_it(kind):
    x, step = step_of(kind)
    given = cc.tensor(np.random.default_rng(1).normal(size=x.shape).astype("f")).to(
        memory_format=cc.channels_last
    )
    before = given.numpy().copy()

    y = step(x)
    y.backward(given)
    expected = x.grad.numpy().copy()
    assert np.array_equal(given.numpy(), before)  # the caller's own

    x.grad = None
    y = step(x)
    middle = y * 1
    seen = []
    y.retain_grad()
    middle.register_hook(lambda g: seen.append(g))
    middle.backward(given)
    assert np.array_equal(y.grad.numpy(), before)  # kept in .grad
    assert np.array_equal(seen[0].numpy(), before)  # kept by a hook
    assert np.array_equal(x.grad.numpy(), expected)

    x.grad = None
    y, other = step(x), cc.zeros(*x.shape, requires_grad=True)
    ((y + other) * 1).backward(given)  # one gradient for two
    assert np.array_equal(other.grad.numpy(), before)
    assert np.array_equal(x.grad.numpy(), expected)


@pytest.mark.parametrize(
    "kind, most", [("batch_norm", 2.5), ("relu", 3.5)]
)  # a tensor more if it were not
def test_a_gradient_nobody_else_has_is_written_over(kind, most):
    _, step = step_of(kind)
    x = cc.randn(4, 16, 32, 32).to(memory_format=cc.channels_last).requires_grad_()
    y = step(x)
    z = (y * 2).sum()
    before = cc.memory_stats()["tensors"]
    _core.reset_peak_memory()
    z.backward()
    assert cc.memory_stats()["peak"] - before < most * x.numel() * 4
