// First values of parameters.
#pragma once

#include "autograd/tensor.h"

namespace cc {

// A parameter of a layer, its values not yet set.
Tensor new_parameter(const Shape& shape, Dtype dtype);

// Weight and bias uniform in ±1/√fan_in; 0 where that is 0.
void init_uniform(const Tensor& weight, const Tensor& bias, int64_t fan_in);

// The same with the fan-in of the weight's shape, what PyTorch gives convolutions and linear layers (Kaiming's bound with a = √5).
void init_fan_in(const Tensor& weight, const Tensor& bias);

}  // namespace cc
