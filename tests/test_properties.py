"""What holds for any shape, stride, format, dtype and index: found by hypothesis, judged by numpy."""

from __future__ import annotations

import json

import convcore as cc
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests import harness
from tests.record import FOLDER, promotions

F = cc.nn.functional
DTYPES = ["bool", "uint8", "int32", "int64", "float32", "float64"]
SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)
FULL = hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=5)


def numbered(shape, dtype="float64"):
    return np.arange(1, np.prod(shape, dtype=int) + 1).reshape(shape).astype(dtype)


def in_format(array: np.ndarray, channels_last: bool) -> cc.Tensor:
    return harness.LAYOUTS["channels-last" if channels_last else "row-major"](cc, array)


def assert_same(tensor: cc.Tensor, array: np.ndarray) -> None:
    assert tuple(tensor.shape) == array.shape
    np.testing.assert_array_equal(np.asarray(tensor), array)


def assert_strides(tensor: cc.Tensor, array: np.ndarray) -> None:
    """Strides where they mean something: sizes of one are met only once."""
    if array.size:
        for size, ours, theirs in zip(array.shape, tensor.stride(), array.strides, strict=True):
            assert size == 1 or ours * array.itemsize == theirs, (tensor.stride(), array.strides)


# Dtypes


def test_promotion_is_pytorchs():
    recorded = json.loads((FOLDER / "promotion.json").read_text())["table"]
    ours = promotions(cc)
    assert ours.keys() == recorded.keys()
    assert {k: v for k, v in ours.items() if v != recorded[k]} == {}


@pytest.mark.parametrize("a", DTYPES)
@pytest.mark.parametrize("b", DTYPES)
def test_promotion_against_numpy(a, b):
    """The same as numpy's but for integers with float32, which stay float32."""
    got = harness.dtype_name(cc.ones(2, dtype=getattr(cc, a)) + cc.ones(2, dtype=getattr(cc, b)))
    floats = {"float32", "float64"} & {a, b}
    assert got == (max(floats) if floats else np.result_type(a, b).name)


@given(
    st.sampled_from(DTYPES),
    st.sampled_from(DTYPES),
    hnp.arrays(np.int64, 7, elements=st.integers(0, 100)),
)
def test_conversion(a, b, numbers):
    array = numbers.astype(a)
    assert_same(cc.tensor(array).to(getattr(cc, b)), array.astype(b))


# Shapes, strides and formats


@given(
    hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=4),
    st.booleans(),
    st.booleans(),
)
def test_broadcasting(shapes, first_last, second_last):
    a, b = (numbered(shape) for shape in shapes.input_shapes)
    got = in_format(a, first_last) - in_format(b, second_last)
    assert_same(got, a - b)


@given(SHAPES, SHAPES)
def test_broadcasting_refuses_what_numpy_refuses(a, b):
    x, y = numbered(a), numbered(b)
    try:
        want = x + y
    except ValueError:
        with pytest.raises(ValueError, match="add"):
            cc.tensor(x) + cc.tensor(y)
    else:
        assert_same(cc.tensor(x) + cc.tensor(y), want)


@given(hnp.array_shapes(min_dims=3, max_dims=5, min_side=1, max_side=4), st.booleans())
def test_elementwise_keeps_the_format(shape, channels_last):
    x = in_format(numbered(shape), channels_last)
    for result in (
        x + 1,
        cc.tanh(x),
        x * x,
        cc.where(x > 3, x, 0),
        x.clone(),
        x.to(cc.float32),
        cc.empty_like(x),
    ):
        assert_strides(result, np.empty(shape)) if not channels_last else None
        if channels_last and len(shape) > 3:
            assert result.is_contiguous(memory_format=cc.channels_last)
    assert x.contiguous().is_contiguous()
    assert_strides(x.contiguous(), np.empty(shape))


@given(st.tuples(*[st.integers(1, 4)] * 4))
def test_formats(shape):
    array = numbered(shape)
    x = cc.tensor(array)
    y = x.contiguous(memory_format=cc.channels_last)
    assert y.is_contiguous(memory_format=cc.channels_last)
    assert_same(y, array)
    n, c, h, w = shape
    wanted = (h * w * c, 1, w * c, c)
    assert all(s == 1 or a == b for s, a, b in zip(shape, y.stride(), wanted, strict=True))
    assert y.contiguous().is_contiguous()
    assert_same(y.contiguous(), array)
    assert x.is_contiguous() and x.contiguous() is x
    # Where no size along the way is more than one, the two formats are one.
    assert x.is_contiguous(memory_format=cc.channels_last) == (c == 1 or h * w == 1)


