// Group, layer and root-mean-square normalisation: statistics of each image alone, over groups of channels or over the last axes.
#include "ops/norm.h"
#include "ops/recast.h"

#include <limits>

namespace cc {

Tensor group_norm(const Tensor& x, int64_t num_groups, const Tensor& weight, const Tensor& bias, double eps) {
    auto here = [&](auto& a, auto& b, auto& c) { return group_norm(a, num_groups, b, c, eps); };
    if (auto y = recast_by_first("group_norm", here, x, weight, bias)) return *y;
    constexpr const char* kOp = "group_norm";
    check(x.rank() >= 2, kOp, ": input must have at least 2 dimensions (batch, channels, …), got shape ", x.shape());
    check(num_groups >= 1, kOp, ": num_groups must be at least 1, got ", num_groups);
    int64_t images = x.size(0), channels = x.size(1);
    check(channels % num_groups == 0, kOp, ": the number of channels must be divisible by num_groups, got ", channels,
          " channels and num_groups=", num_groups);
    check(x.numel() != num_groups || images != 1, kOp, ": Expected more than 1 value per channel when training, got input of shape ",
          x.shape());
    check_norm(kOp, x, weight, bias, {channels});
    int64_t pixels = x.numel() / std::max<int64_t>(1, images * channels);
    Format format = x.array().format();
    Normalization norm{kOp,
                       {x.dtype(), false, false, true, format == Format::RowMajor, images, pixels, channels, num_groups, eps},
                       format,
                       Normalization::Groups};
    return normalize_groups(norm, x, weight, bias, {}, {});
}

namespace {

// Over the last axes, which are images of one pixel; channels-last stays where these are all axes but the batch's.
Tensor over_last(const char* op, bool centred, const Tensor& x, const Shape& shape, const Tensor& weight, const Tensor& bias,
                 double eps) {
    check(shape.rank() >= 1, op, ": normalized_shape must have at least 1 dimension");
    int first = x.rank() - shape.rank();
    bool fits = first >= 0;
    for (int i = 0; fits && i < shape.rank(); ++i) fits = x.size(first + i) == shape[i];
    check(fits, op, ": normalized_shape ", shape, " must be the last sizes of input, got input of shape ", x.shape());
    check_norm(op, x, weight, bias, shape);
    int64_t images = 1;
    for (int i = 0; i < first; ++i) images *= x.size(i);
    Normalization norm{op,
                       {x.dtype(), false, false, centred, true, images, 1, shape.numel(), 1, eps},
                       first == 1 ? x.array().format() : Format::RowMajor,
                       Normalization::Last,
                       shape.rank()};
    return normalize_groups(norm, x, weight, bias, {}, {});
}

}  // namespace

Tensor layer_norm(const Tensor& input, const Shape& normalized_shape, const Tensor& weight, const Tensor& bias, double eps) {
    auto here = [&](auto& a, auto& b, auto& c) { return layer_norm(a, normalized_shape, b, c, eps); };
    if (auto y = recast_by_first("layer_norm", here, input, weight, bias)) return *y;
    return over_last("layer_norm", true, input, normalized_shape, weight, bias, eps);
}

Tensor rms_norm(const Tensor& input, const Shape& normalized_shape, const Tensor& weight, std::optional<double> eps) {
    auto here = [&](auto& a, auto& b) { return rms_norm(a, normalized_shape, b, eps); };
    if (auto y = recast_by_first("rms_norm", here, input, weight)) return *y;
    double least = input.dtype() == Dtype::Float64 ? std::numeric_limits<double>::epsilon() : std::numeric_limits<float>::epsilon();
    return over_last("rms_norm", false, input, normalized_shape, weight, Tensor(), eps.value_or(least));
}

}  // namespace cc
