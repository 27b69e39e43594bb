// Linear maps of the places of one to three axes, dense channels-last: every kind of interpolation, and its adjoint.
#pragma once

#include <cstdint>
#include <string>

#include "base/dtype.h"
#include "kernels/interpolate/taps.h"

namespace cc {

// x [n][in0][in1][in2][c], y [n][out0][out1][out2][c]. Unused leading axes have size 1. Row-major maps are n·c maps of one channel.
struct InterpolateProblem {
    Dtype dtype;
    int64_t n, c;
    int64_t in[3], out[3];
    int64_t taps[3];  // weights of an axis, all outputs together

    std::string describe() const;
    double flops() const {
        return 2.0 * n * c * (static_cast<double>(taps[0]) * taps[1] * in[2] + static_cast<double>(out[0]) * out[1] * taps[2]);
    }
    double bytes() const {
        double places = static_cast<double>(in[0]) * in[1] * in[2] + static_cast<double>(out[0]) * out[1] * out[2];
        return static_cast<double>(itemsize(dtype)) * n * c * places;
    }
};

struct InterpolateArgs {
    const void* x;
    void* y;
    const Taps* axes;  // three
};

// y at (o0, o1, o2) = Σ w0·w1·w2 · x over the taps of the three axes. With transposed taps this is the adjoint, and every place of
// the gradient is still written once, by one task, in a fixed order.
void interpolate(const InterpolateProblem& problem, const InterpolateArgs& args);

}  // namespace cc
