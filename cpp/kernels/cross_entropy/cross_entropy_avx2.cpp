// Loops of cross entropy for AVX2.
#include "kernels/cross_entropy/cross_entropy_loops.h"
#include "kernels/simd/avx2.h"

namespace cc::avx2 {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/cross_entropy/cross_entropy.inl"
}  // namespace

const CrossEntropyLoops cross_entropy_loops[] = {loops_of<F32>, loops_of<F64>};

}  // namespace cc::avx2
