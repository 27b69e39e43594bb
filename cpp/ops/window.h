// Stride, padding, dilation and kernel sizes as users give them, spread over the three axes kernels know.
#pragma once

#include "ops/ops.h"

namespace cc {

struct Triple {
    int64_t v[3];
    int64_t operator[](int i) const { return v[i]; }
};

// One value, or one per spatial axis; unused leading axes get `unused`. Values below `least` are refused.
Triple triple(const char* op, const char* argument, const Sizes& values, int rank, int64_t unused, int64_t least);

// Sizes of the spatial axes of x (after batch and channels), unused leading ones 1.
Triple spatial(const Shape& shape, int rank);

const char* op_name(const char* stem, int rank);  // "conv" and 2 give "conv2d"; stems are string literals

// An input without its batch axis gets one for the time of the op.
bool add_batch(const char* op, int rank, Tensor& x);

}  // namespace cc
