// Pooling in 1, 2 and 3 dimensions.
#pragma once

#include "nn/module.h"
#include "ops/ops.h"

namespace cc {

class MaxPool : public Layer {
public:
    MaxPool(int rank, PoolOptions options, bool return_indices)
        : options(std::move(options)), return_indices(return_indices), rank_(rank) {}

    const char* kind() const override;
    bool native() const override { return Layer::native() && !return_indices; }
    Tensor forward(const Tensor& input) override { return max_pool(rank_, input, options, false).first; }
    std::pair<Tensor, Tensor> forward_with_indices(const Tensor& input) { return max_pool(rank_, input, options, true); }

    int rank() const { return rank_; }
    PoolOptions options;
    bool return_indices;

private:
    int rank_;
};

class AvgPool : public Layer {
public:
    AvgPool(int rank, PoolOptions options) : options(std::move(options)), rank_(rank) {}

    const char* kind() const override;
    Tensor forward(const Tensor& input) override { return avg_pool(rank_, input, options); }

    int rank() const { return rank_; }
    PoolOptions options;

private:
    int rank_;
};

// The mean over equal windows so that the output has a given size: sizes that divide the input's.
class AdaptiveAvgPool : public Layer {
public:
    AdaptiveAvgPool(int rank, Sizes output_size);  // -1 keeps the input's size

    const char* kind() const override;
    Tensor forward(const Tensor& input) override;

    int rank() const { return rank_; }
    Sizes output_size;

private:
    int rank_;
};

}  // namespace cc
