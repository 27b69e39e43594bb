#include "kernels/conv/winograd.inl"
#include "kernels/simd/avx512.h"

namespace cc {
namespace {

// One load: GCC would fold the broadcast into every multiply-add that uses it.
template <>
avx512::F32 broadcast<avx512::F32>(const float* p) {
    avx512::F32 r;
    asm("vbroadcastss %1, %0" : "=v"(r.v) : "m"(*p));
    return r;
}

}  // namespace
}  // namespace cc

namespace cc::avx512 {
const Winograd winograd = winograd_of<F32, 14>();
}
