// Loops of pdist in plain C++.
#include "kernels/pdist/pdist_loops.h"
#include "kernels/simd/generic.h"

namespace cc::generic {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/pdist/pdist.inl"
}  // namespace

const PdistLoops pdist_loops[] = {loops_of<F32>, loops_of<F64>};

}  // namespace cc::generic
