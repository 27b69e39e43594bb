// Sampling for AVX2.
#include "kernels/grid_sample/grid_points.h"
#include "kernels/simd/avx2.h"

namespace cc::avx2 {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/grid_sample/grid_sample.inl"
}  // namespace

const GridFunctions grid_functions[] = {functions_of<F32>, functions_of<F64>};

}  // namespace cc::avx2
