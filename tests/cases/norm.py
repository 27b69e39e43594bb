"""Normalisation and dropout."""

import numpy as np

from tests.cases import IMAGE, Op, bad, big, case, distinct, positive, real, values

ALONE = "PyTorch's gradient of the gradient fails where there is a bias and no weight"


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


def instance_norm(
    x,
    mean=None,
    var=None,
    weight=None,
    bias=None,
    use_input_stats=True,
    momentum=0.1,
    eps=1e-5,
):
    """The output, and the running statistics afterwards."""
    axes = tuple(range(2, x.ndim))
    shape = (1, -1, *[1] * (x.ndim - 2))
    if use_input_stats:
        m, v = x.mean(axes), x.var(axes)
        pixels = np.prod(x.shape[2:])
        if mean is not None:
            mean = (1 - momentum) * mean + momentum * m.mean(0)
            var = (1 - momentum) * var + momentum * v.mean(0) * pixels / (pixels - 1)
        wide = (*x.shape[:2], *[1] * (x.ndim - 2))
    else:
        m, v, wide = mean, var, shape
    y = (x - m.reshape(wide)) / np.sqrt(v.reshape(wide) + eps)
    y = y * (1 if weight is None else weight.reshape(shape))
    y = y + (0 if bias is None else bias.reshape(shape))
    return (y,) if mean is None else (y, mean, var)


