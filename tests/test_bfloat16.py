"""bfloat16: what is stored so is computed in float32 and rounded once."""

from __future__ import annotations

import copy
import io
import json
import pickle
import sys
import warnings

import convcore as cc
import numpy as np
import pytest

from tests import harness
from tests.cases import Arr, all_ops, rows

F = cc.nn.functional
ml_dtypes = pytest.importorskip("ml_dtypes", reason="numpy has no bfloat16 of its own")
bf16 = ml_dtypes.bfloat16
STEP = 2.0**-8  # half the distance of neighbours: the relative error of one rounding


def bits(values) -> np.ndarray:
    """bfloat16 as ml_dtypes rounds it, by its bits."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(values, np.float32).astype(bf16).view(np.uint16)


def bits_of(tensor) -> np.ndarray:
    return tensor.detach().clone().numpy().view(np.uint16)


# Conversions


def floats() -> np.ndarray:
    """Every upper half with lower halves on, just beside and between the ties."""
    low = np.array([0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF], np.uint32)
    all_bits = (np.arange(2**16, dtype=np.uint32)[:, None] << 16 | low).ravel()
    return all_bits.view(np.float32)


@pytest.mark.parametrize("isa", harness.isas())
def test_rounding(isa):
    """To nearest, ties to even; overflow becomes infinity, NaN stays NaN, subnormals are kept."""
    values = floats()
    with harness.using_isa(isa):
        got = bits_of(cc.tensor(values).bfloat16())
    nan = np.isnan(values)
    np.testing.assert_array_equal(got[~nan], bits(values[~nan]))
    assert ((got[nan] & 0x7FFF) > 0x7F80).all()


def test_rounding_by_hand():
    values = [1 + 2.0**-8, 1 + 3 * 2.0**-8, 3.4e38, 1e-40, -0.0, 1 + 2.0**-8 + 2.0**-20]
    want = [1, 1 + 2.0**-6, np.inf, 9.18355e-41, -0.0, 1 + 2.0**-7]
    got = cc.tensor(values).bfloat16().float().numpy()
    np.testing.assert_allclose(got, np.float32(want), rtol=1e-5)
    assert np.signbit(got[4])


@pytest.mark.parametrize("isa", harness.isas())
def test_widening_is_exact(isa):
    every = np.arange(2**16, dtype=np.uint16)
    with harness.using_isa(isa):
        got = cc.from_numpy(every.view(bf16)).float().numpy()
    np.testing.assert_array_equal(got.view(np.uint32) >> 16, every)


@pytest.mark.parametrize("n", [*range(20), 1023, 1024, 1025])
def test_lengths(n):
    values = np.linspace(-3, 5, n, dtype=np.float32)
    x = cc.tensor(values).bfloat16()
    np.testing.assert_array_equal(bits_of(x), bits(values))
    np.testing.assert_array_equal(x.float().numpy(), values.astype(bf16).astype(np.float32))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float32", "float64"])
def test_other_dtypes(dtype):
    values = np.array([0, 1, 2, 100, 255]).astype(dtype)
    x = cc.tensor(values).bfloat16()
    np.testing.assert_array_equal(bits_of(x), bits(values))
    back = x.to(getattr(cc, dtype)).numpy()
    np.testing.assert_array_equal(back, values.astype(bf16).astype(np.float32).astype(dtype))


# Every row of every table


def as_bfloat16(module, op, case, dtype, grad):
    """The row's arguments with what bfloat16 holds of its numbers, in `dtype`; and the leaves."""
    leaves = []

    def one(arg, spec):
        if isinstance(spec, list):
            return [one(a, s) for a, s in zip(arg, spec, strict=True)]
        if not isinstance(spec, Arr):
            return arg
        tensor = module.tensor(arg)
        if spec.dtype == "float":
            tensor = tensor.to(module.bfloat16).to(getattr(module, dtype))
        if grad and spec.differentiable:
            tensor = tensor.detach().requires_grad_()
            leaves.append(tensor)
        return tensor

    args = case.make(op.name, "float32")
    return [one(arg, spec) for arg, spec in zip(args, case.args, strict=True)], leaves


