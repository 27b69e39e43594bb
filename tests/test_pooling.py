"""What pooling is for, beyond what the case tables compare."""

import convcore as cc
import numpy as np
import pytest
from convcore import nn

F = nn.functional


def numbers(*shape, seed=0):
    return cc.tensor(np.random.default_rng(seed).standard_normal(shape).astype(np.float32))


def test_a_last_window_may_be_partial():
    """Width 3 and stride 2 over six detectors (Goodfellow, Bengio, Courville, "Deep Learning", 2016, figure 9.10)."""
    detectors = cc.tensor([[[0.1, 1.0, 0.2, 0.1, 0.0, 0.1]]])
    pooled = F.max_pool1d(detectors, 3, stride=2, ceil_mode=True)
    np.testing.assert_allclose(pooled.numpy().ravel(), [1.0, 0.2, 0.1], rtol=1e-6)
    mean = F.avg_pool1d(detectors, 3, stride=2, ceil_mode=True)
    np.testing.assert_allclose(mean.numpy().ravel(), [1.3 / 3, 0.1, 0.05], rtol=1e-6)


def test_a_shift_by_one_pixel_changes_half_of_the_outputs():
    """The same book, figure 9.8: every detector changes, two of four pooled values do."""
    before, after = (cc.tensor([[row]]) for row in ([0.1, 1.0, 0.2, 0.1], [0.3, 0.1, 1.0, 0.2]))
    assert not (before == after).any()
    pooled = [F.max_pool1d(row, 3, stride=1, padding=1).numpy().ravel() for row in (before, after)]
    np.testing.assert_array_equal(pooled[0], np.float32([1.0, 1.0, 1.0, 0.2]))
    np.testing.assert_array_equal(pooled[1], np.float32([0.3, 1.0, 1.0, 1.0]))
    assert (pooled[0] == pooled[1]).sum() == 2


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_unpooling_is_the_exact_inverse_on_the_switches(rank):
    pool = getattr(F, f"max_pool{rank}d")
    unpool = getattr(F, f"max_unpool{rank}d")
    x = numbers(2, 5, *(9, 8, 7)[:rank]).abs()
    y, places = pool(x, 3, 2, return_indices=True)
    back = unpool(y, places, 3, 2, output_size=x.shape)
    assert back.shape == x.shape
    flat, chosen = back.flatten(2), places.flatten(2)
    np.testing.assert_array_equal(flat.gather(2, chosen).numpy(), y.flatten(2).numpy())
    mask = np.zeros(flat.shape, bool)
    np.put_along_axis(mask, chosen.numpy(), True, -1)
    np.testing.assert_array_equal(flat.numpy()[~mask], 0)
    np.testing.assert_array_equal(flat.numpy()[mask], x.flatten(2).numpy()[mask])
    np.testing.assert_array_equal(pool(back, 3, 2).numpy(), y.numpy())


def test_of_several_values_at_one_place_the_last_stays():
    y = F.max_unpool1d(cc.tensor([[1.0, 2.0, 3.0]]), cc.tensor([[0, 0, 5]]), 2)
    np.testing.assert_array_equal(y.numpy(), [[2, 0, 0, 0, 0, 3]])


def test_twins_that_give_the_indices():
    x = numbers(2, 3, 7, 6)
    for ours, theirs in (
        (F.max_pool2d_with_indices(x, 2, stride=1), F.max_pool2d(x, 2, 1, return_indices=True)),
        (F.adaptive_max_pool2d_with_indices(x, 3), F.adaptive_max_pool2d(x, 3, True)),
    ):
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(a.numpy(), b.numpy())
    values, places = F.fractional_max_pool2d_with_indices(x, 2, output_ratio=0.5)
    assert values.shape == places.shape == (2, 3, 3, 3)


def test_values_do_not_depend_on_whether_a_gradient_is_wanted():
    x = numbers(2, 3, 9, 9)
    plain = F.max_pool2d(x, 3, 2, 1)
    with_gradient = F.max_pool2d(x.requires_grad_(), 3, 2, 1)
    np.testing.assert_array_equal(plain.numpy(), with_gradient.detach().numpy())


def test_windows_outside_the_input_send_no_gradient():
    x = cc.ones(1, 1, 2, 3).requires_grad_()
    y, places = F.max_pool2d(x, (2, 1), 1, (1, 0), (3, 1), return_indices=True)
    assert (places == -1).all() and (y == -float("inf")).all()
    factor = cc.ones(1, 1, 2, 3).requires_grad_()
    (grad,) = cc.autograd.grad((y * factor).sum(), x, create_graph=True)
    np.testing.assert_array_equal(grad.detach().numpy(), 0)
    np.testing.assert_array_equal(cc.autograd.grad(grad.sum(), factor)[0].numpy(), 0)


def test_lp_pool_of_zeros_has_slope_zero():
    x = cc.zeros(1, 1, 4).requires_grad_()
    F.lp_pool1d(x, 2, 2).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), 0)


