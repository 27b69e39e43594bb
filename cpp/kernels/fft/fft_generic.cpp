#include "kernels/fft/fft.inl"
#include "kernels/simd/generic_vector.h"

namespace cc::generic {

const FftSet fft = {fft_table<Vector<float>, 4, 4>(), fft_table<Vector<double>, 4, 2>()};

}  // namespace cc::generic