def wide(tensor) -> np.ndarray:
    tensor = tensor.detach()
    return (tensor.float() if harness.dtype_name(tensor) == "bfloat16" else tensor).numpy()


def answers(module, op, case, dtype):
    """Results and gradients as numpy sees them, and the dtypes of the results."""
    harness.poison()
    args, leaves = as_bfloat16(module, op, case, dtype, op.grad and case.grad)
    out = harness.call(module, op, args, case.kwargs)
    roots = [o for o in out if o.requires_grad]
    grads = []
    if leaves and roots:
        factors = harness.weights(op, case, "r", [tuple(o.shape) for o in roots])
        loss = sum(
            (o.float() * module.tensor(np.float32(f))).sum()
            for o, f in zip(roots, factors, strict=True)
        )
        grads = [
            None if g is None else wide(g)
            for g in module.autograd.grad(loss, leaves, allow_unused=True)
        ]
    return [wide(o) for o in out], grads, [harness.dtype_name(o) for o in out]


def assert_near(got, want, steps, what):
    """Within `steps` roundings of the number itself or of the largest one."""
    assert got.shape == want.shape, f"{what}: shape {got.shape}, expected {want.shape}"
    if want.dtype.kind != "f":
        np.testing.assert_array_equal(got, want, err_msg=what)
        return
    finite = want[np.isfinite(want)]
    scale = max(np.abs(finite).max(initial=0), 1e-4)
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(
            got, want, rtol=steps * STEP, atol=steps * STEP * scale, err_msg=what
        )


def tables(keep):
    found: dict[str, list] = {}
    for op, case in rows(keep):
        found.setdefault(op.name, []).append(case)
    return [pytest.param(all_ops()[name], cases, id=name) for name, cases in found.items()]


def suitable(op, case):
    return "float32" in case.dtypes and not case.chance and not case.big


OTHERS = {
    "bincount": "weights other than float32 are added up in float64, as PyTorch does",
    "reciprocal_": "its gradient is zero: what is left is rounding",
    "histc": "the borders of the bins are rounded too, as PyTorch's are",
}
# Made of one operator of the core each.
ONCE = {
    *("conv1d", "conv2d", "conv3d", "conv_transpose2d", "conv_grad_input2d", "conv_grad_weight2d"),
    *(
        "linear",
        "bilinear",
        "matmul",
        "max_pool2d",
        "avg_pool2d",
        "adaptive_avg_pool2d",
        "lp_pool2d",
    ),
    *("batch_norm", "group_norm", "layer_norm", "instance_norm", "local_response_norm", "rms_norm"),
    *(
        "softmax",
        "log_softmax",
        "cross_entropy",
        "nll_loss",
        "mse_loss",
        "smooth_l1_loss",
        "kl_div",
    ),
    *("relu", "gelu", "exp", "tanh", "sigmoid", "hardtanh", "softplus", "mul", "div", "pow"),
    *("sum", "mean", "var", "std", "prod", "norm", "logsumexp", "cumsum", "cumprod", "amax", "max"),
    *("interpolate", "grid_sample", "unfold", "fold", "embedding", "where", "cat", "pad-constant"),
    *("gather", "scatter", "scatter_add", "index_select", "index_add", "sort", "topk", "flip"),
}


@pytest.mark.parametrize("op, cases", tables(suitable))
def test_as_float32_rounded(op, cases):
    """bfloat16 gives what float32 gives of the same numbers, rounded."""
    for case in cases:
        want, want_grads, dtypes = answers(cc, op, case, "float32")
        got, grads, kinds = answers(cc, op, case, "bfloat16")
        if op.name in OTHERS:
            continue
        assert kinds == ["bfloat16" if d == "float32" else d for d in dtypes], case.name
        for i, (g, w) in enumerate(zip(got, want, strict=True)):
            what = f"{case.name}: result {i}"
            if op.name in ONCE and kinds[i] == "bfloat16":
                w = bits(w).view(bf16).astype(np.float32)
                np.testing.assert_array_equal(g, w, err_msg=what)
            assert_near(g, w, 2, what)
        for i, (g, w) in enumerate(zip(grads, want_grads, strict=True)):
            assert (g is None) == (w is None), f"{case.name}: gradient {i}"
            if g is not None:
                assert_near(g, w, 8 if op.name == "quantile" else 4, f"{case.name}: gradient {i}")


