// Rows of interpolation in plain C++.
#include "kernels/interpolate/interpolate_rows.h"
#include "kernels/simd/generic.h"

namespace cc::generic {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/interpolate/interpolate.inl"
}  // namespace

const InterpolateRowFunction interpolate_rows[] = {interpolate_row<F32>, interpolate_row<F64>};

}  // namespace cc::generic
