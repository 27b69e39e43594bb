// The specification of convolution: readable, sums in double, any problem.
#pragma once

#include "kernels/conv/conv.h"

namespace cc {

void conv_reference(const ConvProblem& problem, const ConvArgs& args);

}  // namespace cc
