// Rows of pooling in plain C++.
#include "kernels/pool/pool_rows.h"
#include "kernels/simd/generic.h"

namespace cc::generic {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/pool/pool.inl"
}  // namespace

const PoolRows pool_rows[] = {rows_of<F32>, rows_of<F64>};

}  // namespace cc::generic