@given(FULL, st.booleans(), st.data())
def test_views(shape, channels_last, data):
    """A chain of views has numpy's values and, over plain memory, its strides."""
    array = numbered(shape)
    tensor = in_format(array, channels_last)
    if channels_last:
        array = np.asarray(tensor)
    for _ in range(data.draw(st.integers(1, 4))):
        rank = array.ndim
        kind = data.draw(
            st.sampled_from(
                ["permute", "transpose", "unsqueeze", "slice", "select", "squeeze", "expand"]
            )
        )
        if kind == "permute":
            order = data.draw(st.permutations(range(rank)))
            array, tensor = array.transpose(order), tensor.permute(*order) if rank else tensor
        elif kind == "unsqueeze" and rank < 6:
            axis = data.draw(st.integers(-rank - 1, rank))
            array, tensor = np.expand_dims(array, axis), tensor.unsqueeze(axis)
        elif kind == "squeeze":
            array, tensor = np.squeeze(array), tensor.squeeze()
        elif rank == 0:
            continue
        elif kind == "transpose":
            a, b = data.draw(st.integers(-rank, rank - 1)), data.draw(st.integers(-rank, rank - 1))
            array, tensor = array.swapaxes(a, b), tensor.transpose(a, b)
        elif kind == "select":
            axis = data.draw(st.integers(0, rank - 1))
            assume(array.shape[axis])
            at = data.draw(st.integers(-array.shape[axis], array.shape[axis] - 1))
            array, tensor = (
                array.take(at, axis) if rank == 1 else np.moveaxis(array, axis, 0)[at],
                tensor.select(axis, at),
            )
        elif kind == "slice":
            cut = data.draw(slices(array.shape[0]))
            array, tensor = array[cut], tensor[cut]
        elif kind == "expand":
            wider = tuple(3 if n == 1 else n for n in array.shape)
            array, tensor = np.broadcast_to(array, wider), tensor.expand(*wider)
        assert_same(tensor, array)
    if array.ndim:
        assert_strides(tensor, array)


@given(FULL, st.booleans(), st.data())
def test_reshape(shape, channels_last, data):
    """reshape never fails and numbers elements in logical order, whatever the format."""
    array = numbered(shape)
    tensor = in_format(array, channels_last)
    order = data.draw(st.permutations(range(len(shape))))
    array, tensor = array.transpose(order), tensor.permute(*order)
    sizes, left = [], array.size
    while left > 1 and len(sizes) < 4:
        sizes.append(data.draw(st.sampled_from([d for d in range(1, left + 1) if left % d == 0])))
        left //= sizes[-1]
    sizes.append(left)
    assert_same(tensor.reshape(*sizes), array.reshape(sizes))
    assert_same(tensor.flatten(), array.ravel())
    sizes[data.draw(st.integers(0, len(sizes) - 1))] = -1
    assert_same(tensor.reshape(sizes), array.reshape(sizes))


@given(FULL, FULL)
def test_reshape_to_another_size(a, b):
    assume(np.prod(a) != np.prod(b))
    with pytest.raises(ValueError, match="reshape"):
        cc.zeros(*a).reshape(*b)


def test_view_of_channels_last_is_a_copy_that_refuses_writes():
    x = in_format(numbered((2, 3, 4, 5)), True)
    y = x.view(2, -1)
    assert_same(y, np.asarray(x).reshape(2, -1))
    with pytest.raises(RuntimeError, match="reshape"):
        y += 1


def test_rank_limit():
    deep = np.zeros((1,) * 20)
    with pytest.raises(ValueError, match="20"):
        cc.tensor(deep)


# Indexing


@st.composite
def slices(draw, size):
    """Slices inside, outside and across the ends, forwards and backwards."""
    bound = st.none() | st.integers(-size - 2, size + 2)
    return slice(draw(bound), draw(bound), draw(st.sampled_from([None, 1, 2, 3, -1, -2])))


