#include "kernels/conv/winograd.inl"
#include "kernels/simd/avx512.h"

namespace cc::avx512 {
const Winograd winograd = winograd_of<F32, 14>();
}
