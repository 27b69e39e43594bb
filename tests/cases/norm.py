"""Normalisation and dropout."""

import numpy as np

from tests.cases import IMAGE, Op, bad, big, case, positive, real, values


def batch_norm(x, mean, var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    """The output, and the running statistics afterwards."""
    axes = (0, *range(2, x.ndim))
    shape = (1, -1, *[1] * (x.ndim - 2))
    m, v = mean, var
    if training:
        m, v = x.mean(axes), x.var(axes)
        n = x.size / x.shape[1]
        if mean is not None:
            mean = (1 - momentum) * mean + momentum * m
            var = (1 - momentum) * var + momentum * v * n / (n - 1)
    y = (x - m.reshape(shape)) / np.sqrt(v.reshape(shape) + eps)
    if weight is not None:
        y = y * weight.reshape(shape)
    if bias is not None:
        y = y + bias.reshape(shape)
    return (y,) if mean is None else (y, mean, var)


def call(m, x, mean, var, *args, **kwargs):
    if mean is None:
        return m.nn.functional.batch_norm(x, None, None, *args, **kwargs)
    mean, var = mean.clone(), var.clone()
    return m.nn.functional.batch_norm(x, mean, var, *args, **kwargs), mean, var


def stats(c):
    return real(c).const, positive(c).const


OPS = [
    Op(
        "batch_norm",
        call,
        batch_norm,
        [
            case("training", real(4, 3, 5, 2), *stats(3), real(3), real(3), training=True),
            case("training-1d", real(5, 3, 4), *stats(3), real(3), real(3), training=True),
            case("training-3d", real(2, 3, 2, 3, 2), *stats(3), real(3), real(3), training=True),
            case("training-features", real(6, 3), *stats(3), real(3), real(3), training=True),
            case("training-plain", real(4, 3, 2, 2), *stats(3), training=True),
            case(
                "training-no-stats", real(4, 3, 2, 2), None, None, real(3), real(3), training=True
            ),
            case(
                "momentum-eps",
                real(4, 3, 2, 2),
                *stats(3),
                real(3),
                real(3),
                training=True,
                momentum=0.7,
                eps=0.1,
            ),
            case("one-channel", real(4, 1, 3, 3), *stats(1), real(1), real(1), training=True),
            case("many-channels", real(3, 37, 2, 2), *stats(37), real(37), real(37), training=True),
            case("pixel", real(6, 5, 1, 1), *stats(5), real(5), real(5), training=True),
            case(
                "far",
                values(100 + np.arange(24.0).reshape(2, 3, 2, 2) % 7),
                *stats(3),
                training=True,
            ).but(grad=False),
            case("evaluation", real(4, 3, 5, 2), *stats(3), real(3), real(3)),
            case("evaluation-plain", real(4, 3), *stats(3)),
            big("big", real(4, 33, 30, 31), *stats(33), real(33), real(33), training=True),
            big("big-evaluation", real(4, 33, 30, 31), *stats(33), real(33), real(33)),
        ],
        [
            bad("rank", ValueError, r"batch_norm: input must have.*\(3,\)", real(3), *stats(3)),
            bad(
                "weight",
                ValueError,
                r"batch_norm: weight.*\(3,\).*\(4,\)",
                real(2, 3, 4, 4),
                *stats(3),
                real(4),
            ),
            bad(
                "stats",
                ValueError,
                r"batch_norm: running_mean.*\(3,\).*\(2,\)",
                real(2, 3),
                *stats(2),
            ),
            bad(
                "one-value",
                ValueError,
                r"batch_norm.*more than (one|1) value",
                real(1, 3),
                *stats(3),
                training=True,
            ),
        ],
        tol=8,
        impl="batch_norm",
        bench=[
            case("training", real(*IMAGE), *stats(64), real(64), real(64), training=True),
            case("evaluation", real(*IMAGE), *stats(64), real(64), real(64)),
            case("features", real(4096, 256), *stats(256), real(256), real(256), training=True),
            case("volume", real(4, 32, 16, 24, 24), *stats(32), real(32), real(32), training=True),
        ],
    ),
    # Masks are random: the rows are those without chance; test_random.py has the others.
    Op(
        "dropout",
        "nn.functional.dropout",
        lambda x, p=0.5, training=True: x * 0 if training and p == 1 else x,
        [
            case("evaluation", real(3, 4), 0.5, training=False),
            case("none", real(3, 4), 0.0),
            case("everything", real(3, 4), 1.0),
        ],
        [
            bad("p", ValueError, r"dropout: p must be.*0.*1.*1\.5", real(3), 1.5),
            bad("p-negative", ValueError, r"dropout: p must be.*-0\.1", real(3), -0.1),
        ],
        bench=[case("image", real(*IMAGE), 0.5).but(chance=True)],
    ),
]
