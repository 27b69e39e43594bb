// The bulk of random numbers for AVX2.
#include <string.h>

#include "kernels/random/random_loops.h"
#include "kernels/simd/avx2.h"

namespace cc::avx2 {
namespace {
#include "kernels/simd/blocks.inl"

struct Lanes {
    static constexpr int lanes = 4;
    __m256i v;
    static Lanes set(uint64_t x) { return {_mm256_set1_epi64x(static_cast<long long>(x))}; }
    static Lanes counting(uint64_t from) {
        return {_mm256_add_epi64(set(from).v, _mm256_setr_epi64x(0, 1, 2, 3))};
    }
    friend Lanes operator^(Lanes a, Lanes b) { return {_mm256_xor_si256(a.v, b.v)}; }
};
inline Lanes multiply(Lanes a, Lanes b) { return {_mm256_mul_epu32(a.v, b.v)}; }
inline Lanes high(Lanes a) { return {_mm256_srli_epi64(a.v, 32)}; }

// Words 0 and 1 of a block share a lane, words 2 and 3 another; then lanes alternate.
inline void store_words(Lanes x0, Lanes x1, Lanes x2, Lanes x3, uint32_t* out) {
    const __m256i low = _mm256_blend_epi32(x0.v, _mm256_slli_epi64(x1.v, 32), 0xAA);
    const __m256i up = _mm256_blend_epi32(x2.v, _mm256_slli_epi64(x3.v, 32), 0xAA);
    const __m256i even = _mm256_unpacklo_epi64(low, up), odd = _mm256_unpackhi_epi64(low, up);
    auto* to = reinterpret_cast<__m256i*>(out);
    _mm256_storeu_si256(to, _mm256_permute2x128_si256(even, odd, 0x20));
    _mm256_storeu_si256(to + 1, _mm256_permute2x128_si256(even, odd, 0x31));
}

#include "kernels/random/random.inl"
}  // namespace

const RandomLoops random_loops = {words, normals};

}  // namespace cc::avx2
