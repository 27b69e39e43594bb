// Borders around a dense array, and what they give back to it.
#pragma once

#include <cstdint>

#include "base/dtype.h"
#include "base/shape.h"

namespace cc {

// What lies beyond the end of an axis: a value; the array mirrored at its last element (which is
// not repeated); its last element; the array again.
enum class PadMode { Constant, Reflect, Replicate, Circular };

// y has in + lo + hi elements along an axis; negative lo, hi crop, and a circular array repeats
// what is left. Axes are in memory order, x and y dense. lo, hi < in for Reflect, ≤ what is left of
// in for Circular.
struct PadProblem {
    Dtype dtype;
    PadMode mode;
    int rank;
    int64_t in[kMaxRank], lo[kMaxRank], hi[kMaxRank];
    double value;  // Constant only
};

// y[o] = x[place(o)] or the value.
void pad(const PadProblem& problem, const void* x, void* y);

// x[i] = Σ y[o] over all o with place(o) = i, in a fixed order. Floating-point only.
void pad_adjoint(const PadProblem& problem, const void* y, void* x);

}  // namespace cc
