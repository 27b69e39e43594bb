// 8×8 blocks of 4-byte elements, transposed in registers: eight loads along the source's rows,
// three rounds of interleaving (pairs, quarters, halves), eight stores along the destination's
// rows. Every cache line is read and written whole, so strides that are powers of two do no harm.
// What is left at the edges goes element by element. And conversions.
#include "base/dtype.h"
#include "kernels/copy/loops.h"
#include "kernels/simd/avx2.h"

namespace cc::avx2 {
namespace {

inline F32 load_upper(const uint16_t* p) {
    const __m128i half = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    return F32::from_bits({_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16)});
}

inline void store_upper(F32 x, uint16_t* p) {
    const __m256i low = _mm256_srli_epi32(bits(x).v, 16);
    _mm_storeu_si128(
        reinterpret_cast<__m128i*>(p),
        _mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1)));
}

#include "kernels/copy/bfloat16.inl"

inline void block(const float* src, int64_t from, float* dst, int64_t to) {
    __m256 a[8], b[8];
    for (int i = 0; i < 8; ++i) a[i] = _mm256_loadu_ps(src + i * from);
    for (int i = 0; i < 8; i += 2) {
        b[i] = _mm256_unpacklo_ps(a[i], a[i + 1]);
        b[i + 1] = _mm256_unpackhi_ps(a[i], a[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        a[i] = _mm256_shuffle_ps(b[i], b[i + 2], 0x44);
        a[i + 1] = _mm256_shuffle_ps(b[i], b[i + 2], 0xEE);
        a[i + 2] = _mm256_shuffle_ps(b[i + 1], b[i + 3], 0x44);
        a[i + 3] = _mm256_shuffle_ps(b[i + 1], b[i + 3], 0xEE);
    }
    for (int i = 0; i < 4; ++i) {
        _mm256_storeu_ps(dst + i * to, _mm256_permute2f128_ps(a[i], a[i + 4], 0x20));
        _mm256_storeu_ps(dst + (i + 4) * to, _mm256_permute2f128_ps(a[i], a[i + 4], 0x31));
    }
}

}  // namespace

void transpose32(const void* src_, int64_t from, void* dst_, int64_t to, int64_t rows,
                 int64_t columns) {
    const float* src = static_cast<const float*>(src_);
    float* dst = static_cast<float*>(dst_);
    const int64_t whole_rows = rows / 8 * 8, whole_columns = columns / 8 * 8;
    for (int64_t c = 0; c < whole_columns; c += 8)
        for (int64_t r = 0; r < whole_rows; r += 8)
            block(src + r * from + c, from, dst + c * to + r, to);
    for (int64_t c = 0; c < columns; ++c)
        for (int64_t r = c < whole_columns ? whole_rows : 0; r < rows; ++r)
            dst[c * to + r] = src[r * from + c];
}

void widen_bfloat16(const uint16_t* src, float* dst, int64_t n) { widen_loop(src, dst, n); }
void narrow_bfloat16(const float* src, uint16_t* dst, int64_t n) { narrow_loop(src, dst, n); }

void convert_uint8_float32(const uint8_t* src, float* dst, int64_t n) {
    for (int64_t i = 0; i < n; ++i) dst[i] = static_cast<float>(src[i]);
}

// What does not fit an int32 has no bits in its last byte, as in an int64, from 2³¹ on; nor has the conversion's mark for it.
void convert_float32_uint8(const float* src, uint8_t* dst, int64_t n) {
    const __m256i last_byte = _mm256_set1_epi32(0xff), in_order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    auto whole = [&](int64_t i) { return _mm256_and_si256(_mm256_cvttps_epi32(_mm256_loadu_ps(src + i)), last_byte); };
    int64_t i = 0;
    for (; i + 32 <= n; i += 32) {
        const __m256i low = _mm256_packus_epi32(whole(i), whole(i + 8)), high = _mm256_packus_epi32(whole(i + 16), whole(i + 24));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst + i),
                            _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high), in_order));
    }
    for (; i < n; ++i) dst[i] = static_cast<uint8_t>(_mm_cvttss_si32(_mm_load_ss(src + i)));
}

}  // namespace cc::avx2
