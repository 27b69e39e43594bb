"""First values of parameters, drawn in place from the library's generator."""

from __future__ import annotations

import math

from convcore import _core
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


def _fans(op: str, tensor: Tensor) -> tuple[int, int]:
    if tensor.ndim < 2:
        raise _core.ArgumentError(
            f"{op}: tensor must have at least 2 dimensions, got shape {tuple(tensor.shape)}"
        )
    receptive = math.prod(tensor.shape[2:])
    return tensor.shape[1] * receptive, tensor.shape[0] * receptive


def _fan(op: str, tensor: Tensor, mode: str) -> int:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"{op}: mode must be 'fan_in' or 'fan_out', got {mode!r}")
    return _fans(op, tensor)[mode == "fan_out"]


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0) -> Tensor:
    """Fill with numbers uniform in [a, b).

    >>> import convcore as cc
    >>> bool((cc.nn.init.uniform_(cc.empty(3), 1, 2) >= 1).all())
    True
    """
    tensor.detach().uniform_(a, b)
    return tensor


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0) -> Tensor:
    """Fill with normally distributed numbers.

    >>> import convcore as cc
    >>> cc.nn.init.normal_(cc.empty(2), mean=3.0, std=0.0)
    tensor([3., 3.])
    """
    tensor.detach().normal_(mean, std)
    return tensor


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0
) -> Tensor:
    """Fill with normally distributed numbers, drawing again what falls outside [a, b].

    >>> import convcore as cc
    >>> bool((cc.nn.init.trunc_normal_(cc.empty(100)).abs() <= 2).all())
    True
    """
    if not a < b:
        raise ValueError(f"trunc_normal_: a must be less than b, got {a} and {b}")
    values = tensor.detach().normal_(mean, std)
    for _ in range(100):
        outside = (values < a).logical_or(values > b)
        if not outside.any():
            break
        values.copy_(_core.where(outside, values.clone().normal_(mean, std), values))
    values.clamp_(a, b)
    return tensor


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


def xavier_uniform_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Fill with uniform numbers in ±gain·√(6/(fan_in + fan_out)) (Glorot and Bengio, 2010).

    >>> import convcore as cc
    >>> weight = cc.nn.init.xavier_uniform_(cc.empty(3, 3))
    """
    bound = gain * math.sqrt(6.0 / sum(_fans("xavier_uniform_", tensor)))
    return uniform_(tensor, -bound, bound)


def xavier_normal_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Fill with normal numbers of deviation gain·√(2/(fan_in + fan_out)).

    >>> import convcore as cc
    >>> weight = cc.nn.init.xavier_normal_(cc.empty(3, 3))
    """
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(_fans("xavier_normal_", tensor))))


def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu"
) -> Tensor:
    """Fill with uniform numbers in ±gain·√(3/fan) (He, Zhang, Ren and Sun, 2015).

    >>> import convcore as cc
    >>> weight = cc.nn.init.kaiming_uniform_(cc.empty(8, 3, 3, 3), nonlinearity="relu")
    """
    fan = _fan("kaiming_uniform_", tensor, mode)
    bound = calculate_gain(nonlinearity, a) * math.sqrt(3.0 / fan)
    return uniform_(tensor, -bound, bound)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu"
) -> Tensor:
    """Fill with normal numbers of deviation gain/√fan.

    >>> import convcore as cc
    >>> weight = cc.nn.init.kaiming_normal_(cc.empty(8, 3, 3, 3), mode="fan_out", nonlinearity="relu")
    """
    fan = _fan("kaiming_normal_", tensor, mode)
    return normal_(tensor, 0.0, calculate_gain(nonlinearity, a) / math.sqrt(fan))
