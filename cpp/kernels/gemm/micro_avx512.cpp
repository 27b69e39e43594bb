#include "kernels/gemm/micro.inl"
#include "kernels/gemm/micro_narrow.inl"
#include "kernels/simd/avx512.h"

namespace cc::avx2 {
void transpose_f32(const float* from, int64_t from_stride, float* to, int64_t to_stride,
                   int64_t rows, int64_t cols);
void transpose_f64(const double* from, int64_t from_stride, double* to, int64_t to_stride,
                   int64_t rows, int64_t cols);
}  // namespace cc::avx2

namespace cc::avx512 {

const MicroSet micro = {
    {14, 16, 8, 8, any_row_tile<F32, 14, 8, 8, float>, any_outer_tile<F32, 14, OuterTile<float>>,
     any_step_tile<F32, 14, float>, any_dot_tile<F32, 4, float>, any_column_tile<F32, 14, 14, float>, any_run<RunTiles<F32>>, any_run<RunSums<F32>>,
     any_column_sum<F32, float>, any_window_tile<F32, 14, float>, any_window_sum<F32, 14, 6, float>,
     any_group_tile<F32, float>, any_group_sum<F32, float>,
     avx2::transpose_f32},
    {14, 8, 8, 8, any_row_tile<F64, 14, 8, 8, double>, any_outer_tile<F64, 14, OuterTile<double>>,
     any_step_tile<F64, 14, double>, any_dot_tile<F64, 4, double>, any_column_tile<F64, 14, 14, double>, nullptr, nullptr,
     any_column_sum<F64, double>, any_window_tile<F64, 14, double>, any_window_sum<F64, 14, 6, double>,
     any_group_tile<F64, double>, any_group_sum<F64, double>, avx2::transpose_f64},
};

}  // namespace cc::avx512
