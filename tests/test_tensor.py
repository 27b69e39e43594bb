"""Making tensors and what Python sees of them."""

from __future__ import annotations

import copy
import math
import pickle

import convcore as cc
import numpy as np
import pytest


def same(tensor, array):
    array = np.asarray(array)
    assert tuple(tensor.shape) == array.shape
    assert str(tensor.dtype).split(".")[-1] == array.dtype.name
    np.testing.assert_array_equal(np.asarray(tensor), array)


# Making


@pytest.mark.parametrize("data, dtype", [
    (1, "int64"), (1.5, "float32"), (True, "bool"), ([1, 2], "int64"), ([1, 2.5], "float32"), ([True, False], "bool"),
    ([[1], [2]], "int64"), ([], "float32"), ([[]], "float32"), ((1, 2), "int64"), (range(3), "int64"),
    (np.float64(2), "float64"), (np.arange(3, dtype=np.uint8), "uint8"), (np.zeros((2, 0)), "float64"),
    ([np.ones(2), np.ones(2)], "float64"), (2**40, "int64"),
])  # fmt: skip
def test_tensor(data, dtype):
    x = cc.tensor(data)
    same(x, np.array(data, dtype=dtype))


def test_tensor_of_tensors():
    same(cc.tensor([cc.tensor(1.0), cc.tensor(2.0)]), np.array([1, 2], np.float32))
    x = cc.ones(2)
    y = cc.tensor(x.tolist())
    y[0] = 5
    assert x.tolist() == [1, 1]


@pytest.mark.parametrize("data, error", [
    ([[1], [2, 3]], ValueError), ("text", TypeError), ([None], TypeError), ({"a": 1}, TypeError), ([1, "a"], TypeError),
    (np.zeros(2, complex), TypeError), (object(), TypeError), (2**70, (TypeError, ValueError, OverflowError)),
])  # fmt: skip
def test_tensor_of_nonsense(data, error):
    with pytest.raises(error, match="tensor"):
        cc.tensor(data)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float32", "float64"])
def test_factories(dtype):
    kind = getattr(cc, dtype)
    same(cc.zeros(2, 3, dtype=kind), np.zeros((2, 3), dtype))
    same(cc.ones((2, 3), dtype=kind), np.ones((2, 3), dtype))
    same(cc.full((2,), 1, dtype=kind), np.full(2, 1, dtype))
    same(cc.eye(2, 3, dtype=kind), np.eye(2, 3, dtype=dtype))
    same(cc.tensor([0, 1, 1], dtype=kind), np.array([0, 1, 1], dtype))
    x = cc.ones(2, 3, dtype=kind)
    same(cc.zeros_like(x), np.zeros((2, 3), dtype))
    same(cc.ones_like(x), np.ones((2, 3), dtype))
    same(cc.full_like(x, 1), np.ones((2, 3), dtype))
    same(x.new_zeros(2), np.zeros(2, dtype))
    same(x.new_tensor([1, 0]), np.array([1, 0], dtype))
    assert cc.empty(2, 0, dtype=kind).shape == (2, 0)


@pytest.mark.parametrize(
    "args", [(5,), (2, 7), (0, 10, 3), (5, 0, -2), (0.0, 1.0, 0.25), (1, 1), (0, 2.5)]
)
def test_arange(args):
    want = np.arange(*args)
    same(cc.arange(*args), want.astype(np.float32) if want.dtype == np.float64 else want)


def test_linspace():
    same(cc.linspace(0, 1, 5), np.linspace(0, 1, 5, dtype=np.float32))
    same(cc.linspace(2, -1, 4, dtype=cc.float64), np.linspace(2, -1, 4))
    same(cc.linspace(3, 9, 1), np.array([3], np.float32))


@pytest.mark.parametrize("call, error, match", [
    (lambda: cc.arange(0, 1, 0), ValueError, "arange: step"),
    (lambda: cc.arange(0, 1, -1), ValueError, "arange"),
    (lambda: cc.linspace(0, 1, -1), ValueError, "linspace: steps"),
    (lambda: cc.zeros(2, -3), ValueError, "-3"),
    (lambda: cc.zeros("a"), TypeError, "zeros|shape"),
    (lambda: cc.zeros(2, dtype="float17"), TypeError, "float17"),
    (lambda: cc.zeros(2, device="cuda"), (ValueError, RuntimeError, NotImplementedError), "cuda"),
    (lambda: cc.eye(-1), ValueError, "eye"),
])  # fmt: skip
def test_bad_factories(call, error, match):
    with pytest.raises(error, match=match):
        call()


def test_requires_grad_of_integers():
    with pytest.raises((TypeError, RuntimeError), match="floating"):
        cc.ones(2, dtype=cc.int64, requires_grad=True)


# Looking


def test_scalars():
    assert cc.tensor(2.5).item() == 2.5
    assert isinstance(cc.tensor(3).item(), int)
    assert isinstance(cc.tensor(True).item(), bool)
    assert cc.tensor([[7]]).item() == 7
    assert float(cc.tensor([1.5])) == 1.5 and int(cc.tensor(3.7)) == 3 and bool(cc.tensor(1))
    assert [10, 20, 30][cc.tensor(1)] == 20
    assert math.sqrt(cc.tensor(4.0)) == 2
    assert f"{cc.tensor(1.23456):.2f}" == "1.23"


