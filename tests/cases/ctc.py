"""Connectionist temporal classification."""

import numpy as np
from scipy import special

from tests.cases import Op, bad, big, case, labels, once, real, values


def ctc_loss(
    log_probs,
    targets,
    input_lengths,
    target_lengths,
    blank=0,
    reduction="mean",
    zero_infinity=False,
):
    """Of log-probabilities, by the sum over alignments, a step at a time."""
    unbatched = log_probs.ndim == 2
    if unbatched:
        log_probs, targets = log_probs[:, None], targets.reshape(1, -1)
    losses, start = [], 0
    for b, (steps, length) in enumerate(zip(input_lengths, target_lengths, strict=True)):
        own = targets[b, :length] if targets.ndim == 2 else targets[start : start + length]
        start += length
        states = np.full(2 * length + 1, blank)
        states[1::2] = own
        skips = np.zeros(len(states), bool)
        skips[2:] = (states[2:] != states[:-2]) & (np.arange(2, len(states)) % 2 == 1)
        never = np.full(2, -np.inf)
        alpha = np.r_[0.0, np.full(2 * length, -np.inf)]
        with np.errstate(divide="ignore"):
            for t in range(steps):
                before = np.r_[never, alpha]
                ways = [alpha, before[1:-1], np.where(skips, before[:-2], -np.inf)]
                alpha = special.logsumexp(ways, axis=0) + log_probs[t, b, states]
            loss = -special.logsumexp(alpha[-2:])
        losses.append(0.0 if zero_infinity and np.isinf(loss) else loss)
    losses = np.array(losses)
    if reduction == "mean":
        return (losses / np.maximum(target_lengths, 1)).mean()
    return losses.sum() if reduction == "sum" else losses[0] if unbatched else losses


def of_scores(m, x, *args, **kwargs):
    F = m.nn.functional
    return F.ctc_loss(F.log_softmax(x, -1), *args, **kwargs)


def oracle(x, *args, **kwargs):
    return ctc_loss(special.log_softmax(x, -1), *args, **kwargs)


ROWS = values([[1, 2, 2], [3, 1, 0], [2, 3, 1]], "int64")
LENGTHS = ((7, 5, 6), (3, 2, 0))
SIZES = (real(7, 3, 4), ROWS, *LENGTHS)
OPS = [
    Op(
        "ctc_loss",
        of_scores,
        oracle,
        once(
            *[case(r, *SIZES, reduction=r) for r in ("mean", "sum", "none")],
            case("joined", real(7, 3, 4), values([1, 2, 2, 3, 1], "int64"), *LENGTHS),
            case("blank", real(7, 3, 4), values([[0, 2, 1]] * 3, "int64"), *LENGTHS, blank=3),
            case("no-batch", real(7, 4), values([1, 2, 2], "int64"), (7,), (3,), reduction="none"),
            case("impossible", real(4, 1, 3), values([[1, 1, 1]], "int64"), (4,), (3,)).but(grad=False),
            case(
                "zero-infinity", real(4, 2, 3), values([[1, 1, 1], [1, 2, 0]], "int64"), (4, 4), (3, 2),
                zero_infinity=True,
            ),
            big("big", real(60, 9, 30), labels(9, 15, classes=29), (60,) * 9, (15,) * 9, blank=29),
        ),
        [
            bad("rank", ValueError, r"ctc_loss: log_probs.*\(4,\)", real(4), ROWS, (4,), (3,)),
            bad("blank", ValueError, r"ctc_loss: blank.*0 to 3.*4", *SIZES, blank=4),
            bad("steps", ValueError, r"ctc_loss: input_lengths\[0\].*0 to 7.*8", real(7, 3, 4), ROWS, (8, 1, 1), (1, 1, 1)),
            bad("lengths", ValueError, r"ctc_loss: target_lengths\[1\].*0 to 3.*4", real(7, 3, 4), ROWS, (7, 7, 7), (1, 4, 1)),
            bad("count", ValueError, r"ctc_loss: input_lengths must have 3 values.*2", real(7, 3, 4), ROWS, (7, 7), (1, 1, 1)),
            bad("label", IndexError, r"ctc_loss: targets.*0 to 1.*got 2", real(7, 3, 2), ROWS, *LENGTHS),
            bad("dtype", TypeError, "ctc_loss: targets.*float32", real(7, 3, 4), real(3, 3), *LENGTHS),
        ],
        gradgrad=False,
        tol=8,
        bench=[
            case("speech", real(150, 32, 30), labels(32, 30, classes=29), (150,) * 32, (30,) * 32, blank=29),
        ],
    ),
]  # fmt: skip
