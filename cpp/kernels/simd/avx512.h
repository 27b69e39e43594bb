// The vector vocabulary (see simd/generic.h) in AVX-512 (F, BW, DQ, VL): 16 floats or 8 doubles.
#pragma once

#include <immintrin.h>
#include <math.h>
#include <stdint.h>

namespace cc::avx512 {
namespace {

struct M16 {
    __mmask16 v;
};
struct M8 {
    __mmask8 v;
};
inline M16 operator&(M16 a, M16 b) { return {static_cast<__mmask16>(a.v & b.v)}; }
inline M16 operator|(M16 a, M16 b) { return {static_cast<__mmask16>(a.v | b.v)}; }
inline M16 operator^(M16 a, M16 b) { return {static_cast<__mmask16>(a.v ^ b.v)}; }
inline M16 operator!(M16 a) { return {static_cast<__mmask16>(~a.v)}; }
inline M8 operator&(M8 a, M8 b) { return {static_cast<__mmask8>(a.v & b.v)}; }
inline M8 operator|(M8 a, M8 b) { return {static_cast<__mmask8>(a.v | b.v)}; }
inline M8 operator^(M8 a, M8 b) { return {static_cast<__mmask8>(a.v ^ b.v)}; }
inline M8 operator!(M8 a) { return {static_cast<__mmask8>(~a.v)}; }
inline bool any(M16 m) { return m.v != 0; }
inline bool any(M8 m) { return m.v != 0; }

// The first n lanes; all for n ≥ lanes.
inline __mmask16 first16(int64_t n) {
    return static_cast<__mmask16>(n < 16 ? (1u << n) - 1 : 0xFFFFu);
}
inline __mmask8 first8(int64_t n) { return static_cast<__mmask8>(n < 8 ? (1u << n) - 1 : 0xFFu); }

inline void store_mask(M16 m, uint8_t* p) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm_maskz_set1_epi8(m.v, 1));
}
inline void store_mask(M16 m, uint8_t* p, int64_t n) {
    _mm_mask_storeu_epi8(p, first16(n), _mm_maskz_set1_epi8(m.v, 1));
}
inline void store_mask(M8 m, uint8_t* p) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_maskz_set1_epi8(m.v, 1));
}
inline void store_mask(M8 m, uint8_t* p, int64_t n) {
    _mm_mask_storeu_epi8(p, first8(n), _mm_maskz_set1_epi8(m.v, 1));
}

struct I32 {
    __m512i v;
    static I32 set(uint32_t x) { return {_mm512_set1_epi32(static_cast<int>(x))}; }
    template <int N> I32 shl() const { return {_mm512_slli_epi32(v, N)}; }
    template <int N> I32 shr() const { return {_mm512_srli_epi32(v, N)}; }
    friend I32 operator+(I32 a, I32 b) { return {_mm512_add_epi32(a.v, b.v)}; }
    friend I32 operator-(I32 a, I32 b) { return {_mm512_sub_epi32(a.v, b.v)}; }
    friend I32 operator&(I32 a, I32 b) { return {_mm512_and_si512(a.v, b.v)}; }
    friend I32 operator|(I32 a, I32 b) { return {_mm512_or_si512(a.v, b.v)}; }
    friend I32 operator^(I32 a, I32 b) { return {_mm512_xor_si512(a.v, b.v)}; }
};

struct I64 {
    __m512i v;
    static I64 set(uint64_t x) { return {_mm512_set1_epi64(static_cast<long long>(x))}; }
    template <int N> I64 shl() const { return {_mm512_slli_epi64(v, N)}; }
    template <int N> I64 shr() const { return {_mm512_srli_epi64(v, N)}; }
    friend I64 operator+(I64 a, I64 b) { return {_mm512_add_epi64(a.v, b.v)}; }
    friend I64 operator-(I64 a, I64 b) { return {_mm512_sub_epi64(a.v, b.v)}; }
    friend I64 operator&(I64 a, I64 b) { return {_mm512_and_si512(a.v, b.v)}; }
    friend I64 operator|(I64 a, I64 b) { return {_mm512_or_si512(a.v, b.v)}; }
    friend I64 operator^(I64 a, I64 b) { return {_mm512_xor_si512(a.v, b.v)}; }
};

struct F32 {
    using Scalar = float;
    using Mask = M16;
    using Int = I32;
    static constexpr int lanes = 16;
    static constexpr bool floating = true;
    __m512 v;

