// Rows of pooling for AVX2.
#include "kernels/pool/pool_rows.h"
#include "kernels/simd/avx2.h"

namespace cc::avx2 {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/pool/pool.inl"
}  // namespace

const PoolRows pool_rows[] = {rows_of<F32>, rows_of<F64>};

}  // namespace cc::avx2
