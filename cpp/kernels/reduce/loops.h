// What the reduction units of each instruction set export: loops that fold values into
// accumulators.
#pragma once

#include <stdint.h>

namespace cc {

struct ReduceLoop {
    // *acc = *acc ∘ x[0] ∘ … ∘ x[n − 1]
    void (*row)(const void* x, int64_t n, void* acc);
    // acc[c] = acc[c] ∘ x[c] ∘ x[stride + c] ∘ … over rows, for every column c
    void (*columns)(const void* x, int64_t rows, int64_t stride, int64_t columns, void* acc);
};

// Sums accumulate in double, extremes in the element type.
struct VectorReductions {
    ReduceLoop sum, sum_squares, max, min;
};

namespace generic {
extern const VectorReductions reduce_float32, reduce_float64;
}
namespace avx2 {
extern const VectorReductions reduce_float32, reduce_float64;
}
namespace avx512 {
extern const VectorReductions reduce_float32, reduce_float64;
}

}  // namespace cc
