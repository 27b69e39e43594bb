#include "kernels/fft/fft.inl"
#include "kernels/simd/avx512.h"

namespace cc::avx512 {

const FftSet fft = {fft_table<F32, 13, 8>(), fft_table<F64, 13, 8>()};

}  // namespace cc::avx512
