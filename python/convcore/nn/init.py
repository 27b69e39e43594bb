"""First values of parameters, drawn in place from the library's generator or a given one."""

from __future__ import annotations

import math

import numpy as np

from convcore import _convert as convert
from convcore import _core
from convcore._core import Generator
from convcore._tensor import Tensor


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which initial values are scaled for what follows the layer.

    >>> import convcore as cc
    >>> cc.nn.init.calculate_gain("tanh")
    1.6666666666666667
    """
    if nonlinearity in ("linear", "sigmoid", "conv1d", "conv2d", "conv3d",
                        "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"):  # fmt: skip
        return 1.0
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity == "selu":
        return 3.0 / 4
    raise ValueError(
        "calculate_gain: nonlinearity must be 'linear', 'sigmoid', 'tanh', 'relu', 'leaky_relu', "
        f"'selu' or a convolution, got {nonlinearity!r}"
    )


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    return _fans("fan_in and fan_out", tensor)


def _fans(op: str, tensor: Tensor) -> tuple[int, int]:
    _check_rank(op, tensor, range(2, 64), "at least 2")
    receptive = math.prod(tensor.shape[2:])
    return tensor.shape[1] * receptive, tensor.shape[0] * receptive


def _check_rank(op: str, tensor: Tensor, ranks: range, expected: str) -> None:
    if tensor.ndim not in ranks:
        raise _core.ArgumentError(
            f"{op}: tensor must have {expected} dimensions, got shape {tuple(tensor.shape)}"
        )


def _fan(op: str, tensor: Tensor, mode: str) -> int:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"{op}: mode must be 'fan_in' or 'fan_out', got {mode!r}")
    return _fans(op, tensor)[mode == "fan_out"]


def uniform_(
    tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Fill with numbers uniform in [a, b).

    >>> import convcore as cc
    >>> bool((cc.nn.init.uniform_(cc.empty(3), 1, 2) >= 1).all())
    True
    """
    tensor.detach().uniform_(a, b, generator=generator)
    return tensor


def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Fill with normally distributed numbers.

    >>> import convcore as cc
    >>> cc.nn.init.normal_(cc.empty(2), mean=3.0, std=0.0)
    tensor([3., 3.])
    """
    tensor.detach().normal_(mean, std, generator=generator)
    return tensor


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with numbers of the normal distribution cut to [a, b].

    >>> import convcore as cc
    >>> bool((cc.nn.init.trunc_normal_(cc.empty(100)).abs() <= 2).all())
    True
    """
    if not a < b:
        raise ValueError(f"trunc_normal_: a must be less than b, got {a} and {b}")
    if not std > 0:
        raise ValueError(f"trunc_normal_: std must be positive, got {std}")
    low, high = ((limit - mean) / (std * math.sqrt(2)) for limit in (a, b))
    low, high = math.erf(low), math.erf(high)
    draw = _by_rejection if high - low > 0.1 else _by_inversion
    values = draw(tensor, mean, std, a, b, low, high, generator)
    tensor.detach().copy_(values.reshape(tensor.shape))
    return tensor


def _by_rejection(
    tensor: Tensor, mean: float, std: float, a: float, b: float, low: float, high: float,
    generator: Generator | None,
) -> Tensor:  # fmt: skip
    """What falls outside is drawn again."""

    def draw(count: int) -> Tensor:
        return _core.empty([count], tensor.dtype).normal_(mean, std, generator=generator)

    values = draw(tensor.numel())
    array = values.numpy()
    outside = np.flatnonzero((array < a) | (array > b))
    while outside.size:
        again = draw(outside.size).numpy()
        array[outside] = again
        outside = outside[(again < a) | (again > b)]
    return values


