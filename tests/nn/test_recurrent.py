"""Recurrent layers: PyTorch's results, gradients and keys, packed sequences, and long ones."""

from __future__ import annotations

import copy
import itertools

import convcore
import numpy as np
import pytest

nn, rnn = convcore.nn, convcore.nn.utils.rnn
KINDS = {
    "RNN": {},
    "RNN-relu": {"nonlinearity": "relu"},
    "LSTM": {},
    "LSTM-proj": {"proj_size": 3},
    "GRU": {},
}
OPTIONS = [
    {},
    {"num_layers": 2, "bidirectional": True},
    {"batch_first": True, "bias": False},
    {"num_layers": 3, "dtype": "float64"},
]


def make(lib, kind, options):
    options = {**KINDS[kind], **options}
    dtype = getattr(lib, options.pop("dtype", "float32"))
    return getattr(lib.nn, kind.split("-")[0])(5, 4, dtype=dtype, **options)


def pair(kind, options):
    """The same layer in both libraries."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    ours, theirs = make(convcore, kind, options), make(torch, kind, options)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert repr(ours) == repr(theirs)
    ours.load_state_dict({k: convcore.tensor(v.numpy()) for k, v in theirs.state_dict().items()})
    return torch, ours, theirs


def leaves(found):
    for item in found if isinstance(found, tuple) else (found,):
        yield from leaves(item) if isinstance(item, tuple) else (item,)


def assert_equal(ours, theirs, dtype):
    tol = 1e-5 if dtype == "float32" else 1e-12
    for a, b in zip(leaves(ours), leaves(theirs), strict=True):
        a, b = a.detach().numpy(), b.detach().numpy()
        np.testing.assert_allclose(a, b, rtol=tol, atol=tol * max(1, np.abs(b).max()))


@pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", OPTIONS, ids=["plain", "deep", "batch-first", "float64"])
def test_equals_torch(kind, options):
    torch, ours, theirs = pair(kind, options)
    dtype = options.get("dtype", "float32")
    rng = np.random.default_rng(0)
    for shape in ((7, 3, 5), (7, 5)):
        x = rng.standard_normal(shape).astype(dtype)
        results = []
        for lib, layer in ((convcore, ours), (torch, theirs)):
            input = lib.tensor(x, requires_grad=True)
            found = layer(input)
            total = sum((t * t).sum() for t in leaves(found))
            grads = lib.autograd.grad(total, [input, *layer.parameters()], create_graph=True)
            second = lib.autograd.grad(sum((g * g).sum() for g in grads), input)
            results.append((found, tuple(grads), tuple(second)))
        assert_equal(*results, dtype)


@pytest.mark.parametrize("kind", KINDS)
def test_first_states(kind):
    torch, ours, theirs = pair(kind, {"num_layers": 2, "bidirectional": True})
    rng = np.random.default_rng(1)
    x = rng.standard_normal((4, 3, 5)).astype(np.float32)
    h = rng.standard_normal((4, 3, 3 if "proj" in kind else 4)).astype(np.float32)
    c = rng.standard_normal((4, 3, 4)).astype(np.float32)
    results = []
    for lib, layer in ((convcore, ours), (torch, theirs)):
        states = [lib.tensor(s, requires_grad=True) for s in ((h, c) if "LSTM" in kind else (h,))]
        found = layer(lib.tensor(x), tuple(states) if "LSTM" in kind else states[0])
        sum((t * t).sum() for t in leaves(found)).backward()
        results.append((found, tuple(s.grad for s in states)))
    assert_equal(*results, "float32")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("enforce_sorted", [True, False])
def test_packed(kind, enforce_sorted):
    torch, ours, theirs = pair(kind, {"num_layers": 2, "bidirectional": True})
    x = np.random.default_rng(2).standard_normal((6, 4, 5)).astype(np.float32)
    lengths = [6, 4, 4, 1] if enforce_sorted else [4, 6, 1, 4]
    results = []
    for lib, layer in ((convcore, ours), (torch, theirs)):
        utils, input = lib.nn.utils.rnn, lib.tensor(x, requires_grad=True)
        packed = utils.pack_padded_sequence(
            input, lib.tensor(lengths), enforce_sorted=enforce_sorted
        )
        output, states = layer(packed)
        padded, counts = utils.pad_packed_sequence(output)
        assert counts.tolist() == lengths
        ((padded * padded).sum() + sum((s * s).sum() for s in leaves(states))).backward()
        results.append((packed.data, packed.batch_sizes, output.data, padded, states, input.grad))
    assert_equal(*results, "float32")


@pytest.mark.parametrize(
    "kind, bias", [*itertools.product(("RNNCell", "LSTMCell", "GRUCell"), (True, False))]
)
def test_cells(kind, bias):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    ours, theirs = (getattr(lib.nn, kind)(5, 4, bias=bias) for lib in (convcore, torch))
    assert repr(ours) == repr(theirs)
    ours.load_state_dict({k: convcore.tensor(v.numpy()) for k, v in theirs.state_dict().items()})
    rng = np.random.default_rng(3)
    for shape in ((3,), ()):
        x, h, c = (rng.standard_normal((*shape, n)).astype(np.float32) for n in (5, 4, 4))
        results = []
        for lib, cell in ((convcore, ours), (torch, theirs)):
            states = [
                lib.tensor(s, requires_grad=True) for s in ((h, c) if kind == "LSTMCell" else (h,))
            ]
            found = cell(lib.tensor(x), tuple(states) if kind == "LSTMCell" else states[0])
            sum((t * t).sum() for t in leaves(found)).backward()
            results.append((found, cell(lib.tensor(x)), tuple(s.grad for s in states)))
        assert_equal(*results, "float32")


def by_hand(x, layer):
    """LSTM in numpy, one layer."""
    w, u, b, d = (p.detach().numpy().astype(np.float64) for p in layer.parameters())
    h = c = np.zeros((x.shape[1], u.shape[1]))
    outputs = []
    for step in x:
        i, f, g, o = np.split(step @ w.T + b + h @ u.T + d, 4, 1)
        i, f, o = (1 / (1 + np.exp(-a)) for a in (i, f, o))
        c = f * c + i * np.tanh(g)
        h = o * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs), c


def test_lstm_by_hand():
    layer = nn.LSTM(5, 4)
    x = np.random.default_rng(4).standard_normal((6, 3, 5)).astype(np.float32)
    output, (_, c) = layer(convcore.tensor(x))
    want, last = by_hand(x, layer)
    np.testing.assert_allclose(output.detach().numpy(), want, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(c[0].detach().numpy(), last, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_threads_give_the_same_bits(kind):
    layer = make(convcore, kind, {"num_layers": 2, "bidirectional": True})
    x = convcore.tensor(np.random.default_rng(5).standard_normal((9, 40, 5)).astype(np.float32))

    def run():
        input = x.clone().requires_grad_()
        output = layer(input)[0]
        output.sum().backward()
        return output.detach().numpy().tobytes(), input.grad.numpy().tobytes()

    found = []
    for threads in (1, 2, 8):
        with convcore.threads(threads):
            found.append(run())
    assert found[0] == found[1] == found[2]


def test_dropout_between_layers():
    layer = nn.GRU(5, 4, num_layers=2, dropout=0.5)
    x = convcore.ones(6, 3, 5)
    assert not convcore.equal(layer(x)[0], layer(x)[0])
    layer.eval()
    assert convcore.equal(layer(x)[0], layer(x)[0])


def test_a_cell_over_many_steps():
    cell, h = nn.RNNCell(1, 1), convcore.zeros(1, 1, requires_grad=True)
    x, state = convcore.ones(1, 1), h
    for _ in range(100_000):
        state = cell(x, state)
    state.backward()
    assert h.grad is not None


def test_copies_and_errors():
    layer = nn.LSTM(5, 4, proj_size=2)
    x = convcore.ones(3, 2, 5)
    assert convcore.equal(copy.deepcopy(layer)(x)[0], layer(x)[0])
    with pytest.raises(
        ValueError, match=r"LSTM: input must have shape \(steps, batch, 5\), got \(3, 2, 4\)"
    ):
        layer(convcore.ones(3, 2, 4))
    with pytest.raises(ValueError, match=r"LSTM: h_0 must have shape \(1, 2, 2\), got \(1, 3, 2\)"):
        layer(x, (convcore.ones(1, 3, 2), convcore.ones(1, 2, 4)))
    with pytest.raises(ValueError, match="GRU: the sequence must not be empty"):
        nn.GRU(5, 4)(convcore.ones(0, 2, 5))
    with pytest.raises(ValueError, match="proj_size must be smaller"):
        nn.LSTM(5, 4, proj_size=4)
    with pytest.raises(ValueError, match="nonlinearity"):
        nn.RNN(5, 4, nonlinearity="sigmoid")


def test_padding():
    parts = [convcore.arange(n) for n in (2, 4, 1)]
    padded = rnn.pad_sequence(parts, batch_first=True, padding_value=-1)
    assert padded.tolist() == [[0, 1, -1, -1], [0, 1, 2, 3], [0, -1, -1, -1]]
    left = rnn.pad_sequence(parts, batch_first=True, padding_side="left")
    assert left.tolist() == [[0, 0, 0, 1], [0, 1, 2, 3], [0, 0, 0, 0]]
    packed = rnn.pack_sequence(parts, enforce_sorted=False)
    assert packed.batch_sizes.tolist() == [3, 2, 1, 1]
    assert [t.tolist() for t in rnn.unpack_sequence(packed)] == [t.tolist() for t in parts]
    with pytest.raises(ValueError, match="lengths must fall"):
        rnn.pack_sequence(parts)
    with pytest.raises(ValueError, match=r"lengths must be 3 numbers from 1 to 4, got \[5, 1, 1\]"):
        rnn.pack_padded_sequence(padded, [5, 1, 1], batch_first=True)
