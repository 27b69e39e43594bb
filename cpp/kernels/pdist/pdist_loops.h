// Loops of pdist, what the units of each instruction set export. Arrays are of one dtype.
#pragma once

#include <stdint.h>

namespace cc {

enum class Distance { Sum, Euclidean, Greatest };   // Σ|d|, √Σd², max|d|

struct PdistLoops {
    int64_t width;   // columns of a panel
    // out [rows][width]: each row of x [rows][columns] against each column of panel [columns][width].
    void (*forward)(Distance distance, const void* x, int64_t rows, int64_t columns, const void* panel, void* out);
    // grad_x [columns] of row `i` of x [rows][columns]: Σ_j factors[j]·s(x[i] − x[j]), s its argument (Euclidean), its sign (Sum)
    // or its sign where its size is lengths[j] (Greatest).
    void (*backward)(Distance distance, const void* x, int64_t rows, int64_t columns, int64_t i, const void* factors,
                     const void* lengths, void* grad_x);
};

// Float32, Float64.
namespace generic { extern const PdistLoops pdist_loops[2]; }
namespace avx2 { extern const PdistLoops pdist_loops[2]; }
namespace avx512 { extern const PdistLoops pdist_loops[2]; }

}  // namespace cc
