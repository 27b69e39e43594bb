"""The last pass of a batch normalisation waits for what follows it; nobody can tell by the numbers."""

import threading

import convcore as cc
import numpy as np
import pytest

F, nn = cc.nn.functional, cc.nn


def norm(size=(4, 12, 9, 7), **options):
    layer, x = nn.BatchNorm2d(size[1], **options), cc.randn(*size)
    with cc.no_grad():
        layer.weight.copy_(cc.randn(size[1]))
        layer.bias.copy_(cc.randn(size[1]))
    return layer, x


def separately(function, *arrays):
    """function of copies that numpy has computed and handed over, so that nothing waits."""
    return function(*(cc.tensor(np.array(a)) for a in arrays)).numpy()


CHAINS = {
    "relu": lambda y, skip: F.relu(y),
    "relu6": lambda y, skip: F.relu6(y),
    "clamp": lambda y, skip: y.clamp(-0.5, 0.25),
    "add": lambda y, skip: y + skip,
    "added": lambda y, skip: skip + y,
    "add-relu": lambda y, skip: F.relu(y + skip),
    "relu-add": lambda y, skip: F.relu(y) + skip,
    "twice": lambda y, skip: F.relu(y + skip + y),
    "in place": lambda y, skip: F.relu(y.add_(skip), inplace=True),
    "a view": lambda y, skip: F.relu(y.flatten(1)) + skip.flatten(1),
    "broadcast": lambda y, skip: F.relu(y + skip[:1]),
    "a number": lambda y, skip: F.relu(y + 1.5),
    "itself": lambda y, skip: y + y,
    "transposed": lambda y, skip: F.relu(y.transpose(2, 3)) + skip.transpose(2, 3),
}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("dtype", [cc.float32, cc.float64])
@pytest.mark.parametrize("name", CHAINS)
def test_the_same_bits_as_separate_passes(name, dtype, training):
    layer, x = norm()
    layer, x = layer.to(dtype).train(training), x.to(dtype)
    skip = cc.randn(4, 12, 9, 7, dtype=dtype).to(memory_format=cc.channels_last)
    chain = CHAINS[name]
    with cc.no_grad():
        apart = np.array(layer(x).numpy())
        assert np.array_equal(chain(layer(x), skip).numpy(), separately(chain, apart, skip.numpy()))


@pytest.mark.parametrize("shape", [(5, 3), (4, 3, 6), (2, 3, 4, 5, 6), (1, 1, 2, 2)])
def test_every_rank(shape):
    x, weight, bias = cc.randn(*shape), cc.randn(shape[1]), cc.randn(shape[1])

    def normal():
        return F.batch_norm(x, None, None, weight, bias, training=True)

    assert np.array_equal(F.relu(normal()).numpy(), np.maximum(normal().numpy(), 0))


@pytest.mark.parametrize("forced", ["reference", "affine"])
def test_against_the_reference(forced):
    layer, x = norm((3, 37, 5, 4))
    skip = cc.randn(3, 37, 5, 4).to(memory_format=cc.channels_last)
    expected = np.maximum(layer(x).detach().numpy() + skip.numpy(), 0)
    with cc.algorithms(affine=forced):
        np.testing.assert_allclose(
            F.relu(layer(x) + skip).detach().numpy(), expected, rtol=1e-6, atol=1e-6
        )


GRADS = {
    "relu": lambda layer, a, b: F.relu(layer(a)),
    "relu6": lambda layer, a, b: F.relu6(layer(a)),
    "hardtanh": lambda layer, a, b: F.hardtanh(layer(a), -0.5, 0.25),
    "clamp": lambda layer, a, b: layer(a).clamp(-0.5, 0.25),
    "add-relu": lambda layer, a, b: F.relu(layer(a) + b),
    "relu-add": lambda layer, a, b: F.relu(layer(a)) + b,
    "twice": lambda layer, a, b: F.relu(layer(F.relu(layer(a)))),
    "in place": lambda layer, a, b: F.relu(layer(a), inplace=True),
    "two users": lambda layer, a, b: (y := layer(a)) * F.relu(y),
    "another's result": lambda layer, a, b: F.relu(layer(a)) * F.relu(layer(b)),
}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("dtype", [cc.float32, cc.float64])
@pytest.mark.parametrize("name", GRADS)
def test_gradients_are_those_of_separate_passes(name, dtype, training):
    layer, x = norm()
    layer = layer.to(dtype).train(training)
    skip = cc.randn(4, 12, 9, 7, dtype=dtype).to(memory_format=cc.channels_last)
    x = x.to(dtype).to(memory_format=cc.channels_last)
    grads = []
    for alone in (False, True):
        a, b = x.clone(), skip.clone()
        a.requires_grad = b.requires_grad = True
        views = (
            [a.detach().numpy(), b.detach().numpy()] if alone else []
        )  # while they live, nothing waits
        layer.zero_grad()
        (GRADS[name](layer, a, b) ** 2).sum().backward()
        grads.append([t.grad.numpy().copy() for t in (a, layer.weight, layer.bias)])
        del views
    for waited, apart in zip(*grads, strict=True):
        assert np.array_equal(waited, apart)


