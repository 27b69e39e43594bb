// Update rules over a stretch of one parameter, what the units of each instruction set export.
#pragma once

#include <stdint.h>

namespace cc {

// The rules of optim.h with everything that does not depend on the element worked out.
struct SgdStretch {
    void* param;
    const void* grad;
    void* velocity;          // null without momentum
    int64_t begin, end;
    double sign;             // of the gradient: −1 maximises
    double lr, momentum, share, decay;  // share = 1 − dampening
    bool first, nesterov, rate_in_velocity;
};

struct AdamStretch {
    void* param;
    const void* grad;
    void *exp_avg, *exp_avg_sq, *max_exp_avg_sq;
    int64_t begin, end;
    double sign;
    double keep;             // factor on the parameter (decoupled decay), 1 for none
    double decay;            // share of the parameter in the gradient
    double share1, beta2, share2, eps, rate, correction;
};

struct OptimLoops {
    void (*sgd)(const SgdStretch&);
    void (*adam)(const AdamStretch&);
};

// Float32, Float64.
namespace generic { extern const OptimLoops optim_loops[2]; }
namespace avx2 { extern const OptimLoops optim_loops[2]; }
namespace avx512 { extern const OptimLoops optim_loops[2]; }

}  // namespace cc