def test_the_names_are_known():
    assert set(all_ops()) >= {*ONCE, *OTHERS, *ROUGH}


# Where PyTorch itself rounds more than once, or its bfloat16 is another thing.
ROUGH = {
    "batch_norm": "the mean is rounded before it is subtracted",
    "conv2d": "sums of 361 products in bfloat16",
    "conv_grad_input2d": "sums of 361 products in bfloat16",
    "conv_grad_weight2d": "sums of 361 products in bfloat16",
    "copysign": "the sign of NaN is lost",
    "fmod": "the quotient is rounded",
    "fractional_max_pool2d": "the random numbers are drawn in bfloat16",
    "fractional_max_pool3d": "the random numbers are drawn in bfloat16",
    "gaussian_nll_loss": "a composition, rounded at every step",
    "grid_sample": "places are rounded",
    "instance_norm": "the mean is rounded before it is subtracted",
    "interpolate": "gradients are added up in bfloat16",
    "ldexp": "the power is rounded",
    "local_contrast_norm": "a composition, rounded at every step",
    "signbit": "the sign of NaN is lost",
}


def shared(op, case):
    return suitable(op, case) and case.torch and op.name not in ROUGH


@pytest.mark.parametrize("op, cases", tables(shared))
def test_equals_torch(op, cases):
    """PyTorch on the same bfloat16 arguments, where it has such a kernel."""
    torch = pytest.importorskip("torch")
    compared = 0
    for case in cases:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                want, want_grads, dtypes = answers(torch, op, case, "bfloat16")
        except (RuntimeError, TypeError):  # not implemented for bfloat16
            continue
        compared += 1
        got, grads, kinds = answers(cc, op, case, "bfloat16")
        assert kinds == dtypes, case.name
        for i, (g, w) in enumerate(zip(got, want, strict=True)):
            assert_near(g, w, 3, f"{case.name}: result {i}")
        if not case.torch_grad:
            continue
        for i, (g, w) in enumerate(zip(grads, want_grads, strict=True)):
            if g is not None and w is not None:
                assert_near(g, w, 6, f"{case.name}: gradient {i}")
    if not compared:
        pytest.skip("PyTorch has no bfloat16 kernel of it")


def test_bounds_between_two_numbers():
    """−0.7 is none of bfloat16's numbers: who reached the bound must still be known by the result."""
    x = cc.tensor([-2.0, -0.5, 2.0]).bfloat16().requires_grad_()
    for y in (F.hardtanh(x, -0.7, 0.7), F.threshold(x, 0.1, 0.1)):
        assert y.dtype == cc.bfloat16
    (grad,) = cc.autograd.grad(F.hardtanh(x, -0.7, 0.7).sum(), x)
    assert grad.tolist() == [0, 1, 0]
    (grad,) = cc.autograd.grad(F.threshold(x, 0.1, 0.1).sum(), x)
    assert grad.tolist() == [0, 0, 1]


def test_numbers_are_not_rounded():
    """x·0.1 is the product with 0.1, not with the bfloat16 next to it."""
    x = cc.arange(100).bfloat16()
    for got in (x * 0.1, 0.1 * x, x * cc.tensor(0.1)):
        np.testing.assert_array_equal(bits_of(got), bits(np.arange(100) * np.float32(0.1)))
    assert not (x * 0.1 == x * cc.tensor([0.1]).bfloat16()).all()


# The tensor


def test_dtype():
    x = cc.zeros(2, 3, dtype=cc.bfloat16)
    assert x.dtype == cc.bfloat16 and str(x.dtype) == "convcore.bfloat16"
    assert x.dtype.is_floating_point and x.element_size() == 2 and x.is_floating_point()
    assert x.bfloat16() is x and x.float().dtype == cc.float32
    assert x.to(cc.bfloat16) is x and x.to(dtype="bfloat16") is x
    assert cc.ones(1).to(dtype=bf16).dtype == cc.bfloat16


