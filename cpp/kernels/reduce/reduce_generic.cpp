#include "kernels/reduce/loops.h"
#include "kernels/simd/generic.h"

namespace cc::generic {
namespace {
#include "kernels/reduce/loops.inl"
}  // namespace

const VectorReductions reduce_float32 = vector_reductions<F32>;
const VectorReductions reduce_float64 = vector_reductions<F64>;

}  // namespace cc::generic
