// Convolution in 1, 2 and 3 dimensions.
#pragma once

#include "nn/module.h"
#include "ops/ops.h"

namespace cc {

class Conv : public Layer {
public:
    Conv(int rank, int64_t in_channels, int64_t out_channels, Sizes kernel_size, ConvOptions options, bool bias,
         Dtype dtype);  // reset_parameters() sets the first values

    const char* kind() const override;
    Tensor forward(const Tensor& input) override;
    void reset_parameters();

    int rank() const { return rank_; }
    int64_t in_channels, out_channels;
    Sizes kernel_size;
    ConvOptions options;

private:
    int rank_;
};

}  // namespace cc
