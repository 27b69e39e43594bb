"""Matrix products."""

import numpy as np

from tests.cases import Op, bad, big, case, ints, real, whole


def linear(x, w, b=None):
    y = x @ w.T
    return y if b is None else y + b


def product_flops(a, b):
    a, b = (1, *a) if len(a) == 1 else a, (*b, 1) if len(b) == 1 else b
    batch = np.broadcast_shapes(a[:-2], b[:-2])
    return 2.0 * np.prod(batch) * a[-2] * a[-1] * b[-1]


OPS = [
    Op(
        "matmul",
        "matmul",
        np.matmul,
        [
            case("plain", real(3, 4), real(4, 5)),
            case("vectors", real(4), real(4)),
            case("vector-matrix", real(4), real(4, 5)),
            case("matrix-vector", real(3, 4), real(4)),
            case("few-rows", real(3, 60), real(60, 37)),
            case("one-row", real(1, 20), real(20, 140)),
            case("one-deep", real(30, 1), real(1, 50)),
            case("batch", real(2, 3, 4), real(2, 4, 5)),
            case("batch-broadcast", real(2, 1, 3, 4), real(5, 4, 2)),
            case("batch-matrix", real(2, 3, 4), real(4, 5)),
            case("matrix-batch", real(3, 4), real(2, 4, 5)),
            case("batch-vector", real(2, 3, 4), real(4)),
            case("odd", real(17, 37), real(37, 19)),
            case("row", real(1, 40), real(40, 33)),
            case("column", real(33, 40), real(40, 1)),
            case("outer", real(7, 1), real(1, 9)),
            case("empty", real(0, 4), real(4, 5)),
            case("empty-inner", real(3, 0), real(0, 5)),
            case("integers", whole(9, 33), whole(33, 7)).but(exact=True),
            case("int64", ints(3, 4), ints(4, 5)),
            big("square", real(150, 151), real(151, 152)),
            big("tall", real(2000, 33), real(33, 20)),
            big("deep", real(20, 3000), real(3000, 21)),
            big("batches", real(40, 33, 34), real(40, 34, 35)),
        ],
        [
            bad(
                "inner", ValueError, r"matmul: shapes \(3, 4\) and \(5, 4\)", real(3, 4), real(5, 4)
            ),
            bad("batch", ValueError, r"matmul.*\(2,\).*\(3,\)", real(2, 3, 4), real(3, 4, 5)),
            bad("scalar", ValueError, r"matmul.*at least one dimension", real(), real(3)),
            bad("dtype", TypeError, r"matmul.*float32.*int64", real(3, 4), ints(4, 5)),
        ],
        impl="gemm",
        flops=product_flops,
        bench=[
            case("square", real(512, 512), real(512, 512)),
            case("tall", real(16384, 64), real(64, 64)),
            case("deep", real(64, 16384), real(16384, 64)),
            case("attention", real(64, 128, 64), real(64, 64, 128)),
            case("small-batches", real(4096, 16, 16), real(4096, 16, 16)),
            case("matrix-vector", real(2048, 1024), real(1024)),
        ],
    ),
    Op(
        "linear",
        "nn.functional.linear",
        linear,
        [
            case("plain", real(3, 4), real(5, 4), real(5)),
            case("no-bias", real(3, 4), real(5, 4)),
            case("vector", real(4), real(5, 4), real(5)),
            case("batched", real(2, 3, 4), real(5, 4), real(5)),
            case("one", real(3, 4), real(1, 4), real(1)),
            case("one-output", real(2, 3, 4), real(4)),
            case("one-output-bias", real(2, 3, 4), real(4), real()),
            case("two-vectors", real(4), real(4)),
            case("one-bias", real(3, 4), real(5, 4), real(1)),
            case("bias-per-row", real(2, 3, 4), real(5, 4), real(3, 5)),
            case("no-features", real(3, 0), real(5, 0), real(5)),
            case("empty", real(0, 4), real(5, 4), real(5)),
            case("integers", whole(9, 33), whole(7, 33), whole(7)).but(exact=True),
            big("big", real(128, 400), real(120, 400), real(120)),
        ],
        [
            bad(
                "features",
                ValueError,
                r"linear: input of shape \(3, 4\).*6 features",
                real(3, 4),
                real(5, 6),
            ),
            bad(
                "weight",
                ValueError,
                r"linear: weight must have 2 dimensions.*\(2, 5, 4\)",
                real(3, 4),
                real(2, 5, 4),
            ),
            bad(
                "vector-weight",
                ValueError,
                r"linear: input of shape \(3, 4\).*5 features",
                real(3, 4),
                real(5),
            ),
            bad(
                "bias",
                ValueError,
                r"linear: bias must have a shape that broadcasts to the output's \(3, 5\), got \(4,\)",
                real(3, 4),
                real(5, 4),
                real(4),
            ),
            bad(
                "wide-bias",
                ValueError,
                r"broadcasts to .* \(3, 5\), got \(2, 3, 5\)",
                real(3, 4),
                real(5, 4),
                real(2, 3, 5),
            ),
            bad("dtype", TypeError, r"linear.*floating", ints(3, 4), real(5, 4)),
        ],
        impl="gemm",
        flops=lambda x, w, *b: 2.0 * np.prod(x) * (w[0] if len(w) == 2 else 1),
        bench=[
            case("classifier", real(128, 2048), real(1000, 2048), real(1000)),
            case("hidden", real(64, 400), real(120, 400), real(120)),
            case("one-example", real(1, 2048), real(1000, 2048), real(1000)),
            case("tokens", real(32, 128, 256), real(256, 256), real(256)),
        ],
    ),
    Op(
        "bilinear",
        "nn.functional.bilinear",
        lambda x, y, w, b=0.0: np.einsum("...i,kij,...j->...k", x, w, y) + b,
        [
            case("plain", real(5, 3), real(5, 4), real(2, 3, 4), real(2)),
            case("no-bias", real(5, 3), real(5, 4), real(2, 3, 4)),
            case("vectors", real(3), real(4), real(2, 3, 4), real(2)),
            case("batched", real(2, 3, 2), real(2, 3, 3), real(4, 2, 3), real(4)),
            case("few-outputs", real(2, 2, 4), real(2, 2, 3), real(2, 4, 3), real(2)),
            case("one", real(3, 1), real(3, 1), real(1, 1, 1), real(1)),
            case("empty", real(0, 3), real(0, 4), real(2, 3, 4), real(2)),
            big("big", real(64, 20), real(64, 30), real(40, 20, 30), real(40)),
        ],
        [
            bad(
                "first",
                ValueError,
                r"bilinear: input1 of shape \(5, 2\) must end in 3",
                real(5, 2),
                real(5, 4),
                real(2, 3, 4),
            ),
            bad(
                "second",
                ValueError,
                r"bilinear: input2 of shape \(5, 3\) must end in 4",
                real(5, 3),
                real(5, 3),
                real(2, 3, 4),
            ),
            bad(
                "leading",
                ValueError,
                r"bilinear: inputs .*\(5, 3\) and \(4, 4\)",
                real(5, 3),
                real(4, 4),
                real(2, 3, 4),
            ),
            bad(
                "rank",
                ValueError,
                r"bilinear: weight must have 3 dimensions.*\(2, 3\)",
                real(5, 3),
                real(5, 4),
                real(2, 3),
            ),
            bad(
                "bias",
                ValueError,
                r"bilinear: bias must have shape \(2,\), got \(1,\)",
                real(5, 3),
                real(5, 4),
                real(2, 3, 4),
                real(1),
            ),
            bad(
                "dtype",
                TypeError,
                r"bilinear: input1 must .* got int64",
                ints(5, 3),
                real(5, 4),
                real(2, 3, 4),
            ),
        ],
        bench=[
            case("pairs", real(256, 64), real(256, 64), real(64, 64, 64), real(64)),
            case("one-score", real(1024, 128), real(1024, 128), real(1, 128, 128), real(1)),
            case("sequence", real(16, 32, 20), real(16, 32, 30), real(40, 20, 30), real(40)),
        ],
    ),
]
