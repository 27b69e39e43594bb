// What the reduction units of each instruction set export: loops that fold values into
// accumulators.
#pragma once

#include <stdint.h>

namespace cc {

struct ReduceLoop {
    // acc[r] = acc[r] ∘ x[r · stride] ∘ … ∘ x[r · stride + n − 1] for every row r
    void (*rows)(const void* x, int64_t rows, int64_t stride, int64_t n, void* acc);
    // acc[c] = acc[c] ∘ x[c] ∘ x[stride + c] ∘ … over rows, for every column c
    void (*columns)(const void* x, int64_t rows, int64_t stride, int64_t columns, void* acc);
};

// Sums and products of floats accumulate in double, of integers in uint64; extremes in the element
// type. nan_sum: of floats.
struct Reductions {
    ReduceLoop sum, sum_squares, prod, max, min, nan_sum;
};

struct ReductionTable {
    Reductions of[7];      // by Dtype; bool is folded as its bytes, of bfloat16 there are none
    ReduceLoop any, all;  // of bytes that are 0 or 1
};

namespace generic {
extern const ReductionTable reductions;
}
namespace avx2 {
extern const ReductionTable reductions;
}
namespace avx512 {
extern const ReductionTable reductions;
}

}  // namespace cc
