// The bulk of random numbers for AVX-512.
#include <string.h>

#include "kernels/random/random_loops.h"
#include "kernels/simd/avx512.h"

namespace cc::avx512 {
namespace {
#include "kernels/simd/blocks.inl"

struct Lanes {
    static constexpr int lanes = 8;
    __m512i v;
    static Lanes set(uint64_t x) { return {_mm512_set1_epi64(static_cast<long long>(x))}; }
    static Lanes counting(uint64_t from) {
        return {_mm512_add_epi64(set(from).v, _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7))};
    }
    friend Lanes operator^(Lanes a, Lanes b) { return {_mm512_xor_si512(a.v, b.v)}; }
};
inline Lanes multiply(Lanes a, Lanes b) { return {_mm512_mul_epu32(a.v, b.v)}; }
inline Lanes high(Lanes a) { return {_mm512_srli_epi64(a.v, 32)}; }

// Words 0 and 1 of a block share a lane, words 2 and 3 another; then lanes alternate.
inline void store_words(Lanes x0, Lanes x1, Lanes x2, Lanes x3, uint32_t* out) {
    const __m512i first = _mm512_mask_blend_epi32(0xAAAA, x0.v, _mm512_slli_epi64(x1.v, 32));
    const __m512i second = _mm512_mask_blend_epi32(0xAAAA, x2.v, _mm512_slli_epi64(x3.v, 32));
    const __m512i front = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
    const __m512i back = _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
    _mm512_storeu_si512(out, _mm512_permutex2var_epi64(first, front, second));
    _mm512_storeu_si512(out + 16, _mm512_permutex2var_epi64(first, back, second));
}

#include "kernels/random/random.inl"
}  // namespace

const RandomLoops random_loops = {words, normals};

}  // namespace cc::avx512