@st.composite
def basic_indices(draw, shape):
    found = []
    for size in shape:
        kinds = ["slice", "all", "new"] + (["integer"] if size else [])
        kind = draw(st.sampled_from(kinds))
        if kind == "new":
            found.append(None)
            kind = "all"
        if kind == "integer":
            found.append(draw(st.integers(-size, size - 1)))
        else:
            found.append(draw(slices(size)) if kind == "slice" else slice(None))
    cut = draw(st.integers(0, len(found)))
    if draw(st.booleans()):
        # An ellipsis for a run of whole dimensions.
        end = cut
        while end < len(found) and found[end] == slice(None):
            end += 1
        return (*found[:cut], ..., *found[end:])
    while found and found[-1] == slice(None):
        found.pop()
    return tuple(found)


@given(SHAPES, st.booleans(), st.data())
def test_basic_indexing(shape, channels_last, data):
    array = numbered(shape)
    index = data.draw(basic_indices(shape))
    tensor = in_format(array, channels_last)
    assert_same(tensor[index], array[index])
    if channels_last is False and array.ndim:
        assert_strides(tensor[index], array[index])


@given(SHAPES, st.booleans(), st.data())
def test_assignment(shape, channels_last, data):
    array = numbered(shape)
    index = data.draw(basic_indices(shape))
    part = array[index]
    value = data.draw(
        st.sampled_from([-1.5, np.full(part.shape[-1:], -2.0), -numbered(part.shape)])
    )
    tensor = in_format(array, channels_last).clone()
    tensor[index] = cc.tensor(value) if isinstance(value, np.ndarray) else value
    array = array.copy()
    array[index] = value
    assert_same(tensor, array)


@given(FULL, st.data())
def test_integer_arrays(shape, data):
    array = numbered(shape)
    index = data.draw(
        hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(max_dims=2, max_side=3))
    )
    assert_same(cc.tensor(array)[tuple(cc.tensor(i) for i in index)], array[index])


@given(FULL, st.data())
def test_masks(shape, data):
    array = numbered(shape)
    mask = data.draw(hnp.arrays(bool, shape[: data.draw(st.integers(1, len(shape)))]))
    assert_same(cc.tensor(array)[cc.tensor(mask)], array[mask])
    tensor = cc.tensor(array)
    tensor[cc.tensor(mask)] = -1.0
    array[mask] = -1
    assert_same(tensor, array)


def test_step_zero():
    with pytest.raises(ValueError, match="step"):
        cc.zeros(5)[::0]


# Reductions and products over any layout


@given(FULL, st.booleans(), st.data())
def test_sum_over_any_axes(shape, channels_last, data):
    array = numbered(shape)
    axes = data.draw(st.lists(st.integers(0, len(shape) - 1), unique=True, min_size=1))
    keepdim = data.draw(st.booleans())
    got = in_format(array, channels_last).sum(dim=axes, keepdim=keepdim)
    assert_same(got, array.sum(tuple(axes), keepdims=keepdim))


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.booleans(), st.booleans())
def test_matmul_of_transposes(m, k, n, left, right):
    a, b = numbered((m, k)), numbered((k, n))
    x = cc.tensor(a.T.copy()).T if left else cc.tensor(a)
    y = cc.tensor(b.T.copy()).T if right else cc.tensor(b)
    assert_same(x @ y, a @ b)


# Convolution