def test_repr():
    assert (
        repr(cc.tensor([1.5, -2]).bfloat16())
        == "tensor([ 1.5000, -2.0000], dtype=convcore.bfloat16)"
    )


def test_limits():
    ours, theirs = cc.finfo(cc.bfloat16), ml_dtypes.finfo(bf16)
    for name in ("bits", "eps", "max", "min", "tiny", "smallest_normal", "resolution"):
        assert float(getattr(ours, name)) == pytest.approx(float(getattr(theirs, name)), 0.01), name


def test_creation():
    kinds = (
        cc.full((3,), 0.1, dtype=cc.bfloat16), cc.arange(0, 1, 0.25, dtype=cc.bfloat16), cc.eye(2, dtype=cc.bfloat16),
        cc.linspace(0, 1, 3, dtype=cc.bfloat16), cc.ones(2, dtype=cc.bfloat16), cc.randn(3, dtype=cc.bfloat16),
        cc.randint(0, 3, (4,), dtype=cc.bfloat16), cc.empty(2, dtype=cc.bfloat16), cc.tensor([1, 2], dtype=cc.bfloat16),
        cc.zeros_like(cc.ones(2).bfloat16()), cc.bernoulli(cc.full((3,), 0.5, dtype=cc.bfloat16)),
    )  # fmt: skip
    assert all(x.dtype == cc.bfloat16 for x in kinds)
    drawn = cc.rand(100_000, dtype=cc.bfloat16)
    assert drawn.min().item() >= 0 and drawn.max().item() < 1
    assert abs(drawn.float().mean().item() - 0.5) < 0.01
    x = cc.empty(1000, dtype=cc.bfloat16)
    for fill in (x.uniform_, x.normal_, x.bernoulli_, lambda: x.random_(0, 9), lambda: x.fill_(2)):
        fill()
        assert x.isfinite().all()


@pytest.mark.parametrize("layout", harness.LAYOUTS)
def test_moves(layout):
    """What moves elements moves two bytes, whatever the strides."""
    values = np.arange(120, dtype=np.float32).reshape(2, 3, 4, 5)
    x = harness.LAYOUTS[layout](cc, values).bfloat16()
    plain = cc.tensor(values)
    for f in (
        lambda t: t.permute(0, 2, 3, 1).contiguous(),
        lambda t: t.contiguous(memory_format=cc.channels_last).clone(),
        lambda t: t[:, 1:, ::2, [0, 3]],
        lambda t: cc.cat([t, t], 1),
        lambda t: t.flip(2),
        lambda t: t.roll(1, 3),
        lambda t: F.pad(t, (1, 2, 0, 1), value=3),
        lambda t: t.tril(),
        lambda t: t.reshape(6, 20)[:, 3],
        lambda t: t.repeat(1, 2, 1, 1),
        lambda t: cc.where(t > 50, t, -t),
        lambda t: t.masked_fill(t < 7, 5),
        lambda t: t[t > 100],
        lambda t: t.transpose(0, 3).index_select(1, cc.tensor([2, 0])),
    ):
        y = f(x)
        assert y.dtype == cc.bfloat16
        np.testing.assert_array_equal(y.float().numpy(), f(plain).numpy())


def test_writes_in_place():
    x = cc.zeros(3, 4, dtype=cc.bfloat16)
    x[1] = cc.tensor([1.0, 2, 3, 4])
    x[:, 0] += 0.5
    x[0, 1:3] = 1 + 2.0**-8
    assert x.tolist() == [[0.5, 1, 1, 0], [1.5, 2, 3, 4], [0.5, 0, 0, 0]]


