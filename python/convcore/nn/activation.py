"""Activations."""

from __future__ import annotations

from typing import Any

from convcore import _convert as convert
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


class Hardtanh(_core.nn.Hardtanh):
    """x limited to [`min_val`, `max_val`].

    >>> import convcore as cc
    >>> cc.nn.Hardtanh()(cc.tensor([-3.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        if min_val >= max_val:
            raise ValueError(
                f"{type(self).__name__}: max_val must be greater than min_val, got {max_val} and {min_val}"
            )
        super().__init__(min_val, max_val, inplace)

    def extra_repr(self) -> str:
        tail = ", inplace=True" if self.inplace else ""
        return f"min_val={self.min_val}, max_val={self.max_val}{tail}"


class ReLU6(Hardtanh):
    """x limited to [0, 6].

    >>> import convcore as cc
    >>> cc.nn.ReLU6()(cc.tensor([-1.0, 7.0]))
    tensor([0., 6.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

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


class PReLU(_core.nn.PReLU):
    """x where positive, else weight·x; the weight is learned: one, or one for each channel (He et al., 2015).

    >>> import convcore as cc
    >>> cc.nn.PReLU()(cc.tensor([-2.0, 2.0])).detach()
    tensor([-0.5000,  2.0000])
    """

    def __init__(
        self,
        num_parameters: int = 1,
        init: float = 0.25,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        convert.check_device(device)
        dtype = None if dtype is None else convert.to_dtype(dtype)
        super().__init__(num_parameters, init, dtype)
        self.reset_parameters()

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class RReLU(_core.nn.RReLU):
    """x where positive, else slope·x: in training each slope uniform in [`lower`, `upper`], else their mean.

    >>> import convcore as cc
    >>> cc.nn.RReLU(0.4, 0.6).eval()(cc.tensor([-1.0, 2.0]))
    tensor([-0.5000,  2.0000])
    """

    def __init__(
        self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False
    ) -> None:
        super().__init__(lower, upper, inplace)

    def extra_repr(self) -> str:
        return f"lower={self.lower}, upper={self.upper}" + (
            ", inplace=True" if self.inplace else ""
        )


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


class SELU(_core.nn.SELU):
    """λ·ELU(x) with the constants that keep mean 0 and variance 1 (Klambauer et al., 2017).

    >>> import convcore as cc
    >>> cc.nn.SELU()(cc.tensor([1.0]))
    tensor([1.0507])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class CELU(_core.nn.CELU):
    """x where positive, else `alpha`·(exp(x/`alpha`) − 1).

    >>> import convcore as cc
    >>> cc.nn.CELU(0.5)(cc.tensor([0.0, 2.0]))
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


class Mish(_core.nn.Mish):
    """x·tanh(softplus(x)) (Misra, 2019).

    >>> import convcore as cc
    >>> cc.nn.Mish()(cc.tensor([1.0]))
    tensor([0.8651])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class GLU(_core.nn.GLU):
    """a·sigmoid(b), a and b the halves of x along `dim`.

    >>> import convcore as cc
    >>> cc.nn.GLU()(cc.tensor([4.0, 0.0]))
    tensor([2.])
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Threshold(_core.nn.Threshold):
    """x where it is above `threshold`, else `value`.

    >>> import convcore as cc
    >>> cc.nn.Threshold(2.0, -1.0)(cc.tensor([1.0, 3.0]))
    tensor([-1.,  3.])
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__(threshold, value, inplace)

    def extra_repr(self) -> str:
        return f"threshold={self.threshold}, value={self.value}" + (
            ", inplace=True" if self.inplace else ""
        )


class Hardsigmoid(_core.nn.Hardsigmoid):
    """(x + 3)/6 limited to [0, 1].

    >>> import convcore as cc
    >>> cc.nn.Hardsigmoid()(cc.tensor([-4.0, 0.0]))
    tensor([0.0000, 0.5000])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace)


class Hardswish(_core.nn.Hardswish):
    """x·hardsigmoid(x).

    >>> import convcore as cc
    >>> cc.nn.Hardswish()(cc.tensor([3.0]))
    tensor([3.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace)


class Hardshrink(_core.nn.Hardshrink):
    """0 where |x| ≤ `lambd`, else x.

    >>> import convcore as cc
    >>> cc.nn.Hardshrink()(cc.tensor([0.2, 2.0]))
    tensor([0., 2.])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__(lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


class Softshrink(_core.nn.Softshrink):
    """x moved towards 0 by `lambd`, 0 where it would pass it.

    >>> import convcore as cc
    >>> cc.nn.Softshrink()(cc.tensor([0.2, 2.0]))
    tensor([0.0000, 1.5000])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__(lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


class Tanhshrink(_core.nn.Tanhshrink):
    """x − tanh(x).

    >>> import convcore as cc
    >>> cc.nn.Tanhshrink()(cc.tensor([1.0]))
    tensor([0.2384])
    """


class Softsign(_core.nn.Softsign):
    """x/(1 + |x|).

    >>> import convcore as cc
    >>> cc.nn.Softsign()(cc.tensor([1.0]))
    tensor([0.5000])
    """


class LogSigmoid(_core.nn.LogSigmoid):
    """log(sigmoid(x)), computed without overflow.

    >>> import convcore as cc
    >>> cc.nn.LogSigmoid()(cc.zeros(1))
    tensor([-0.6931])
    """


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


class Abs(_core.nn.Abs):
    """|x|, the absolute-value rectification (Jarrett et al., 2009).

    >>> import convcore as cc
    >>> cc.nn.Abs()(cc.tensor([-2.0, 1.0]))
    tensor([2., 1.])
    """


class Maxout(_core.nn.Maxout):
    """The greatest of each `k` neighbouring channels: (N, C·k, …) to (N, C, …) (Goodfellow et al., 2013).

    >>> import convcore as cc
    >>> cc.nn.Maxout(2)(cc.tensor([[1.0, 5.0, 2.0, 0.0]]))
    tensor([[5., 2.]])
    """

    def __init__(self, k: int) -> None:
        super().__init__(k)

    def extra_repr(self) -> str:
        return f"k={self.k}"
