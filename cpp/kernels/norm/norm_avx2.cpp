// Loops of batch normalisation for AVX2.
#include "kernels/norm/norm_columns.h"
#include "kernels/simd/avx2.h"

namespace cc::avx2 {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/norm/norm.inl"
}  // namespace

const NormColumns norm_columns[] = {columns_of<F32>, columns_of<F64>};

}  // namespace cc::avx2
