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


CONVOLUTIONS = {
    "winograd": ((2, 24, 13, 11), dict(out_channels=20, kernel_size=3, padding=1)),
    "winograd, deep": ((2, 300, 9, 7), dict(out_channels=40, kernel_size=3, padding=1)),
    "winograd in groups": (
        (2, 48, 20, 24),
        dict(out_channels=40, kernel_size=3, padding=1, groups=2),
    ),
    "winograd, dilated": (
        (2, 32, 24, 22),
        dict(out_channels=27, kernel_size=3, padding=2, dilation=2),
    ),
    "winograd of stride 2": (
        (2, 32, 40, 36),
        dict(out_channels=27, kernel_size=5, padding=2, stride=2),
    ),
    "winograd2": ((1, 32, 7, 6), dict(out_channels=27, kernel_size=3, padding=1)),
    "winograd in 1-D": ((2, 32, 41), dict(out_channels=27, kernel_size=3, padding=1)),
    "winograd of 5x5": ((2, 24, 13, 11), dict(out_channels=20, kernel_size=5, padding=2)),
    "winograd of 5": ((2, 32, 41), dict(out_channels=27, kernel_size=5, padding=1)),
    "fft": ((1, 32, 40, 40), dict(out_channels=24, kernel_size=9, padding=4)),
    "depthwise": ((2, 20, 13, 11), dict(out_channels=20, kernel_size=3, padding=1, groups=20)),
    "depthwise, apart": (
        (2, 20, 13, 11),
        dict(out_channels=20, kernel_size=3, padding=2, dilation=2, groups=20),
    ),
    "depthwise, two of each": (
        (2, 10, 13, 11),
        dict(out_channels=20, kernel_size=3, padding=1, groups=10),
    ),
    "pointwise": ((2, 37, 13, 11), dict(out_channels=29, kernel_size=1)),
    "pointwise, deep": ((2, 800, 5, 5), dict(out_channels=29, kernel_size=1)),
    "pointwise, few pixels": ((1, 37, 2, 1), dict(out_channels=29, kernel_size=1)),
    "strip": ((2, 3, 13, 11), dict(out_channels=29, kernel_size=3, padding=1)),
    "strip in groups": ((2, 16, 13, 11), dict(out_channels=12, kernel_size=3, groups=4)),
    "grouped": ((2, 24, 13, 11), dict(out_channels=24, kernel_size=3, padding=1, groups=6)),
    "direct": ((2, 40, 13, 11), dict(out_channels=29, kernel_size=3, stride=2, padding=1)),
    "direct, many pieces": ((1, 700, 5, 5), dict(out_channels=20, kernel_size=3, stride=2)),
}
AFTER = {
    **CHAINS,
    "norm": lambda y, skip: F.batch_norm(y, *given(y)),
    "norm-relu": lambda y, skip: F.relu(F.batch_norm(y, *given(y))),
    "norm-relu6 in place": lambda y, skip: F.relu6(F.batch_norm(y, *given(y)), inplace=True),
    "norm-add-relu": lambda y, skip: F.relu(F.batch_norm(y, *given(y)) + skip),
    "relu in place": lambda y, skip: F.relu(y, inplace=True),
    "norm twice": lambda y, skip: F.batch_norm(F.batch_norm(y, *given(y)), *given(y)),
    "norm of both": lambda y, skip: F.batch_norm(y, *given(y)) + F.relu(y),
}
del AFTER["transposed"]  # of another shape where an image is not square


def given(y):
    c = y.shape[1]
    ramp = cc.arange(c, dtype=y.dtype) / c
    return ramp - 0.5, ramp + 0.5, 1 - ramp, ramp * 0.3


def convolution(name, dtype=cc.float32, **more):
    size, options = CONVOLUTIONS[name]
    layer = (nn.Conv1d if len(size) == 3 else nn.Conv2d)(size[1], **options, **more).to(dtype)
    return layer, cc.randn(*size, dtype=dtype)


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_the_convolutions_are_of_every_kind(name):
    layer, x = convolution(name)
    with cc.explain() as log:
        layer(x)
    chosen = [d["implementation"] for d in log.decisions if d["op"] == "conv"]
    assert chosen[0].startswith(name.split()[0].strip(","))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("dtype", [cc.float32, cc.float64])
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_an_epilogue_has_the_bits_of_separate_passes(name, dtype, bias):
    layer, x = convolution(name, dtype, bias=bias)
    with cc.no_grad():
        apart = np.array(layer(x).numpy())
        skip = cc.randn(*apart.shape, dtype=dtype).to(memory_format=cc.channels_last)
        if apart.ndim == 3:
            skip = cc.randn(*apart.shape, dtype=dtype).transpose(1, 2).contiguous().transpose(1, 2)
        for what, chain in AFTER.items():
            fused, expected = chain(layer(x), skip).numpy(), separately(chain, apart, skip.numpy())
            assert np.array_equal(fused, expected), what