def group_norm(x, num_groups, weight=None, bias=None, eps=1e-5):
    groups = x.reshape(x.shape[0], num_groups, int(np.prod(x.shape[1:])) // num_groups)
    y = (groups - groups.mean(2, keepdims=True)) / np.sqrt(groups.var(2, keepdims=True) + eps)
    shape = (1, -1, *[1] * (x.ndim - 2))
    y = y.reshape(x.shape) * (1 if weight is None else weight.reshape(shape))
    return y + (0 if bias is None else bias.reshape(shape))


def layer_norm(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    axes = tuple(range(-len(np.atleast_1d(normalized_shape)), 0))
    y = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)
    return y * (1 if weight is None else weight) + (0 if bias is None else bias)


def rms_norm(x, normalized_shape, weight=None, eps=None):
    axes = tuple(range(-len(np.atleast_1d(normalized_shape)), 0))
    # The rows' own values are too far from 0 for the default to matter.
    y = x / np.sqrt((x * x).mean(axes, keepdims=True) + (eps or 0))
    return y * (1 if weight is None else weight)


def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    ends = [(0, 0), (size // 2, (size - 1) // 2), *[(0, 0)] * (x.ndim - 2)]
    squares = np.pad(x * x, ends)
    around = sum(squares[:, i : i + x.shape[1]] for i in range(size))
    return x / (k + alpha / size * around) ** beta


def normalize(x, p=2.0, dim=1, eps=1e-12):
    return x / np.maximum(np.linalg.norm(x, p, dim, keepdims=True), eps)


def with_stats(name):
    def call(m, x, mean=None, var=None, *args, **kwargs):
        function = getattr(m.nn.functional, name)
        if mean is None:
            return function(x, None, None, *args, **kwargs)
        mean, var = mean.clone(), var.clone()
        return function(x, mean, var, *args, **kwargs), mean, var

    return call


def stats(c):
    return real(c).const, positive(c).const


OPS = [
    Op(
        "batch_norm",
        with_stats("batch_norm"),
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
        impl="norm",
        bench=[
            case("training", real(*IMAGE), *stats(64), real(64), real(64), training=True),
            case("evaluation", real(*IMAGE), *stats(64), real(64), real(64)),
            case("features", real(4096, 256), *stats(256), real(256), real(256), training=True),
            case("volume", real(4, 32, 16, 24, 24), *stats(32), real(32), real(32), training=True),
        ],
    ),
    Op(
        "instance_norm",
        with_stats("instance_norm"),
        instance_norm,
        [
            case("plain", real(3, 4, 5, 2)),
            case("affine", real(3, 4, 5, 2), None, None, real(4), real(4)),
            case("weight", real(2, 3, 4), None, None, real(3)),
            case("bias", real(2, 3, 4), None, None, None, real(3)).but(
                torch_gradgrad=False, why=ALONE
            ),
            case("1d", real(2, 3, 7), None, None, real(3), real(3), eps=0.1),
            case("3d", real(2, 3, 2, 3, 2), None, None, real(3), real(3)),
            case("running", real(3, 4, 5, 2), *stats(4), real(4), real(4), momentum=0.3),
            case(
                "evaluation", real(3, 4, 5, 2), *stats(4), real(4), real(4), use_input_stats=False
            ),
            case("one-channel", real(3, 1, 4, 4), None, None, real(1), real(1)),
            case("many-channels", real(2, 37, 3, 3), None, None, real(37), real(37)),
            case("far", values(100 + np.arange(24.0).reshape(2, 3, 2, 2) % 7)).but(grad=False),
            big("big", real(4, 33, 30, 31), None, None, real(33), real(33)),
            big("big-long", real(2, 3, 200, 301), None, None, real(3), real(3)),
        ],
        [
            bad("rank", ValueError, r"instance_norm: input must have.*\(2, 3\)", real(2, 3)),
            bad(
                "weight",
                ValueError,
                r"instance_norm: weight must have shape \(3,\).*\(4,\)",
                real(2, 3, 4, 4),
                None,
                None,
                real(4),
            ),
            bad(
                "stats",
                ValueError,
                r"instance_norm: running_var must have shape \(3,\).*\(2,\)",
                real(2, 3, 4),
                real(3),
                real(2),
            ),
            bad(
                "one-pixel",
                ValueError,
                r"instance_norm: Expected more than 1 spatial element.*\(2, 3, 1, 1\)",
                real(2, 3, 1, 1),
            ),
            bad(
                "no-stats",
                ValueError,
                r"instance_norm: running_mean and running_var are needed when use_input_stats=False",
                real(2, 3, 4),
                use_input_stats=False,
            ),
        ],
        tol=8,
        impl="norm",
        bench=[
            case("images", real(*IMAGE), None, None, real(64), real(64)),
            case("plain", real(*IMAGE)),
            case("running", real(*IMAGE), *stats(64)),
            case("volume", real(4, 32, 16, 24, 24)),
        ],
    ),
    Op(
        "group_norm",
        "nn.functional.group_norm",
        group_norm,
        [
            case("plain", real(3, 4, 5, 2), 2),
            case("affine", real(3, 6, 5, 2), 3, real(6), real(6)),
            case("weight", real(3, 6, 4), 2, real(6)),
            case("bias", real(3, 6, 4), 2, None, real(6)).but(torch_grad=False, why=ALONE),
            case("one-group", real(2, 6, 3, 3), 1, real(6), real(6)),
            case("group-per-channel", real(2, 6, 3, 3), 6, real(6), real(6)),
            case("features", real(3, 8), 2, real(8), real(8)),
            case("pixel", real(3, 8, 1, 1), 2, real(8), real(8), eps=0.01),
            case("3d", real(2, 4, 2, 3, 2), 2, real(4), real(4)),
            case("many-channels", real(2, 74, 2, 2), 2, real(74), real(74)),
            case("empty", real(0, 4, 2, 2), 2, real(4), real(4)),
            case("far", values(100 + np.arange(32.0).reshape(2, 4, 2, 2) % 7), 2).but(grad=False),
            big("big", real(4, 32, 30, 31), 8, real(32), real(32)),
            big("big-long", real(1, 4, 300, 301), 2, real(4), real(4)),
            big("big-features", real(900, 96), 4, real(96), real(96)),
        ],
        [
            bad("rank", ValueError, r"group_norm: input must have.*\(3,\)", real(3), 1),
            bad(
                "groups",
                ValueError,
                r"group_norm: the number of channels must be divisible by num_groups.*4 channels.*3",
                real(2, 4, 2),
                3,
            ),
            bad("no-groups", ValueError, r"group_norm: num_groups must be.*0", real(2, 4, 2), 0),
            bad(
                "weight",
                ValueError,
                r"group_norm: weight must have shape \(4,\).*\(2,\)",
                real(2, 4, 2),
                2,
                real(2),
            ),
            bad(
                "one-value",
                ValueError,
                r"group_norm: Expected more than 1 value per channel.*\(1, 2\)",
                real(1, 2),
                2,
            ),
            bad(
                "dtype",
                TypeError,
                r"group_norm: input must have a floating-point dtype, got int64",
                values(np.ones((2, 4)), "int64"),
                2,
            ),
        ],
        tol=8,
        impl="norm",
        bench=[
            case("images", real(*IMAGE), 8, real(64), real(64)),
            case("one-group", real(*IMAGE), 1, real(64), real(64)),
            case("small-maps", real(32, 512, 7, 7), 32, real(512), real(512)),
            case("features", real(4096, 256), 8, real(256), real(256)),
        ],
    ),
    Op(
        "layer_norm",
        "nn.functional.layer_norm",
        layer_norm,
        [
            case("plain", real(3, 5), (5,)),
            case("affine", real(2, 3, 5), (5,), real(5), real(5)),
            case("weight", real(2, 3, 5), (5,), real(5)),
            case("bias", real(2, 3, 5), (5,), None, real(5), eps=0.1).but(
                torch_gradgrad=False, why=ALONE
            ),
            case("two-axes", real(2, 3, 4, 5), (4, 5), real(4, 5), real(4, 5)),
            case("maps", real(2, 3, 4, 5), (3, 4, 5), real(3, 4, 5), real(3, 4, 5)),
            case("whole", real(2, 3, 4), (2, 3, 4), real(2, 3, 4), real(2, 3, 4)),
            case("channels", real(2, 3, 4, 70), (70,), real(70), real(70)),
            case("vector", real(6), (6,), real(6), real(6)),
            case("empty", real(0, 4), (4,), real(4), real(4)),
            case("far", values(100 + np.arange(24.0).reshape(4, 6) % 5), (6,)).but(grad=False),
            big("big", real(700, 96), (96,), real(96), real(96)),
            big("big-wide", real(50, 1000), (1000,), real(1000), real(1000)),
            big("big-maps", real(3, 20, 30, 31), (20, 30, 31), real(20, 30, 31), real(20, 30, 31)),
        ],
        [
            bad(
                "shape",
                ValueError,
                r"layer_norm: normalized_shape \(4,\).*input of shape \(2, 3\)",
                real(2, 3),
                (4,),
            ),
            bad(
                "rank",
                ValueError,
                r"layer_norm: normalized_shape \(2, 3\).*\(3,\)",
                real(3),
                (2, 3),
            ),
            bad(
                "none",
                ValueError,
                r"layer_norm: normalized_shape must have at least 1",
                real(3),
                (),
            ),
            bad(
                "weight",
                ValueError,
                r"layer_norm: weight must have shape \(3,\).*\(2,\)",
                real(2, 3),
                (3,),
                real(2),
            ),
        ],
        tol=8,
        impl="norm",
        bench=[
            case("tokens", real(2048, 768), (768,), real(768), real(768)),
            case("pixels", real(8, 32, 32, 96), (96,), real(96), real(96)),
            case("maps", real(*IMAGE), IMAGE[1:], real(*IMAGE[1:]), real(*IMAGE[1:])),
            case("plain", real(2048, 768), (768,)),
        ],
    ),
    Op(
        "rms_norm",
        "nn.functional.rms_norm",
        rms_norm,
        [
            case("plain", real(3, 5), (5,)),
            case("weight", real(2, 3, 5), (5,), real(5), eps=0.01),
            case("two-axes", real(2, 3, 4, 5), (4, 5), real(4, 5)),
            case("maps", real(2, 3, 4, 5), (3, 4, 5), real(3, 4, 5)),
            case("empty", real(0, 4), (4,), real(4)),
            big("big", real(700, 96), (96,), real(96)),
            big("big-maps", real(3, 20, 30, 31), (20, 30, 31), real(20, 30, 31)),
        ],
        [
            bad(
                "shape",
                ValueError,
                r"rms_norm: normalized_shape \(4,\).*input of shape \(2, 3\)",
                real(2, 3),
                (4,),
            ),
            bad(
                "weight",
                ValueError,
                r"rms_norm: weight must have shape \(3,\).*\(2,\)",
                real(2, 3),
                (3,),
                real(2),
            ),
        ],
        tol=8,
        impl="norm",
        bench=[case("tokens", real(2048, 768), (768,), real(768))],
    ),
    Op(
        "local_response_norm",
        "nn.functional.local_response_norm",
        local_response_norm,
        [
            case("plain", real(2, 7, 3, 4), 5),
            case("strong", real(2, 7, 3, 4), 3, alpha=2.0, beta=0.6, k=0.5),
            case("even", real(2, 7, 5), 4, alpha=1.0),
            case("one", real(2, 3, 5), 1, alpha=1.0),
            case("wider", real(2, 3, 2, 2), 9, alpha=1.0),
            case("3d", real(2, 6, 2, 3, 2), 3, alpha=1.0, k=2.0),
            case("many-channels", real(1, 70, 2, 2), 5, alpha=1.0),
            case("empty", real(0, 3, 2, 2), 3),
            big("big", real(4, 33, 30, 31), 5, alpha=1.0),
        ],
        [
            bad(
                "rank", ValueError, r"local_response_norm: input must have.*\(2, 3\)", real(2, 3), 2
            ),
            bad(
                "size",
                ValueError,
                r"local_response_norm: size must be at least 1, got 0",
                real(2, 3, 4),
                0,
            ),
        ],
        tol=4,
        impl="response_norm",
        bench=[case("images", real(16, 96, 27, 27), 5), case("volume", real(4, 32, 16, 24, 24), 3)],
    ),
    Op(
        "normalize",
        "nn.functional.normalize",
        normalize,
        [
            case("plain", real(3, 5)),
            case("maps", real(2, 3, 4, 5)),
            case("one-norm", real(3, 5), 1.0),
            case("greatest", distinct(3, 5), float("inf")),
            case("cubic", real(3, 5), 3.0, -1),
            case("dim", real(3, 4, 5), dim=0),
            case("small", values(np.full((2, 3), 1e-3)), eps=0.1),
            big("big", real(300, 200)),
        ],
        [
            bad("dim", IndexError, r"norm: dim.*2", real(2, 3), dim=2),
            bad(
                "dtype",
                TypeError,
                r"norm: input must have a floating-point dtype",
                values(np.ones((2, 3)), "int64"),
            ),
        ],
        bench=[case("features", real(4096, 256)), case("maps", real(*IMAGE))],
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
for name in ("alpha_dropout", "feature_alpha_dropout"):
    OPS.append(
        Op(
            name,
            f"nn.functional.{name}",
            lambda x, p=0.5, training=False: x * 0 if training and p == 1 else x,
            [
                case("evaluation", real(3, 4), 0.5),
                case("none", real(3, 4), 0.0, True),
                case("everything", real(3, 4), 1.0, True),
            ],
            [
                bad("p", ValueError, rf"{name}: p must be.*0.*1.*1\.5", real(3, 2), 1.5),
                bad(
                    "dtype",
                    TypeError,
                    rf"{name}: input must have a floating-point dtype",
                    values(np.ones((2, 3)), "int64"),
                    0.5,
                    True,
                ),
            ],
            bench=[case("image", real(*IMAGE), 0.5, True).but(chance=True)],
        )
    )
