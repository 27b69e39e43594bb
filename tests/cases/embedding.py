"""Rows of a table by their numbers, one each or in bags."""

import numpy as np

from tests.cases import Op, bad, big, case, distinct, ints, once, real, values


def shortened(weight, rows, max_norm, norm_type):
    weight = weight.copy()
    for row in set(rows.ravel().tolist()) if max_norm is not None else ():
        length = np.linalg.norm(weight[row], norm_type)
        if length > max_norm:
            weight[row] *= max_norm / (length + 1e-7)
    return weight


def embedding(x, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False):
    return shortened(weight, x, max_norm, norm_type)[x]


def embedding_bag(
    x,
    weight,
    offsets=None,
    max_norm=None,
    norm_type=2.0,
    scale_grad_by_freq=False,
    mode="mean",
    sparse=False,
    per_sample_weights=None,
    include_last_offset=False,
    padding_idx=None,
):
    weight = shortened(weight, x, max_norm, norm_type)
    factors = np.ones(x.shape) if per_sample_weights is None else per_sample_weights
    if x.ndim == 2:
        bags = list(zip(x, factors, strict=True))
    else:
        ends = [*offsets.tolist()] + ([] if include_last_offset else [len(x)])
        bags = [(x[a:b], factors[a:b]) for a, b in zip(ends[:-1], ends[1:], strict=True)]
    out = np.zeros((len(bags), weight.shape[1]))
    for i, (rows, factor) in enumerate(bags):
        kept = rows != (-1 if padding_idx is None else padding_idx % len(weight))
        if kept.any():
            taken = weight[rows[kept]] * factor[kept][:, None]
            out[i] = {"sum": np.sum, "mean": np.mean, "max": np.max}[mode](taken, 0)
    return out


def weighted(m, x, weight, factors, offsets=None, **options):
    return m.nn.functional.embedding_bag(x, weight, offsets, per_sample_weights=factors, **options)


def copied(m, x, weight, *args, **options):
    """On a copy: rows are shortened in the table itself."""
    return m.nn.functional.embedding(x, weight.clone(), *args, **options)


def copied_bag(m, x, weight, *args, **options):
    return m.nn.functional.embedding_bag(x, weight.clone(), *args, **options)


ROWS = values([[2, 0, 4], [1, 4, 4]], "int64")
FLAT = values([2, 0, 4, 1, 4, 4, 3], "int64")
OFFSETS = values([0, 3, 3, 5], "int64")
WORDS = ints(32, 64, low=0, high=9999)

