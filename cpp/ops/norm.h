// What the normalisations share: statistics over groups of elements, then scale and shift.
#pragma once

#include "kernels/norm/norm.h"
#include "ops/ops.h"

namespace cc {

struct Normalization {
    const char* op;
    NormProblem problem;  // forward
    Format format;        // of x in the kernel, and of the result
    // What has one mean and one variance: a channel of the batch, a channel of an image, neighbouring channels of an image, the last
    // `axes` axes.
    enum Over { Batch, Image, Groups, Last } over;
    int axes = 0;
};

// mean and var: the statistics where they are given. moments, if wanted: those of the batch else, (mean, 1/√(var + eps), var) of
// each group. Undefined weight and bias: ones, zeros.
Tensor normalize_groups(const Normalization& norm, const Tensor& x, const Tensor& weight, const Tensor& bias, const Array& mean,
                        const Array& var, Array* moments = nullptr);

// Input and affine parameters are of one floating-point dtype, parameters of the given shape.
void check_norm(const char* op, const Tensor& x, const Tensor& weight, const Tensor& bias, const Shape& shape);

}  // namespace cc
