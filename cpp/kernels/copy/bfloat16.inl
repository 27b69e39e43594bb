// float32 ↔ bfloat16: the upper half of the bits, on the way down rounded to nearest even, NaN kept
// quiet. A file that includes this has load_upper and store_upper: F32 whose lanes' upper halves lie
// in memory, zeros below.

inline F32 rounded(F32 x) {
    const I32 b = bits(x), odd = b.shr<16>() & I32::set(1);
    return select(x != x, F32::from_bits(b | I32::set(0x400000)),
                  F32::from_bits(b + I32::set(0x7FFF) + odd));
}

void widen_loop(const uint16_t* src, float* dst, int64_t n) {
    int64_t i = 0;
    for (; i + F32::lanes <= n; i += F32::lanes) load_upper(src + i).store(dst + i);
    for (; i < n; ++i) dst[i] = from_bfloat16_bits(src[i]);
}

void narrow_loop(const float* src, uint16_t* dst, int64_t n) {
    int64_t i = 0;
    for (; i + F32::lanes <= n; i += F32::lanes) store_upper(rounded(F32::load(src + i)), dst + i);
    for (; i < n; ++i) dst[i] = bfloat16_bits(src[i]);
}