def _by_inversion(
    tensor: Tensor, mean: float, std: float, a: float, b: float, low: float, high: float,
    generator: Generator | None,
) -> Tensor:  # fmt: skip
    """Where little of the distribution lies in [a, b]: the error function inverted by bisection."""
    wanted = _core.empty([tensor.numel()], _core.dtype.float64)
    wanted.uniform_(low, max(high, math.nextafter(low, 2)), generator=generator)
    below = _core.full_like(wanted, max(a, mean - 40 * std), wanted.dtype)
    above = _core.full_like(wanted, min(b, mean + 40 * std), wanted.dtype)
    for _ in range(60):
        middle = (below + above) / 2
        less = ((middle - mean) / (std * math.sqrt(2))).erf() < wanted
        below, above = _core.where(less, middle, below), _core.where(less, above, middle)
    return above


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one value.

    >>> import convcore as cc
    >>> cc.nn.init.constant_(cc.empty(2), 3)
    tensor([3., 3.])
    """
    tensor.detach().fill_(val)
    return tensor


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros."""
    return constant_(tensor, 0.0)


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with the identity, so that a linear layer passes on what it can.

    >>> import convcore as cc
    >>> cc.nn.init.eye_(cc.empty(2, 3))
    tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    _check_rank("eye_", tensor, range(2, 3), "2")
    tensor.detach().copy_(_core.eye(*tensor.shape, tensor.dtype))
    return tensor


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill a convolution's weight (O, I, ...) so that each group passes on as many channels as it can.

    >>> import convcore as cc
    >>> cc.nn.init.dirac_(cc.empty(2, 1, 3))
    tensor([[[0., 1., 0.]],
    <BLANKLINE>
            [[0., 0., 0.]]])
    """
    _check_rank("dirac_", tensor, range(3, 6), "3, 4 or 5")
    out_channels, in_channels = tensor.shape[:2]
    if groups < 1 or out_channels % groups:
        raise ValueError(
            f"dirac_: groups must divide the {out_channels} output channels, got {groups}"
        )
    values = np.zeros(tensor.shape, np.float32)
    centre = tuple(size // 2 for size in tensor.shape[2:])
    for first in range(0, out_channels, out_channels // groups):
        for channel in range(min(out_channels // groups, in_channels)):
            values[(first + channel, channel, *centre)] = 1
    tensor.detach().copy_(convert.from_array(values, copy=False))
    return tensor


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """Fill with a random matrix of orthonormal rows or columns, whichever are fewer, times `gain`.

    What follows the first dimension counts as one. (Saxe, McClelland and Ganguli, 2014.)

    >>> import convcore as cc
    >>> weight = cc.nn.init.orthogonal_(cc.empty(2, 5))
    >>> cc.allclose(weight @ weight.T, cc.eye(2), atol=1e-6)
    True
    """
    _check_rank("orthogonal_", tensor, range(2, 64), "at least 2")
    if tensor.numel() == 0:
        return tensor
    rows = tensor.shape[0]
    columns = tensor.numel() // rows
    tall = _core.empty([max(rows, columns), min(rows, columns)], _core.dtype.float64)
    q, r = np.linalg.qr(tall.normal_(generator=generator).numpy())
    q *= np.where(np.diagonal(r) < 0, -gain, gain)  # makes every such matrix equally likely
    q = q.T if rows < columns else q
    tensor.detach().copy_(convert.from_array(q, copy=True).reshape(tensor.shape))
    return tensor


def sparse_(
    tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None
) -> Tensor:
    """Fill a matrix with normal numbers, in each column a share `sparsity` of the rows zero.

    The zeros' number is rounded up. (Martens, "Deep learning via Hessian-free optimization", 2010.)

    >>> import convcore as cc
    >>> (cc.nn.init.sparse_(cc.empty(10, 3), 0.35) == 0).sum(0)
    tensor([4, 4, 4])
    """
    _check_rank("sparse_", tensor, range(2, 3), "2")
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparse_: sparsity must be between 0 and 1, got {sparsity}")
    normal_(tensor, 0.0, std, generator)
    zeros = math.ceil(sparsity * tensor.shape[0])
    for column in range(tensor.shape[1]):
        rows = _core.randperm(tensor.shape[0], generator)[:zeros]
        tensor.detach()[rows, column] = 0
    return tensor


def xavier_uniform_(
    tensor: Tensor, gain: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Fill with uniform numbers in ±gain·√(6/(fan_in + fan_out)) (Glorot and Bengio, 2010).

    >>> import convcore as cc
    >>> weight = cc.nn.init.xavier_uniform_(cc.empty(3, 3))
    """
    bound = gain * math.sqrt(6.0 / max(1, sum(_fans("xavier_uniform_", tensor))))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with normal numbers of deviation gain·√(2/(fan_in + fan_out)).

    >>> import convcore as cc
    >>> weight = cc.nn.init.xavier_normal_(cc.empty(3, 3))
    """
    std = gain * math.sqrt(2.0 / max(1, sum(_fans("xavier_normal_", tensor))))
    return normal_(tensor, 0.0, std, generator)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill with uniform numbers in ±gain·√(3/fan) (He, Zhang, Ren and Sun, 2015).

    >>> import convcore as cc
    >>> weight = cc.nn.init.kaiming_uniform_(cc.empty(8, 3, 3, 3), nonlinearity="relu")
    """
    fan = _fan("kaiming_uniform_", tensor, mode)
    bound = calculate_gain(nonlinearity, a) * math.sqrt(3.0 / max(1, fan))
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill with normal numbers of deviation gain/√fan.

    >>> import convcore as cc
    >>> weight = cc.nn.init.kaiming_normal_(cc.empty(8, 3, 3, 3), mode="fan_out", nonlinearity="relu")
    """
    fan = _fan("kaiming_normal_", tensor, mode)
    std = calculate_gain(nonlinearity, a) / math.sqrt(max(1, fan))
    return normal_(tensor, 0.0, std, generator)


# PyTorch's older names.
uniform = uniform_
normal = normal_
constant = constant_
eye = eye_
dirac = dirac_
xavier_uniform = xavier_uniform_
xavier_normal = xavier_normal_
kaiming_uniform = kaiming_uniform_
kaiming_normal = kaiming_normal_
orthogonal = orthogonal_
sparse = sparse_
