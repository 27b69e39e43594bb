// Loops of cross entropy for AVX-512.
#include "kernels/cross_entropy/cross_entropy_loops.h"
#include "kernels/simd/avx512.h"

namespace cc::avx512 {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/cross_entropy/cross_entropy.inl"
}  // namespace

const CrossEntropyLoops cross_entropy_loops[] = {loops_of<F32>, loops_of<F64>};

}  // namespace cc::avx512
