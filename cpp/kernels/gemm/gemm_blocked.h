// Cache-blocked matrix product over the register tiles of one instruction set.
#pragma once

#include "kernels/gemm/gemm.h"
#include "kernels/gemm/micro.h"

namespace cc {

void gemm_blocked(const GemmProblem& problem, const GemmArgs& args, const MicroSet& micro);

}  // namespace cc
