// Loops of batch normalisation for AVX-512.
#include "kernels/norm/norm_columns.h"
#include "kernels/simd/avx512.h"

namespace cc::avx512 {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/norm/norm.inl"
}  // namespace

const NormColumns norm_columns[] = {columns_of<F32>, columns_of<F64>};

}  // namespace cc::avx512
