// Loops of cross entropy over logits [c][columns], columns `inner` apart from class to class, what
// the units of each instruction set export.
#pragma once

#include <stdint.h>

namespace cc {

struct CrossEntropyLoops {
    // log_sum = ln Σ exp(x), of each of `rows` rows of c neighbours …
    void (*log_sum_rows)(const void* x, int64_t rows, int64_t c, double* log_sum);
    // … or of each of `columns` neighbouring columns.
    void (*log_sum_columns)(const void* x, int64_t columns, int64_t c, int64_t inner,
                            double* log_sum);
    // out[k] = a·exp(x[k] − log_sum) − b·weight[k] along a row; weight may be null: ones.
    void (*gradient_row)(const void* x, int64_t c, double log_sum, double a, double b,
                         const void* weight, void* out);
    // The same down columns, with log_sum, a and b of each.
    void (*gradient_columns)(const void* x, int64_t columns, int64_t c, int64_t inner,
                             const double* log_sum, const double* a, const double* b,
                             const void* weight, void* out);
};

// Float32, Float64.
namespace generic { extern const CrossEntropyLoops cross_entropy_loops[2]; }
namespace avx2 { extern const CrossEntropyLoops cross_entropy_loops[2]; }
namespace avx512 { extern const CrossEntropyLoops cross_entropy_loops[2]; }

}  // namespace cc
