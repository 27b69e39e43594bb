// Max pooling of windows of one size that begin where the caller says, in each map elsewhere.
#pragma once

#include <cstdint>

#include "base/dtype.h"

namespace cc {

// x [n][in0][in1][in2][c], y and indices [n][out0][out1][out2][c]; unused leading axes have size 1.
// The window of output o begins at starts[a] [n][out a][c] along axis a and lies inside the input.
struct FractionalPoolProblem {
    Dtype dtype;
    int64_t n, c;
    int64_t in[3], out[3], kernel[3];
    const int64_t* starts[3];
};

struct FractionalPoolArgs {
    const void* x;
    void* y;
    int64_t* indices;  // as pool's
};

void fractional_pool(const FractionalPoolProblem& problem, const FractionalPoolArgs& args);

}  // namespace cc
