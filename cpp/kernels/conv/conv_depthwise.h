// Depthwise convolution over the column kernels of one instruction set.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/gemm/micro.h"

namespace cc {

void conv_depthwise(const ConvProblem& problem, const ConvArgs& args, const MicroSet& micro);
// Do its kernel's lines run over neighbouring pixels, without a table of pointers?
bool conv_depthwise_in_runs(const ConvProblem& problem);
const char* conv_depthwise_decline(const ConvProblem& problem);
const char* conv_depthwise_lose(const ConvProblem& problem);

}  // namespace cc
