// Kernels of one tap at stride 1: products of matrices of pixels.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/gemm/micro.h"

namespace cc {

const char* conv_pointwise_decline(const ConvProblem& problem);
void conv_pointwise(const ConvProblem& problem, const ConvArgs& args, const MicroSet& micro);

}  // namespace cc
