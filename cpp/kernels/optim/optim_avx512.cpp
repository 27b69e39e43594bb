// Update rules for AVX-512.
#include "kernels/optim/optim_loops.h"
#include "kernels/simd/avx512.h"

namespace cc::avx512 {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/optim/optim.inl"
}  // namespace

const OptimLoops optim_loops[] = {loops_of<F32>, loops_of<F64>};

}  // namespace cc::avx512
