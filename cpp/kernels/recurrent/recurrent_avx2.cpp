// Loops of the recurrent cells for AVX2.
#include "kernels/recurrent/recurrent_loops.h"
#include "kernels/simd/avx2.h"

namespace cc::avx2 {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/recurrent/recurrent.inl"
}  // namespace

const RecurrentLoops recurrent_loops[] = {loops_of<F32>, loops_of<F64>};

}  // namespace cc::avx2