def test_numpy():
    x = cc.tensor([1.0, 2, 3]).bfloat16()
    array = x.numpy()
    assert array.dtype == bf16
    array[0] = 7
    assert x[0].item() == 7  # the same memory
    assert cc.from_numpy(array).data_ptr() == x.data_ptr()
    assert np.asarray(x).dtype == bf16 and np.asarray(x, np.float64).tolist() == [7, 2, 3]
    assert cc.tensor(np.array([[1, 2]], bf16)).dtype == cc.bfloat16
    strided = cc.from_numpy(np.arange(12).astype(bf16).reshape(3, 4).T[::2])
    assert strided.tolist() == [[0, 4, 8], [2, 6, 10]]


def test_without_ml_dtypes(monkeypatch):
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    x = cc.tensor([1.0, 2]).bfloat16()
    with pytest.raises(ImportError, match="ml_dtypes.*float"):
        x.numpy()
    assert x.float().numpy().tolist() == x.tolist() == [1, 2]
    assert np.asarray(x, np.float32).tolist() == [1, 2] and "bfloat16" in repr(x)
    file = io.BytesIO()
    cc.save({"x": x}, file)
    file.seek(0)
    assert cc.load(file)["x"].dtype == cc.bfloat16


def test_dlpack():
    torch = pytest.importorskip("torch")
    x = cc.tensor([[1.0, 2], [3, 4]]).bfloat16()
    there = torch.from_dlpack(x)
    assert there.dtype == torch.bfloat16 and there.tolist() == x.tolist()
    back = cc.from_dlpack(there)
    assert back.dtype == cc.bfloat16 and back.data_ptr() == x.data_ptr()


def test_copies():
    x = cc.nn.Parameter(cc.tensor([1.0, 3]).bfloat16())
    for y in (pickle.loads(pickle.dumps(x)), copy.deepcopy(x)):
        assert y.dtype == cc.bfloat16 and y.tolist() == [1, 3] and y.requires_grad


@pytest.mark.parametrize("where", ["path", "stream"])
def test_files(tmp_path, where):
    state = {
        "a": cc.randn(3, 4).bfloat16(),
        "b": cc.ones(2),
        "n": 3,
        "u": np.arange(3, dtype=np.uint16),
    }
    target = tmp_path / "x.safetensors" if where == "path" else io.BytesIO()
    cc.save(state, target)
    if where == "stream":
        target.seek(0)
    found = cc.load(target)
    assert found["a"].dtype == cc.bfloat16 and (found["a"] == state["a"]).all()
    assert found["b"].dtype == cc.float32 and found["n"] == 3 and found["u"].dtype == np.uint16
    content = target.read_bytes() if where == "path" else target.getvalue()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert header["a"]["dtype"] == "BF16" and header["b"]["dtype"] == "F32"


def test_files_of_pytorch(tmp_path):
    torch = pytest.importorskip("torch")
    files = pytest.importorskip("safetensors.torch")
    there = {"w": torch.randn(2, 3).bfloat16(), "v": torch.ones(1)}
    files.save_file(there, tmp_path / "t.safetensors")
    ours = cc.load(tmp_path / "t.safetensors")
    assert ours["w"].dtype == cc.bfloat16 and ours["w"].tolist() == there["w"].tolist()
    cc.save(ours, tmp_path / "c.safetensors")
    back = files.load_file(tmp_path / "c.safetensors")
    assert back["w"].dtype == torch.bfloat16 and torch.equal(back["w"], there["w"])


# Errors


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda x, w: F.conv2d(x, w), "conv2d: input has dtype bfloat16, weight float32"),
        (lambda x, w: F.conv2d(w, x), "conv2d: input has dtype float32, weight bfloat16"),
        (lambda x, w: F.linear(x, w), "linear: input has dtype bfloat16, weight float32"),
        (lambda x, w: x @ w, "matmul: input has dtype bfloat16, other float32"),
        (
            lambda x, w: F.batch_norm(w, None, None, x[0, 0, 0], training=True),
            "batch_norm: .*bfloat16",
        ),
    ],
)
def test_mixed_operands(call, words):
    x, w = cc.ones(3, 3, 3, 3).bfloat16(), cc.ones(3, 3, 3, 3)
    with pytest.raises(TypeError, match=words):
        call(x, w)


