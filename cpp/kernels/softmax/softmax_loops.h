// Loops of softmax, what the units of each instruction set export. Arrays are of one dtype.
#pragma once

#include <stdint.h>

namespace cc {

struct SoftmaxLoops {
    // Along each of `rows` rows of `dim` neighbours.
    void (*rows_forward)(const void* x, void* out, int64_t rows, int64_t dim, bool log);
    void (*rows_backward)(const void* g, const void* y, void* out, int64_t rows, int64_t dim,
                          bool log);
    // Down each of `columns` neighbouring columns of a [dim][inner] matrix.
    void (*columns_forward)(const void* x, void* out, int64_t columns, int64_t dim, int64_t inner,
                            bool log);
    void (*columns_backward)(const void* g, const void* y, void* out, int64_t columns, int64_t dim,
                             int64_t inner, bool log);
};

// Float32, Float64.
namespace generic { extern const SoftmaxLoops softmax_loops[2]; }
namespace avx2 { extern const SoftmaxLoops softmax_loops[2]; }
namespace avx512 { extern const SoftmaxLoops softmax_loops[2]; }

}  // namespace cc
