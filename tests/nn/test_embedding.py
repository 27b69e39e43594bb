"""Tables of rows: what PyTorch's layers compute, and where their values come from."""

import convcore as cc
import numpy as np
import pytest
from convcore import nn

ROWS = np.array([[2, 0, 4], [1, 4, 4]])


def pair(make):
    torch = pytest.importorskip("torch")
    ours, theirs = make(cc.nn), make(torch.nn)
    ours.load_state_dict(theirs.state_dict())
    return torch, ours, theirs


@pytest.mark.parametrize(
    "make",
    [
        lambda nn: nn.Embedding(5, 3),
        lambda nn: nn.Embedding(5, 3, padding_idx=4),
        lambda nn: nn.Embedding(5, 3, max_norm=1.0),
        lambda nn: nn.Embedding(5, 3, scale_grad_by_freq=True),
        lambda nn: nn.EmbeddingBag(5, 3),
        lambda nn: nn.EmbeddingBag(5, 3, mode="sum", padding_idx=-1),
        lambda nn: nn.EmbeddingBag(5, 3, mode="max", max_norm=1.0),
    ],
)
def test_layers_are_torchs(make):
    torch, ours, theirs = pair(make)
    got, want = ours(cc.tensor(ROWS)), theirs(torch.tensor(ROWS))
    got.square().sum().backward(), want.square().sum().backward()
    for g, w in ((got, want), (ours.weight, theirs.weight), (ours.weight.grad, theirs.weight.grad)):
        np.testing.assert_allclose(g.detach().numpy(), w.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_first_values():
    cc.manual_seed(3)
    layer = nn.Embedding(400, 50, padding_idx=7)
    values = layer.weight.detach().numpy()
    assert abs(values.mean()) < 0.02 and abs(values.std() - 1) < 0.02
    assert (values[7] == 0).all()
    assert layer.padding_idx == 7 and nn.Embedding(4, 2, -1).padding_idx == 3


def test_the_padding_stays_zero_in_training():
    layer = nn.Embedding(5, 3, padding_idx=4)
    optimizer = cc.optim.SGD(layer.parameters(), lr=0.1)
    before = layer.weight.detach().clone()
    layer(cc.tensor(ROWS)).square().sum().backward()
    optimizer.step()
    changed = (layer.weight != before).any(1).tolist()
    assert changed == [True, True, True, False, False]


def test_long_rows_are_shortened_in_the_table():
    layer = nn.Embedding(5, 3, max_norm=1.0)
    with cc.no_grad():
        layer.weight.fill_(2.0)
    layer(cc.tensor([1, 3, 3]))
    lengths = layer.weight.detach().norm(dim=1).numpy()
    np.testing.assert_allclose(lengths, [12**0.5, 1, 12**0.5, 1, 12**0.5], rtol=1e-6)


def test_from_pretrained():
    table = cc.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert not nn.Embedding.from_pretrained(table).weight.requires_grad
    layer = nn.EmbeddingBag.from_pretrained(table, freeze=False, mode="sum")
    assert layer.weight.requires_grad
    assert layer(cc.tensor([[0, 1]])).tolist() == [[4.0, 6.0]]
    assert list(nn.Embedding.from_pretrained(table, padding_idx=0).state_dict()) == ["weight"]


def test_per_sample_weights_learn():
    factors = cc.tensor([[0.5, 2.0]], requires_grad=True)
    table = cc.tensor([[1.0, 2.0], [3.0, 4.0]])
    layer = nn.EmbeddingBag.from_pretrained(table, mode="sum")
    layer(cc.tensor([[0, 1]]), per_sample_weights=factors).sum().backward()
    assert factors.grad.tolist() == [[3.0, 7.0]]