    static F32 load(const float* p) { return {_mm512_loadu_ps(p)}; }
    static F32 whole(const int32_t* p) { return {_mm512_cvtepi32_ps(_mm512_loadu_si512(p))}; }
    void store_whole(int32_t* p) const { _mm512_storeu_si512(p, _mm512_cvttps_epi32(v)); }
    static F32 load(const float* p, int64_t n) { return {_mm512_maskz_loadu_ps(first16(n), p)}; }
    static F32 load(const float* p, int64_t n, F32 rest) {
        return {_mm512_mask_loadu_ps(rest.v, first16(n), p)};
    }
    void store(float* p) const { _mm512_storeu_ps(p, v); }
    void store(float* p, int64_t n) const { _mm512_mask_storeu_ps(p, first16(n), v); }
    static F32 set(float x) { return {_mm512_set1_ps(x)}; }
    // One load: GCC would fold the broadcast into every multiply-add that uses it.
    static F32 broadcast(const float* p) {
        F32 r;
        asm("vbroadcastss %1, %0" : "=v"(r.v) : "m"(*p));
        return r;
    }
    static F32 parameter(double x) { return set(static_cast<float>(x)); }
    static F32 from_bits(I32 i) { return {_mm512_castsi512_ps(i.v)}; }
    template <int N> F32 spread(int lane) const {
        static_assert(N == 2 || N == 4 || N == 8);
        if constexpr (N == 2) return {lane == 0 ? _mm512_moveldup_ps(v) : _mm512_movehdup_ps(v)};
        const __m512i first = N == 4 ? _mm512_setr_epi32(0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12)
                                     : _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 8, 8, 8, 8, 8, 8, 8, 8);
        return {_mm512_permutexvar_ps(_mm512_add_epi32(first, _mm512_set1_epi32(lane)), v)};
    }

    friend F32 operator+(F32 a, F32 b) { return {_mm512_add_ps(a.v, b.v)}; }
    friend F32 operator-(F32 a, F32 b) { return {_mm512_sub_ps(a.v, b.v)}; }
    friend F32 operator*(F32 a, F32 b) { return {_mm512_mul_ps(a.v, b.v)}; }
    friend F32 operator/(F32 a, F32 b) { return {_mm512_div_ps(a.v, b.v)}; }
    friend F32 operator-(F32 a) { return {_mm512_xor_ps(a.v, _mm512_set1_ps(-0.0f))}; }
    friend M16 operator<(F32 a, F32 b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ)}; }
    friend M16 operator<=(F32 a, F32 b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LE_OQ)}; }
    friend M16 operator>(F32 a, F32 b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_GT_OQ)}; }
    friend M16 operator>=(F32 a, F32 b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_GE_OQ)}; }
    friend M16 operator==(F32 a, F32 b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_EQ_OQ)}; }
    friend M16 operator!=(F32 a, F32 b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_NEQ_UQ)}; }
};

struct F64 {
    using Scalar = double;
    using Mask = M8;
    using Int = I64;
    static constexpr int lanes = 8;
    static constexpr bool floating = true;
    __m512d v;

