// Local response normalisation: each element divided by a power of its neighbours' mean square
// across channels; forward and backward.
#pragma once

#include <cstdint>
#include <string>

#include "base/dtype.h"

namespace cc {

struct ResponseNormProblem {
    Dtype dtype;
    bool backward;
    bool channels_first;  // memory [n][channels][pixels], else [n][pixels][channels]
    int64_t n, pixels, channels;
    int64_t size;  // of the window: size/2 channels before, the rest from the own one on
    double alpha, beta, k;

    int64_t before() const { return size / 2; }
    std::string describe() const;
    double flops() const { return (backward ? 2.0 : 1.0) * (size + 40.0) * n * pixels * channels; }
    double bytes() const {
        return static_cast<double>(itemsize(dtype)) * n * pixels * channels * (backward ? 3 : 2);
    }
};

struct ResponseNormArgs {
    const void* x;
    const void* grad_y;  // backward
    void* out;           // y forward, grad_x backward
};

// With d = k + alpha/size·Σ x² over the window of a channel, zeros beyond the ends: y = x·d^−beta,
// grad_x = g·d^−beta − 2·alpha·beta/size·x·Σ g·x·d^(−beta−1) over the channels whose window has it.
void response_norm(const ResponseNormProblem& problem, const ResponseNormArgs& args);

}  // namespace cc