@pytest.mark.parametrize("name", ["winograd", "depthwise", "pointwise", "strip", "direct"])
def test_nobody_reads_the_convolution_alone(name):
    layer, x = convolution(name)
    with cc.no_grad():
        size = layer(x).numel() * 4
        before = cc.memory_stats()["tensors"]
        y = F.relu(F.batch_norm(layer(x), *given(layer(x))))
        y.sum()
        assert size <= cc.memory_stats()["tensors"] - before < 2 * size


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("which", ["input", "weight", "bias", "skip"])
def test_operands_may_change_before_the_convolution_runs(which, write):
    layer, x = nn.Conv2d(12, 12, (9, 7), padding="same"), cc.randn(4, 12, 9, 7)
    x = x.to(memory_format=cc.channels_last)
    skip = cc.randn(4, 12, 9, 7).to(memory_format=cc.channels_last)
    if which == "bias" and write in ("index", "view"):
        write = "fill"  # it has one dimension
    with cc.no_grad():
        expected = F.relu(layer(x) + skip).numpy().copy()
        waits = F.relu(layer(x) + skip)
        target = {"input": x, "skip": skip, "weight": layer.weight, "bias": layer.bias}[which]
        WRITES[write](target.detach())
        assert np.array_equal(waits.numpy(), expected)


@pytest.mark.parametrize("name", ["winograd", "direct", "strip"])
def test_gradients_through_an_activation_after_a_convolution(name):
    layer, x = convolution(name)
    grads = []
    for apart in (False, True):
        layer.zero_grad()
        a = x.clone()
        a.requires_grad = True
        y = layer(a)
        if apart:
            y.numpy() if not y.requires_grad else y.detach().numpy()
        (F.relu(y) ** 2).sum().backward()
        grads.append([t.grad.numpy().copy() for t in (a, layer.weight, layer.bias)])
    for waited, alone in zip(*grads, strict=True):
        assert np.array_equal(waited, alone)


def test_what_is_forced_counts_when_the_convolution_is_called():
    layer, x = convolution("direct")
    with cc.no_grad():
        y = layer(x)
        with cc.algorithms(conv="winograd"):  # cannot compute it
            y.numpy()
        with cc.algorithms(conv="quantum"), pytest.raises(NotImplementedError):
            layer(x)


def test_many_threads_read_one_convolution():
    layer, x = convolution("winograd")
    with cc.no_grad():
        expected = F.relu(layer(x)).numpy().copy()
        for _ in range(10):
            y, results = layer(x), []
            reads = [lambda: y, lambda: F.relu(y), lambda: F.relu(y + y * 0)]
            threads = [
                threading.Thread(target=lambda read=read: results.append(F.relu(read()).numpy()))
                for read in reads
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(results) == 3 and all(np.array_equal(expected, r) for r in results)


THROUGH = {
    "3x3": dict(kernel_size=3, padding=1),
    "3x3, stride 2": dict(kernel_size=3, padding=1, stride=2),
    "3x3, no bias": dict(kernel_size=3, bias=False),
    "5x5": dict(kernel_size=5, padding=2),
    "2x3, stride 1x2": dict(kernel_size=(2, 3), padding=(1, 0), stride=(1, 2)),
    "one line": dict(kernel_size=(1, 3)),
}


class Through:
    """A 1×1 convolution that goes on into a depthwise one, both with what may follow them."""

    def __init__(self, name="3x3", dtype=cc.float32):
        self.expand = nn.Conv2d(16, 96, 1).to(dtype)
        self.depthwise = nn.Conv2d(96, 96, groups=96, **THROUGH[name]).to(dtype)
        self.x = cc.randn(2, 16, 48, 37, dtype=dtype).to(memory_format=cc.channels_last)
        with cc.no_grad():
            self.middle_alone = self.middle().numpy().copy()
            self.alone = separately(self.end, self.middle_alone)

    def middle(self):
        y = self.expand(self.x)
        return F.relu6(F.batch_norm(y, *given(y)))

    def end(self, middle):
        y = self.depthwise(middle)
        return F.relu(F.batch_norm(y, *given(y)))


@pytest.mark.parametrize("dtype", [cc.float32, cc.float64])
@pytest.mark.parametrize("name", THROUGH)
def test_two_convolutions_as_one_have_their_bits(name, dtype):
    net = Through(name, dtype)
    with cc.no_grad():
        for threads in (1, 2, 3):
            with cc.threads(threads):
                assert np.array_equal(net.end(net.middle()).numpy(), net.alone)


def test_what_is_between_two_convolutions_takes_no_memory():
    net = Through("3x3, stride 2")
    with cc.no_grad():
        before = cc.memory_stats()["tensors"]
        cc._core.reset_peak_memory()
        y = net.end(net.middle())
        y.sum()
        after = cc.memory_stats()
    assert after["tensors"] - before < 2 * y.numel() * 4
    assert after["peak"] - before - after["packs"] < net.middle_alone.nbytes


def test_what_is_between_two_convolutions_may_be_read():
    net = Through()
    with cc.no_grad():
        for first in (True, False):
            middle = net.middle()
            y = net.end(middle)
            if first:
                assert np.array_equal(middle.numpy(), net.middle_alone)
            assert np.array_equal(y.numpy(), net.alone)
            assert np.array_equal(middle.numpy(), net.middle_alone)


@pytest.mark.parametrize("which", ["input", "weight", "second"])
def test_operands_may_change_before_two_convolutions_run(which):
    net = Through()
    with cc.no_grad():
        y = net.end(net.middle())
        operands = {"input": net.x, "weight": net.expand.weight, "second": net.depthwise.weight}
        operands[which].fill_(0)
        assert np.array_equal(y.numpy(), net.alone)


def test_gradients_through_two_convolutions():
    net = Through()
    y = net.end(net.middle())
    assert np.array_equal(y.detach().numpy(), net.alone)
    y.sum().backward()
    assert all(p.grad is not None for p in (net.expand.weight, net.depthwise.weight))
