// Update rules of the optimizers, fused over all parameters: one pass over each parameter, one wake
// of the threads for the whole list. PyTorch's order of operations, in the parameters' dtype.
#pragma once

#include <cstdint>

#include "base/dtype.h"

namespace cc {

struct SgdRule {
    double lr, momentum, dampening, weight_decay;
    bool nesterov, maximize;
    bool rate_in_velocity;  // v = momentum·v + lr·g; p −= v: a new rate acts on new gradients only
};

struct SgdParameter {
    void* param;
    const void* grad;
    void* velocity;  // null without momentum
    bool first;      // no velocity yet: it becomes the gradient (times lr with rate_in_velocity)
    int64_t numel;
};

void sgd_step(Dtype dtype, const SgdRule& rule, const SgdParameter* parameters, int64_t count);

struct AdamRule {
    double lr, beta1, beta2, eps, weight_decay;
    bool decoupled;  // AdamW: the decay acts on the parameter, not through the gradient
    bool maximize;
};

struct AdamParameter {
    void* param;
    const void* grad;
    void* exp_avg;
    void* exp_avg_sq;
    void* max_exp_avg_sq;  // amsgrad, else null
    int64_t step;          // 1 for the first
    int64_t numel;
};

void adam_step(Dtype dtype, const AdamRule& rule, const AdamParameter* parameters, int64_t count);

}  // namespace cc
