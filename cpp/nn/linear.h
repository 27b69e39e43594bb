// Linear: y = x·weightᵀ + bias over the last axis. Bilinear: y = x1·weight·x2 + bias.
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

class Bilinear : public Module {
public:
    Bilinear(int64_t in1_features, int64_t in2_features, int64_t out_features, bool bias, Dtype dtype);

    const char* kind() const override { return "Bilinear"; }
    Tensor forward(const Tensor& input1, const Tensor& input2);
    void reset_parameters();

    int64_t in1_features, in2_features, out_features;
};

}  // namespace cc
