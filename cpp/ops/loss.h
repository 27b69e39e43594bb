// What the losses share.
#pragma once

#include "ops/ops.h"

namespace cc {

Tensor reduced(const Tensor& loss, LossReduction reduction);

// IndexError for a target that is no class from 0 to classes − 1, TypeError for one that is not integral.
void check_classes(const char* op, const Tensor& target, int64_t classes);

}  // namespace cc
