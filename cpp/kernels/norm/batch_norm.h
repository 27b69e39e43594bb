// Batch normalisation over rows of a [rows][channels] matrix (channels-last activations), forward
// and backward.
#pragma once

#include <cstdint>
#include <string>

#include "base/dtype.h"

namespace cc {

struct BatchNormProblem {
    Dtype dtype;
    bool backward;
    bool training;  // statistics of this batch, else the given running ones
    int64_t rows, channels;
    double eps;

    std::string describe() const;
    double flops() const { return (backward ? 8.0 : 5.0) * rows * channels; }
    double bytes() const {
        return static_cast<double>(itemsize(dtype)) * rows * channels * (backward ? 5 : 3);
    }
};

// Everything has the problem's dtype; mean, rstd, var, weight, bias and their gradients have
// `channels` elements.
struct BatchNormArgs {
    const void* x;
    const void* weight;  // null: ones
    const void* bias;    // null: zeros (forward)
    void* y;             // forward: written
    void* mean;          // forward training: written (batch mean); not training: running mean, read
                         // by both; backward training: the forward's, read
    void* rstd;          // 1/√(biased variance + eps): forward training: written; backward
                         // training: read; not training: unused
    void* var;           // forward training: written (biased variance); not training, forward and
                         // backward: running variance, read
    const void* grad_y;  // backward
    void* grad_x;        // backward; null when not wanted
    void* grad_weight;   // backward; null when not wanted
    void* grad_bias;     // backward; null when not wanted
};

// Forward: y = (x − mean)·rstd·weight + bias. Backward with x̂ = (x − mean)·rstd: grad_bias = Σ g,
// grad_weight = Σ g·x̂, grad_x = weight·rstd·(g − Σg/rows − x̂·Σ(g·x̂)/rows), without the two sums
// when not training.
void batch_norm(const BatchNormProblem& problem, const BatchNormArgs& args);

}  // namespace cc
