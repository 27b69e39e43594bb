// Loops of cross entropy in plain C++.
#include "kernels/cross_entropy/cross_entropy_loops.h"
#include "kernels/simd/generic.h"

namespace cc::generic {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/cross_entropy/cross_entropy.inl"
}  // namespace

const CrossEntropyLoops cross_entropy_loops[] = {loops_of<F32>, loops_of<F64>};

}  // namespace cc::generic
