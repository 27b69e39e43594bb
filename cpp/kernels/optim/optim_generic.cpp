// Update rules in plain C++.
#include "kernels/optim/optim_loops.h"
#include "kernels/simd/generic.h"

namespace cc::generic {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/optim/optim.inl"
}  // namespace

const OptimLoops optim_loops[] = {loops_of<F32>, loops_of<F64>};

}  // namespace cc::generic
