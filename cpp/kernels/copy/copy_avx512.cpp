// Conversions for AVX-512.
#include "base/dtype.h"
#include "kernels/copy/loops.h"
#include "kernels/simd/avx512.h"

namespace cc::avx512 {
namespace {

inline F32 load_upper(const uint16_t* p) {
    const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    return F32::from_bits({_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16)});
}

inline void store_upper(F32 x, uint16_t* p) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p),
                        _mm512_cvtepi32_epi16(_mm512_srli_epi32(bits(x).v, 16)));
}

#include "kernels/copy/bfloat16.inl"

}  // namespace

void widen_bfloat16(const uint16_t* src, float* dst, int64_t n) { widen_loop(src, dst, n); }
void narrow_bfloat16(const float* src, uint16_t* dst, int64_t n) { narrow_loop(src, dst, n); }

}  // namespace cc::avx512
