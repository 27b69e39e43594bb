// Loops of normalisation, what the units of each instruction set export. Arrays are of one dtype.
#pragma once

#include <stdint.h>

namespace cc {

// v = x·scale[j] + shift[j] was clamped: gradients count only where low < v < high. A bound that is NaN is none.
struct NormClamp {
    const void *scale, *shift;
    double low, high;
};

struct NormLoops {
    // Over a [rows][columns] matrix, each column for itself:
    // mean[j] and sum of squared distances from it, of x[0 … rows)[j].
    void (*moments)(const void* x, int64_t rows, int64_t columns, void* mean, void* squares);
    // sum[j] = Σ g, dot[j] = Σ g·(x − mean[j]); of null: all g count.
    void (*dots)(const void* x, const void* g, int64_t rows, int64_t columns, const void* mean, const NormClamp* of,
                 void* sum, void* dot);
    // out = min(high, max(low, x·scale[j] + shift[j] + added)); added null: zeros.
    void (*affine)(const void* x, const void* added, int64_t rows, int64_t columns, const void* scale,
                   const void* shift, double low, double high, void* out);
    // out = g·by_g[j] + (x − mean[j])·by_x[j] + shift[j].
    void (*gradient)(const void* x, const void* g, int64_t rows, int64_t columns, const void* mean, const NormClamp* of,
                     const void* by_g, const void* by_x, const void* shift, void* out);

    // Over a run of n neighbours that share their statistics; w null: ones, b null: zeros:
    // mean (0 unless centred) and sum of squared distances from it.
    void (*run_moments)(const void* x, int64_t n, bool centred, double* mean, double* squares);
    // sum = Σ g·w, dot = Σ g·w·(x − mean).
    void (*run_dots)(const void* x, const void* g, const void* w, int64_t n, double mean,
                     double* sum, double* dot);
    // out = ((x − mean)·scale + shift)·w + b.
    void (*run_affine)(const void* x, const void* w, const void* b, int64_t n, double mean,
                       double scale, double shift, void* out);
    // out = g·w·by_g + (x − mean)·by_x + shift.
    void (*run_gradient)(const void* x, const void* g, const void* w, int64_t n, double mean,
                         double by_g, double by_x, double shift, void* out);
    // sum[j] += g[j], dot[j] += g[j]·(x[j] − mean)·scale.
    void (*run_add)(const void* x, const void* g, int64_t n, double mean, double scale, void* sum,
                    void* dot);
};

// Float32, Float64.
namespace generic { extern const NormLoops norm_loops[2]; }
namespace avx2 { extern const NormLoops norm_loops[2]; }
namespace avx512 { extern const NormLoops norm_loops[2]; }

struct NormProblem;
struct NormArgs;
const char* runs_decline(const NormProblem& problem);
void norm_by_runs(const NormProblem& problem, const NormArgs& args, const NormLoops* of_dtypes);
const char* columns_decline(const NormProblem& problem);
void norm_by_columns(const NormProblem& problem, const NormArgs& args, const NormLoops* of_dtypes);
struct AffineProblem;
struct AffineArgs;
void affine_by_columns(const AffineProblem& problem, const AffineArgs& args, const NormLoops* of_dtypes);

}  // namespace cc
