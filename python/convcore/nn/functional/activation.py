"""Activations."""

from __future__ import annotations

from convcore import _core
from convcore._tensor import Tensor
from convcore.nn.functional._in_place import maybe_in_place as _maybe_in_place
from convcore.nn.functional._in_place import unary as _unary


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(input, 0).

    >>> import convcore as cc
    >>> cc.nn.functional.relu(cc.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return _unary("relu", input, inplace)


def relu_(input: Tensor) -> Tensor:
    """relu in place."""
    return relu(input, inplace=True)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """input limited to [0, 6].

    >>> import convcore as cc
    >>> cc.nn.functional.relu6(cc.tensor([-1.0, 2.0, 7.0]))
    tensor([0., 2., 6.])
    """
    return _unary("hardtanh", input, inplace, 0, 6)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """input where positive, else negative_slope·input.

    >>> import convcore as cc
    >>> cc.nn.functional.leaky_relu(cc.tensor([-1.0, 2.0]), 0.5)
    tensor([-0.5000,  2.0000])
    """
    return _unary("leaky_relu", input, inplace, negative_slope)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """leaky_relu in place."""
    return leaky_relu(input, negative_slope, inplace=True)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """input where positive, else weight·input: one weight, or one for each channel (dimension 1).

    >>> import convcore as cc
    >>> cc.nn.functional.prelu(cc.tensor([-2.0, 2.0]), cc.tensor([0.25]))
    tensor([-0.5000,  2.0000])
    """
    return _core.prelu(input, weight)


def rrelu(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Tensor:
    """input where positive, else slope·input: in training each slope uniform in [lower, upper], else their mean.

    >>> import convcore as cc
    >>> cc.nn.functional.rrelu(cc.tensor([-1.0, 2.0]), 0.4, 0.6)
    tensor([-0.5000,  2.0000])
    """
    x = input.clone() if inplace and input.requires_grad else input
    return _maybe_in_place(input, _core.rrelu(x, lower, upper, training), inplace)


def rrelu_(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False
) -> Tensor:
    """rrelu in place."""
    return rrelu(input, lower, upper, training, inplace=True)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """input where positive, else alpha·(eˣ − 1) (Clevert, Unterthiner, Hochreiter, 2015).

    >>> import convcore as cc
    >>> cc.nn.functional.elu(cc.tensor([0.0, 2.0]))
    tensor([0., 2.])
    """
    return _unary("elu", input, inplace, alpha)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """elu in place."""
    return elu(input, alpha, inplace=True)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """λ·elu(input, α) with the constants that keep mean 0 and variance 1 (Klambauer et al., 2017).

    >>> import convcore as cc
    >>> cc.nn.functional.selu(cc.tensor([1.0]))
    tensor([1.0507])
    """
    return _unary("selu", input, inplace)


def selu_(input: Tensor) -> Tensor:
    """selu in place."""
    return selu(input, inplace=True)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """input where positive, else alpha·(e^(x/alpha) − 1) (Barron, 2017); alpha must not be 0.

    >>> import convcore as cc
    >>> cc.nn.functional.celu(cc.tensor([0.0, 2.0]), 0.5)
    tensor([0., 2.])
    """
    return _unary("celu", input, inplace, alpha)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """celu in place."""
    return celu(input, alpha, inplace=True)


def softplus(input: Tensor, beta: float = 1, threshold: float = 20) -> Tensor:
    """ln(1 + e^(beta·x))/beta, and x itself where beta·x is above threshold.

    >>> import convcore as cc
    >>> cc.nn.functional.softplus(cc.tensor([0.0, 30.0]))
    tensor([ 0.6931, 30.0000])
    """
    return _core.unary("softplus", input, beta, threshold)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x·Φ(x); approximate="tanh" uses the tanh formula (Hendrycks and Gimpel, 2016).

    >>> import convcore as cc
    >>> cc.nn.functional.gelu(cc.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8413])
    """
    if approximate not in ("none", "tanh"):
        raise _core.ArgumentError(
            f'gelu: approximate must be "none" or "tanh", got {approximate!r}'
        )
    return _core.unary("gelu" if approximate == "none" else "gelu_tanh", input)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x·σ(x).

    >>> import convcore as cc
    >>> cc.nn.functional.silu(cc.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7311])
    """
    return _unary("silu", input, inplace)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x·tanh(softplus(x)) (Misra, 2019).

    >>> import convcore as cc
    >>> cc.nn.functional.mish(cc.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8651])
    """
    return _unary("mish", input, inplace)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """a·σ(b), a and b the halves of input along dim (Dauphin et al., 2016).

    >>> import convcore as cc
    >>> cc.nn.functional.glu(cc.tensor([4.0, 0.0]))
    tensor([2.])
    """
    return _core.glu(input, dim)


def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """input limited to [min_val, max_val].

    >>> import convcore as cc
    >>> cc.nn.functional.hardtanh(cc.tensor([-3.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """
    return _unary("hardtanh", input, inplace, min_val, max_val)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """hardtanh in place."""
    return hardtanh(input, min_val, max_val, inplace=True)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """input where it is above threshold, else value.

    >>> import convcore as cc
    >>> cc.nn.functional.threshold(cc.tensor([1.0, 3.0]), 2.0, -1.0)
    tensor([-1.,  3.])
    """
    return _unary("threshold", input, inplace, threshold, value)


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """threshold in place."""
    return _unary("threshold", input, True, threshold, value)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """(x + 3)/6 limited to [0, 1].

    >>> import convcore as cc
    >>> cc.nn.functional.hardsigmoid(cc.tensor([-4.0, 0.0]))
    tensor([0.0000, 0.5000])
    """
    return _unary("hardsigmoid", input, inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x·hardsigmoid(x) (Howard et al., "Searching for MobileNetV3", 2019).

    >>> import convcore as cc
    >>> cc.nn.functional.hardswish(cc.tensor([-4.0, 3.0]))
    tensor([-0.,  3.])
    """
    return _unary("hardswish", input, inplace)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """0 where |x| ≤ lambd, else x.

    >>> import convcore as cc
    >>> cc.nn.functional.hardshrink(cc.tensor([0.2, 2.0]))
    tensor([0., 2.])
    """
    return _core.unary("hardshrink", input, lambd)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x moved towards 0 by lambd, 0 where it would pass it; lambd must not be negative.

    >>> import convcore as cc
    >>> cc.nn.functional.softshrink(cc.tensor([0.2, 2.0]))
    tensor([0.0000, 1.5000])
    """
    return _core.unary("softshrink", input, lambd)


def tanhshrink(input: Tensor) -> Tensor:
    """x − tanh(x).

    >>> import convcore as cc
    >>> cc.nn.functional.tanhshrink(cc.tensor([0.0, 1.0]))
    tensor([0.0000, 0.2384])
    """
    return _core.unary("tanhshrink", input)


def softsign(input: Tensor) -> Tensor:
    """x/(1 + |x|).

    >>> import convcore as cc
    >>> cc.nn.functional.softsign(cc.tensor([1.0]))
    tensor([0.5000])
    """
    return _core.unary("softsign", input)


def logsigmoid(input: Tensor) -> Tensor:
    """ln σ(x), computed without overflow.

    >>> import convcore as cc
    >>> cc.nn.functional.logsigmoid(cc.tensor([0.0]))
    tensor([-0.6931])
    """
    return _core.unary("logsigmoid", input)


def sigmoid(input: Tensor) -> Tensor:
    """1/(1 + e⁻ˣ).

    >>> import convcore as cc
    >>> cc.nn.functional.sigmoid(cc.tensor([0.0]))
    tensor([0.5000])
    """
    return _core.unary("sigmoid", input)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent.

    >>> import convcore as cc
    >>> cc.nn.functional.tanh(cc.tensor([0.0]))
    tensor([0.])
    """
    return _core.unary("tanh", input)


def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """The step function: 0 below 0, 1 above, and `values` at 0; it has no gradient.

    >>> import convcore as cc
    >>> cc.nn.functional.heaviside(cc.tensor([-2.0, 0.0, 3.0]), cc.tensor([0.5]))
    tensor([0.0000, 0.5000, 1.0000])
    """
    return _core.binary("heaviside", input, values)


def maxout(input: Tensor, k: int) -> Tensor:
    """The greatest of each k neighbouring channels: (N, C·k, …) to (N, C, …) (Goodfellow et al., "Maxout networks", 2013).

    >>> import convcore as cc
    >>> cc.nn.functional.maxout(cc.tensor([[1.0, 5.0, 2.0, 0.0]]), 2)
    tensor([[5., 2.]])
    """
    return _core.maxout(input, k)
