// Loops of pdist for AVX2.
#include "kernels/pdist/pdist_loops.h"
#include "kernels/simd/avx2.h"

namespace cc::avx2 {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/pdist/pdist.inl"
}  // namespace

const PdistLoops pdist_loops[] = {loops_of<F32>, loops_of<F64>};

}  // namespace cc::avx2
