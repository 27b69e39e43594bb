"""Losses of margins between scores or distances."""

import numpy as np

from tests.cases import (
    IMAGE,
    SCORES,
    Arr,
    Op,
    bad,
    big,
    case,
    ints,
    labels,
    once,
    positive,
    real,
    values,
)
from tests.cases.loss import REDUCTIONS, _reduce, bce_with_logits, chance


def soft_margin_loss(x, target, reduction="mean"):
    return _reduce(np.logaddexp(0, -target * x), reduction)


def hinge_embedding_loss(x, target, margin=1.0, reduction="mean"):
    far, near = np.where(target != 1, np.maximum(0, margin - x), 0), np.where(target != -1, x, 0)
    return _reduce(far + near, reduction)


def multilabel_soft_margin_loss(x, target, weight=None, reduction="mean"):
    return _reduce(bce_with_logits(x, target, weight, "none").mean(-1), reduction)


def margin_ranking_loss(x, y, target, margin=0.0, reduction="mean"):
    return _reduce(np.maximum(0, margin - target * (x - y)), reduction)


def cosine_embedding_loss(x, y, target, margin=0.0, reduction="mean"):
    cosine = (x * y).sum(-1) / np.sqrt(((x * x).sum(-1) + 1e-12) * ((y * y).sum(-1) + 1e-12))
    far = np.where(target == -1, np.maximum(0, cosine - margin), 0)
    return _reduce(np.where(target == 1, 1 - cosine, 0) + far, reduction)


def multi_margin_loss(x, target, p=1, margin=1.0, weight=None, reduction="mean"):
    rows, t = np.atleast_2d(x), np.atleast_1d(target)
    own = np.take_along_axis(rows, t[:, None], 1)
    terms = np.maximum(0, margin - own + rows) ** p * (np.arange(rows.shape[1]) != t[:, None])
    losses = terms.mean(1) * (1 if weight is None else weight[t])
    return _reduce(losses if target.ndim else losses[0], reduction)


def pairwise_distance(x, y, p=2.0, eps=1e-6, keepdim=False):
    return np.linalg.norm(np.atleast_1d(x - y + eps), p, -1, keepdim)


def triplet_margin_loss(a, p, n, margin=1.0, norm=2.0, eps=1e-6, swap=False, reduction="mean"):
    near, far = pairwise_distance(a, p, norm, eps), pairwise_distance(a, n, norm, eps)
    if swap:
        far = np.minimum(far, pairwise_distance(p, n, norm, eps))
    return _reduce(np.maximum(0, margin + near - far), reduction)


def signs(*shape):
    """−1 and 1."""
    return Arr(shape, lambda rng, shape: 1 - 2 * rng.integers(0, 2, shape), "int64")


def _manhattan(a, b):
    return abs(a - b).sum(-1)


def multilabel_margin_loss(x, target, reduction="mean"):
    losses = []
    for row, listed in zip(np.atleast_2d(x), np.atleast_2d(target), strict=True):
        listed = list(listed)[: list(listed).index(-1)] if -1 in listed else list(listed)
        others = [i for i in range(len(row)) if i not in listed]
        losses.append(sum(max(0, 1 - row[t] + row[i]) for t in listed for i in others) / len(row))
    losses = np.array(losses)
    return _reduce(losses if x.ndim == 2 else losses[0], reduction)


LISTS = values([[2, 0, -1, 1, 3], [-1, 0, 0, 0, 0], [4, 3, 2, 1, 0], [1, -1, 0, 0, 0]], "int64")


def _lists(rows, classes):
    """A few classes for each row, then −1."""

    def draw(rng, shape):
        lists = np.argsort(rng.random(shape), axis=1)
        lists[np.arange(rows), rng.integers(1, 6, rows)] = -1
        return lists

    return Arr((rows, classes), draw, "int64")


