"""In-place changes on the tape: through views, of views taken earlier, of what other ops have saved."""

import numpy as np

from tests.cases import IMAGE, Op, activation, case, flags, positive, real


def method(name):
    def call(m, x, *args):
        y = x * 2
        getattr(y, name)(*args)
        return y * x

    return call


def plain(function):
    return lambda x, *args: function(x * 2, *args) * x


def steps(m, x):
    """Every arithmetic operator in turn."""
    y = x * 2
    y += 1
    y -= x * x
    y *= x
    y /= x * x + 1
    y **= 2
    return y


def rows_and_columns(m, x):
    y = x * x
    row, column, flat = y[1], y[:, 2], y.reshape(-1)
    row *= 3
    column += row[1]
    flat[0] = column[0] * 2
    return y, row * flat[0]


def by_hand(x):
    y = x * x
    y[1] *= 3
    y[:, 2] += y[1, 1].copy()
    y[0, 0] = y[0, 2] * 2
    return y, y[1] * y[0, 0]


def into_zeros(m, x):
    z = m.zeros(*x.shape, dtype=x.dtype)
    for i in range(x.shape[0]):
        z[i] = x[x.shape[0] - 1 - i] * x[i]
    z[1:, ::2] *= x[1:, ::2]
    return z


def into_zeros_by_hand(x):
    z = x[::-1] * x
    z[1:, ::2] *= x[1:, ::2]
    return z


def transposed(m, x):
    y = (x * x).permute(1, 0)
    y[1] = x[:, 0]
    y.mul_(x.permute(1, 0))
    return y * y


def transposed_by_hand(x):
    y = (x * x).T.copy()
    y[1] = x[:, 0]
    return (y * x.T) ** 2


def channels_last(m, x):
    y = (x * x).contiguous(memory_format=m.channels_last)
    y[:, 1] = x[:, 0]
    y[:, :, 1:] *= 3
    return y * x


def channels_last_by_hand(x):
    y = x * x
    y[:, 1] = x[:, 0]
    y[:, :, 1:] *= 3
    return y * x


def expanded(m, x):
    y = x * 2
    wide = y.expand(3, *y.shape)
    y.mul_(x)
    return wide * 1


def masked(m, x, mask):
    y = x * x
    y.masked_fill_(mask, 2)
    y[mask] = 3 * x[mask]
    y[0].fill_(1)
    return y * x


def masked_by_hand(x, mask):
    y = np.where(mask, 3 * x, x * x)
    y[0] = 1
    return y * x


def copied(m, x, y):
    z = x * 1
    z.copy_(y)
    y2 = y * 1
    y2.zero_()
    return z * x + y2


def rows(*more):
    return [case("plain", positive(3, 4), *more)]


def bench(*more):
    return [case("image", positive(*IMAGE), *more)]


UNARY = {
    "exp_": np.exp,
    "log_": np.log,
    "sqrt_": np.sqrt,
    "square_": np.square,
    "reciprocal_": lambda x: 1 / x,
    "sin_": np.sin,
    "tanh_": np.tanh,
    "sigmoid_": lambda x: 1 / (1 + np.exp(-x)),
    "relu_": lambda x: np.maximum(x, 0),
    "neg_": np.negative,
    "abs_": np.abs,
}


# Functions that overwrite their argument, by name or by a flag.
NAMED = {
    "leaky_relu_": (activation.leaky_relu, (0.2,)),
    "elu_": (activation.elu, (0.7,)),
    "selu_": (activation.selu, ()),
    "celu_": (activation.celu, (0.5,)),
    "hardtanh_": (np.clip, (-0.7, 1.1)),
    "threshold_": (lambda x, t, v: np.where(x > t, x, v), (0.3, 0.9)),
    "rrelu_": (lambda x: activation.leaky_relu(x, 11 / 48), ()),
}
FLAGGED = {
    "relu6": lambda x: np.clip(x, 0, 6),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "mish": activation.mish,
    "hardsigmoid": activation.hardsigmoid,
    "hardswish": lambda x: x * activation.hardsigmoid(x),
}


def named(name):
    def call(m, x, *args):
        y = x * 2
        getattr(m.nn.functional, name)(y, *args)
        return y * x

    return call


def flagged(name):
    def call(m, x):
        y = x * 2
        getattr(m.nn.functional, name)(y, inplace=True)
        return y * x

    return call


BINARY = {
    "add_": np.add,
    "sub_": np.subtract,
    "mul_": np.multiply,
    "div_": np.divide,
    "pow_": np.power,
}
SMALL = [case("plain", real(3, 4))]
APART = {"hardsigmoid": {"torch": False, "why": "PyTorch divides by 6 in float32"}}
OPS = [
    *[
        Op(name, method(name), plain(function), rows(), tol=4, bench=bench())
        for name, function in UNARY.items()
    ],
    *[
        Op(
            name,
            method(name),
            plain(function),
            [case("plain", positive(3, 4), positive(3, 1))],
            tol=4,
            bench=bench(positive(64, 1, 1)),
        )
        for name, function in BINARY.items()
    ],
    Op(
        "clamp_",
        method("clamp_"),
        plain(np.clip),
        [case("plain", real(3, 4), -0.7, 0.9)],
        bench=[case("image", real(*IMAGE), -0.7, 0.9)],
    ),
    Op(
        "inplace-operators",
        steps,
        lambda x: ((x * 2 + 1 - x * x) * x / (x * x + 1)) ** 2,
        SMALL,
        tol=4,
    ),
    *[
        Op(
            name,
            named(name),
            plain(function),
            [case("plain", real(3, 4), *args)],
            tol=4,
            bench=[case("image", real(*IMAGE), *args)],
        )
        for name, (function, args) in NAMED.items()
    ],
    *[
        Op(
            f"{name}-inplace",
            flagged(name),
            plain(function),
            [case("plain", real(3, 4)).but(**APART.get(name, {}))],
            tol=4,
        )
        for name, function in FLAGGED.items()
    ],
    Op("inplace-views", rows_and_columns, by_hand, SMALL),
    Op("inplace-zeros", into_zeros, into_zeros_by_hand, SMALL),
    Op("inplace-transposed", transposed, transposed_by_hand, [case("plain", real(4, 3))]),
    Op(
        "inplace-channels-last",
        channels_last,
        channels_last_by_hand,
        [case("plain", real(2, 3, 4, 2))],
    ),
    Op("inplace-expanded", expanded, lambda x: np.broadcast_to(2 * x * x, (3, *x.shape)), SMALL),
    Op("inplace-masked", masked, masked_by_hand, [case("plain", real(3, 4), flags(3, 4))]),
    Op(
        "copy_",
        copied,
        lambda x, y: y * x,
        [case("plain", real(3, 4), real(3, 4))],
        bench=[case("image", real(*IMAGE), real(*IMAGE))],
    ),
]
