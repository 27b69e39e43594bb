// The bulk of random numbers in plain C++.
#include <string.h>

#include "kernels/random/random_loops.h"
#include "kernels/simd/generic.h"

namespace cc::generic {
namespace {
#include "kernels/simd/blocks.inl"

struct Lanes {
    static constexpr int lanes = 1;
    uint64_t v;
    static Lanes set(uint64_t x) { return {x}; }
    static Lanes counting(uint64_t from) { return {from}; }
    friend Lanes operator^(Lanes a, Lanes b) { return {a.v ^ b.v}; }
};
inline Lanes multiply(Lanes a, Lanes b) { return {(a.v & 0xFFFFFFFF) * (b.v & 0xFFFFFFFF)}; }
inline Lanes high(Lanes a) { return {a.v >> 32}; }
inline void store_words(Lanes x0, Lanes x1, Lanes x2, Lanes x3, uint32_t* out) {
    out[0] = static_cast<uint32_t>(x0.v), out[1] = static_cast<uint32_t>(x1.v);
    out[2] = static_cast<uint32_t>(x2.v), out[3] = static_cast<uint32_t>(x3.v);
}

#include "kernels/random/random.inl"
}  // namespace

const RandomLoops random_loops = {words, normals};

}  // namespace cc::generic