@st.composite
def convolutions(draw):
    rank = draw(st.integers(1, 3))
    groups = draw(st.integers(1, 3))
    n, c, k = (
        draw(st.integers(1, 2)),
        groups * draw(st.integers(1, 3)),
        groups * draw(st.integers(1, 3)),
    )
    axes = [
        (
            draw(st.integers(1, 7)),
            draw(st.integers(1, 3)),
            draw(st.integers(1, 3)),
            draw(st.integers(0, 2)),
            draw(st.integers(1, 2)),
        )
        for _ in range(rank)
    ]
    assume(all(size + 2 * pad > dilation * (kernel - 1) for size, kernel, _, pad, dilation in axes))
    size, kernel, stride, pad, dilation = zip(*axes, strict=True)
    return (
        (n, c, *size),
        (k, c // groups, *kernel),
        {"stride": stride, "padding": pad, "dilation": dilation, "groups": groups},
    )


@given(convolutions(), st.integers(0, 2**32 - 1), st.booleans())
def test_convolution_maps_are_adjoint(problem, seed, channels_last):
    """⟨conv(x, w), y⟩ = ⟨x, conv_grad_input(y, w)⟩ = ⟨w, conv_grad_weight(x, y)⟩, exactly, for whole numbers."""
    x_shape, w_shape, options = problem
    rng = np.random.default_rng(seed)
    x, w = (
        in_format(rng.integers(-3, 4, s).astype(np.float32), channels_last)
        for s in (x_shape, w_shape)
    )
    out = getattr(F, f"conv{len(x_shape) - 2}d")(x, w, **options)
    y = in_format(rng.integers(-3, 4, tuple(out.shape)).astype(np.float32), channels_last)
    middle = (out * y).sum().item()
    harness.poison()
    assert (x * F.conv_grad_input(x_shape, w, y, **options)).sum().item() == middle
    assert (w * F.conv_grad_weight(x, w_shape, y, **options)).sum().item() == middle


@given(convolutions(), st.integers(0, 2**32 - 1))
def test_flipped_convolution(problem, seed):
    x_shape, w_shape, options = problem
    rng = np.random.default_rng(seed)
    x, w = (rng.integers(-3, 4, s).astype(np.float32) for s in (x_shape, w_shape))
    conv = getattr(F, f"conv{len(x_shape) - 2}d")
    turned = np.flip(w, axis=tuple(range(2, w.ndim))).copy()
    assert_same(
        conv(cc.tensor(x), cc.tensor(w), flip=True, **options),
        np.asarray(conv(cc.tensor(x), cc.tensor(turned), **options)),
    )


# Memory of others


@st.composite
def strided(draw):
    """An array with any strides: backwards, in steps, transposed, broadcast, in another byte order, read-only."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=5))
    dtype = draw(st.sampled_from(["bool", "uint8", "int32", "int64", "float32", "float64"]))
    wide = numbered([2 * n for n in shape], dtype)
    cuts = [
        draw(
            st.sampled_from(
                [
                    slice(None, n),
                    slice(None, None, 2),
                    slice(None, None, -2),
                    slice(n - 1, None, -1),
                ]
            )
        )
        for n in shape
    ]
    array = wide[tuple(cuts)].transpose(draw(st.permutations(range(len(shape)))))
    if draw(st.booleans()) and array.itemsize > 1:
        array = array.astype(array.dtype.newbyteorder(">"))
    if draw(st.booleans()):
        array = np.broadcast_to(array, (2, *array.shape))
    if draw(st.booleans()):
        array = array.view()
        array.flags.writeable = False
    return array


@given(strided())
def test_numpy_round_trip(array):
    before = array.copy()
    tensor = cc.from_numpy(array)
    assert_same(tensor, array)
    assert harness.dtype_name(tensor) == array.dtype.name
    assert_same(tensor + 0 if array.dtype != bool else tensor | False, array)
    # What may not be written, or not read as it is, is copied.
    shared = array.flags.writeable and array.dtype.isnative
    assert np.shares_memory(tensor.numpy(), array) == shared
    tensor.fill_(0)
    np.testing.assert_array_equal(array, np.zeros_like(before) if shared else before)


@given(strided())
def test_tensor_copies(array):
    before = array.copy()
    tensor = cc.tensor(array)
    assert tensor.is_contiguous()
    tensor.fill_(0)
    np.testing.assert_array_equal(array, before)


@given(strided())
def test_dlpack_round_trip(array):
    tensor = cc.from_numpy(array)
    back = np.from_dlpack(tensor)
    np.testing.assert_array_equal(back, array)
    again = cc.from_dlpack(tensor)
    assert_same(again, np.asarray(tensor))
    if array.flags.writeable and array.dtype.isnative:
        assert_same(cc.from_dlpack(array), array)


@given(
    st.recursive(
        st.floats(-9, 9, width=32),
        lambda inner: st.lists(inner, min_size=2, max_size=2),
        max_leaves=8,
    )
)
def test_lists_round_trip(nested):
    try:
        want = np.array(nested, np.float32)
    except ValueError:
        with pytest.raises(ValueError, match="rectangular"):
            cc.tensor(nested)
    else:
        assert_same(cc.tensor(nested), want)
        assert cc.tensor(nested).tolist() == want.tolist()