    static F64 load(const double* p) { return {_mm512_loadu_pd(p)}; }
    static F64 whole(const int32_t* p) {
        return {_mm512_cvtepi32_pd(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))};
    }
    void store_whole(int32_t* p) const {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvttpd_epi32(v));
    }
    static F64 load(const double* p, int64_t n) { return {_mm512_maskz_loadu_pd(first8(n), p)}; }
    static F64 load(const double* p, int64_t n, F64 rest) {
        return {_mm512_mask_loadu_pd(rest.v, first8(n), p)};
    }
    void store(double* p) const { _mm512_storeu_pd(p, v); }
    void store(double* p, int64_t n) const { _mm512_mask_storeu_pd(p, first8(n), v); }
    static F64 set(double x) { return {_mm512_set1_pd(x)}; }
    // One load: GCC would fold the broadcast into every multiply-add that uses it.
    static F64 broadcast(const double* p) {
        F64 r;
        asm("vbroadcastsd %1, %0" : "=v"(r.v) : "m"(*p));
        return r;
    }
    static F64 parameter(double x) { return set(x); }
    static F64 from_bits(I64 i) { return {_mm512_castsi512_pd(i.v)}; }
    template <int N> F64 spread(int lane) const {
        static_assert(N == 2 || N == 4);
        const __m512i first = N == 2 ? _mm512_setr_epi64(0, 0, 2, 2, 4, 4, 6, 6)
                                     : _mm512_setr_epi64(0, 0, 0, 0, 4, 4, 4, 4);
        return {_mm512_permutexvar_pd(_mm512_add_epi64(first, _mm512_set1_epi64(lane)), v)};
    }

    friend F64 operator+(F64 a, F64 b) { return {_mm512_add_pd(a.v, b.v)}; }
    friend F64 operator-(F64 a, F64 b) { return {_mm512_sub_pd(a.v, b.v)}; }
    friend F64 operator*(F64 a, F64 b) { return {_mm512_mul_pd(a.v, b.v)}; }
    friend F64 operator/(F64 a, F64 b) { return {_mm512_div_pd(a.v, b.v)}; }
    friend F64 operator-(F64 a) { return {_mm512_xor_pd(a.v, _mm512_set1_pd(-0.0))}; }
    friend M8 operator<(F64 a, F64 b) { return {_mm512_cmp_pd_mask(a.v, b.v, _CMP_LT_OQ)}; }
    friend M8 operator<=(F64 a, F64 b) { return {_mm512_cmp_pd_mask(a.v, b.v, _CMP_LE_OQ)}; }
    friend M8 operator>(F64 a, F64 b) { return {_mm512_cmp_pd_mask(a.v, b.v, _CMP_GT_OQ)}; }
    friend M8 operator>=(F64 a, F64 b) { return {_mm512_cmp_pd_mask(a.v, b.v, _CMP_GE_OQ)}; }
    friend M8 operator==(F64 a, F64 b) { return {_mm512_cmp_pd_mask(a.v, b.v, _CMP_EQ_OQ)}; }
    friend M8 operator!=(F64 a, F64 b) { return {_mm512_cmp_pd_mask(a.v, b.v, _CMP_NEQ_UQ)}; }
};

inline I32 bits(F32 a) { return {_mm512_castps_si512(a.v)}; }
inline I64 bits(F64 a) { return {_mm512_castpd_si512(a.v)}; }

