// A pointwise convolution and a depthwise one of its result, which is never in memory as a whole.
#pragma once

#include <string>

#include "kernels/conv/conv.h"

namespace cc {

struct ConvThrough {
    ConvProblem first, second;  // forward maps
    Dtype dtype = first.dtype;

    std::string describe() const { return first.describe() + ", then " + second.describe(); }
    double flops() const { return first.flops() + second.flops(); }
    double bytes() const {
        return static_cast<double>(itemsize(dtype)) *
               (first.n * first.c * first.in_pixels() + second.n * second.k * second.out_pixels());
    }
};

struct ConvThroughArgs {
    ConvArgs first, second;  // without first.y and second.x; nothing is added in first.epilogue
};

// Would it give the bits of the two, one after the other, and sooner?
bool conv_through_pays(const ConvThrough& problem);
void conv_through(const ConvThrough& problem, const ConvThroughArgs& args);

}  // namespace cc
