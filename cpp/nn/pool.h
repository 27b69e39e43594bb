// Pooling in 1, 2 and 3 dimensions.
#pragma once

#include "nn/module.h"
#include "ops/ops.h"

namespace cc {

// A layer with a name for each number of dimensions: kinds are those of 1, 2 and 3.
class RankedLayer : public Layer {
public:
    RankedLayer(const char* const (&kinds)[3], int rank) : kind_(kinds[rank - 1]), rank_(rank) {}
    const char* kind() const override { return kind_; }
    int rank() const { return rank_; }

private:
    const char* kind_;
    int rank_;
};

class MaxPool : public RankedLayer {
public:
    MaxPool(int rank, PoolOptions options, bool return_indices)
        : RankedLayer({"MaxPool1d", "MaxPool2d", "MaxPool3d"}, rank), options(std::move(options)), return_indices(return_indices) {}

    bool native() const override { return Layer::native() && !return_indices; }
    Tensor forward(const Tensor& input) override { return max_pool(rank(), input, options, false).first; }
    std::pair<Tensor, Tensor> forward_with_indices(const Tensor& input) { return max_pool(rank(), input, options, true); }

    PoolOptions options;
    bool return_indices;
};

class AvgPool : public RankedLayer {
public:
    AvgPool(int rank, PoolOptions options)
        : RankedLayer({"AvgPool1d", "AvgPool2d", "AvgPool3d"}, rank), options(std::move(options)) {}

    Tensor forward(const Tensor& input) override { return avg_pool(rank(), input, options); }

    PoolOptions options;
};

class AdaptiveAvgPool : public RankedLayer {
public:
    AdaptiveAvgPool(int rank, Sizes output_size)
        : RankedLayer({"AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d"}, rank), output_size(std::move(output_size)) {}

    Tensor forward(const Tensor& input) override { return adaptive_avg_pool(rank(), input, output_size); }

    Sizes output_size;  // one, or one per axis; -1 keeps the input's
};

class AdaptiveMaxPool : public RankedLayer {
public:
    AdaptiveMaxPool(int rank, Sizes output_size, bool return_indices)
        : RankedLayer({"AdaptiveMaxPool1d", "AdaptiveMaxPool2d", "AdaptiveMaxPool3d"}, rank), output_size(std::move(output_size)),
          return_indices(return_indices) {}

    bool native() const override { return Layer::native() && !return_indices; }
    Tensor forward(const Tensor& input) override { return adaptive_max_pool(rank(), input, output_size, false).first; }
    std::pair<Tensor, Tensor> forward_with_indices(const Tensor& input) {
        return adaptive_max_pool(rank(), input, output_size, true);
    }

    Sizes output_size;
    bool return_indices;
};

class LPPool : public RankedLayer {
public:
    LPPool(int rank, double norm_type, Sizes kernel_size, Sizes stride, bool ceil_mode)
        : RankedLayer({"LPPool1d", "LPPool2d", "LPPool3d"}, rank), norm_type(norm_type), kernel_size(std::move(kernel_size)),
          stride(std::move(stride)), ceil_mode(ceil_mode) {}

    Tensor forward(const Tensor& input) override {
        return lp_pool(rank(), input, norm_type, {kernel_size, stride, {0}, {1}, ceil_mode, true, 0});
    }

    double norm_type;
    Sizes kernel_size, stride;
    bool ceil_mode;
};

class GaussianPool : public RankedLayer {
public:
    GaussianPool(int rank, Sizes kernel_size, Sizes stride, Sizes padding, std::vector<double> sigma, bool count_include_pad)
        : RankedLayer({"GaussianPool1d", "GaussianPool2d", "GaussianPool3d"}, rank), kernel_size(std::move(kernel_size)),
          stride(std::move(stride)), padding(std::move(padding)), sigma(std::move(sigma)), count_include_pad(count_include_pad) {}

    Tensor forward(const Tensor& input) override {
        return gaussian_pool(rank(), input, {kernel_size, stride, padding, {1}, false, count_include_pad, 0}, sigma);
    }

    Sizes kernel_size, stride, padding;
    std::vector<double> sigma;
    bool count_include_pad;
};

// Maps of any size as vectors of one length: pooled to n × n for each level n, one level after the other.
class SpatialPyramidPool2d : public Layer {
public:
    SpatialPyramidPool2d(Sizes levels, std::string mode);
    const char* kind() const override { return "SpatialPyramidPool2d"; }
    Tensor forward(const Tensor& input) override;

    const Sizes levels;
    const std::string mode;  // "max" or "avg"
};

}  // namespace cc
