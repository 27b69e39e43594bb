// Rows of pooling for AVX-512.
#include "kernels/pool/pool_rows.h"
#include "kernels/simd/avx512.h"

namespace cc::avx512 {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/pool/pool.inl"
}  // namespace

const PoolRows pool_rows[] = {rows_of<F32>, rows_of<F64>};

}  // namespace cc::avx512
