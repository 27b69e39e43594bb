// Softmax and log-softmax along the middle axis of [outer][dim][inner], forward and backward.
#pragma once

#include <cstdint>
#include <string>

#include "base/dtype.h"

namespace cc {

struct SoftmaxProblem {
    Dtype dtype;
    bool log, backward;
    int64_t outer, dim, inner;  // dense row-major

    std::string describe() const;
    double flops() const { return 5.0 * outer * dim * inner; }
    double bytes() const {
        return static_cast<double>(itemsize(dtype)) * outer * dim * inner * (backward ? 3 : 2);
    }
};

struct SoftmaxArgs {
    const void* x;  // forward: logits; backward: grad_y
    const void* y;  // backward: the forward's output
    void* out;      // forward: y; backward: grad_x
};

// Forward: exp(x − max)/Σ exp(x − max), or its logarithm x − max − ln Σ. Backward: y·(g − Σ g·y),
// or g − exp(y)·Σ g.
void softmax(const SoftmaxProblem& problem, const SoftmaxArgs& args);

}  // namespace cc
