// Borders of the spatial axes in 1, 2 and 3 dimensions.
#pragma once

#include "nn/module.h"
#include "ops/ops.h"

namespace cc {

class Pad : public Layer {
public:
    Pad(int rank, std::string mode, Sizes padding, double value);

    const char* kind() const override;
    Tensor forward(const Tensor& input) override;

    const int rank;
    const std::string mode;
    Sizes padding;  // (low, high) of the last axis, then of the one before it
    double value;
};

}  // namespace cc
