// The vector vocabulary (see simd/generic.h) in AVX2 with FMA: 8 floats or 4 doubles.
#pragma once

#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

namespace cc::avx2 {
namespace {

struct M8 {
    __m256 v;
};
struct M4 {
    __m256d v;
};
inline M8 operator&(M8 a, M8 b) { return {_mm256_and_ps(a.v, b.v)}; }
inline M8 operator|(M8 a, M8 b) { return {_mm256_or_ps(a.v, b.v)}; }
inline M8 operator^(M8 a, M8 b) { return {_mm256_xor_ps(a.v, b.v)}; }
inline M8 operator!(M8 a) {
    return {_mm256_xor_ps(a.v, _mm256_castsi256_ps(_mm256_set1_epi32(-1)))};
}
inline M4 operator&(M4 a, M4 b) { return {_mm256_and_pd(a.v, b.v)}; }
inline M4 operator|(M4 a, M4 b) { return {_mm256_or_pd(a.v, b.v)}; }
inline M4 operator^(M4 a, M4 b) { return {_mm256_xor_pd(a.v, b.v)}; }
inline M4 operator!(M4 a) {
    return {_mm256_xor_pd(a.v, _mm256_castsi256_pd(_mm256_set1_epi32(-1)))};
}
inline bool any(M8 m) { return _mm256_movemask_ps(m.v) != 0; }
inline bool any(M4 m) { return _mm256_movemask_pd(m.v) != 0; }

// The first n lanes; all for n ≥ lanes.
inline __m256i first8(int64_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n < 8 ? n : 8)),
                              _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
inline __m256i first4(int64_t n) {
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
}

// The first n lanes in parts: a masked store takes 12 cycles and more on AMD's Zen.
inline void store_first(float* p, __m256 v, int64_t n) {
    if (n >= 8) return _mm256_storeu_ps(p, v);
    __m128 part = _mm256_castps256_ps128(v);
    if (n & 4) {
        _mm_storeu_ps(p, part);
        part = _mm256_extractf128_ps(v, 1);
        p += 4;
    }
    if (n & 2) {
        _mm_storel_pi(reinterpret_cast<__m64*>(p), part);
        part = _mm_movehl_ps(part, part);
        p += 2;
    }
    if (n & 1) _mm_store_ss(p, part);
}
inline void store_first(double* p, __m256d v, int64_t n) {
    if (n >= 4) return _mm256_storeu_pd(p, v);
    __m128d part = _mm256_castpd256_pd128(v);
    if (n & 2) {
        _mm_storeu_pd(p, part);
        part = _mm256_extractf128_pd(v, 1);
        p += 2;
    }
    if (n & 1) _mm_store_sd(p, part);
}

// One byte per lane, 0 or 1.
inline uint64_t mask_bytes(M8 m) {
    const __m256i w = _mm256_castps_si256(m.v);
    const __m128i h = _mm_packs_epi32(_mm256_castsi256_si128(w), _mm256_extracti128_si256(w, 1));
    return static_cast<uint64_t>(
        _mm_cvtsi128_si64(_mm_and_si128(_mm_packs_epi16(h, h), _mm_set1_epi8(1))));
}
inline uint32_t mask_bytes(M4 m) {
    const __m256i w = _mm256_castpd_si256(m.v);
    __m128i h = _mm_packs_epi32(_mm256_castsi256_si128(w), _mm256_extracti128_si256(w, 1));
    h = _mm_packs_epi32(h, h);
    return static_cast<uint32_t>(
        _mm_cvtsi128_si32(_mm_and_si128(_mm_packs_epi16(h, h), _mm_set1_epi8(1))));
}
template <class M> inline void store_mask(M m, uint8_t* p) {
    const auto b = mask_bytes(m);
    memcpy(p, &b, sizeof(b));
}
template <class M> inline void store_mask(M m, uint8_t* p, int64_t n) {
    const auto b = mask_bytes(m);
    for (int64_t i = 0; i < n; ++i) p[i] = static_cast<uint8_t>(b >> (8 * i));
}

struct I32 {
    __m256i v;
    static I32 set(uint32_t x) { return {_mm256_set1_epi32(static_cast<int>(x))}; }
    template <int N> I32 shl() const { return {_mm256_slli_epi32(v, N)}; }
    template <int N> I32 shr() const { return {_mm256_srli_epi32(v, N)}; }
    friend I32 operator+(I32 a, I32 b) { return {_mm256_add_epi32(a.v, b.v)}; }
    friend I32 operator-(I32 a, I32 b) { return {_mm256_sub_epi32(a.v, b.v)}; }
    friend I32 operator&(I32 a, I32 b) { return {_mm256_and_si256(a.v, b.v)}; }
    friend I32 operator|(I32 a, I32 b) { return {_mm256_or_si256(a.v, b.v)}; }
    friend I32 operator^(I32 a, I32 b) { return {_mm256_xor_si256(a.v, b.v)}; }
};

struct I64 {
    __m256i v;
    static I64 set(uint64_t x) { return {_mm256_set1_epi64x(static_cast<long long>(x))}; }
    template <int N> I64 shl() const { return {_mm256_slli_epi64(v, N)}; }
    template <int N> I64 shr() const { return {_mm256_srli_epi64(v, N)}; }
    friend I64 operator+(I64 a, I64 b) { return {_mm256_add_epi64(a.v, b.v)}; }
    friend I64 operator-(I64 a, I64 b) { return {_mm256_sub_epi64(a.v, b.v)}; }
    friend I64 operator&(I64 a, I64 b) { return {_mm256_and_si256(a.v, b.v)}; }
    friend I64 operator|(I64 a, I64 b) { return {_mm256_or_si256(a.v, b.v)}; }
    friend I64 operator^(I64 a, I64 b) { return {_mm256_xor_si256(a.v, b.v)}; }
};

struct F32 {
    using Scalar = float;
    using Mask = M8;
    using Int = I32;
    static constexpr int lanes = 8;
    static constexpr bool floating = true;
    __m256 v;

