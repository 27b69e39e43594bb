// Batch normalisation over rows of a [rows][channels] matrix (channels-last activations), forward and backward.
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
    double bytes() const { return static_cast<double>(itemsize(dtype)) * rows * channels * (backward ? 5 : 3); }
};

struct BatchNormArgs {
    const void* x;
    const void* weight;    // null: ones
    const void* bias;      // null: zeros (forward)
    void* y;               // forward: written
    void* mean;            // forward training: written (batch mean); else read (batch mean, or running mean when not training)
    void* rstd;            // forward training: written, 1/√(biased var + eps); backward training: read
    void* var;             // forward training: written (biased variance); not training: running variance, read
    const void* grad_y;    // backward
    void* grad_x;          // backward; null when not wanted
    void* grad_weight;     // backward; null when not wanted
    void* grad_bias;       // backward; null when not wanted
};

void batch_norm(const BatchNormProblem& problem, const BatchNormArgs& args);

}  // namespace cc
