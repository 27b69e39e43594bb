"""Dropout layers."""

from __future__ import annotations

from convcore import _core


class _Dropout(_core.nn.Dropout):
    _rank = 0

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__(self._rank, p, inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """In training, set elements to zero with probability `p` and divide the rest by 1 − p.

    >>> import convcore as cc
    >>> cc.nn.Dropout(0.5).eval()(cc.ones(2))
    tensor([1., 1.])
    """


class Dropout1d(_Dropout):
    """Dropout of whole channels of (N, C, L).

    >>> import convcore as cc
    >>> cc.nn.Dropout1d().eval()(cc.ones(1, 1, 2))
    tensor([[[1., 1.]]])
    """

    _rank = 1


class Dropout2d(_Dropout):
    """Dropout of whole channels of (N, C, H, W).

    >>> import convcore as cc
    >>> cc.nn.Dropout2d().eval()(cc.ones(1, 1, 1, 2))
    tensor([[[[1., 1.]]]])
    """

    _rank = 2


class Dropout3d(_Dropout):
    """Dropout of whole channels of (N, C, D, H, W).

    >>> import convcore as cc
    >>> tuple(cc.nn.Dropout3d()(cc.ones(1, 2, 3, 3, 3)).shape)
    (1, 2, 3, 3, 3)
    """

    _rank = 3


class _AlphaDropout(_core.nn.AlphaDropout):
    _channels = False

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__(self._channels, p, inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class AlphaDropout(_AlphaDropout):
    """Dropout that keeps mean 0 and variance 1, for SELU: dropped elements get its limit, then all are scaled and shifted.

    Klambauer et al., "Self-normalizing neural networks", 2017.

    >>> import convcore as cc
    >>> cc.nn.AlphaDropout(0.5).eval()(cc.ones(2))
    tensor([1., 1.])
    """


class FeatureAlphaDropout(_AlphaDropout):
    """AlphaDropout of whole channels of (N, C, …).

    >>> import convcore as cc
    >>> cc.nn.FeatureAlphaDropout(0.5).eval()(cc.ones(1, 2))
    tensor([[1., 1.]])
    """

    _channels = True