    static F32 load(const float* p) { return {_mm256_loadu_ps(p)}; }
    static F32 whole(const int32_t* p) {
        return {_mm256_cvtepi32_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))};
    }
    void store_whole(int32_t* p) const {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm256_cvttps_epi32(v));
    }
    static F32 load(const float* p, int64_t n) { return {_mm256_maskload_ps(p, first8(n))}; }
    static F32 load(const float* p, int64_t n, F32 rest) {
        const __m256i m = first8(n);
        return {_mm256_blendv_ps(rest.v, _mm256_maskload_ps(p, m), _mm256_castsi256_ps(m))};
    }
    void store(float* p) const { _mm256_storeu_ps(p, v); }
    void store(float* p, int64_t n) const { store_first(p, v, n); }
    static F32 set(float x) { return {_mm256_set1_ps(x)}; }
    static F32 broadcast(const float* p) { return {_mm256_broadcast_ss(p)}; }
    static F32 parameter(double x) { return set(static_cast<float>(x)); }
    static F32 from_bits(I32 i) { return {_mm256_castsi256_ps(i.v)}; }
    template <int N> F32 spread(int lane) const {
        static_assert(N == 2 || N == 4);
        if constexpr (N == 2) return {lane == 0 ? _mm256_moveldup_ps(v) : _mm256_movehdup_ps(v)};
        switch (lane) {
            case 0: return {_mm256_permute_ps(v, 0x00)};
            case 1: return {_mm256_permute_ps(v, 0x55)};
            case 2: return {_mm256_permute_ps(v, 0xAA)};
            default: return {_mm256_permute_ps(v, 0xFF)};
        }
    }

    friend F32 operator+(F32 a, F32 b) { return {_mm256_add_ps(a.v, b.v)}; }
    friend F32 operator-(F32 a, F32 b) { return {_mm256_sub_ps(a.v, b.v)}; }
    friend F32 operator*(F32 a, F32 b) { return {_mm256_mul_ps(a.v, b.v)}; }
    friend F32 operator/(F32 a, F32 b) { return {_mm256_div_ps(a.v, b.v)}; }
    friend F32 operator-(F32 a) { return {_mm256_xor_ps(a.v, _mm256_set1_ps(-0.0f))}; }
    friend M8 operator<(F32 a, F32 b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ)}; }
    friend M8 operator<=(F32 a, F32 b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_LE_OQ)}; }
    friend M8 operator>(F32 a, F32 b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_GT_OQ)}; }
    friend M8 operator>=(F32 a, F32 b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_GE_OQ)}; }
    friend M8 operator==(F32 a, F32 b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_EQ_OQ)}; }
    friend M8 operator!=(F32 a, F32 b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_NEQ_UQ)}; }
};

struct F64 {
    using Scalar = double;
    using Mask = M4;
    using Int = I64;
    static constexpr int lanes = 4;
    static constexpr bool floating = true;
    __m256d v;

