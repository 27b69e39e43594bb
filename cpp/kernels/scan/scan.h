// Running values along the middle axis of dense [outer][dim][inner].
#pragma once

#include <cstdint>

#include "base/dtype.h"

namespace cc {

struct ScanProblem {
    Dtype dtype;
    int64_t outer, dim, inner;
};

// out[k] = x[0] + … + x[k], or with `reverse` x[k] + … + x[dim − 1]; floating-point sums are held in double. No bool.
void running_sum(const ScanProblem& problem, bool reverse, const void* x, void* out);

// out[k] = x[0] · … · x[k], held as the sums are. No bool.
void running_product(const ScanProblem& problem, const void* x, void* out);

// out[k] = a[k] + b[k] · out[k ∓ 1], from the first element, or with `reverse` from the last. No bool.
void linear_recurrence(const ScanProblem& problem, bool reverse, const void* a, const void* b, void* out);

// The greatest (or least) value so far and the last place where it stands; NaN is both.
void running_extreme(const ScanProblem& problem, bool greatest, const void* x, void* values, int64_t* places);

}  // namespace cc
