// Sampling in plain C++.
#include "kernels/grid_sample/grid_points.h"
#include "kernels/simd/generic.h"

namespace cc::generic {
namespace {
#include "kernels/simd/blocks.inl"

#include "kernels/grid_sample/grid_sample.inl"
}  // namespace

const GridFunctions grid_functions[] = {functions_of<F32>, functions_of<F64>};

}  // namespace cc::generic
