// Rows of interpolation for AVX2.
#include "kernels/interpolate/interpolate_rows.h"
#include "kernels/simd/avx2.h"

namespace cc::avx2 {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/interpolate/interpolate.inl"
}  // namespace

const InterpolateRowFunction interpolate_rows[] = {interpolate_row<F32>, interpolate_row<F64>};

}  // namespace cc::avx2
