#include "kernels/fft/fft.inl"
#include "kernels/simd/avx2.h"

namespace cc::avx2 {

const FftSet fft = {fft_table<F32, 6, 4>(), fft_table<F64, 6, 4>()};

}  // namespace cc::avx2