inline F32 select(M16 m, F32 a, F32 b) { return {_mm512_mask_blend_ps(m.v, b.v, a.v)}; }
inline F64 select(M8 m, F64 a, F64 b) { return {_mm512_mask_blend_pd(m.v, b.v, a.v)}; }
inline F32 fma(F32 a, F32 b, F32 c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
inline F64 fma(F64 a, F64 b, F64 c) { return {_mm512_fmadd_pd(a.v, b.v, c.v)}; }
inline F32 fnma(F32 a, F32 b, F32 c) { return {_mm512_fnmadd_ps(a.v, b.v, c.v)}; }
inline F64 fnma(F64 a, F64 b, F64 c) { return {_mm512_fnmadd_pd(a.v, b.v, c.v)}; }
inline F32 max(F32 a, F32 b) { return {_mm512_max_ps(a.v, b.v)}; }
inline F64 max(F64 a, F64 b) { return {_mm512_max_pd(a.v, b.v)}; }
inline F32 min(F32 a, F32 b) { return {_mm512_min_ps(a.v, b.v)}; }
inline F64 min(F64 a, F64 b) { return {_mm512_min_pd(a.v, b.v)}; }
inline F32 sqrt(F32 a) { return {_mm512_sqrt_ps(a.v)}; }
inline F64 sqrt(F64 a) { return {_mm512_sqrt_pd(a.v)}; }
inline F32 abs(F32 a) { return {_mm512_abs_ps(a.v)}; }
inline F64 abs(F64 a) { return {_mm512_abs_pd(a.v)}; }
inline F32 floor(F32 a) {
    return {_mm512_roundscale_ps(a.v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC)};
}
inline F64 floor(F64 a) {
    return {_mm512_roundscale_pd(a.v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC)};
}
inline F32 ceil(F32 a) {
    return {_mm512_roundscale_ps(a.v, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC)};
}
inline F64 ceil(F64 a) {
    return {_mm512_roundscale_pd(a.v, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC)};
}
inline F32 trunc(F32 a) {
    return {_mm512_roundscale_ps(a.v, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC)};
}
inline F64 trunc(F64 a) {
    return {_mm512_roundscale_pd(a.v, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC)};
}
inline F32 round(F32 a) {
    return {_mm512_roundscale_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
inline F64 round(F64 a) {
    return {_mm512_roundscale_pd(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
// a · 2ⁿ for whole n, rounded once.
inline F32 scale(F32 a, F32 n) { return {_mm512_scalef_ps(a.v, n.v)}; }
inline F64 scale(F64 a, F64 n) { return {_mm512_scalef_pd(a.v, n.v)}; }

// The halves of a float vector in double precision, and back.
inline F64 low(F32 a) { return {_mm512_cvtps_pd(_mm512_castps512_ps256(a.v))}; }
inline F64 high(F32 a) { return {_mm512_cvtps_pd(_mm512_extractf32x8_ps(a.v, 1))}; }
inline F32 join(F64 low, F64 high) {
    return {_mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(low.v)),
                               _mm512_cvtpd_ps(high.v), 1)};
}

inline void unzip(F32 a, F32 b, F32& even, F32& odd) {
    const __m512i first = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    even = {_mm512_permutex2var_ps(a.v, first, b.v)};
    odd = {_mm512_permutex2var_ps(a.v, _mm512_add_epi32(first, _mm512_set1_epi32(1)), b.v)};
}
inline void unzip(F64 a, F64 b, F64& even, F64& odd) {
    const __m512i first = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
    even = {_mm512_permutex2var_pd(a.v, first, b.v)};
    odd = {_mm512_permutex2var_pd(a.v, _mm512_add_epi64(first, _mm512_set1_epi64(1)), b.v)};
}
inline F32 gather(M16 m, const float* p, F32 at) {
    return {_mm512_mask_i32gather_ps(_mm512_setzero_ps(), m.v, _mm512_cvttps_epi32(at.v), p, 4)};
}
inline F64 gather(M8 m, const double* p, F64 at) {
    return {_mm512_mask_i32gather_pd(_mm512_setzero_pd(), m.v, _mm512_cvttpd_epi32(at.v), p, 8)};
}

template <class V> inline auto load_mask(const uint8_t* p) {
    if constexpr (V::lanes == 16) {
        const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        return M16{_mm_test_epi8_mask(b, b)};
    } else {
        const __m128i b = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
        return M8{static_cast<__mmask8>(_mm_test_epi8_mask(b, b))};
    }
}
template <class V> inline auto load_mask(const uint8_t* p, int64_t n) {
    const __m128i b = _mm_maskz_loadu_epi8(first16(n), p);
    const __mmask16 m = _mm_test_epi8_mask(b, b);
    if constexpr (V::lanes == 16) return M16{m};
    else return M8{static_cast<__mmask8>(m)};
}

// Folds all lanes into one in a fixed tree: lane i with lane i + lanes/2, and so on.
template <class F> inline float fold_lanes(F merge, F32 a) {
    a = merge(a, F32{_mm512_shuffle_f32x4(a.v, a.v, 0x4E)});
    a = merge(a, F32{_mm512_shuffle_f32x4(a.v, a.v, 0xB1)});
    a = merge(a, F32{_mm512_permute_ps(a.v, 0x4E)});
    return _mm512_cvtss_f32(merge(a, F32{_mm512_permute_ps(a.v, 0xB1)}).v);
}
template <class F> inline double fold_lanes(F merge, F64 a) {
    a = merge(a, F64{_mm512_shuffle_f64x2(a.v, a.v, 0x4E)});
    a = merge(a, F64{_mm512_shuffle_f64x2(a.v, a.v, 0xB1)});
    return _mm512_cvtsd_f64(merge(a, F64{_mm512_permute_pd(a.v, 0x55)}).v);
}

// f of each lane, for what only C's library offers.
template <class F, class V> inline V map(F f, V a) {
    alignas(64) typename V::Scalar x[V::lanes];
    a.store(x);
    for (int i = 0; i < V::lanes; ++i) x[i] = static_cast<typename V::Scalar>(f(x[i]));
    return V::load(x);
}
template <class F, class V> inline V map(F f, V a, V b) {
    alignas(64) typename V::Scalar x[V::lanes], y[V::lanes];
    a.store(x);
    b.store(y);
    for (int i = 0; i < V::lanes; ++i) x[i] = static_cast<typename V::Scalar>(f(x[i], y[i]));
    return V::load(x);
}

#include "kernels/simd/math.inl"
#include "kernels/simd/trigonometric.inl"

}  // namespace
}  // namespace cc::avx512
