#pragma once

#include "kernels/conv/conv.h"
#include "kernels/gemm/micro.h"

namespace cc {

const char* conv_grouped_decline(const ConvProblem& problem);
void conv_grouped(const ConvProblem& problem, const ConvArgs& args, const MicroSet& micro);

}  // namespace cc
