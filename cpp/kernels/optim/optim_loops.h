// Update rules over a stretch of one parameter, what the units of each instruction set export.
#pragma once

#include "kernels/optim/rules.h"

namespace cc {

struct OptimLoops {
    void (*run[kOptimRules])(const OptimStep&, int64_t begin, int64_t end);  // by OptimRule
};

// Float32, Float64.
namespace generic { extern const OptimLoops optim_loops[2]; }
namespace avx2 { extern const OptimLoops optim_loops[2]; }
namespace avx512 { extern const OptimLoops optim_loops[2]; }

}  // namespace cc
