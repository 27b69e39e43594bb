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

}  // namespace cc
