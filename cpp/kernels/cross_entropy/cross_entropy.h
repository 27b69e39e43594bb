// Cross entropy of logits [n][c][inner] and class indices [n][inner], forward and backward, fused
// with the log-softmax (F.cross_entropy of PyTorch with integer targets).
#pragma once

#include <cstdint>
#include <string>

#include "base/dtype.h"

namespace cc {

enum class LossReduction { None, Mean, Sum };

struct CrossEntropyProblem {
    Dtype dtype;
    bool backward;
    LossReduction reduction;
    int64_t n, c, inner;  // dense row-major; inner 1 is the classifier, also for channels-last maps
    int64_t ignore_index;
    double label_smoothing;

    std::string describe() const;
    double flops() const { return 5.0 * n * c * inner; }
    double bytes() const {
        return static_cast<double>(itemsize(dtype)) * n * c * inner * (backward ? 2 : 1);
    }
};

// The loss of one element with target t ≠ ignore_index, p = softmax, w = class weight,
// ε = smoothing: (1 − ε)·w[t]·(−ln p[t]) + ε/c·Σ_k w[k]·(−ln p[k]). Mean divides the sum by Σ w[t].
struct CrossEntropyArgs {
    const void* logits;
    const int64_t* target;
    const void* weight;     // c class weights, or null: ones
    void* loss;             // forward, written: n·inner values with None, else one
    double* log_sum;        // n·inner: ln Σ exp; forward: written unless null; backward: read
    double* total_weight;   // one: Σ w[target]; forward: written unless null; backward, Mean: read
    const void* grad_loss;  // backward: shaped as loss
    void* grad_logits;      // backward: written
};

void cross_entropy(const CrossEntropyProblem& problem, const CrossEntropyArgs& args);

// Position of the first target that is neither a class nor ignore_index; −1 when there is none.
// The kernel reads out of bounds on such a target, so check first.
int64_t first_bad_target(const CrossEntropyProblem& problem, const int64_t* target);

}  // namespace cc