# Training


def test_backward_keeps_two_bytes():
    """What an operator saves of a bfloat16 operand is that operand, not its float32 form."""
    x = cc.randn(4, 32, 64, 64).contiguous(memory_format=cc.channels_last).bfloat16()
    w = cc.randn(32, 32, 3, 3).bfloat16().requires_grad_()
    before = cc.memory_stats()["tensors"]
    y = F.conv2d(x, w, padding=1)
    kept = cc.memory_stats()["tensors"] - before
    assert kept < 1.2 * y.numel() * 2
    y.sum().backward()
    assert w.grad.dtype == cc.bfloat16


def test_change_before_backward_is_noticed():
    x = cc.randn(2, 3).bfloat16()
    w = cc.randn(4, 3).bfloat16().requires_grad_()
    y = F.linear(x, w)
    x += 1
    with pytest.raises(RuntimeError, match="changed in place"):
        y.sum().backward()


def test_second_gradients():
    x = cc.tensor([[1.0, 2], [3, 5]]).bfloat16().requires_grad_()
    y = F.linear(x, x).sum()
    (slope,) = cc.autograd.grad(y, x, create_graph=True)
    (second,) = cc.autograd.grad(slope.sum(), x)
    assert slope.dtype == second.dtype == cc.bfloat16 and second.tolist() == [[4, 4], [4, 4]]


def test_weights_stay_widened_but_not_when_changed():
    x, w = cc.randn(2, 8).bfloat16(), cc.randn(4, 8).bfloat16()
    with cc.no_grad():
        first = F.linear(x, w)
        assert (F.linear(x, w) == first).all()
        w.mul_(2)
        assert (F.linear(x, w) == 2 * first).all()


def network():
    cc.manual_seed(3)
    nn = cc.nn
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1), nn.GroupNorm(4, 16), nn.GELU(), nn.Dropout(0.1),
        nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(64, 4),
    )  # fmt: skip


def task():
    """Which quarter of the image is bright."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 4, 64)
    images = rng.normal(0, 0.3, (64, 1, 12, 12)).astype(np.float32)
    for image, label in zip(images, labels, strict=True):
        image[0, 6 * (label // 2) :, 6 * (label % 2) :][:6, :6] += 1
    return cc.tensor(images), cc.tensor(labels)


OPTIMIZERS = {
    "sgd": lambda p: cc.optim.SGD(p, lr=0.05, momentum=0.9),
    "adamw": lambda p: cc.optim.AdamW(p, lr=0.01),
    "adagrad": lambda p: cc.optim.Adagrad(p, lr=0.05),
    "rmsprop": lambda p: cc.optim.RMSprop(p, lr=0.003),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("way", ["bfloat16", "autocast"])
def test_training(way, optimizer):
    net, (x, labels) = network(), task()
    if way == "bfloat16":
        net.bfloat16()
        x = x.bfloat16()
        assert {p.dtype for p in net.parameters()} == {cc.bfloat16}
        assert net[1].running_mean.dtype == cc.bfloat16
        assert net[1].num_batches_tracked.dtype == cc.int64
    optim = OPTIMIZERS[optimizer](net.parameters())
    losses = []
    for _ in range(25):
        optim.zero_grad()
        with cc.autocast("cpu", enabled=way == "autocast"):
            loss = F.cross_entropy(net(x), labels)
        loss.backward()
        optim.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]
    wanted = cc.bfloat16 if way == "bfloat16" else cc.float32
    assert (
        {p.dtype for p in net.parameters()} == {p.grad.dtype for p in net.parameters()} == {wanted}
    )
    kept = optim.state_dict()["state"][0]
    assert {v.dtype for v in kept.values() if isinstance(v, cc.Tensor) and v.ndim} <= {cc.float32}
    again = OPTIMIZERS[optimizer](net.parameters())
    again.load_state_dict(optim.state_dict())
    for key, value in again.state_dict()["state"][0].items():
        assert np.array_equal(value, kept[key]), f"{key} goes through a state dict to the bit"
    again.step()
