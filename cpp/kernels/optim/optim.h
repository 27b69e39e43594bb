// Update rules of the optimizers, fused over all parameters: one pass over each parameter, one wake
// of the threads for the whole list. PyTorch's order of operations, in the parameters' dtype.
#pragma once

#include "base/dtype.h"
#include "kernels/optim/rules.h"

namespace cc {

void optim_step(Dtype dtype, OptimRule rule, const OptimStep* parameters, int64_t count);

}  // namespace cc
