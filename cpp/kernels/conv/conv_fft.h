// Convolution by Fourier transforms of tiles.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/fft/fft.h"
#include "kernels/gemm/micro.h"

namespace cc {

void conv_fft(const ConvProblem& problem, const ConvArgs& args, const FftSet& fft,
              const MicroSet& micro);

}  // namespace cc
