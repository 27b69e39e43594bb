// Loops of softmax for AVX2.
#include "kernels/softmax/softmax_loops.h"
#include "kernels/simd/avx2.h"

namespace cc::avx2 {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/softmax/softmax.inl"
}  // namespace

const SoftmaxLoops softmax_loops[] = {loops_of<F32>, loops_of<F64>};

}  // namespace cc::avx2
