// Winograd convolution for kernels of 3, 5, 3 × 3 and 5 × 5 taps, with a stride of 2 of 3 × 3 to 8 × 8.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/conv/winograd.h"
#include "kernels/gemm/micro.h"

namespace cc {

// With windows of 6 or of 4 pixels an axis (winograd_maps.inl).
const char* conv_winograd_decline(const ConvProblem& problem, int64_t window);
void conv_winograd(const ConvProblem& problem, int64_t window, const ConvArgs& args,
                   const Winograd& winograd, const Micro<float>& micro);

// Windows of 6 against direct convolution; what they cost, for two dimensions, to compare with FftPlan::cost.
const char* conv_winograd_lose(const ConvProblem& problem);
double conv_winograd_cost(const ConvProblem& problem, int64_t lanes);
// Windows of 4 against direct convolution; those of 6 come before them.
const char* conv_winograd2_lose(const ConvProblem& problem);

}  // namespace cc