def test_gaussian_pool():
    ones = cc.ones(1, 2, 9, 8)
    inside = F.gaussian_pool2d(ones, 3, 1, 1, count_include_pad=False)
    np.testing.assert_allclose(inside.numpy(), 1, rtol=1e-6)
    assert F.gaussian_pool2d(ones, 3, 1, 1)[0, 0, 0, 0].item() < 0.8
    x = numbers(1, 2, 9, 8)
    flat = F.gaussian_pool2d(x, 3, sigma=1e3)  # all weights alike: the mean
    np.testing.assert_allclose(flat.numpy(), F.avg_pool2d(x, 3).numpy(), atol=1e-5)
    sharp = F.gaussian_pool2d(x, 3, sigma=0.1)  # all weight in the middle
    np.testing.assert_allclose(sharp.numpy(), x[:, :, 1::3, 1:-1:3].numpy(), atol=1e-5)


def test_spatial_pyramid_gives_one_length_for_any_size():
    x = numbers(2, 3, 13, 10)
    y = nn.SpatialPyramidPool2d((4, 2, 1))(x)
    assert y.shape == (2, 3 * 21)
    parts = [F.adaptive_max_pool2d(x, n).flatten(1) for n in (4, 2, 1)]
    np.testing.assert_array_equal(y.numpy(), cc.cat(parts, 1).numpy())
    head = nn.Sequential(nn.SpatialPyramidPool2d((2, 1), "avg"), nn.Linear(15, 4))
    for size in ((7, 9), (5, 5), (2, 2)):
        assert head(numbers(2, 3, *size)).shape == (2, 4)
    for arguments, message in (
        (((),), "levels must not be empty"),
        (((0,),), "levels must be at least 1, got 0"),
        (((1,), "sum"), 'mode must be "max" or "avg", got "sum"'),
    ):
        with pytest.raises(ValueError, match=message):
            nn.SpatialPyramidPool2d(*arguments)


def test_fractional_windows_are_drawn_anew_and_for_each_map():
    cc.manual_seed(0)
    row = cc.arange(400.0).reshape(1, 1, 20, 20).expand(1, 6, 20, 20)
    first, second = (F.fractional_max_pool2d(row, 2, output_size=13) for _ in range(2))
    assert not (first == second).all()
    assert len({first[0, c].numpy().tobytes() for c in range(6)}) > 1
    assert (first[..., -1, -1] == 399).all()  # the last window ends with the map
    columns = np.diff(first.numpy()[0, 0, 0])
    assert set(columns) == {1.0, 2.0}  # Graham's steps
    cc.manual_seed(0)
    np.testing.assert_array_equal(F.fractional_max_pool2d(row, 2, output_size=13), first)


def test_fractional_layers():
    samples = cc.full((1, 2, 2), 0.25)
    layer = nn.FractionalMaxPool2d(2, output_ratio=0.5, _random_samples=samples)
    x = numbers(1, 2, 8, 8)
    expected = F.fractional_max_pool2d(x, 2, (4, 4), _random_samples=samples)
    np.testing.assert_array_equal(layer(x).numpy(), expected.numpy())
    values, places = nn.FractionalMaxPool2d(2, 4, return_indices=True)(x)
    np.testing.assert_array_equal(x.flatten(2).gather(2, places.flatten(2)), values.flatten(2))
    for arguments in ({}, {"output_size": 3, "output_ratio": 0.5}):
        with pytest.raises(ValueError, match="expected either output_size or output_ratio"):
            nn.FractionalMaxPool2d(2, **arguments)
    with pytest.raises(ValueError, match="output_ratio must be between 0 and 1, got 1.5"):
        nn.FractionalMaxPool3d(2, output_ratio=1.5)


def test_unpool_layers():
    x = numbers(2, 3, 8, 8).abs()
    pool, unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)
    values, places = pool(x)
    np.testing.assert_array_equal(unpool(values, places), F.max_unpool2d(values, places, 2))
    assert unpool(values, places, output_size=(9, 8)).shape == (2, 3, 9, 8)


def test_sizes_of_a_layer_can_be_changed():
    pool = nn.AdaptiveAvgPool2d(3)
    assert pool.output_size == 3
    pool.output_size = (None, 2)
    assert pool.output_size == (None, 2)
    assert pool(numbers(1, 2, 5, 6)).shape == (1, 2, 5, 2)
    with pytest.raises(
        ValueError, match=r"AdaptiveAvgPool2d: output_size must be one number or 2 numbers, got 3"
    ):
        nn.AdaptiveAvgPool2d((1, 2, 3))
    with pytest.raises(ValueError, match=r"AdaptiveMaxPool2d: output_size must not be negative"):
        nn.AdaptiveMaxPool2d((1, -2))


def test_indices_have_31_bits():
    x = cc.zeros(1).expand(1, 1, 46341, 46341)
    with pytest.raises(NotImplementedError, match=r"max_pool2d: indices of images of 2\^31 pixels"):
        F.max_pool2d(x, 2, return_indices=True)
