// Convolution and transposed convolution in 1, 2 and 3 dimensions.
#pragma once

#include "nn/module.h"
#include "ops/ops.h"

namespace cc {

class Conv : public Layer {
public:
    Conv(int rank, int64_t in_channels, int64_t out_channels, Sizes kernel_size, ConvOptions options, bool bias, Dtype dtype)
        : Conv(rank, false, in_channels, out_channels, std::move(kernel_size), std::move(options), bias, dtype) {}
    // reset_parameters() sets the first values

    const char* kind() const override;
    Tensor forward(const Tensor& input) override;
    void reset_parameters();

    int rank() const { return rank_; }
    bool transposed() const { return transposed_; }
    int64_t in_channels, out_channels;
    Sizes kernel_size;
    ConvOptions options;

protected:
    Conv(int rank, bool transposed, int64_t in_channels, int64_t out_channels, Sizes kernel_size, ConvOptions options, bool bias,
         Dtype dtype);

private:
    int rank_;
    bool transposed_;
};

class ConvTranspose : public Conv {
public:
    ConvTranspose(int rank, int64_t in_channels, int64_t out_channels, Sizes kernel_size, ConvOptions options,
                  Sizes output_padding, bool bias, Dtype dtype);

    Tensor forward(const Tensor& input) override;
    Tensor forward(const Tensor& input, const Sizes& output_size);

    Sizes output_padding;
};

}  // namespace cc