    static F64 load(const double* p) { return {_mm256_loadu_pd(p)}; }
    static F64 whole(const int32_t* p) {
        return {_mm256_cvtepi32_pd(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))};
    }
    void store_whole(int32_t* p) const {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvttpd_epi32(v));
    }
    static F64 load(const double* p, int64_t n) { return {_mm256_maskload_pd(p, first4(n))}; }
    static F64 load(const double* p, int64_t n, F64 rest) {
        const __m256i m = first4(n);
        return {_mm256_blendv_pd(rest.v, _mm256_maskload_pd(p, m), _mm256_castsi256_pd(m))};
    }
    void store(double* p) const { _mm256_storeu_pd(p, v); }
    void store(double* p, int64_t n) const { store_first(p, v, n); }
    static F64 set(double x) { return {_mm256_set1_pd(x)}; }
    static F64 broadcast(const double* p) { return {_mm256_broadcast_sd(p)}; }
    static F64 parameter(double x) { return set(x); }
    static F64 from_bits(I64 i) { return {_mm256_castsi256_pd(i.v)}; }
    template <int N> F64 spread(int lane) const {
        static_assert(N == 2);
        return {lane == 0 ? _mm256_permute_pd(v, 0) : _mm256_permute_pd(v, 15)};
    }

    friend F64 operator+(F64 a, F64 b) { return {_mm256_add_pd(a.v, b.v)}; }
    friend F64 operator-(F64 a, F64 b) { return {_mm256_sub_pd(a.v, b.v)}; }
    friend F64 operator*(F64 a, F64 b) { return {_mm256_mul_pd(a.v, b.v)}; }
    friend F64 operator/(F64 a, F64 b) { return {_mm256_div_pd(a.v, b.v)}; }
    friend F64 operator-(F64 a) { return {_mm256_xor_pd(a.v, _mm256_set1_pd(-0.0))}; }
    friend M4 operator<(F64 a, F64 b) { return {_mm256_cmp_pd(a.v, b.v, _CMP_LT_OQ)}; }
    friend M4 operator<=(F64 a, F64 b) { return {_mm256_cmp_pd(a.v, b.v, _CMP_LE_OQ)}; }
    friend M4 operator>(F64 a, F64 b) { return {_mm256_cmp_pd(a.v, b.v, _CMP_GT_OQ)}; }
    friend M4 operator>=(F64 a, F64 b) { return {_mm256_cmp_pd(a.v, b.v, _CMP_GE_OQ)}; }
    friend M4 operator==(F64 a, F64 b) { return {_mm256_cmp_pd(a.v, b.v, _CMP_EQ_OQ)}; }
    friend M4 operator!=(F64 a, F64 b) { return {_mm256_cmp_pd(a.v, b.v, _CMP_NEQ_UQ)}; }
};

inline I32 bits(F32 a) { return {_mm256_castps_si256(a.v)}; }
inline I64 bits(F64 a) { return {_mm256_castpd_si256(a.v)}; }

