// float32 ↔ bfloat16: the upper half of the bits, on the way down rounded to nearest even. Plain
// loops over integers that the compiler vectorizes for each instruction set.

void widen_loop(const uint16_t* src, float* dst, int64_t n) {
    for (int64_t i = 0; i < n; ++i) dst[i] = from_bfloat16_bits(src[i]);
}

void narrow_loop(const float* src, uint16_t* dst, int64_t n) {
    for (int64_t i = 0; i < n; ++i) dst[i] = bfloat16_bits(src[i]);
}
