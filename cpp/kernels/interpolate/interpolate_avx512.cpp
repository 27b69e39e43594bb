// Rows of interpolation for AVX-512.
#include "kernels/interpolate/interpolate_rows.h"
#include "kernels/simd/avx512.h"

namespace cc::avx512 {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/interpolate/interpolate.inl"
}  // namespace

const InterpolateRowFunction interpolate_rows[] = {interpolate_row<F32>, interpolate_row<F64>};

}  // namespace cc::avx512