inline F32 select(M8 m, F32 a, F32 b) { return {_mm256_blendv_ps(b.v, a.v, m.v)}; }
inline F64 select(M4 m, F64 a, F64 b) { return {_mm256_blendv_pd(b.v, a.v, m.v)}; }
inline F32 fma(F32 a, F32 b, F32 c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
inline F64 fma(F64 a, F64 b, F64 c) { return {_mm256_fmadd_pd(a.v, b.v, c.v)}; }
inline F32 fnma(F32 a, F32 b, F32 c) { return {_mm256_fnmadd_ps(a.v, b.v, c.v)}; }
inline F64 fnma(F64 a, F64 b, F64 c) { return {_mm256_fnmadd_pd(a.v, b.v, c.v)}; }
inline F32 max(F32 a, F32 b) { return {_mm256_max_ps(a.v, b.v)}; }
inline F64 max(F64 a, F64 b) { return {_mm256_max_pd(a.v, b.v)}; }
inline F32 min(F32 a, F32 b) { return {_mm256_min_ps(a.v, b.v)}; }
inline F64 min(F64 a, F64 b) { return {_mm256_min_pd(a.v, b.v)}; }
inline F32 sqrt(F32 a) { return {_mm256_sqrt_ps(a.v)}; }
inline F64 sqrt(F64 a) { return {_mm256_sqrt_pd(a.v)}; }
inline F32 abs(F32 a) { return {_mm256_andnot_ps(_mm256_set1_ps(-0.0f), a.v)}; }
inline F64 abs(F64 a) { return {_mm256_andnot_pd(_mm256_set1_pd(-0.0), a.v)}; }
inline F32 floor(F32 a) { return {_mm256_floor_ps(a.v)}; }
inline F64 floor(F64 a) { return {_mm256_floor_pd(a.v)}; }
inline F32 ceil(F32 a) { return {_mm256_ceil_ps(a.v)}; }
inline F64 ceil(F64 a) { return {_mm256_ceil_pd(a.v)}; }
inline F32 trunc(F32 a) { return {_mm256_round_ps(a.v, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC)}; }
inline F64 trunc(F64 a) { return {_mm256_round_pd(a.v, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC)}; }
inline F32 round(F32 a) {
    return {_mm256_round_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
inline F64 round(F64 a) {
    return {_mm256_round_pd(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}

// The halves of a float vector in double precision, and back.
inline F64 low(F32 a) { return {_mm256_cvtps_pd(_mm256_castps256_ps128(a.v))}; }
inline F64 high(F32 a) { return {_mm256_cvtps_pd(_mm256_extractf128_ps(a.v, 1))}; }
inline F32 join(F64 low, F64 high) {
    return {_mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps(low.v)),
                                 _mm256_cvtpd_ps(high.v), 1)};
}

inline __m256d inner_pairs_swapped(__m256d a) { return _mm256_permute4x64_pd(a, 0xD8); }
inline void unzip(F32 a, F32 b, F32& even, F32& odd) {
    auto part = [](__m256 halves) { return _mm256_castpd_ps(inner_pairs_swapped(_mm256_castps_pd(halves))); };
    even = {part(_mm256_shuffle_ps(a.v, b.v, 0x88))};
    odd = {part(_mm256_shuffle_ps(a.v, b.v, 0xDD))};
}
inline void unzip(F64 a, F64 b, F64& even, F64& odd) {
    even = {inner_pairs_swapped(_mm256_unpacklo_pd(a.v, b.v))};
    odd = {inner_pairs_swapped(_mm256_unpackhi_pd(a.v, b.v))};
}
inline F32 gather(M8 m, const float* p, F32 at) {
    return {_mm256_mask_i32gather_ps(_mm256_setzero_ps(), p, _mm256_cvttps_epi32(at.v), m.v, 4)};
}
inline F64 gather(M4 m, const double* p, F64 at) {
    return {_mm256_mask_i32gather_pd(_mm256_setzero_pd(), p, _mm256_cvttpd_epi32(at.v), m.v, 8)};
}

template <class V> inline auto load_mask(const uint8_t* p) {
    const __m256i none = _mm256_setzero_si256();
    if constexpr (V::lanes == 8) {
        const __m256i b =
            _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
        return M8{_mm256_castsi256_ps(_mm256_cmpgt_epi32(b, none))};
    } else {
        int32_t four;
        memcpy(&four, p, 4);
        return M4{_mm256_castsi256_pd(
            _mm256_cmpgt_epi64(_mm256_cvtepu8_epi64(_mm_cvtsi32_si128(four)), none))};
    }
}
template <class V> inline auto load_mask(const uint8_t* p, int64_t n) {
    uint8_t b[8] = {};
    for (int64_t i = 0; i < n && i < 8; ++i) b[i] = p[i];
    return load_mask<V>(b);
}

// Folds all lanes into one in a fixed tree: lane i with lane i + lanes/2, and so on.
template <class F> inline float fold_lanes(F merge, F32 a) {
    a = merge(a, F32{_mm256_permute2f128_ps(a.v, a.v, 1)});
    a = merge(a, F32{_mm256_permute_ps(a.v, 0x4E)});
    return _mm256_cvtss_f32(merge(a, F32{_mm256_permute_ps(a.v, 0xB1)}).v);
}
template <class F> inline double fold_lanes(F merge, F64 a) {
    a = merge(a, F64{_mm256_permute2f128_pd(a.v, a.v, 1)});
    return _mm256_cvtsd_f64(merge(a, F64{_mm256_permute_pd(a.v, 5)}).v);
}

// f of each lane, for what only C's library offers.
template <class F, class V> inline V map(F f, V a) {
    alignas(32) typename V::Scalar x[V::lanes];
    a.store(x);
    for (int i = 0; i < V::lanes; ++i) x[i] = static_cast<typename V::Scalar>(f(x[i]));
    return V::load(x);
}
template <class F, class V> inline V map(F f, V a, V b) {
    alignas(32) typename V::Scalar x[V::lanes], y[V::lanes];
    a.store(x);
    b.store(y);
    for (int i = 0; i < V::lanes; ++i) x[i] = static_cast<typename V::Scalar>(f(x[i], y[i]));
    return V::load(x);
}

#include "kernels/simd/math.inl"
#include "kernels/simd/trigonometric.inl"

}  // namespace
}  // namespace cc::avx2
