"""Activations and dropout."""

from __future__ import annotations

from convcore import _core


class ReLU(_core.nn.ReLU):
    """max(0, x), of any shape.

    >>> import convcore as cc
    >>> cc.nn.ReLU()(cc.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class LeakyReLU(_core.nn.LeakyReLU):
    """x where positive, else `negative_slope`·x.

    >>> import convcore as cc
    >>> cc.nn.LeakyReLU(0.5)(cc.tensor([-1.0, 2.0]))
    tensor([-0.5000,  2.0000])
    """

    def __init__(self, negative_slope: float = 1e-2, inplace: bool = False) -> None:
        super().__init__(negative_slope, inplace)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}" + (", inplace=True" if self.inplace else "")


class ELU(_core.nn.ELU):
    """x where positive, else `alpha`·(exp(x) − 1).

    >>> import convcore as cc
    >>> cc.nn.ELU()(cc.tensor([0.0, 2.0]))
    tensor([0., 2.])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(alpha, inplace)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}" + (", inplace=True" if self.inplace else "")


class Softplus(_core.nn.Softplus):
    """log(1 + exp(beta·x))/beta, or x itself above `threshold`/beta.

    >>> import convcore as cc
    >>> cc.nn.Softplus()(cc.tensor([30.0]))
    tensor([30.])
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__(beta, threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class GELU(_core.nn.GELU):
    """x·Φ(x), Φ the normal distribution function; `approximate="tanh"` uses a formula with tanh.

    >>> import convcore as cc
    >>> cc.nn.GELU()(cc.zeros(1))
    tensor([0.])
    """

    def __init__(self, approximate: str = "none") -> None:
        if approximate not in ("none", "tanh"):
            raise ValueError(f"GELU: approximate must be 'none' or 'tanh', got {approximate!r}")
        super().__init__(approximate == "tanh")

    @property
    def approximate(self) -> str:
        return "tanh" if self._tanh else "none"

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(_core.nn.SiLU):
    """x·sigmoid(x), of any shape.

    >>> import convcore as cc
    >>> cc.nn.SiLU()(cc.zeros(1))
    tensor([0.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Sigmoid(_core.nn.Sigmoid):
    """1/(1 + exp(−x)), of any shape.

    >>> import convcore as cc
    >>> cc.nn.Sigmoid()(cc.zeros(1))
    tensor([0.5000])
    """


class Tanh(_core.nn.Tanh):
    """tanh(x), of any shape.

    >>> import convcore as cc
    >>> cc.nn.Tanh()(cc.zeros(1))
    tensor([0.])
    """


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
