"""Softmax layers."""

from __future__ import annotations

from convcore import _core


class Softmax(_core.nn.Softmax):
    """exp(x) divided by its sum along `dim`.

    >>> import convcore as cc
    >>> cc.nn.Softmax(dim=1)(cc.zeros(1, 2))
    tensor([[0.5000, 0.5000]])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__(dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class LogSoftmax(_core.nn.LogSoftmax):
    """The logarithm of softmax along `dim`.

    >>> import convcore as cc
    >>> cc.nn.LogSoftmax(dim=1)(cc.zeros(1, 1))
    tensor([[0.]])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__(dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmin(_core.nn.Softmin):
    """Softmax of −x along `dim`.

    >>> import convcore as cc
    >>> cc.nn.Softmin(dim=1)(cc.zeros(1, 2))
    tensor([[0.5000, 0.5000]])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__(dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax2d(_core.nn.Softmax2d):
    """Softmax over the channels of maps (N, C, H, W) or (C, H, W).

    >>> import convcore as cc
    >>> cc.nn.Softmax2d()(cc.zeros(1, 2, 1, 1)).flatten()
    tensor([0.5000, 0.5000])
    """

    def __init__(self) -> None:
        super().__init__()
