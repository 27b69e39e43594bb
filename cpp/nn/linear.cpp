#include "nn/linear.h"

#include "nn/init.h"
#include "ops/ops.h"

namespace cc {

Linear::Linear(int64_t in_features, int64_t out_features, bool bias, Dtype dtype)
    : in_features(in_features), out_features(out_features) {
    check(in_features >= 0, "Linear: in_features must not be negative, got ", in_features);
    check(out_features >= 0, "Linear: out_features must not be negative, got ", out_features);
    register_parameter("weight", new_parameter({out_features, in_features}, dtype));
    register_parameter("bias", bias ? new_parameter({out_features}, dtype) : Tensor());
}

void Linear::reset_parameters() { init_fan_in(parameter("weight"), parameter("bias")); }

Tensor Linear::forward(const Tensor& input) { return linear(input, parameter("weight"), parameter("bias")); }

Bilinear::Bilinear(int64_t in1_features, int64_t in2_features, int64_t out_features, bool bias, Dtype dtype)
    : in1_features(in1_features), in2_features(in2_features), out_features(out_features) {
    check(in1_features > 0, "Bilinear: in1_features must be positive, got ", in1_features);
    check(in2_features >= 0, "Bilinear: in2_features must not be negative, got ", in2_features);
    check(out_features >= 0, "Bilinear: out_features must not be negative, got ", out_features);
    register_parameter("weight", new_parameter({out_features, in1_features, in2_features}, dtype));
    register_parameter("bias", bias ? new_parameter({out_features}, dtype) : Tensor());
}

// PyTorch's bound knows the first input alone.
void Bilinear::reset_parameters() { init_uniform(parameter("weight"), parameter("bias"), in1_features); }

Tensor Bilinear::forward(const Tensor& input1, const Tensor& input2) {
    return bilinear(input1, input2, parameter("weight"), parameter("bias"));
}

}  // namespace cc
