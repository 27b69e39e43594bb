#include "kernels/conv/winograd.inl"
#include "kernels/simd/avx2.h"

namespace cc {
namespace {

template <>
avx2::F32 broadcast<avx2::F32>(const float* p) {
    return {_mm256_broadcast_ss(p)};
}

}  // namespace
}  // namespace cc

namespace cc::avx2 {
const Winograd winograd = winograd_of<F32, 6>();
}
