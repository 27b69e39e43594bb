// Direct convolution over the register tiles of one instruction set.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/gemm/micro.h"

namespace cc {

void conv_direct(const ConvProblem& problem, const ConvArgs& args, const MicroSet& micro);

// The kernel's gradient; conv_direct calls it for that map.
template <class T>
void direct_grad_weight(const ConvProblem& problem, const T* x, T* weight, const T* y,
                        const Micro<T>& micro);

}  // namespace cc
