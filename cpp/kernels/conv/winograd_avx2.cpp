#include "kernels/conv/winograd.inl"
#include "kernels/simd/avx2.h"

namespace cc::avx2 {
const Winograd winograd = winograd_of<F32, 6>();
}
