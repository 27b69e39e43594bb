// Normalisation layers.
#pragma once

#include <optional>

#include "nn/module.h"
#include "ops/ops.h"

namespace cc {

// What batch and instance normalisation keep per channel: weight and bias, running mean and variance.
class RunningNorm : public Layer {
public:
    RunningNorm(const char* kind, int rank, int64_t num_features, double eps, std::optional<double> momentum, bool affine,
                bool bias, bool track_running_stats, Dtype dtype);

    const char* kind() const override { return kind_; }
    void reset_running_stats();
    void reset_parameters();

    int rank() const { return rank_; }
    int64_t num_features;
    double eps;
    std::optional<double> momentum;  // none: the running statistics are plain averages over all batches
    bool affine, track_running_stats;

protected:
    const char* kind_;
    int rank_;
};

// Batch normalisation in 1, 2 and 3 dimensions.
class BatchNorm : public RunningNorm {
public:
    BatchNorm(int rank, int64_t num_features, double eps, std::optional<double> momentum, bool affine, bool bias,
              bool track_running_stats, Dtype dtype);
    Tensor forward(const Tensor& input) override;
};

// Instance normalisation in 1, 2 and 3 dimensions; an input may come without its batch axis.
class InstanceNorm : public RunningNorm {
public:
    InstanceNorm(int rank, int64_t num_features, double eps, std::optional<double> momentum, bool affine, bool bias,
                 bool track_running_stats, Dtype dtype);
    Tensor forward(const Tensor& input) override;
};

// Weight and bias of normalisations without running statistics.
class AffineNorm : public Layer {
public:
    void reset_parameters();

protected:
    void register_affine(const Shape& shape, bool weight, bool bias, Dtype dtype);
};

class GroupNorm : public AffineNorm {
public:
    GroupNorm(int64_t num_groups, int64_t num_channels, double eps, bool affine, bool bias, Dtype dtype);
    const char* kind() const override { return "GroupNorm"; }
    Tensor forward(const Tensor& input) override;

    int64_t num_groups, num_channels;
    double eps;
    bool affine;
};

class LayerNorm : public AffineNorm {
public:
    LayerNorm(Sizes normalized_shape, double eps, bool elementwise_affine, bool bias, Dtype dtype);
    const char* kind() const override { return "LayerNorm"; }
    Tensor forward(const Tensor& input) override;

    Sizes normalized_shape;
    double eps;
    bool elementwise_affine;
};

class RMSNorm : public AffineNorm {
public:
    RMSNorm(Sizes normalized_shape, std::optional<double> eps, bool elementwise_affine, Dtype dtype);
    const char* kind() const override { return "RMSNorm"; }
    Tensor forward(const Tensor& input) override;

    Sizes normalized_shape;
    std::optional<double> eps;  // none: the spacing of the input's dtype at 1
    bool elementwise_affine;
};

class LocalResponseNorm : public Layer {
public:
    LocalResponseNorm(int64_t size, double alpha, double beta, double k) : size(size), alpha(alpha), beta(beta), k(k) {}
    const char* kind() const override { return "LocalResponseNorm"; }
    Tensor forward(const Tensor& input) override { return local_response_norm(input, size, alpha, beta, k); }

    int64_t size;
    double alpha, beta, k;
};

class LocalContrastNorm : public Layer {
public:
    LocalContrastNorm(int64_t kernel_size, double sigma, double eps) : kernel_size(kernel_size), sigma(sigma), eps(eps) {}
    const char* kind() const override { return "LocalContrastNorm2d"; }
    Tensor forward(const Tensor& input) override { return local_contrast_norm(input, kernel_size, sigma, eps); }

    int64_t kernel_size;
    double sigma, eps;
};

}  // namespace cc
