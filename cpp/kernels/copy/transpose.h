// Transposition of a small matrix of 4-byte elements.
#pragma once

#include <stdint.h>

namespace cc::avx2 {

// dst[c · dst_stride + r] = src[r · src_stride + c]
void transpose32(const void* src, int64_t src_stride, void* dst, int64_t dst_stride, int64_t rows,
                 int64_t columns);

}  // namespace cc::avx2