def test_the_gradient_of_a_clamp_may_be_looked_at():
    layer, x = norm()
    x = x.to(memory_format=cc.channels_last)
    x.requires_grad = True
    seen = []
    y = layer(x)
    y.register_hook(lambda g: seen.append(g.numpy().copy()))
    F.relu(y).sum().backward()
    assert np.array_equal(seen[0], (y.detach().numpy() > 0).astype(np.float32))


def test_second_gradients():
    layer, x = norm((2, 3, 4, 3))
    layer, x = layer.to(cc.float64), x.to(cc.float64).to(memory_format=cc.channels_last)
    x.requires_grad = True
    assert cc.autograd.gradcheck(lambda t: F.relu6(layer(t)), (x,))
    assert cc.autograd.gradgradcheck(lambda t: F.relu6(layer(t)) ** 2, (x,))


WRITES = {
    "fill": lambda t: t.fill_(0),
    "in place": lambda t: t.mul_(2),
    "copy": lambda t: t.copy_(cc.zeros(*t.shape)),
    "index": lambda t: t.__setitem__((0, slice(None), 1), 7),
    "view": lambda t: t[1].fill_(3),
    "numpy": lambda t: t.numpy().__setitem__(slice(None), 5),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("which", ["input", "skip"])
def test_what_is_read_may_change_before_the_pass_runs(which, write):
    layer, x = norm()
    x = x.to(memory_format=cc.channels_last)
    skip = cc.randn(4, 12, 9, 7).to(memory_format=cc.channels_last)
    with cc.no_grad():
        expected = F.relu(layer(x) + skip).numpy().copy()
        waits = F.relu(layer(x) + skip)
        WRITES[write](x if which == "input" else skip)
        assert np.array_equal(waits.numpy(), expected)


def test_the_optimizer_may_move_what_is_added():
    layer, x = norm()
    skip = nn.Parameter(cc.randn(4, 12, 9, 7).to(memory_format=cc.channels_last))
    expected = (layer(x) + skip).detach().numpy().copy()
    waits = layer(x) + skip
    skip.grad = cc.ones(4, 12, 9, 7)
    cc.optim.SGD([skip], lr=1).step()
    assert np.array_equal(waits.detach().numpy(), expected)


def test_what_nobody_reads_takes_no_memory():
    layer, x = norm((8, 64, 32, 32))
    x = x.to(memory_format=cc.channels_last)
    size = x.numel() * 4
    with cc.no_grad():
        before = cc.memory_stats()["tensors"]
        y = layer(x)
        assert cc.memory_stats()["tensors"] - before < size
        z = F.relu(y)
        z.sum()
        assert size <= cc.memory_stats()["tensors"] - before < 2 * size
        del y, z
        assert cc.memory_stats()["tensors"] - before < size


def test_nan_goes_through():
    layer, x = norm((2, 3, 4, 4))
    layer.eval()
    x[0, 0, 0, 0] = float("nan")
    with cc.no_grad():
        y = F.relu6(layer(x)).numpy()
    assert np.isnan(y[0, 0, 0, 0]) and np.isnan(y).sum() == 1


def test_many_threads_read_one_result():
    layer, x = norm((16, 64, 28, 28))
    layer.eval()
    with cc.no_grad():
        expected = F.relu(layer(x)).numpy().copy()
        for _ in range(10):
            waits, results = F.relu(layer(x)), []
            threads = [
                threading.Thread(target=lambda: results.append(waits.numpy())) for _ in range(4)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(results) == 4 and all(np.array_equal(expected, r) for r in results)


def test_a_pass_that_failed_can_be_asked_again():
    layer, x = norm()
    layer.eval()
    with cc.no_grad():
        expected = F.relu(layer(x)).numpy().copy()
        waits = F.relu(layer(x.to(memory_format=cc.channels_last) * 1))
        with pytest.raises(NotImplementedError, match="no implementation quantum"):
            with cc.algorithms(affine="quantum"):
                waits.numpy()
        assert np.array_equal(waits.numpy(), expected)
