// Philox 4x32-10, a counter-based generator (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
// Element i of a stream depends on (seed, offset + i) alone, so any number of threads draws the same numbers.
#pragma once

#include <cstdint>

namespace cc {

struct Philox {
    uint64_t seed;
    uint64_t offset;  // counter of the first block of four numbers
};

struct Philox4 { uint32_t v[4]; };

inline Philox4 philox(uint64_t seed, uint64_t counter, uint64_t counter_high = 0) {
    uint32_t key0 = static_cast<uint32_t>(seed), key1 = static_cast<uint32_t>(seed >> 32);
    uint32_t x0 = static_cast<uint32_t>(counter), x1 = static_cast<uint32_t>(counter >> 32);
    uint32_t x2 = static_cast<uint32_t>(counter_high), x3 = static_cast<uint32_t>(counter_high >> 32);
    for (int round = 0; round < 10; ++round) {
        uint64_t p0 = uint64_t{0xD2511F53} * x0, p1 = uint64_t{0xCD9E8D57} * x2;
        uint32_t y0 = static_cast<uint32_t>(p1 >> 32) ^ x1 ^ key0;
        uint32_t y2 = static_cast<uint32_t>(p0 >> 32) ^ x3 ^ key1;
        x0 = y0, x1 = static_cast<uint32_t>(p1), x2 = y2, x3 = static_cast<uint32_t>(p0);
        key0 += 0x9E3779B9, key1 += 0xBB67AE85;
    }
    return {{x0, x1, x2, x3}};
}

// Uniform in [0, 1): 24 bits for float, 53 for double.
inline float uniform_float(uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24f; }
inline double uniform_double(uint32_t high, uint32_t low) {
    return static_cast<double>(((uint64_t{high} << 32) | low) >> 11) * 0x1p-53;
}

}  // namespace cc
