// Conversions for AVX-512.
#include "base/dtype.h"
#include "kernels/copy/loops.h"

namespace cc::avx512 {
namespace {
#include "kernels/copy/bfloat16.inl"
}  // namespace

void widen_bfloat16(const uint16_t* src, float* dst, int64_t n) { widen_loop(src, dst, n); }
void narrow_bfloat16(const float* src, uint16_t* dst, int64_t n) { narrow_loop(src, dst, n); }

}  // namespace cc::avx512
