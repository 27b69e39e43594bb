// What the normalisations share: statistics over groups of elements, then scale and shift.
#pragma once

#include "kernels/norm/norm.h"
#include "ops/ops.h"

namespace cc {

struct Normalization {
    const char* op;
    NormProblem problem;  // forward
    Format format;        // of x in the kernel, and of the result
    // The same in closed ops: statistics over `axes` of x seen as `view`; weight and bias broadcast as `affine`.
    Shape view;
    Shape axes;
    Shape affine;
};

// mean and var: given statistics, or where a batch's own are left (undefined: not wanted). Undefined weight and bias: ones, zeros.
Tensor normalize_groups(const Normalization& norm, const Tensor& x, const Tensor& weight, const Tensor& bias, const Array& mean,
                        const Array& var);

// Input and affine parameters are of one floating-point dtype, parameters of the given shape.
void check_norm(const char* op, const Tensor& x, const Tensor& weight, const Tensor& bias, const Shape& shape);

}  // namespace cc