OPS = [
    Op(
        "embedding",
        "nn.functional.embedding",
        embedding,
        [
            case("vector", FLAT, real(5, 3)),
            case("matrix", ROWS, real(5, 3)),
            case("number", values(3, "int64"), real(5, 3)),
            case("int32", values([3, 1], "int32"), real(5, 3)),
            case("padding", ROWS, real(5, 3), 4).but(kink=True),
            case("padding-negative", ROWS, real(5, 3), -1).but(kink=True),
            case("padding-absent", ROWS, real(5, 3), 3),
            case("frequency", ROWS, real(5, 3), scale_grad_by_freq=True).but(kink=True),
            case("frequency-padding", ROWS, real(5, 3), 4, scale_grad_by_freq=True).but(kink=True),
            case("none", ints(0), real(5, 3)),
            case("none-wide", ints(2, 0), real(5, 3)),
            case("no-columns", FLAT, real(5, 0)),
            big("big", ints(70, 50, low=0, high=299), real(300, 40)),
        ],
        [
            bad("range", IndexError, "embedding: input holds 5, but weight has 5 rows", values([5], "int64"), real(5, 3)),
            bad("negative", IndexError, "embedding: input holds -1", values([-1], "int64"), real(5, 3)),
            bad("floats", TypeError, "embedding: input.*int64.*float", real(3), real(5, 3)),
            bad("rank", ValueError, r"embedding: weight.*2 dimensions.*\(5,\)", FLAT, real(5)),
            bad("padding", ValueError, "padding_idx.*-5 to 4, got 5", FLAT, real(5, 3), 5),
            bad("sparse", NotImplementedError, "embedding: sparse", FLAT, real(5, 3), sparse=True),
        ],
        bench=[
            case("words", WORDS, real(10000, 128)),
            case("few", ints(128, 256, low=0, high=99), real(100, 64)),
            case("padding", WORDS, real(10000, 128), 0),
        ],
    ),
    Op(
        "embedding-shortened",
        copied,
        embedding,
        [
            case("long", ROWS, real(5, 3), None, 1.0).but(kink=True),
            case("one", ROWS, real(5, 3), None, 1.0, 1.0).but(kink=True),
            case("short", ROWS, real(5, 3), None, 9.0),
        ],
    ),
    Op(
        "embedding_bag",
        "nn.functional.embedding_bag",
        embedding_bag,
        [
            *once(
                case("mean", ROWS, real(5, 3)),
                case("sum", ROWS, real(5, 3), mode="sum"),
                case("max", ROWS, distinct(5, 3), mode="max"),
                case("flat", FLAT, real(5, 3), OFFSETS),
                case("flat-sum", FLAT, real(5, 3), OFFSETS, mode="sum"),
                case("flat-max", FLAT, distinct(5, 3), OFFSETS, mode="max"),
                case("last", FLAT, real(5, 3), values([0, 3, 7], "int64"), include_last_offset=True),
                case("padding", FLAT, real(5, 3), OFFSETS, padding_idx=4),
                case("padding-sum", FLAT, real(5, 3), OFFSETS, mode="sum", padding_idx=-1),
                case("padding-max", FLAT, distinct(5, 3), OFFSETS, mode="max", padding_idx=4),
                case("frequency", FLAT, real(5, 3), OFFSETS, scale_grad_by_freq=True).but(kink=True),
                case("frequency-sum", FLAT, real(5, 3), OFFSETS, None, 2.0, True, "sum").but(kink=True),
                case("none", ints(0), real(5, 3), values([0, 0], "int64"), mode="sum"),
                big("big", ints(70, 50, low=0, high=299), real(300, 40)),
            )
        ],
        [
            bad("range", IndexError, "embedding_bag: input holds 9, but weight has 5 rows", values([[9]], "int64"), real(5, 3)),
            bad("offsets", ValueError, "embedding_bag: offsets must be given", FLAT, real(5, 3)),
            bad("no-offsets", ValueError, "offsets must be None", ROWS, real(5, 3), OFFSETS),
            bad("start", ValueError, "offsets must start with 0, got 1", FLAT, real(5, 3), values([1, 2], "int64")),
            bad("falling", ValueError, "offsets must rise.*got 1 after 3", FLAT, real(5, 3), values([0, 3, 1], "int64")),
            bad("beyond", ValueError, "end of input, 7; got 8", FLAT, real(5, 3), values([0, 8], "int64")),
            bad("mode", ValueError, 'mode must be.*"median"', ROWS, real(5, 3), mode="median"),
            bad("rank", ValueError, "1 or 2 dimensions", ints(1, 1, 1, low=0), real(5, 3)),
            bad("max-frequency", ValueError, "scale_grad_by_freq", ROWS, real(5, 3), mode="max", scale_grad_by_freq=True),
            bad("weights", ValueError, 'per_sample_weights goes with mode "sum"', ROWS, real(5, 3), None, None, 2.0, False, "mean", False, real(2, 3)),
            bad("weights-shape", ValueError, r"per_sample_weights.*\(2, 3\).*\(3, 2\)", ROWS, real(5, 3), None, None, 2.0, False, "sum", False, real(3, 2)),
        ],
        bench=[
            case("rows", WORDS, real(10000, 128), mode="mean"),
            case("sums", WORDS, real(10000, 128), mode="sum"),
            case("greatest", WORDS, real(10000, 128), mode="max"),
        ],
    ),
    Op(
        "embedding_bag-weighted",
        weighted,
        lambda x, weight, factors, offsets=None, **options: embedding_bag(
            x, weight, offsets, per_sample_weights=factors, **options
        ),
        once(
            case("rows", ROWS, real(5, 3), real(2, 3), mode="sum"),
            case("flat", FLAT, real(5, 3), real(7), OFFSETS, mode="sum"),
            case("padding", FLAT, real(5, 3), real(7), OFFSETS, mode="sum", padding_idx=4),
        ),
    ),
    Op(
        "embedding_bag-shortened",
        copied_bag,
        embedding_bag,
        once(
            case("mean", FLAT, real(5, 3), OFFSETS, 1.0).but(kink=True),
            case("sum", ROWS, real(5, 3), None, 0.9, 1.0, mode="sum").but(kink=True),
        ),
    ),
]  # fmt: skip
