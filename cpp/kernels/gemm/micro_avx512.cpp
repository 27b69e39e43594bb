#include <immintrin.h>

#include "kernels/gemm/micro.inl"

namespace cc::avx2 {
void transpose_f32(const float* from, int64_t from_stride, float* to, int64_t to_stride, int64_t rows, int64_t cols);
void transpose_f64(const double* from, int64_t from_stride, double* to, int64_t to_stride, int64_t rows, int64_t cols);
}  // namespace cc::avx2

namespace cc::avx512 {
namespace {

// One broadcast per value: GCC would fold it into every multiply-add that uses it.
struct F32 {
    static constexpr int64_t lanes = 16;
    __m512 v;
    static F32 zero() { return {_mm512_setzero_ps()}; }
    static F32 load(const float* p) { return {_mm512_loadu_ps(p)}; }
    static F32 load(const float* p, int64_t n) { return {_mm512_maskz_loadu_ps(_bzhi_u32(0xffff, n), p)}; }
    static F32 broadcast(const float* p) {
        F32 r;
        asm("vbroadcastss %1, %0" : "=v"(r.v) : "m"(*p));
        return r;
    }
    void store(float* p) const { _mm512_storeu_ps(p, v); }
    void store(float* p, int64_t n) const { _mm512_mask_storeu_ps(p, _bzhi_u32(0xffff, n), v); }
    friend F32 operator+(F32 a, F32 b) { return {_mm512_add_ps(a.v, b.v)}; }
    friend F32 fma(F32 a, F32 b, F32 c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
};

struct F64 {
    static constexpr int64_t lanes = 8;
    __m512d v;
    static F64 zero() { return {_mm512_setzero_pd()}; }
    static F64 load(const double* p) { return {_mm512_loadu_pd(p)}; }
    static F64 load(const double* p, int64_t n) { return {_mm512_maskz_loadu_pd(_bzhi_u32(0xff, n), p)}; }
    static F64 broadcast(const double* p) {
        F64 r;
        asm("vbroadcastsd %1, %0" : "=v"(r.v) : "m"(*p));
        return r;
    }
    void store(double* p) const { _mm512_storeu_pd(p, v); }
    void store(double* p, int64_t n) const { _mm512_mask_storeu_pd(p, _bzhi_u32(0xff, n), v); }
    friend F64 operator+(F64 a, F64 b) { return {_mm512_add_pd(a.v, b.v)}; }
    friend F64 fma(F64 a, F64 b, F64 c) { return {_mm512_fmadd_pd(a.v, b.v, c.v)}; }
};

}  // namespace

const MicroSet micro = {
    {14, 16, any_row_tile<F32, 14, float>, any_outer_tile<F32, 14, float>, avx2::transpose_f32},
    {14, 8, any_row_tile<F64, 14, double>, any_outer_tile<F64, 14, double>, avx2::transpose_f64},
};

}  // namespace cc::avx512
