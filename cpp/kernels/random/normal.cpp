// Standard normal numbers by Box–Muller: z = √(−2 ln u)·(cos 2πv, sin 2πv).
// The logarithm, sine and cosine are polynomials in double made of +, ×, ÷ and √ alone, which IEEE
// arithmetic rounds in one way: the same numbers on every machine, whatever its libm.
#include <cmath>
#include <cstring>

#include <algorithm>

#include "base/parallel.h"
#include "kernels/random/random.h"

namespace cc {

namespace {

// u in (0, 1]: m·2^e with m in [√½, √2); ln m = 2 artanh(s), s = (m − 1)/(m + 1), |s| < 0.1716.
double natural_log(double u) {
    uint64_t bits;
    std::memcpy(&bits, &u, sizeof bits);
    constexpr uint64_t sqrt_half = 0x3FE6A09E667F3BCD;
    int64_t exponent = static_cast<int64_t>(bits - sqrt_half) >> 52;
    bits -= static_cast<uint64_t>(exponent) << 52;
    double m;
    std::memcpy(&m, &bits, sizeof m);
    double s = (m - 1) / (m + 1), q = s * s, tail = 1.0 / 21;
    for (int k = 19; k >= 1; k -= 2) tail = tail * q + 1.0 / k;
    return 2 * s * tail + static_cast<double>(exponent) * 0.69314718055994530942;
}

// Cosine and sine of 2πv, v in [0, 1): v is reduced exactly to |r| ≤ 1/8 around a quarter turn.
void cos_sin_turns(double v, double& cosine, double& sine) {
    int quarter = static_cast<int>(v * 4 + 0.5);
    double a = (v - quarter * 0.25) * 6.28318530717958647692, q = a * a;
    double c = 1, s = 1;
    for (int k = 16; k >= 2; k -= 2) c = 1 - c * q * (1.0 / (k * (k - 1)));
    for (int k = 17; k >= 3; k -= 2) s = 1 - s * q * (1.0 / (k * (k - 1)));
    s *= a;
    switch (quarter & 3) {
        case 0: cosine = c, sine = s; break;
        case 1: cosine = -s, sine = c; break;
        case 2: cosine = -c, sine = -s; break;
        default: cosine = s, sine = -c;
    }
}

// Two normals of two words for float (u has 32 bits), of four for double (53 bits).
void pair_of(double u, double v, double* z) {
    double radius = std::sqrt(-2 * natural_log(u)), cosine, sine;
    cos_sin_turns(v, cosine, sine);
    z[0] = radius * cosine, z[1] = radius * sine;
}

}  // namespace

int64_t random_normal(Dtype dtype, Philox state, int64_t count, void* out) {
    return visit_floating("randn", dtype, [&](auto zero) {
        using T = decltype(zero);
        constexpr int64_t per_block = sizeof(T) == 4 ? 4 : 2;
        int64_t blocks = random_blocks(count, per_block);
        parallel_for(blocks, 512, [&](int64_t begin, int64_t end) {
            for (int64_t block = begin; block < end; ++block) {
                uint64_t counter = state.offset + static_cast<uint64_t>(block);
                const Philox4 words = philox(state.seed, counter);
                const uint32_t* w = words.v;
                double z[4];
                if (per_block == 4) {
                    pair_of((w[0] + 1.0) * 0x1p-32, w[1] * 0x1p-32, z);
                    pair_of((w[2] + 1.0) * 0x1p-32, w[3] * 0x1p-32, z + 2);
                } else {
                    pair_of(1 - uniform_double(w[0], w[1]), uniform_double(w[2], w[3]), z);
                }
                int64_t first = block * per_block, n = std::min(per_block, count - first);
                T* to = static_cast<T*>(out) + first;
                for (int64_t i = 0; i < n; ++i) to[i] = static_cast<T>(z[i]);
            }
        });
        return blocks;
    });
}

}  // namespace cc
