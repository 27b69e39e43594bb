#include "kernels/reduce/loops.h"
#include "kernels/simd/avx2.h"

namespace cc::avx2 {
namespace {
#include "kernels/reduce/loops.inl"
}  // namespace

const VectorReductions reduce_float32 = vector_reductions<F32>;
const VectorReductions reduce_float64 = vector_reductions<F64>;

}  // namespace cc::avx2
