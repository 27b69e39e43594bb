"""Borders of every kind."""

import numpy as np

from tests.cases import IMAGE, Op, bad, big, case, flags, ints, real

MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def _cropped(x, pairs):
    return x[
        tuple(
            slice(max(-lo, 0), n - max(-hi, 0)) for (lo, hi), n in zip(pairs, x.shape, strict=True)
        )
    ]


def pad(x, pad, mode="constant", value=None):
    """numpy's pad, which does not crop: what is left of a circular array is repeated, other borders do not notice."""
    pairs = [(0, 0)] * x.ndim
    for i in range(len(pad) // 2):
        pairs[x.ndim - 1 - i] = (pad[2 * i], pad[2 * i + 1])
    more = [(max(lo, 0), max(hi, 0)) for lo, hi in pairs]
    extra = {"constant_values": value or 0} if mode == "constant" else {}
    if mode == "circular":
        return np.pad(_cropped(x, pairs), more, "wrap")
    return _cropped(np.pad(x, more, MODES[mode], **extra), pairs)


def _rows(mode):
    line, image, volume = real(2, 3, 5), real(2, 3, 5, 4), real(1, 2, 3, 4, 3)
    alone = {"torch": False, "why": "PyTorch pads these dimensions with a constant alone"}
    ranks = {} if mode == "constant" else alone
    rows = [
        case("line", line, (2, 3)),
        case("unbatched-line", real(3, 5), (2, 0)),
        case("image", image, (1, 2, 3, 1)),
        case("unbatched-image", real(3, 5, 4), (0, 3, 1, 0)),
        case("one-side", image, (0, 0, 2, 0)),
        case("rows-only", image, (0, 0, 2, 3)),
        case("one-channel", real(3, 1, 4, 3), (2, 1, 1, 2)),
        case("volume", volume, (1, 1, 2, 1, 2, 0)),
        case("unbatched-volume", real(2, 3, 4, 3), (1, 0, 0, 2, 1, 1)),
        case("crop", line, (-1, -2)),
        case("crop-and-grow", image, (-1, 1, 2, -2)),
        case("nothing", line, (0, 0)),
        case("empty-batch", real(0, 3, 4), (1, 2)),
        case("int64", ints(2, 3, 4), (1, 2)),
        case("uint8", ints(2, 3, 4, low=0, dtype="uint8"), (1, 2)),
        case("vector", real(5), (2, 1)).but(**ranks),
        case("batch-too", real(3, 2, 2), (1, 1, 0, 1, 2, 2)).but(**ranks),
        case("rank-6", real(2, 3, 2, 2, 1, 3), (0, 0, 0, 0, 1, 1)).but(**ranks),
    ]
    if mode == "constant":
        rows += [
            case("value", real(2, 3), (1, 1), value=7.5),
            case("value-int", ints(2, 3), (1, 1), value=3),
            case("bool", flags(2, 3), (1, 1), value=1),
            case("to-nothing", real(2, 3), (-1, -2)),
            case("from-nothing", real(2, 0), (1, 2)),
            case("wider-than-it-is", real(2, 2), (7, 5, 3, 3)),
        ]
    if mode == "replicate":
        rows.append(case("wider-than-it-is", real(2, 3, 2), (7, 5)))
    if mode == "circular":
        rows.append(case("whole-turn", real(2, 3, 4), (4, 4)))
    rows += [
        big("lines", real(2, 3, 40000), (5, 9)),
        big("images", real(4, 16, 40, 37), (2, 1, 0, 3)),
    ]
    return [row.but(args=(*row.args, mode)) for row in rows]


BAD = {
    "constant": [
        ("odd", r"pad: pad must have \(low, high\) pairs for at most 2 dimensions, got 3 numbers", (2, 3), (1, 2, 3)),
        ("too-many", r"pad: .* at most 2 dimensions, got 6 numbers", (2, 3), (1, 1, 1, 1, 1, 1)),
        ("crop", r"pad: pad must leave no negative size, got \(-2, -2\) for dimension 1 of shape \(2, 3\)", (2, 3), (-2, -2)),
        ("crop-and-grow", r"pad: pad must crop no more than there is, got \(-5, 5\)", (2, 3), (-5, 5)),
        ("huge", r"pad: pad must be below 2147483648", (2, 3), (2**40, 0)),
    ],
    "reflect": [
        ("too-wide", r"pad: pad must be smaller than the dimension to reflect it, got \(4, 0\) for dimension 2 of shape \(1, 2, 4\)", (1, 2, 4), (4, 0)),
        ("one", r"pad: pad must be smaller", (1, 2, 1), (0, 1)),
    ],
    "replicate": [("empty", r"pad: pad must have a last element to replicate, got \(1, 1\)", (1, 2, 0), (1, 1))],
    "circular": [
        ("twice", r"pad: pad must wrap around once at most, got \(5, 0\)", (1, 2, 4), (5, 0)),
        ("cropped-away", r"pad: pad must wrap around once at most, got \(3, -3\)", (1, 2, 4), (3, -3)),
        ("negative", r"pad: pad must leave no negative size", (1, 2, 4), (-3, -2)),
    ],
}  # fmt: skip


def _bad(mode):
    found = [bad(n, ValueError, text, real(*x), pad, mode) for n, text, x, pad in BAD[mode]]
    if mode == "constant":
        text = r'pad: mode must be "constant", "reflect", "replicate" or "circular", got "mirror"'
        found.append(bad("mode", ValueError, text, real(1, 2, 3), (1, 1), "mirror"))
    else:
        text = rf'pad: value is for mode "constant", got 1 with mode "{mode}"'
        found.append(bad("value", ValueError, text, real(1, 2, 3), (1, 1), mode, value=1.0))
    return found


def _bench(mode):
    rows = [
        case("image", real(*IMAGE), (1, 1, 1, 1)),
        case("rows", real(*IMAGE), (0, 0, 3, 3)),
        case("photo", real(8, 3, 224, 224), (3, 3, 3, 3)),
        case("line", real(16, 64, 1024), (4, 4)),
        case("volume", real(2, 16, 16, 32, 32), (1, 1, 1, 1, 1, 1)),
    ]
    if mode == "constant":
        rows += [
            case("value", real(*IMAGE), (0, 3, 0, 3), value=1.0),
            case("crop", real(*IMAGE), (-2, -2, -2, -2)),
            case("batch", real(*IMAGE), (0, 0, 0, 0, 0, 0, 0, 2)),
            case("bytes", ints(16, 224, 224, 3, low=0, dtype="uint8"), (0, 0, 4, 4, 4, 4)),
        ]
    return [row.but(args=(*row.args, mode)) for row in rows]


OPS = [
    Op(
        f"pad-{mode}",
        "nn.functional.pad",
        pad,
        _rows(mode),
        _bad(mode),
        covers=("pad",),
        bench=_bench(mode),
    )
    for mode in MODES
]
