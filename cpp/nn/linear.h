// Linear: y = x·weightᵀ + bias over the last axis.
#pragma once

#include "nn/module.h"

namespace cc {

class Linear : public Layer {
public:
    Linear(int64_t in_features, int64_t out_features, bool bias, Dtype dtype);  // reset_parameters() sets the first values

    const char* kind() const override { return "Linear"; }
    Tensor forward(const Tensor& input) override;
    void reset_parameters();

    int64_t in_features, out_features;
};

}  // namespace cc
