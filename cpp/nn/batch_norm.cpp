#include "nn/batch_norm.h"

#include "nn/init.h"
#include "ops/ops.h"

namespace cc {

BatchNorm::BatchNorm(int rank, int64_t num_features, double eps, std::optional<double> momentum, bool affine, bool bias,
                     bool track_running_stats, Dtype dtype)
    : num_features(num_features), eps(eps), momentum(momentum), affine(affine),
      track_running_stats(track_running_stats), rank_(rank) {
    check(num_features > 0, kind(), ": num_features must be positive, got ", num_features);
    Shape shape{num_features};
    auto statistic = [&] { return track_running_stats ? Tensor(Array::empty(shape, dtype)) : Tensor(); };
    register_parameter("weight", affine ? new_parameter(shape, dtype) : Tensor());
    register_parameter("bias", affine && bias ? new_parameter(shape, dtype) : Tensor());
    register_buffer("running_mean", statistic());
    register_buffer("running_var", statistic());
    register_buffer("num_batches_tracked",
                    track_running_stats ? Tensor(Array::scalar<int64_t>(0)) : Tensor());
    reset_parameters();
}

const char* BatchNorm::kind() const {
    constexpr const char* kinds[] = {"BatchNorm1d", "BatchNorm2d", "BatchNorm3d"};
    return kinds[rank_ - 1];
}

void BatchNorm::reset_running_stats() {
    if (!track_running_stats) return;
    if (const Tensor& mean = buffer("running_mean"); mean.defined()) mean.array().fill(0);
    if (const Tensor& var = buffer("running_var"); var.defined()) var.array().fill(1);
    if (const Tensor& count = buffer("num_batches_tracked"); count.defined()) count.array().fill(0);
}

void BatchNorm::reset_parameters() {
    reset_running_stats();
    if (const Tensor& weight = parameter("weight"); weight.defined()) weight.array().fill(1);
    if (const Tensor& bias = parameter("bias"); bias.defined()) bias.array().fill(0);
}

Tensor BatchNorm::forward(const Tensor& input) {
    bool rank_ok = input.rank() == rank_ + 2 || (rank_ == 1 && input.rank() == 2);
    check(rank_ok, "batch_norm: input must have ", rank_ == 1 ? "2 or 3" : rank_ == 2 ? "4" : "5",
          " dimensions, got shape ", input.shape());
    const Tensor &mean = buffer("running_mean"), &var = buffer("running_var");
    bool has_statistics = mean.defined() && var.defined();
    double factor = momentum.value_or(0);
    const Tensor& count = buffer("num_batches_tracked");
    bool counts = training() && track_running_stats && count.defined();
    double batches = counts ? count.array().item() + 1 : 0;
    if (counts && !momentum) factor = 1 / batches;
    bool updates = !training() || track_running_stats;
    Tensor result = batch_norm(input, updates ? mean : Tensor(), updates ? var : Tensor(), parameter("weight"),
                               parameter("bias"), training() || !has_statistics, factor, eps);
    if (counts) count.array().fill(batches);  // only once the batch was accepted
    return result;
}

}  // namespace cc
