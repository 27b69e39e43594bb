// Convolution of few channels over the register tiles of one instruction set.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/gemm/micro.h"

namespace cc {

void conv_strip(const ConvProblem& problem, const ConvArgs& args, const MicroSet& micro);
// Is its gradient of the input a forward convolution of the output's gradient?
bool strip_runs_forward(const ConvProblem& problem);
const char* conv_strip_decline(const ConvProblem& problem);
const char* conv_strip_lose(const ConvProblem& problem);

}  // namespace cc
