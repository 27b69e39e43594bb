// Update rules for AVX2.
#include "kernels/optim/optim_loops.h"
#include "kernels/simd/avx2.h"

namespace cc::avx2 {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/optim/optim.inl"
}  // namespace

const OptimLoops optim_loops[] = {loops_of<F32>, loops_of<F64>};

}  // namespace cc::avx2
