#include "kernels/conv/winograd.inl"
#include "kernels/simd/vector16.h"

namespace cc::generic {
const Winograd winograd = winograd_of<Vector<float>, 4>();
}
