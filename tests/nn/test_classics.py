"""Parts of networks from the founding texts: the perceptron, DropConnect, blocks that branch and join."""

from __future__ import annotations

import convcore as cc
import numpy as np
import pytest
from convcore import nn
from convcore.nn import functional as F

CORNERS = cc.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
TABLES = {"and": [0, 0, 0, 1], "or": [0, 1, 1, 1], "xor": [0, 1, 1, 0]}


def table(name):
    return cc.tensor(TABLES[name], dtype=cc.float32).reshape(4, 1)


@pytest.mark.parametrize("name", ["and", "or"])
def test_a_perceptron_learns(name):
    model = cc.models.Perceptron(2)
    assert model.fit(CORNERS, table(name))
    assert cc.equal(model(CORNERS), table(name))


def test_a_perceptron_cannot_learn_xor():
    model = cc.models.Perceptron(2)
    assert not model.fit(CORNERS, table("xor"), epochs=200)
    assert not cc.equal(model(CORNERS), table("xor"))


def test_two_layers_learn_xor():
    cc.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = cc.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(200):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(CORNERS), table("xor")).backward()
        optimizer.step()
    assert cc.equal((model(CORNERS) > 0).float(), table("xor"))


@pytest.mark.parametrize("per_example", [False, True])
def test_drop_connect_keeps_the_expectation(per_example):
    cc.manual_seed(0)
    layer = nn.DropConnect(6, 3, p=0.3, per_example=per_example)
    x = cc.randn(5, 6)
    mean = sum(layer(x).detach() for _ in range(4000)) / 4000
    layer.eval()
    np.testing.assert_allclose(mean.numpy(), layer(x).detach().numpy(), atol=0.05)


def test_drop_connect_masks():
    cc.manual_seed(0)
    x = cc.ones(2, 200)
    shared, own = (nn.DropConnect(200, 3, per_example=flag)(x) for flag in (False, True))
    assert cc.equal(shared[0], shared[1])
    assert not cc.equal(own[0], own[1])
    layer = nn.DropConnect(200, 3, per_example=True)
    layer(x).sum().backward()
    assert layer.weight.grad.shape == (3, 200)
    with pytest.raises(ValueError, match="DropConnect: p must be between 0 and 1, got 2"):
        nn.DropConnect(2, 2, p=2)


class Inception(nn.Module):
    """Four ways side by side, joined along the channels (Szegedy et al., 2015)."""

    def __init__(self, channels, width):
        super().__init__()
        self.one = nn.Conv2d(channels, width, 1)
        self.three = nn.Sequential(
            nn.Conv2d(channels, width, 1), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1)
        )
        self.five = nn.Sequential(
            nn.Conv2d(channels, width, 1), nn.ReLU(), nn.Conv2d(width, width, 5, padding=2)
        )
        self.pool = nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(channels, width, 1))

    def forward(self, x):
        return F.relu(cc.cat([self.one(x), self.three(x), self.five(x), self.pool(x)], 1))


def test_a_graph_of_branches_trains():
    cc.manual_seed(0)
    model = nn.Sequential(
        Inception(1, 4), nn.MaxPool2d(2), Inception(16, 4), nn.Flatten(), nn.Linear(256, 3)
    )
    y = cc.arange(30) % 3
    x = cc.randn(30, 1, 8, 8) * 0.3 + y.float().reshape(-1, 1, 1, 1)
    optimizer = cc.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]
