#include "kernels/elementwise/loops.h"
#include "kernels/simd/avx512.h"

namespace cc::avx512 {
namespace {
#include "kernels/elementwise/loops.inl"
}  // namespace

const ElementwiseLoops elementwise_float32 = loops_of<F32>;
const ElementwiseLoops elementwise_float64 = loops_of<F64>;

}  // namespace cc::avx512
