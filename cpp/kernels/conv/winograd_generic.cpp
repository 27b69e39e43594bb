#include "kernels/conv/winograd.inl"
#include "kernels/simd/generic_vector.h"

namespace cc::generic {
const Winograd winograd = winograd_of<Vector<float>, 4>();
}
