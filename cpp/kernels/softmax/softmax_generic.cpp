// Loops of softmax in plain C++.
#include "kernels/softmax/softmax_loops.h"
#include "kernels/simd/generic.h"

namespace cc::generic {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/softmax/softmax.inl"
}  // namespace

const SoftmaxLoops softmax_loops[] = {loops_of<F32>, loops_of<F64>};

}  // namespace cc::generic
