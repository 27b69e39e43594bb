// Winograd convolution for kernels of 3, 5, 3 × 3 and 5 × 5 taps.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/conv/winograd.h"
#include "kernels/gemm/micro.h"

namespace cc {

const char* conv_winograd_decline(const ConvProblem& problem);
// Against direct convolution; what it costs, for two dimensions, to compare with FftPlan::cost.
const char* conv_winograd_lose(const ConvProblem& problem);
double conv_winograd_cost(const ConvProblem& problem, int64_t lanes);
void conv_winograd(const ConvProblem& problem, const ConvArgs& args, const Winograd& winograd,
                   const Micro<float>& micro);

// The kernel's gradient; conv_winograd calls it for that map.
void winograd_grad_weight(const ConvProblem& problem, float* x, float* weight, float* y,
                          const Winograd& winograd, const Micro<float>& micro);

}  // namespace cc
