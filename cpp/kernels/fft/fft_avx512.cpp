#include "kernels/fft/fft.inl"
#include "kernels/simd/avx512.h"

namespace cc {
namespace {

// One load: GCC would fold the broadcast into both multiply-adds that use it.
template <>
avx512::F32 broadcast<avx512::F32>(const float* p) {
    avx512::F32 r;
    asm("vbroadcastss %1, %0" : "=v"(r.v) : "m"(*p));
    return r;
}
template <>
avx512::F64 broadcast<avx512::F64>(const double* p) {
    avx512::F64 r;
    asm("vbroadcastsd %1, %0" : "=v"(r.v) : "m"(*p));
    return r;
}

}  // namespace
}  // namespace cc

namespace cc::avx512 {

const FftSet fft = {fft_table<F32, 13, 8>(), fft_table<F64, 13, 8>()};

}  // namespace cc::avx512
