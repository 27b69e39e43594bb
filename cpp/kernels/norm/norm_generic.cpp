// Loops of batch normalisation in plain C++.
#include "kernels/norm/norm_columns.h"
#include "kernels/simd/generic.h"

namespace cc::generic {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/norm/norm.inl"
}  // namespace

const NormColumns norm_columns[] = {columns_of<F32>, columns_of<F64>};

}  // namespace cc::generic
