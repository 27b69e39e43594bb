// Loops of batch normalisation over a [rows][columns] matrix, what the units of each instruction
// set export. Arrays are of one dtype.
#pragma once

#include <stdint.h>

namespace cc {

struct NormColumns {
    // mean[j] and sum of squared distances from it, of x[0 … rows)[j].
    void (*moments)(const void* x, int64_t rows, int64_t columns, void* mean, void* squares);
    // sum[j] = Σ g, dot[j] = Σ g·(x − mean[j]).
    void (*dots)(const void* x, const void* g, int64_t rows, int64_t columns, const void* mean,
                 void* sum, void* dot);
    // out = x·scale[j] + shift[j].
    void (*affine)(const void* x, int64_t rows, int64_t columns, const void* scale,
                   const void* shift, void* out);
    // out = g·by_g[j] + (x − mean[j])·by_x[j] + shift[j].
    void (*gradient)(const void* x, const void* g, int64_t rows, int64_t columns, const void* mean,
                     const void* by_g, const void* by_x, const void* shift, void* out);
};

// Float32, Float64.
namespace generic { extern const NormColumns norm_columns[2]; }
namespace avx2 { extern const NormColumns norm_columns[2]; }
namespace avx512 { extern const NormColumns norm_columns[2]; }

struct BatchNormProblem;
struct BatchNormArgs;
void batch_norm_by_columns(const BatchNormProblem& problem, const BatchNormArgs& args,
                           const NormColumns* loops_of_dtypes);

}  // namespace cc
