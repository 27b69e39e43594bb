#include "nn/normalization.h"

#include "nn/init.h"

namespace cc {

namespace {

void fill(const Tensor& tensor, double value) {
    if (tensor.defined()) tensor.array().fill(value);
}

constexpr const char* kBatchNorms[] = {"BatchNorm1d", "BatchNorm2d", "BatchNorm3d"};
constexpr const char* kInstanceNorms[] = {"InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"};

}  // namespace

RunningNorm::RunningNorm(const char* kind, int rank, int64_t num_features, double eps, std::optional<double> momentum, bool affine, bool bias,
                         bool track_running_stats, Dtype dtype)
    : num_features(num_features), eps(eps), momentum(momentum), affine(affine),
      track_running_stats(track_running_stats), kind_(kind), rank_(rank) {
    check(num_features >= 0, kind, ": num_features must not be negative, got ", num_features);
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

void RunningNorm::reset_running_stats() {
    if (!track_running_stats) return;
    fill(buffer("running_mean"), 0);
    fill(buffer("running_var"), 1);
    fill(buffer("num_batches_tracked"), 0);
}

void RunningNorm::reset_parameters() {
    reset_running_stats();
    fill(parameter("weight"), 1);
    fill(parameter("bias"), 0);
}

BatchNorm::BatchNorm(int rank, int64_t num_features, double eps, std::optional<double> momentum, bool affine, bool bias,
                     bool track_running_stats, Dtype dtype)
    : RunningNorm(kBatchNorms[rank - 1], rank, num_features, eps, momentum, affine, bias, track_running_stats, dtype) {}

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

InstanceNorm::InstanceNorm(int rank, int64_t num_features, double eps, std::optional<double> momentum, bool affine, bool bias,
                           bool track_running_stats, Dtype dtype)
    : RunningNorm(kInstanceNorms[rank - 1], rank, num_features, eps, momentum, affine, bias, track_running_stats, dtype) {}

Tensor InstanceNorm::forward(const Tensor& input) {
    bool unbatched = input.rank() == rank_ + 1;
    check(unbatched || input.rank() == rank_ + 2, "instance_norm: input must have ", rank_ + 2, " dimensions (or ", rank_ + 1,
          " without a batch), got shape ", input.shape());
    int64_t channels = input.size(unbatched ? 0 : 1);
    check(!affine || channels == num_features, "instance_norm: input must have num_features=", num_features,
          " channels, got ", channels, " in shape ", input.shape());
    Tensor x = unbatched ? unsqueeze(input, 0) : input;
    bool uses = !training() || track_running_stats;
    Tensor y = instance_norm(x, uses ? buffer("running_mean") : Tensor(), uses ? buffer("running_var") : Tensor(),
                             parameter("weight"), parameter("bias"), training() || !track_running_stats, momentum.value_or(0), eps);
    return unbatched ? squeeze(y, 0) : y;
}

void AffineNorm::register_affine(const Shape& shape, bool weight, bool bias, Dtype dtype) {
    register_parameter("weight", weight ? new_parameter(shape, dtype) : Tensor());
    register_parameter("bias", bias ? new_parameter(shape, dtype) : Tensor());
    reset_parameters();
}

void AffineNorm::reset_parameters() {
    for (Entry& entry : own_parameters()) fill(entry.tensor, entry.name == "weight" ? 1 : 0);
}

GroupNorm::GroupNorm(int64_t num_groups, int64_t num_channels, double eps, bool affine, bool bias, Dtype dtype)
    : num_groups(num_groups), num_channels(num_channels), eps(eps), affine(affine) {
    check(num_groups > 0, "GroupNorm: num_groups must be positive, got ", num_groups);
    check(num_channels % num_groups == 0, "GroupNorm: num_channels must be divisible by num_groups, got num_channels=",
          num_channels, " and num_groups=", num_groups);
    register_affine({num_channels}, affine, affine && bias, dtype);
}

Tensor GroupNorm::forward(const Tensor& input) {
    return group_norm(input, num_groups, parameter("weight"), parameter("bias"), eps);
}

LayerNorm::LayerNorm(Sizes normalized_shape, double eps, bool elementwise_affine, bool bias, Dtype dtype)
    : normalized_shape(std::move(normalized_shape)), eps(eps), elementwise_affine(elementwise_affine) {
    register_affine(Shape(this->normalized_shape), elementwise_affine, elementwise_affine && bias, dtype);
}

Tensor LayerNorm::forward(const Tensor& input) {
    return layer_norm(input, Shape(normalized_shape), parameter("weight"), parameter("bias"), eps);
}

RMSNorm::RMSNorm(Sizes normalized_shape, std::optional<double> eps, bool elementwise_affine, Dtype dtype)
    : normalized_shape(std::move(normalized_shape)), eps(eps), elementwise_affine(elementwise_affine) {
    register_parameter("weight", elementwise_affine ? new_parameter(Shape(this->normalized_shape), dtype) : Tensor());
    reset_parameters();
}

Tensor RMSNorm::forward(const Tensor& input) {
    return rms_norm(input, Shape(normalized_shape), parameter("weight"), eps);
}

}  // namespace cc
