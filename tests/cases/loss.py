"""Losses."""

import numpy as np
from scipy import special

from tests.cases import (
    IMAGE,
    SCORES,
    Arr,
    Op,
    bad,
    big,
    case,
    distinct,
    flags,
    ints,
    labels,
    positive,
    real,
    values,
)


def _reduce(losses, reduction, total=None):
    if reduction == "none":
        return losses
    return losses.sum() / (1 if reduction == "sum" else losses.size if total is None else total)


def cross_entropy(x, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    if x.ndim == 1:
        out = cross_entropy(x[None], target[None], weight, ignore_index, reduction, label_smoothing)
        return out[0] if reduction == "none" else out
    classes = x.shape[1]
    logp = special.log_softmax(x, axis=1)
    w = np.ones(classes) if weight is None else weight
    if target.dtype.kind == "f":
        smoothed = target * (1 - label_smoothing) + label_smoothing / classes
        losses = -(smoothed * logp * w.reshape(-1, *[1] * (x.ndim - 2))).sum(1)
        return _reduce(losses, reduction)
    used = target != ignore_index
    safe = np.where(used, target, 0)
    picked = np.take_along_axis(logp, safe[:, None], 1)[:, 0]
    smooth = -(logp * w.reshape(-1, *[1] * (x.ndim - 2))).sum(1) / classes
    losses = ((1 - label_smoothing) * -picked * w[safe] + label_smoothing * smooth) * used
    return _reduce(losses, reduction, (w[safe] * used).sum())


def mse_loss(x, target, reduction="mean", weight=1.0):
    return _reduce((x - target) ** 2 * weight, reduction, np.sum(weight * np.ones(x.shape)))


def l1_loss(x, target, reduction="mean", weight=1.0):
    return _reduce(np.abs(x - target) * weight, reduction, np.sum(weight * np.ones(x.shape)))


def smooth_l1_loss(x, target, reduction="mean", beta=1.0):
    d = np.abs(x - target)
    near = d * d / (2 * beta) if beta else d
    return _reduce(np.where(d < beta, near, d - beta / 2), reduction)


def huber_loss(x, target, reduction="mean", delta=1.0, weight=1.0):
    return _reduce(delta * smooth_l1_loss(x, target, "none", delta) * weight, reduction)


def nll_loss(x, target, weight=None, ignore_index=-100, reduction="mean"):
    w = np.ones(x.shape[1]) if weight is None else weight
    used = target != ignore_index
    safe = np.where(used, target, 0)
    losses = -np.take_along_axis(x, safe[:, None], 1)[:, 0] * w[safe] * used
    return _reduce(losses, reduction, (w[safe] * used).sum())


def bce(x, target, weight=None, reduction="mean"):
    losses = -(special.xlogy(target, x) + special.xlog1py(1 - target, -x))
    return _reduce(losses if weight is None else losses * weight, reduction)


def bce_with_logits(x, target, weight=None, reduction="mean", pos_weight=None):
    p = 1 if pos_weight is None else pos_weight
    losses = (1 - target) * np.logaddexp(0, x) + p * target * np.logaddexp(0, -x)
    return _reduce(losses if weight is None else losses * weight, reduction)


def kl_div(x, target, reduction="mean", log_target=False):
    losses = (
        np.exp(target) * (target - x) if log_target else special.xlogy(target, target) - target * x
    )
    return losses.sum() / len(x) if reduction == "batchmean" else _reduce(losses, reduction)


def chance(*shape):
    """Values in (0, 1)."""
    return Arr(shape, lambda rng, shape: 0.05 + 0.9 * rng.random(shape))


def _by_name(function, *names):
    """PyTorch's function, which has arguments of old between ours, called with further ones by name."""

    def call(m, x, target, *args, **kwargs):
        given = dict(zip(names, args, strict=False)) | kwargs
        return getattr(m.nn.functional, function)(x, target, **given)

    return call


REDUCTIONS = ("mean", "sum", "none")
TARGET = values([1, -100, 0, 3], "int64")
OPS = [
    Op(
        "cross_entropy",
        "nn.functional.cross_entropy",
        cross_entropy,
        [
            case("plain", real(4, 5), labels(4, classes=5)),
            case("sum", real(4, 5), labels(4, classes=5), reduction="sum"),
            case("none", real(4, 5), labels(4, classes=5), reduction="none"),
            case("one-example", real(5), labels(classes=5)),
            case("weight", real(4, 5), labels(4, classes=5), positive(5).const),
            case(
                "weight-none", real(4, 5), labels(4, classes=5), positive(5).const, reduction="none"
            ),
            case("ignored", real(4, 5), TARGET),
            case("ignored-none", real(4, 5), TARGET, reduction="none"),
            case("ignore-index", real(4, 5), labels(4, classes=5), ignore_index=1),
            case("smoothing", real(4, 5), labels(4, classes=5), label_smoothing=0.2),
            case("smoothing-weight", real(4, 5), TARGET, positive(5).const, label_smoothing=0.3),
            case("segmentation", real(2, 4, 3, 5), labels(2, 3, 5, classes=4)),
            case(
                "segmentation-all",
                real(2, 4, 3, 5),
                labels(2, 3, 5, classes=4),
                positive(4).const,
                ignore_index=2,
                reduction="none",
                label_smoothing=0.1,
            ),
            case("probabilities", real(4, 5), positive(4, 5)),
            case(
                "probabilities-all",
                real(2, 4, 3),
                positive(2, 4, 3),
                positive(4).const,
                reduction="none",
                label_smoothing=0.2,
            ),
            case("probabilities-weight", real(4, 5), positive(4, 5).const, positive(5).const),
            case("sequence", real(2, 4, 3), labels(2, 3, classes=4)),
            case(
                "far",
                values([[1000.0, -1000.0, 0.0], [-50.0, 90.0, 89.0]]),
                values([1, 2], "int64"),
            ).but(gradgrad=False),
            big("big", real(400, 101), labels(400, classes=101)),
            big("big-map", real(4, 21, 20, 21), labels(4, 20, 21, classes=21)),
        ],
        [
            bad(
                "label",
                IndexError,
                r"cross_entropy: target must hold classes from 0 to 4.*got 7 at \(1,\)",
                real(2, 5),
                values([1, 7], "int64"),
            ),
            bad(
                "batch",
                ValueError,
                r"cross_entropy: target.*\(3,\)",
                real(2, 5),
                labels(3, classes=5),
            ),
            bad(
                "probabilities",
                ValueError,
                r"cross_entropy: target of class probabilities.*\(2, 5\), got \(2,\)",
                real(2, 5),
                real(2),
            ),
            bad("dtype", TypeError, r"cross_entropy: target.*bool", real(2, 5), flags(2)),
            bad("input", TypeError, r"cross_entropy.*floating", ints(2, 5), labels(2, classes=5)),
            bad(
                "reduction",
                ValueError,
                r"reduction.*avg",
                real(2, 5),
                labels(2, classes=5),
                reduction="avg",
            ),
            bad(
                "smoothing",
                ValueError,
                r"label_smoothing.*1\.5",
                real(2, 5),
                labels(2, classes=5),
                label_smoothing=1.5,
            ),
            bad(
                "weight",
                ValueError,
                r"weight.*\(5,\).*\(4,\)",
                real(2, 5),
                labels(2, classes=5),
                real(4),
            ),
        ],
        tol=4,
        impl="cross_entropy",
        bench=[
            case("scores", real(*SCORES), labels(1024, classes=1000)),
            case("few-classes", real(65536, 10), labels(65536, classes=10)),
            case("smoothing", real(*SCORES), labels(1024, classes=1000), label_smoothing=0.1),
            case("probabilities", real(*SCORES), positive(*SCORES).const),
            case("map", real(8, 21, 80, 80), labels(8, 80, 80, classes=21)),
        ],
    ),
    Op(
        "mse_loss",
        "nn.functional.mse_loss",
        mse_loss,
        [
            case("mean", real(3, 4), real(3, 4)),
            case("sum", real(3, 4), real(3, 4), reduction="sum"),
            case("broadcast", real(3, 4), real(4), reduction="sum"),
            case("empty", real(0, 4), real(0, 4), reduction="sum"),
            *[case(f"weight-{r}", real(3, 4), real(3, 4), r, positive(3, 4)) for r in REDUCTIONS],
            case("none", real(2, 3, 4, 5), real(2, 3, 4, 5), reduction="none"),
            big("big", real(300, 301), real(300, 301)),
        ],
        [
            bad("shape", ValueError, r"mse_loss.*\(3, 4\).*\(3,\)", real(3, 4), real(3)),
            bad("reduction", ValueError, r"reduction.*avg", real(3), real(3), reduction="avg"),
            bad(
                "weight",
                ValueError,
                r"mse_loss: weight.*\(3, 4\).*\(4,\)",
                real(3, 4),
                real(3, 4),
                "sum",
                real(4),
            ),
            bad("dtype", TypeError, "mse_loss.*int64", ints(3), ints(3)),
        ],
        torch=_by_name("mse_loss", "reduction", "weight"),
        bench=[case("image", real(*IMAGE), real(*IMAGE))],
    ),
    Op(
        "l1_loss",
        "nn.functional.l1_loss",
        l1_loss,
        [
            *[
                case(r, real(3, 4), distinct(3, 4), reduction=r).but(gradgrad=False)
                for r in REDUCTIONS
            ],
            case("weight", real(3, 4), distinct(3, 4), "mean", positive(3, 4)),
        ],
        torch=_by_name("l1_loss", "reduction", "weight"),
        bench=[case("image", real(*IMAGE), real(*IMAGE))],
    ),
    Op(
        "smooth_l1_loss",
        "nn.functional.smooth_l1_loss",
        smooth_l1_loss,
        [
            *[case(r, real(3, 4), distinct(3, 4), reduction=r) for r in REDUCTIONS],
            case("beta", real(3, 4), distinct(3, 4), beta=0.3),
            case("zero", real(3, 4), distinct(3, 4), beta=0.0).but(gradgrad=False),
            big("big", real(300, 301), real(300, 301)),
        ],
        [bad("beta", ValueError, r"smooth_l1_loss: beta.*-1", real(3), real(3), beta=-1.0)],
        bench=[case("image", real(*IMAGE), real(*IMAGE))],
    ),
    Op(
        "huber_loss",
        "nn.functional.huber_loss",
        huber_loss,
        [
            *[case(r, real(3, 4), distinct(3, 4), reduction=r) for r in REDUCTIONS],
            case("delta", real(3, 4), distinct(3, 4), delta=0.3),
            case("weight", real(3, 4), distinct(3, 4), "mean", 0.3, positive(3, 4)),
            big("big", real(300, 301), real(300, 301)),
        ],
        [bad("delta", ValueError, r"huber_loss: delta.*0", real(3), real(3), delta=0.0)],
        bench=[case("image", real(*IMAGE), real(*IMAGE))],
    ),
    Op(
        "nll_loss",
        "nn.functional.nll_loss",
        nll_loss,
        [
            *[case(r, real(4, 5), TARGET, reduction=r) for r in REDUCTIONS],
            case("weight", real(4, 5), TARGET, positive(5).const),
            case("map", real(2, 4, 3, 2), labels(2, 3, 2, classes=4)),
        ],
        [
            bad(
                "label",
                IndexError,
                r"nll_loss: target.*0 to 4.*got 5 at \(0,\)",
                real(1, 5),
                values([5], "int64"),
            )
        ],
        bench=[
            case("few-classes", real(65536, 10), labels(65536, classes=10)),
            case("map", real(8, 21, 80, 80), labels(8, 80, 80, classes=21)),
        ],
    ),
    Op(
        "binary_cross_entropy",
        "nn.functional.binary_cross_entropy",
        bce,
        [
            *[case(r, chance(3, 4), chance(3, 4).const, reduction=r) for r in REDUCTIONS],
            case("weight", chance(3, 4), chance(3, 4).const, positive(3, 1).const),
            case("certain", values([0.0, 1.0]), values([0.0, 1.0]).const).but(
                kink=True,
                gradgrad=False,
                torch_gradgrad=False,
                why="PyTorch divides by 1e-12 twice",
            ),
        ],
        [
            bad(
                "range",
                ValueError,
                r"binary_cross_entropy: input.*0 and 1.*1\.5",
                values([0.5, 1.5]),
                chance(2),
            ),
            bad(
                "shape",
                ValueError,
                r"binary_cross_entropy: target.*\(3,\).*\(2,\)|broadcast",
                chance(3),
                chance(2),
            ),
        ],
        tol=4,
        departs=5e-11,  # 1e-12 is added to divisors in PyTorch's second gradient
        bench=[case("image", chance(*IMAGE), chance(*IMAGE).const)],
    ),
    Op(
        "binary_cross_entropy_with_logits",
        "nn.functional.binary_cross_entropy_with_logits",
        bce_with_logits,
        [
            *[case(r, real(3, 4), chance(3, 4), reduction=r) for r in REDUCTIONS],
            case("weight", real(3, 4), chance(3, 4).const, positive(3, 1).const),
            case("pos-weight", real(3, 4), chance(3, 4).const, None, "mean", positive(4).const),
            case(
                "all", real(3, 4), chance(3, 4).const, positive(4).const, "none", positive(4).const
            ),
            case("empty", real(0, 4), chance(0, 4), reduction="sum"),
            big("big", real(300, 301), chance(300, 301)),
            case("far", values([-200.0, 60.0, 200.0]), values([1.0, 0.25, 0.0]).const).but(
                gradgrad=False,
                torch_gradgrad=False,
                why="all below 1e-26, which PyTorch keeps where x → −∞ and we where x → ∞",
            ),
        ],
        [
            bad(
                "shape",
                ValueError,
                r"binary_cross_entropy_with_logits: target.*\(3, 4\).*\(4,\)",
                real(3, 4),
                chance(4),
            ),
        ],
        tol=4,
        torch=_by_name("binary_cross_entropy_with_logits", "weight", "reduction", "pos_weight"),
        bench=[case("image", real(*IMAGE), chance(*IMAGE).const)],
    ),
    Op(
        "kl_div",
        "nn.functional.kl_div",
        kl_div,
        [
            *[case(r, real(3, 4), chance(3, 4), reduction=r) for r in (*REDUCTIONS, "batchmean")],
            case("log-target", real(3, 4), real(3, 4), reduction="sum", log_target=True),
            case("batch-log", real(3, 4), real(3, 4), reduction="batchmean", log_target=True),
            big("big", real(300, 301), chance(300, 301)),
            case("zeros", real(2, 2), values([[0.0, 1.0], [0.5, 0.0]]).const, reduction="sum"),
        ],
        [bad("reduction", ValueError, "kl_div: reduction.*avg", real(3), real(3), reduction="avg")],
        bench=[case("scores", real(*SCORES), chance(*SCORES).const, reduction="batchmean")],
    ),
]


def poisson_nll_loss(x, target, log_input=True, full=False, eps=1e-8, reduction="mean"):
    losses = np.exp(x) - target * x if log_input else x - target * np.log(x + eps)
    if full:
        t = np.where(target > 1, target, 1)
        losses = losses + (target > 1) * (t * np.log(t) - t + 0.5 * np.log(2 * np.pi * t))
    return _reduce(losses, reduction)


def gaussian_nll_loss(x, target, var, full=False, eps=1e-6, reduction="mean"):
    var = np.maximum(var, eps)
    if np.ndim(var) == x.ndim - 1 and np.ndim(var):
        var = var[..., None]
    losses = 0.5 * (np.log(var) + (x - target) ** 2 / var)
    return _reduce(losses + (0.5 * np.log(2 * np.pi) if full else 0), reduction)


OPS += [
    Op(
        "poisson_nll_loss",
        "nn.functional.poisson_nll_loss",
        poisson_nll_loss,
        [
            *[case(r, real(3, 4), positive(3, 4), reduction=r) for r in REDUCTIONS],
            case("rate", positive(3, 4), positive(3, 4), log_input=False),
            case("full", real(3, 4), positive(3, 4).const, full=True),
            case(
                "all", positive(3, 4), positive(3, 4).const, False, True, eps=1e-4, reduction="sum"
            ),
            case("full-target", positive(3, 4), positive(3, 4), False, True),
            big("big", real(300, 301), positive(300, 301).const),
        ],
        [
            bad("shape", ValueError, r"poisson_nll_loss.*\(3,\).*\(4,\)", real(3), positive(4)),
            bad("reduction", ValueError, "reduction.*avg", real(3), real(3), reduction="avg"),
        ],
        tol=4,
        bench=[case("image", real(*IMAGE), positive(*IMAGE).const)],
    ),
    Op(
        "gaussian_nll_loss",
        "nn.functional.gaussian_nll_loss",
        gaussian_nll_loss,
        [
            *[case(r, real(3, 4), real(3, 4), positive(3, 4), reduction=r) for r in REDUCTIONS],
            case("full", real(3, 4), real(3, 4), positive(3, 4), full=True),
            case("one-variance", real(3, 4), real(3, 4), positive(3, 1)),
            case("short", real(3, 4), real(3, 4), positive(3)),
            case("number", real(3, 4), real(3, 4), 0.7),
            case("small", real(3, 4), real(3, 4), values(np.full((3, 4), 0.1)), eps=0.5).but(
                kink=True
            ),
            big("big", real(300, 301), real(300, 301), positive(300, 301)),
        ],
        [
            bad(
                "var",
                ValueError,
                r"gaussian_nll_loss: var.*\(3, 4\).*\(2,\)",
                real(3, 4),
                real(3, 4),
                positive(2),
            ),
            bad(
                "negative",
                ValueError,
                r"gaussian_nll_loss: var.*negative.*-1",
                real(3),
                real(3),
                values([1.0, 2.0, -1.0]),
            ),
        ],
        tol=4,
        bench=[case("image", real(*IMAGE), real(*IMAGE).const, positive(*IMAGE))],
    ),
]
