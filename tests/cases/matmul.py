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
                r"linear: weight must have 2 dimensions.*\(4,\)",
                real(3, 4),
                real(4),
            ),
            bad(
                "bias",
                ValueError,
                r"linear: bias must have shape \(5,\), got \(4,\)",
                real(3, 4),
                real(5, 4),
                real(4),
            ),
            bad("dtype", TypeError, r"linear.*floating", ints(3, 4), real(5, 4)),
        ],
        impl="gemm",
        flops=lambda x, w, *b: 2.0 * np.prod(x) * w[0],
        bench=[
            case("classifier", real(128, 2048), real(1000, 2048), real(1000)),
            case("hidden", real(64, 400), real(120, 400), real(120)),
            case("one-example", real(1, 2048), real(1000, 2048), real(1000)),
            case("tokens", real(32, 128, 256), real(256, 256), real(256)),
        ],
    ),
]
