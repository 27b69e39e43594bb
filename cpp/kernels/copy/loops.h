// Inner loops of copy for each instruction set.
#pragma once

#include <stdint.h>

namespace cc::avx2 {

void widen_bfloat16(const uint16_t* src, float* dst, int64_t n);
void narrow_bfloat16(const float* src, uint16_t* dst, int64_t n);

// dst[c · dst_stride + r] = src[r · src_stride + c], elements of 4 bytes
void transpose32(const void* src, int64_t src_stride, void* dst, int64_t dst_stride, int64_t rows,
                 int64_t columns);

void convert_uint8_float32(const uint8_t* src, float* dst, int64_t n);
void convert_float32_uint8(const float* src, uint8_t* dst, int64_t n);

}  // namespace cc::avx2

namespace cc::avx512 {

void widen_bfloat16(const uint16_t* src, float* dst, int64_t n);
void narrow_bfloat16(const float* src, uint16_t* dst, int64_t n);

}  // namespace cc::avx512
