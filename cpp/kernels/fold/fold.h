// Windows of planes as columns, and the adjoint, which adds columns up; dense and row-major.
#pragma once

#include <cstdint>
#include <string>

#include "base/dtype.h"

namespace cc {

// planes [n][in0][in1], columns [n][kernel0·kernel1][out0·out1]. Window o covers places o·stride − pad + t·dilation of an axis;
// what lies outside reads zero.
struct FoldProblem {
    Dtype dtype;
    bool backward;  // planes from columns
    int64_t n;
    int64_t in[2], out[2], kernel[2];
    int64_t pad[2], stride[2], dilation[2];

    int64_t taps() const { return kernel[0] * kernel[1]; }
    std::string describe() const;
    double flops() const { return backward ? 1.0 * n * taps() * out[0] * out[1] : 0; }
    double bytes() const {
        return static_cast<double>(itemsize(dtype)) * n * (in[0] * in[1] + taps() * out[0] * out[1]);
    }
};

struct FoldArgs {
    void* planes;   // read forward, written backward
    void* columns;  // written forward, read backward
};

void fold(const FoldProblem& problem, const FoldArgs& args);

}  // namespace cc