@pytest.mark.parametrize("call", [
    lambda: cc.zeros(2).item(), lambda: bool(cc.zeros(2)), lambda: float(cc.zeros(2)), lambda: bool(cc.zeros(0)),
    lambda: [1][cc.tensor(0.5)], lambda: len(cc.tensor(1)), lambda: list(cc.tensor(1)), lambda: range(cc.tensor([1, 2])),
])  # fmt: skip
def test_what_is_no_scalar(call):
    with pytest.raises((ValueError, TypeError, IndexError)):
        call()


def test_lists():
    assert cc.tensor([[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]]
    assert cc.tensor(1.5).tolist() == 1.5
    assert cc.zeros(2, 0).tolist() == [[], []]
    assert len(cc.zeros(3, 2)) == 3
    assert [row.tolist() for row in cc.tensor([[1, 2], [3, 4]])] == [[1, 2], [3, 4]]
    a, b = cc.tensor([1, 2])
    assert (a + b).item() == 3
    assert 2 in cc.tensor([1, 2]) and 5 not in cc.tensor([1, 2])


def test_shape_is_a_tuple():
    x = cc.zeros(2, 3, 4)
    assert (
        x.shape == (2, 3, 4)
        and x.size() == (2, 3, 4)
        and x.size(-1) == 4
        and x.ndim == x.dim() == 3
    )
    assert x.numel() == 24 and x.stride() == (12, 4, 1) and x.element_size() == 4
    n, c, h = x.shape
    assert (n, c, h) == (2, 3, 4)


def test_dtypes():
    assert cc.zeros(1).dtype == cc.float32 == cc.float
    assert cc.float32.is_floating_point and not cc.int64.is_floating_point
    assert str(cc.float64).endswith("float64")
    x = cc.tensor([1.7, -1.7])
    for name, kind in {
        "int": "int32",
        "long": "int64",
        "double": "float64",
        "float": "float32",
    }.items():
        same(getattr(x, name)(), x.numpy().astype(kind))
    assert x.bool().tolist() == [True, True]


def test_identity_hash_and_equality():
    x, y = cc.ones(2), cc.ones(2)
    assert x is not y and {x: 1, y: 2}[x] == 1
    assert (x == y).tolist() == [True, True]
    assert cc.equal(x, y) and not cc.equal(x, cc.ones(3))
    assert cc.allclose(x, y + 1e-7) and not cc.allclose(x, y + 1e-3)
    assert (x == None).__class__ is bool or True  # noqa: E711 - only that it does not raise


def test_numpy_meets_tensor():
    x, a = cc.tensor([1.0, 2.0]), np.array([3.0, 4.0], np.float32)
    np.testing.assert_array_equal(np.asarray(x) + a, [4, 6])
    same(x + cc.from_numpy(a), np.array([4, 6], np.float32))
    assert np.sum(np.asarray(x)) == 3
    assert np.array(x, dtype=np.int64).tolist() == [1, 2]
    same(x * np.float32(2), np.array([2, 4], np.float32))


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_copies(copied):
    x = cc.tensor([1.0, 2.0], requires_grad=True)
    y = copied(x)
    assert y.tolist() == [1, 2] and y.requires_grad and y.is_leaf
    image = cc.rand(2, 3, 4, 5)
    same(copied(image), image.numpy())


def test_deepcopy_keeps_ties():
    x = cc.ones(2)
    a, b = copy.deepcopy([x, x])
    assert a is b and a is not x


# Printing


@pytest.mark.parametrize("data, text", [
    ([1, 2], "tensor([1, 2])"), (1.5, "tensor(1.5000)"), ([1.0, 2.0], "tensor([1., 2.])"),
    ([True, False], "tensor([ True, False])"), ([], "tensor([])"), ([float("nan"), float("inf")], "tensor([nan, inf])"),
    ([[1, 20], [300, 4]], "tensor([[  1,  20],\n        [300,   4]])"),
])  # fmt: skip
def test_repr(data, text):
    assert repr(cc.tensor(data)) == text


def test_repr_tells_dtype_and_gradient():
    assert "float64" in repr(cc.zeros(1, dtype=cc.float64))
    x = cc.ones(1, requires_grad=True)
    assert "requires_grad=True" in repr(x)
    assert "grad_fn=" in repr(x * 2)


def test_repr_of_much_is_short():
    text = repr(cc.zeros(1000, 1000))
    assert "..." in text and len(text) < 2000


# Gradients through Python


def test_no_grad_forms():
    x = cc.ones(2, requires_grad=True)
    with cc.no_grad():
        assert not (x * 2).requires_grad

    @cc.no_grad()
    def double(t):
        return t * 2

    assert not double(x).requires_grad
    with cc.no_grad(), cc.enable_grad():
        assert (x * 2).requires_grad
    assert not x.detach().requires_grad and x.detach().data_ptr() == x.data_ptr()


def test_accumulation_and_zeroing():
    x = cc.ones(2, requires_grad=True)
    for want in (2, 4):
        (x * 2).sum().backward()
        assert x.grad.tolist() == [want, want]
    x.grad = None
    assert x.grad is None
    (x * 3).sum().backward()
    x.grad.zero_()
    assert x.grad.tolist() == [0, 0]


def test_retained_gradient_of_a_result():
    x = cc.ones(2, requires_grad=True)
    y = x * 2
    y.retain_grad()
    (y * y).sum().backward()
    assert y.grad.tolist() == [4, 4] and x.grad.tolist() == [8, 8]


def test_backward_with_a_gradient():
    x = cc.ones(2, requires_grad=True)
    (x * x).backward(cc.tensor([1.0, 10.0]))
    assert x.grad.tolist() == [2, 20]
    with pytest.raises(RuntimeError, match=r"\(3,\)"):
        (x * x).backward(cc.ones(3))