OPS = [
    Op(
        "soft_margin_loss",
        "nn.functional.soft_margin_loss",
        soft_margin_loss,
        [
            *[case(r, real(3, 4), real(3, 4).const, reduction=r) for r in REDUCTIONS],
            case("signs", real(3, 4), signs(3, 4)),
            case("target", real(3, 4), real(3, 4)).but(
                torch_grad=False, why="PyTorch has no gradient to the target"
            ),
            case("empty", real(0, 4), real(0, 4).const, reduction="sum"),
            big("big", real(300, 301), signs(300, 301)),
        ],
        [bad("shape", ValueError, r"soft_margin_loss.*\(3, 4\).*\(4,\)", real(3, 4), real(4))],
        tol=4,
        bench=[case("image", real(*IMAGE), real(*IMAGE).const)],
    ),
    Op(
        "hinge_embedding_loss",
        "nn.functional.hinge_embedding_loss",
        hinge_embedding_loss,
        [
            *[case(r, real(3, 4), signs(3, 4), reduction=r) for r in REDUCTIONS],
            case("margin", real(3, 4), signs(3, 4), margin=0.33),
            case("floats", real(3, 4), values([[1.0], [-1.0], [0.0]]).const),
            case("broadcast", real(3, 4), signs(3, 1)),
            big("big", real(300, 301), signs(300, 301)),
        ],
        [bad("shape", ValueError, r"hinge_embedding_loss.*\(3,\).*\(4,\)", real(3), signs(4))],
        bench=[case("image", real(*IMAGE), signs(*IMAGE))],
    ),
    Op(
        "multilabel_soft_margin_loss",
        "nn.functional.multilabel_soft_margin_loss",
        multilabel_soft_margin_loss,
        [
            *[case(r, real(3, 4), chance(3, 4), reduction=r) for r in REDUCTIONS],
            case("weight", real(3, 4), chance(3, 4).const, positive(4).const),
            case("vector", real(4), chance(4)),
            big("big", real(300, 301), chance(300, 301).const),
        ],
        [
            bad(
                "shape",
                ValueError,
                r"multilabel_soft_margin_loss.*\(3, 4\).*\(4,\)",
                real(3, 4),
                chance(4),
            ),
            bad("rank", ValueError, "multilabel_soft_margin_loss.*0-d", real(), chance()),
        ],
        tol=4,
        bench=[case("scores", real(*SCORES), chance(*SCORES).const)],
    ),
    Op(
        "margin_ranking_loss",
        "nn.functional.margin_ranking_loss",
        margin_ranking_loss,
        [
            *[case(r, real(3, 4), real(3, 4), signs(3, 4), reduction=r) for r in REDUCTIONS],
            case("margin", real(7), real(7), signs(7), 0.5),
            case("floats", real(7), real(7), real(7), 0.5),
            case("ties", values([1.0, 2.0]), values([1.0, 2.0]), values([1.0, -1.0])).but(
                kink=True, gradgrad=False
            ),
            big("big", real(300, 301), real(300, 301), signs(300, 301)),
        ],
        [
            bad(
                "rank",
                ValueError,
                r"margin_ranking_loss.*\(3,\).*\(3, 1\)",
                real(3),
                real(3),
                real(3, 1),
            )
        ],
        bench=[case("image", real(*IMAGE), real(*IMAGE), signs(*IMAGE))],
    ),
    Op(
        "cosine_embedding_loss",
        "nn.functional.cosine_embedding_loss",
        cosine_embedding_loss,
        [
            *[case(r, real(5, 4), real(5, 4), signs(5), reduction=r) for r in REDUCTIONS],
            case("margin", real(5, 4), real(5, 4), signs(5), 0.2),
            case("one", real(4), real(4), signs()),
            big("big", real(900, 101), real(900, 101), signs(900)),
        ],
        [
            bad(
                "rank",
                ValueError,
                r"cosine_embedding_loss: input1.*2 dimensions.*\(4,\)",
                real(4),
                real(4),
                signs(5),
            ),
            bad("target", ValueError, r"target.*\(2, 2\)", real(2, 2), real(2, 2), signs(2, 2)),
        ],
        tol=4,
        bench=[case("rows", real(4096, 256), real(4096, 256), signs(4096))],
    ),
    Op(
        "multi_margin_loss",
        "nn.functional.multi_margin_loss",
        multi_margin_loss,
        once(
            *[
                case(r, real(4, 5), labels(4, classes=5), reduction=r).but(gradgrad=False)
                for r in REDUCTIONS
            ],
            case("square", real(4, 5), labels(4, classes=5), 2).but(gradgrad=False),
            case("margin", real(4, 5), labels(4, classes=5), margin=0.3).but(gradgrad=False),
            case("weight", real(4, 5), labels(4, classes=5), 2, 0.5, positive(5).const).but(
                gradgrad=False
            ),
            case("one-example", real(5), labels(classes=5)).but(gradgrad=False),
            case("second", real(4, 5), labels(4, classes=5), 2, 0.5, positive(5)).but(
                torch_grad=False
            ),
            big("big", real(900, 101), labels(900, classes=101)),
        ),
        [
            bad("p", ValueError, "multi_margin_loss: p.*3", real(4, 5), labels(4, classes=5), 3),
            bad(
                "label",
                IndexError,
                r"multi_margin_loss: target.*0 to 4.*got 7 at \(1,\)",
                real(2, 5),
                values([1, 7], "int64"),
            ),
            bad(
                "shape",
                ValueError,
                r"multi_margin_loss: target.*\(2,\).*\(3,\)",
                real(2, 5),
                labels(3, classes=5),
            ),
        ],
        bench=[case("scores", real(*SCORES), labels(1024, classes=1000))],
    ),
    Op(
        "triplet_margin_loss",
        "nn.functional.triplet_margin_loss",
        triplet_margin_loss,
        [
            *[case(r, real(5, 4), real(5, 4), real(5, 4), reduction=r) for r in REDUCTIONS],
            case("margin", real(5, 4), real(5, 4), real(5, 4), 0.3, swap=True),
            case("p-one", real(5, 4), real(5, 4), real(5, 4), 2.0, 1.0),
            case("p-three", real(5, 4), real(5, 4), real(5, 4), 2.0, 3.0),
            case("vector", real(4), real(4), real(4)),
            big("big", real(900, 101), real(900, 101), real(900, 101)),
        ],
        [
            bad(
                "margin",
                ValueError,
                "triplet_margin_loss: margin.*-1",
                real(3, 4),
                real(3, 4),
                real(3, 4),
                -1.0,
            ),
            bad(
                "rank",
                ValueError,
                r"triplet_margin_loss.*\(3, 4\).*\(4,\)",
                real(3, 4),
                real(3, 4),
                real(4),
            ),
        ],
        tol=4,
        bench=[case("rows", real(4096, 256), real(4096, 256), real(4096, 256))],
    ),
    Op(
        "triplet_margin_with_distance_loss",
        "nn.functional.triplet_margin_with_distance_loss",
        lambda a, p, n, distance_function=None, margin=1.0, swap=False, reduction="mean": (
            triplet_margin_loss(
                a,
                p,
                n,
                margin,
                1 if distance_function else 2,
                0 if distance_function else 1e-6,
                swap,
                reduction,
            )
        ),  # fmt: skip
        [
            case("plain", real(5, 4), real(5, 4), real(5, 4)),
            case(
                "manhattan",
                real(5, 4),
                real(5, 4),
                real(5, 4),
                distance_function=_manhattan,
                swap=True,
                reduction="none",
            ),
        ],
        [
            bad("margin", ValueError, "margin.*0", real(3, 4), real(3, 4), real(3, 4), margin=0.0),
            bad("rank", ValueError, r"\(3, 4\).*\(4,\)", real(3, 4), real(3, 4), real(4)),
            bad(
                "reduction",
                ValueError,
                "reduction.*avg",
                real(3),
                real(3),
                real(3),
                reduction="avg",
            ),
        ],
        tol=4,
        bench=[case("rows", real(4096, 256), real(4096, 256), real(4096, 256))],
    ),
    Op(
        "multilabel_margin_loss",
        "nn.functional.multilabel_margin_loss",
        multilabel_margin_loss,
        once(
            *[case(r, real(4, 5), LISTS, reduction=r) for r in REDUCTIONS],
            case("vector", real(4), values([3, 0, -1, 1], "int64")),
            big("big", real(400, 101), _lists(400, 101)),
        ),
        [
            bad(
                "shape",
                ValueError,
                r"multilabel_margin_loss: target.*\(2, 5\).*\(5,\)",
                real(2, 5),
                labels(5, classes=5),
            ),
            bad(
                "label",
                IndexError,
                r"multilabel_margin_loss: target.*0 to 2.*got 3 at \(0, 1\)",
                real(1, 3),
                values([[1, 3, -1]], "int64"),
            ),
            bad("dtype", TypeError, "multilabel_margin_loss.*int64", ints(3), ints(3)),
        ],
        bench=[case("scores", real(*SCORES), _lists(*SCORES))],
    ),
]
