"""Rosenblatt's perceptron."""

from __future__ import annotations

from convcore import nn
from convcore._tensor import Tensor
from convcore.autograd import no_grad


class Perceptron(nn.Module):
    """Linear thresholds: 1 where weight·x + bias > 0, else 0, for inputs (N, in_features); results (N, out_features).

    `fit` learns by Rosenblatt's rule, which ends for classes that a plane can part and never for others (Rosenblatt,
    "The perceptron", 1958; Minsky and Papert, 1969).

    >>> import convcore as cc
    >>> x = cc.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> both = cc.tensor([[0.0], [0.0], [0.0], [1.0]])
    >>> model = cc.models.Perceptron(2)
    >>> model.fit(x, both)
    True
    >>> cc.equal(model(x), both)
    True
    """

    def __init__(self, in_features: int, out_features: int = 1) -> None:
        super().__init__()
        self.linear = nn.Linear(in_features, out_features)

    def forward(self, x: Tensor) -> Tensor:
        """1 above the threshold, else 0."""
        return (self.linear(x) > 0).to(dtype=x.dtype)

    @no_grad()
    def fit(self, x: Tensor, target: Tensor, epochs: int = 1000, lr: float = 1.0) -> bool:
        """Moves the weights by lr·(target − output)·x, one example after the other; whether an epoch had no error."""
        for _ in range(epochs):
            wrong = False
            for row, wanted in zip(x, target, strict=True):
                error = wanted - self(row.unsqueeze(0)).squeeze(0)
                if error.count_nonzero().item():
                    wrong = True
                    self.linear.weight += lr * error.outer(row)
                    self.linear.bias += lr * error
            if not wrong:
                return True
        return False
