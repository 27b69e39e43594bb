// Philox 4x32-10 (base/philox.h) and Box–Muller, included into cc::<isa>'s anonymous namespace
// after simd/<isa>.h, simd/blocks.inl and a type Lanes of 64-bit lanes. Integers are exact; the
// logarithm, sine and cosine are polynomials in double made of +, ×, ÷ and √ alone (no fma), which
// IEEE arithmetic rounds in one way. So the numbers are the same for any instruction set and any
// libm.

// Words live in the low halves of the lanes; the high halves hold leftovers that nothing reads.
void words(uint64_t seed, uint64_t counter, int64_t blocks, uint32_t* out) {
    constexpr int kSets = 2;  // two chains of multiplications hide each other's latency
    const Lanes factor0 = Lanes::set(0xD2511F53), factor1 = Lanes::set(0xCD9E8D57);
    while (blocks > 0) {
        Lanes x0[kSets], x1[kSets], x2[kSets], x3[kSets];
        for (int s = 0; s < kSets; ++s) {
            x0[s] = Lanes::counting(counter + static_cast<uint64_t>(s * Lanes::lanes));
            x1[s] = high(x0[s]);
            x2[s] = x3[s] = Lanes::set(0);
        }
        uint32_t key0 = static_cast<uint32_t>(seed), key1 = static_cast<uint32_t>(seed >> 32);
        for (int round = 0; round < 10; ++round) {
            for (int s = 0; s < kSets; ++s) {
                const Lanes p0 = multiply(x0[s], factor0), p1 = multiply(x2[s], factor1);
                x0[s] = high(p1) ^ x1[s] ^ Lanes::set(key0);
                x2[s] = high(p0) ^ x3[s] ^ Lanes::set(key1);
                x1[s] = p1;
                x3[s] = p0;
            }
            key0 += 0x9E3779B9, key1 += 0xBB67AE85;
        }
        constexpr int64_t drawn = kSets * Lanes::lanes;
        uint32_t last[4 * drawn];
        uint32_t* to = blocks >= drawn ? out : last;
        for (int s = 0; s < kSets; ++s)
            store_words(x0[s], x1[s], x2[s], x3[s], to + 4 * Lanes::lanes * s);
        if (to == last) memcpy(out, last, static_cast<size_t>(blocks) * 16);
        blocks -= drawn, counter += drawn, out += 4 * drawn;
    }
}

template <int N>
inline F64 series(const double (&coefficients)[N], F64 q) {
    F64 value = F64::set(coefficients[0]);
    for (int i = 1; i < N; ++i) value = value * q + F64::set(coefficients[i]);
    return value;
}

// x in (0, 1]: m·2^e with m in [√½, √2); ln m = 2 artanh(s), s = (m − 1)/(m + 1), |s| < 0.1716.
inline F64 natural_log(F64 x) {
    static const double artanh[] = {1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11,
                                    1.0 / 9,  1.0 / 7,  1.0 / 5,  1.0 / 3,  1.0};
    using Bits = F64::Int;
    // The exponent, biased by 1024, is read off as a number through the mantissa of 2^52.
    const Bits biased =
        (bits(x) - Bits::set(0x3FE6A09E667F3BCD - (uint64_t{1024} << 52))).shr<52>();
    const F64 exponent =
        F64::from_bits(biased | Bits::set(0x4330000000000000)) - F64::set(0x1p52 + 1024);
    const F64 m = F64::from_bits(bits(x) - (biased - Bits::set(1024)).shl<52>());
    const F64 s = (m - F64::set(1)) / (m + F64::set(1));
    return F64::set(2) * s * series(artanh, s * s) + exponent * F64::set(0.69314718055994530942);
}

// v is reduced exactly to |r| ≤ 1/8 around a quarter turn; Taylor's series of 2πr.
inline void normal_pairs(F64 u, F64 v, F64& first, F64& second) {
    static const double cosine[] = {1.0 / 20922789888000,
                                    -1.0 / 87178291200,
                                    1.0 / 479001600,
                                    -1.0 / 3628800,
                                    1.0 / 40320,
                                    -1.0 / 720,
                                    1.0 / 24,
                                    -1.0 / 2,
                                    1.0};
    static const double sine[] = {1.0 / 355687428096000,
                                  -1.0 / 1307674368000,
                                  1.0 / 6227020800,
                                  -1.0 / 39916800,
                                  1.0 / 362880,
                                  -1.0 / 5040,
                                  1.0 / 120,
                                  -1.0 / 6,
                                  1.0};
    const F64 radius = sqrt(F64::set(-2) * natural_log(u));
    const F64 quarter = floor(v * F64::set(4) + F64::set(0.5));
    const F64 a = (v - quarter * F64::set(0.25)) * F64::set(6.28318530717958647692), q = a * a;
    const F64 c = series(cosine, q) * radius, s = series(sine, q) * a * radius;
    const F64 one = F64::set(1), two = F64::set(2), three = F64::set(3);
    const auto odd = (quarter == one) | (quarter == three);
    const F64 x = select(odd, s, c), y = select(odd, c, s);
    first = select((quarter == one) | (quarter == two), -x, x);
    second = select((quarter == two) | (quarter == three), -y, y);
}

void normals(double* u, double* v, int64_t count) {
    for (int64_t i = 0; i < count; i += F64::lanes) {
        const int64_t n = count - i;
        F64 first, second;
        normal_pairs(load_block(u + i, n, F64::set(1)), load_block<F64>(v + i, n), first, second);
        store_block(first, u + i, n);
        store_block(second, v + i, n);
    }
}
