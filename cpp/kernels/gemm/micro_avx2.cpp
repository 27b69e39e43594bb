#include "kernels/gemm/micro.inl"
#include "kernels/gemm/micro_narrow.inl"
#include "kernels/simd/avx2.h"

namespace cc::avx2 {
namespace {

// to[j][i] = from[i][j] for one block of lanes × lanes.
void transpose_block(const float* from, int64_t from_stride, float* to, int64_t to_stride) {
    __m256 r[8], s[8];
    CC_UNROLL for (int i = 0; i < 8; ++i) r[i] = _mm256_loadu_ps(from + i * from_stride);
    CC_UNROLL for (int i = 0; i < 8; i += 2) {
        s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
    CC_UNROLL for (int i = 0; i < 8; i += 4) CC_UNROLL for (int j = 0; j < 2; ++j) {
        r[i + 2 * j] = _mm256_shuffle_ps(s[i + j], s[i + j + 2], 0x44);
        r[i + 2 * j + 1] = _mm256_shuffle_ps(s[i + j], s[i + j + 2], 0xee);
    }
    CC_UNROLL for (int j = 0; j < 4; ++j) {
        _mm256_storeu_ps(to + j * to_stride, _mm256_permute2f128_ps(r[j], r[j + 4], 0x20));
        _mm256_storeu_ps(to + (j + 4) * to_stride, _mm256_permute2f128_ps(r[j], r[j + 4], 0x31));
    }
}

void transpose_block(const double* from, int64_t from_stride, double* to, int64_t to_stride) {
    __m256d r[4], s[4];
    CC_UNROLL for (int i = 0; i < 4; ++i) r[i] = _mm256_loadu_pd(from + i * from_stride);
    CC_UNROLL for (int i = 0; i < 4; i += 2) {
        s[i] = _mm256_unpacklo_pd(r[i], r[i + 1]);
        s[i + 1] = _mm256_unpackhi_pd(r[i], r[i + 1]);
    }
    CC_UNROLL for (int j = 0; j < 2; ++j) {
        _mm256_storeu_pd(to + j * to_stride, _mm256_permute2f128_pd(s[j], s[j + 2], 0x20));
        _mm256_storeu_pd(to + (j + 2) * to_stride, _mm256_permute2f128_pd(s[j], s[j + 2], 0x31));
    }
}

template <int Block, class T>
void transpose(const T* from, int64_t from_stride, T* to, int64_t to_stride, int64_t rows,
               int64_t cols) {
    const int64_t whole_rows = rows / Block * Block, whole_cols = cols / Block * Block;
    for (int64_t i = 0; i < whole_rows; i += Block)
        for (int64_t j = 0; j < whole_cols; j += Block)
            transpose_block(from + i * from_stride + j, from_stride, to + j * to_stride + i,
                            to_stride);
    for (int64_t j = 0; j < cols; ++j)
        for (int64_t i = j < whole_cols ? whole_rows : 0; i < rows; ++i)
            to[j * to_stride + i] = from[i * from_stride + j];
}

}  // namespace

void transpose_f32(const float* from, int64_t from_stride, float* to, int64_t to_stride,
                   int64_t rows, int64_t cols) {
    transpose<8>(from, from_stride, to, to_stride, rows, cols);
}
void transpose_f64(const double* from, int64_t from_stride, double* to, int64_t to_stride,
                   int64_t rows, int64_t cols) {
    transpose<4>(from, from_stride, to, to_stride, rows, cols);
}

const MicroSet micro = {
    {6, 8, 6, 4, any_row_tile<F32, 6, 6, 4, float>, any_outer_tile<F32, 6, OuterTile<float>>,
     any_step_tile<F32, 6, float>, any_dot_tile<F32, 4, float>, any_column_tile<F32, 6, 6, float>, any_run<RunTiles<F32>>, any_run<RunSums<F32>>,
     any_column_sum<F32, float>, any_window_tile<F32, 6, float>, any_window_sum<F32, 6, 3, float>,
     any_group_tile<F32, float>, any_group_sum<F32, float>,
     transpose_f32},
    {6, 4, 6, 4, any_row_tile<F64, 6, 6, 4, double>, any_outer_tile<F64, 6, OuterTile<double>>,
     any_step_tile<F64, 6, double>, any_dot_tile<F64, 4, double>, any_column_tile<F64, 6, 6, double>, nullptr, nullptr,
     any_column_sum<F64, double>, any_window_tile<F64, 6, double>, any_window_sum<F64, 6, 3, double>,
     any_group_tile<F64, double>, any_group_sum<F64, double>,
     transpose_f64},
};

}  // namespace cc::avx2
