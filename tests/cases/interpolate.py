"""Maps of another size: every mode as one matrix per axis."""

import numpy as np

from tests.cases import Op, bad, big, case, flags, ints, real

DTYPES = "PyTorch takes floating point and uint8 only"


def _cubic(x, a):
    x = np.abs(x)
    near, far = (a + 2) * x**3 - (a + 3) * x**2 + 1, a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def _matrix(mode, n, out, scale, align_corners, antialias):
    """One row of weights per output place; `scale` is None where the sizes alone decide."""
    rows, places, o = np.zeros((out, n)), np.arange(n), np.arange(out)
    step = n / out if scale is None else 1 / scale
    if mode == "area":
        for i in o:
            rows[i, i * n // out : -(-(i + 1) * n // out)] = 1
        return rows / rows.sum(1, keepdims=True)
    if mode.startswith("nearest"):
        at = (o + 0.5) * step if mode == "nearest-exact" else o * step
        rows[o, np.minimum(at.astype(int), n - 1)] = 1
        return rows
    if align_corners:
        step = (n - 1) / (out - 1) if out > 1 else 0
    cubic = mode == "bicubic"
    if antialias:
        if n == out:
            return np.eye(n)
        wide, centre = max(step, 1), step * (o + 0.5)
        x = (places + 0.5 - centre[:, None]) / wide
        rows = _cubic(x, -0.5) if cubic else np.maximum(1 - np.abs(x), 0)
        return rows / rows.sum(1, keepdims=True)
    at = step * o if align_corners else step * (o + 0.5) - 0.5
    if not cubic:
        at = o * 1.0 if n == out else np.maximum(at, 0)
    first = np.minimum(np.floor(at), n - 1)
    part = np.clip(at - first, 0, 1)
    for t in range(-1, 3):
        weight = _cubic(part - t, -0.75) if cubic else np.maximum(1 - np.abs(part - t), 0)
        np.add.at(rows, (o, np.clip(first + t, 0, n - 1).astype(int)), weight)
    return rows


def interpolate(
    x,
    size=None,
    scale_factor=None,
    mode="nearest",
    align_corners=None,
    recompute_scale_factor=None,
    antialias=False,
):
    dtype, rank = x.dtype, x.ndim - 2
    per_axis = [v if isinstance(v, tuple) else (v,) * rank for v in (size, scale_factor)]
    for axis, out, scale in zip(range(2, x.ndim), *per_axis, strict=True):
        n = x.shape[axis]
        out = int(n * scale) if out is None else out
        matrix = _matrix(
            mode, n, out, None if recompute_scale_factor else scale, align_corners, antialias
        )
        x = np.moveaxis(np.moveaxis(x, axis, -1) @ matrix.T, -1, axis)
    return x.astype(dtype)


SPACE = {1: (7,), 2: (5, 4), 3: (3, 4, 2)}
SIZE = {1: (5,), 2: (8, 3), 3: (2, 7, 5)}
FACTORS = {1: (1.7,), 2: (0.6, 2.3), 3: (2.4, 0.8, 1.6)}
LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


def _cases():
    found = []
    for rank in (1, 2, 3):
        space, size, factors, linear = (t[rank] for t in (SPACE, SIZE, FACTORS, LINEAR))
        x = real(2, 3, *space)
        smooth = [linear, "bicubic"] if rank == 2 else [linear]
        for mode in ["nearest", "nearest-exact", "area", *smooth]:
            table = {
                "size": {"size": size},
                "double": {"scale_factor": 2},
                "factors": {"scale_factor": factors},
                "recomputed": {"scale_factor": factors, "recompute_scale_factor": True},
                "one": {"size": 1},
            }
            if mode in smooth:
                table |= {
                    "corners": {"size": size, "align_corners": True},
                    "corners-one": {"size": 1, "align_corners": True},
                }
            if mode in smooth and rank == 2:
                table |= {
                    "antialias": {"size": (3, 9), "antialias": True},
                    "antialias-corners": {"size": 2, "antialias": True, "align_corners": True},
                    "antialias-factors": {"scale_factor": factors, "antialias": True},
                }
            found += [
                case(f"{mode}-{rank}d-{name}", x, mode=mode, **kwargs)
                for name, kwargs in table.items()
            ]
        found += [
            case(f"channels-{rank}d", real(1, 21, *space), size=size, mode=linear),
            case(f"same-{rank}d", x, size=space, mode=linear),
            case(f"pixel-{rank}d", real(1, 2, *[1] * rank), size=3, mode=linear),
            case(f"empty-{rank}d", real(0, 3, *space), size=size, mode=linear),
        ]
    x = real(1, 2, 5, 4)
    return [
        *found,
        case("linear-narrower", real(2, 3, 1000), size=9, mode="linear"),
        case("bicubic-same-but-scaled", x, scale_factor=1.1, mode="bicubic").but(
            torch_grad=False, why="PyTorch's gradient is not that of its result"
        ),
        case("bytes", ints(1, 2, 4, 3, low=0, high=255, dtype="uint8"), size=(5, 7)),
        case("labels", ints(1, 1, 4, 3), scale_factor=2, mode="nearest-exact").but(
            torch=False, why=DTYPES
        ),
        case("mask", flags(1, 1, 4, 3), scale_factor=2).but(torch=False, why=DTYPES),
        big("big-nearest", real(2, 32, 40, 41), scale_factor=2),
        big("big-bilinear", real(2, 32, 40, 41), scale_factor=2, mode="bilinear"),
        big("big-bicubic", real(2, 3, 100, 101), size=(170, 60), mode="bicubic"),
        big("big-antialias", real(2, 3, 200, 90), size=64, mode="bilinear", antialias=True),
        big("big-area", real(2, 32, 56, 50), size=(9, 20), mode="area"),
        big("big-linear", real(4, 16, 900), scale_factor=2.5, mode="linear"),
        big("big-trilinear", real(1, 16, 12, 13, 14), scale_factor=2, mode="trilinear"),
    ]


X = real(1, 2, 4, 4)
BAD = [
    bad("rank", ValueError, r"input must have 3, 4 or 5 dimensions.*\(4, 4\)", real(4, 4), 2),
    bad("mode", ValueError, 'mode must be nearest.*got "cubic"', X, 2, mode="cubic"),
    bad("mode-rank", ValueError, '"linear" takes an input of 3 dimensions, got 4', X, 2, mode="linear"),
    bad("neither", ValueError, "exactly one of size and scale_factor", X),
    bad("both", ValueError, "exactly one of size and scale_factor", X, 2, 2.0),
    bad("count", ValueError, "size must be one number or 2 of them, got 3", X, (1, 2, 3)),
    bad("zero", ValueError, "sizes of input and output must be positive.*0 along dimension 3", X, (2, 0)),
    bad("negative", ValueError, "must be positive", X, scale_factor=-1.0),
    bad("tiny", ValueError, "must be positive", X, scale_factor=0.1),
    bad("corners", ValueError, 'align_corners goes with.*got mode "area"', X, 2, mode="area", align_corners=False),
    bad("antialias", ValueError, 'antialias goes with.*got mode "nearest"', X, 2, antialias=True),
    bad("recompute", ValueError, "recompute_scale_factor goes with scale_factor", X, 2, recompute_scale_factor=True),
    bad("no-pixels", ValueError, "must be positive, got input shape", real(1, 2, 0, 4), 2),
    bad("no-channels", ValueError, "at least one channel", real(1, 0, 4, 4), 2),
    bad("dtype", TypeError, 'floating-point dtype for mode "bilinear", got int32', ints(1, 2, 4, 4, dtype="int32"), 2, mode="bilinear"),
    bad("size-type", TypeError, "size: expected an integer or several", X, "two"),
    bad("factor-type", TypeError, "scale_factor: expected a number or several", X, scale_factor="two"),
]  # fmt: skip

MAPS, PHOTOS = real(8, 64, 56, 56), real(8, 3, 256, 256)
BENCH = [
    case("nearest-double", MAPS, scale_factor=2),
    case("bilinear-double", MAPS, scale_factor=2, mode="bilinear"),
    case("bilinear-half", MAPS, scale_factor=0.5, mode="bilinear"),
    case("bicubic-double", MAPS, scale_factor=2, mode="bicubic"),
    case("area", MAPS, size=(20, 30), mode="area"),
    case("photos-bilinear", PHOTOS, size=224, mode="bilinear"),
    case("photos-antialias", PHOTOS, size=112, mode="bicubic", antialias=True),
    case("photos-nearest", PHOTOS, size=500),
    case("linear", real(16, 64, 1000), scale_factor=2, mode="linear"),
    case("trilinear", real(2, 32, 16, 28, 28), scale_factor=2, mode="trilinear"),
]

OPS = [
    Op(
        "interpolate",
        "nn.functional.interpolate",
        interpolate,
        _cases(),
        BAD,
        impl="interpolate",
        bench=BENCH,
    ),
    Op(
        "upsample",
        "nn.functional.upsample",
        interpolate,
        [
            case("nearest", real(1, 2, 3, 4), scale_factor=2),
            case("bilinear", real(1, 2, 3, 4), (6, 6), mode="bilinear", align_corners=True),
        ],
        [bad("mode", ValueError, "mode must be nearest", X, 2, mode="linea")],
        impl="interpolate",
        bench=BENCH[:1],
    ),
]
