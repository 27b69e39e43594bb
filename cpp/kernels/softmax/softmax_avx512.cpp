// Loops of softmax for AVX-512.
#include "kernels/softmax/softmax_loops.h"
#include "kernels/simd/avx512.h"

namespace cc::avx512 {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/softmax/softmax.inl"
}  // namespace

const SoftmaxLoops softmax_loops[] = {loops_of<F32>, loops_of<F64>};

}  // namespace cc::avx512
