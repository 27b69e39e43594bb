// Batch normalisation in 1, 2 and 3 dimensions.
#pragma once

#include <optional>

#include "nn/module.h"

namespace cc {

class BatchNorm : public Layer {
public:
    BatchNorm(int rank, int64_t num_features, double eps, std::optional<double> momentum, bool affine,
              bool bias, bool track_running_stats, Dtype dtype);

    const char* kind() const override;
    Tensor forward(const Tensor& input) override;
    void reset_running_stats();
    void reset_parameters();

    int rank() const { return rank_; }
    int64_t num_features;
    double eps;
    std::optional<double> momentum;  // none: the running statistics are plain averages over all batches
    bool affine, track_running_stats;

private:
    int rank_;
};

}  // namespace cc
