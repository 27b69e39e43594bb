#include "nn/init.h"

#include <cmath>

#include "ops/random.h"

namespace cc {

Tensor new_parameter(const Shape& shape, Dtype dtype) {
    Tensor parameter(Array::empty(shape, dtype));
    parameter.impl().parameter = true;
    return parameter.set_requires_grad(true);
}

void init_uniform(const Tensor& weight, const Tensor& bias, int64_t fan_in) {
    GradMode off(false);
    double bound = fan_in > 0 ? 1 / std::sqrt(static_cast<double>(fan_in)) : 0;
    uniform_(weight, -bound, bound);
    if (bias.defined()) uniform_(bias, -bound, bound);
}

void init_fan_in(const Tensor& weight, const Tensor& bias) {
    check_type(weight.defined(), "reset_parameters: weight must be a tensor, got None");
    init_uniform(weight, bias, weight.size(0) ? weight.numel() / weight.size(0) : 0);
}

}  // namespace cc
