// Reductions over any set of axes. The tree of partial sums depends on the shape alone.
#pragma once

#include <cstdint>

#include "base/dtype.h"
#include "base/shape.h"
#include "kernels/elementwise/formulas.h"

namespace cc {

enum class Reduction : uint8_t { Sum, Prod, Max, Min, Any, All, ArgMax, ArgMin, SumSquares, NanSum };

// What a reduction of that dtype gives: int64 for positions and for sums and products of integers.
Dtype result_dtype(Reduction op, Dtype dtype);

// kept[i] / reduced[j]: sizes and strides (elements) of the axes that stay and that go; out is
// dense over `kept` in order. Sum/Prod/SumSquares/NanSum (NaN counts as
// zero; floats only): accumulation of float32 in blocked pairwise
// float32 (or wider), integers in int64. Any/All: x is bool, out is bool. ArgMax/ArgMin: the flat
// index over `reduced` in order (first on ties; NaN wins).
struct ReduceProblem {
    Dtype dtype;
    Shape kept, kept_strides;
    Shape reduced, reduced_strides;
};
void reduce(Reduction op, const ReduceProblem& problem, const void* x, void* out);

// Σ op(a[i], b[i]) over n elements of a floating dtype, as reduce() would add an array of them.
double sum_of(Binary op, Dtype dtype, int64_t n, const void* a, const void* b, double parameter = 0);

// ArgMax or ArgMin with the values found there; reduced has elements.
void reduce_positions(Reduction op, const ReduceProblem& problem, const void* x, void* values,
                      int64_t* positions);

}  // namespace cc
