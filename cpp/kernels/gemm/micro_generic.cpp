#include "kernels/gemm/micro.inl"
#include "kernels/gemm/micro_narrow.inl"
#include "kernels/simd/generic_vector.h"

namespace cc::generic {
namespace {

using F32 = Vector<float>;
using F64 = Vector<double>;

template <class T>
void transpose(const T* from, int64_t from_stride, T* to, int64_t to_stride, int64_t rows,
               int64_t cols) {
    for (int64_t j = 0; j < cols; ++j)
        for (int64_t i = 0; i < rows; ++i) to[j * to_stride + i] = from[i * from_stride + j];
}

}  // namespace

const MicroSet micro = {
    {4, 4, 4, 3, any_row_tile<F32, 4, 4, 3, float>, any_outer_tile<F32, 4, OuterTile<float>>,
     any_step_tile<F32, 4, float>, any_dot_tile<F32, 4, float>, any_column_tile<F32, 4, 4, float>, any_run<RunTiles<F32>>, any_run<RunSums<F32>>,
     any_column_sum<F32, float>, any_window_tile<F32, 4, float>, any_window_sum<F32, 4, 4, float>,
     any_group_tile<F32, float>, any_group_sum<F32, float>,
     transpose<float>},
    {4, 2, 4, 3, any_row_tile<F64, 4, 4, 3, double>, any_outer_tile<F64, 4, OuterTile<double>>,
     any_step_tile<F64, 4, double>, any_dot_tile<F64, 4, double>, any_column_tile<F64, 4, 4, double>, nullptr, nullptr,
     any_column_sum<F64, double>, any_window_tile<F64, 4, double>, any_window_sum<F64, 4, 4, double>,
     any_group_tile<F64, double>, any_group_sum<F64, double>,
     transpose<double>},
};

}  // namespace cc::generic
