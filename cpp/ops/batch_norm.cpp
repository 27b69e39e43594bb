// Batch and instance normalisation: y = (x − mean)/√(var + eps)·weight + bias, statistics per channel over all other axes, or over the
// pixels of one image; both keep running ones.
#include "ops/norm.h"
#include "ops/recast.h"

namespace cc {

namespace {

void check_running(const char* op, const char* argument, const Tensor& t, const Tensor& x) {
    if (!t.defined()) return;
    check(t.rank() == 1 && t.size(0) == x.size(1), op, ": ", argument, " must have shape (", x.size(1),
          ",) for input of shape ", x.shape(), ", got ", t.shape());
    check_type(is_floating(t.dtype()), op, ": ", argument, " must have a floating-point dtype, got ", t.dtype());
}

template <class T>
void update(T* running, const T* of, int64_t images, int64_t channels, double momentum, double factor) {
    for (int64_t c = 0; c < channels; ++c) {
        double sum = 0;
        for (int64_t image = 0; image < images; ++image) sum += of[image * channels + c];
        const double average = sum / static_cast<double>(images) * factor;
        running[c] = static_cast<T>((1 - momentum) * running[c] + momentum * average);
    }
}

// running ← (1 − momentum)·running + momentum·(the images' average·factor) of one of moments[which][image][channel].
void update_running(const char* op, const Tensor& running, const Array& moments, int which, double momentum, double factor) {
    if (!running.defined()) return;
    const Array& target = running.array();
    const Dtype dtype = computed_in(target.dtype());
    const InFormat now(target, dtype, Format::RowMajor), of(moments, dtype, Format::RowMajor);
    const bool in_place = &*now == &target;
    if (in_place) target.storage().before_write();
    const int64_t images = moments.size(1), channels = moments.size(2);
    visit_floating(op, dtype, [&](auto zero) {
        using T = decltype(zero);
        update(static_cast<T*>(now.raw()), static_cast<const T*>(of.raw()) + which * images * channels, images, channels,
               momentum, factor);
    });
    in_place ? target.storage().bump_version() : target.copy_from(*now);
}

// A channel's statistics from the pixels of all images together, or of each.
Tensor over_pixels(const char* op, const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                   const Tensor& bias, bool of_batch, bool each_image, double momentum, double eps) {
    check_norm(op, x, weight, bias, {x.size(1)});
    check_running(op, "running_mean", running_mean, x);
    check_running(op, "running_var", running_var, x);
    int64_t channels = x.size(1), images = each_image ? x.size(0) : 1;
    int64_t pixels = x.numel() / std::max<int64_t>(1, images * channels);
    Format format = each_image ? x.array().format() : Format::ChannelsLast;
    const Normalization norm{op,
                             {x.dtype(), false, !of_batch, true, each_image && format == Format::RowMajor, images, pixels,
                              channels, channels, eps},
                             format,
                             each_image ? Normalization::Image : Normalization::Batch};
    if (!of_batch) {
        const InFormat mean(running_mean.array(), x.dtype(), Format::RowMajor);
        const InFormat var(running_var.array(), x.dtype(), Format::RowMajor);
        return normalize_groups(norm, x, weight, bias, *mean, *var);
    }
    Array moments;
    Tensor y = normalize_groups(norm, x, weight, bias, {}, {}, &moments);
    if (x.numel() > 0) {
        double unbiased = static_cast<double>(pixels) / static_cast<double>(pixels - 1);
        update_running(op, running_mean, moments, 0, momentum, 1);
        update_running(op, running_var, moments, 2, momentum, unbiased);
    }
    return y;
}

}  // namespace

Tensor batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                  const Tensor& bias, bool training, double momentum, double eps) {
    auto here = [&](auto& a, auto& b, auto& c) { return batch_norm(a, running_mean, running_var, b, c, training, momentum, eps); };
    if (auto y = recast_by_first("batch_norm", here, x, weight, bias)) return *y;
    check(x.rank() >= 2, "batch_norm: input must have at least 2 dimensions (batch, channels, …), got shape ", x.shape());
    check(training || (running_mean.defined() && running_var.defined()),
          "batch_norm: running_mean and running_var are needed when training=False");
    check(!training || x.numel() != x.size(1) || x.numel() == 0,
          "batch_norm: Expected more than 1 value per channel when training, got input of shape ", x.shape());
    return over_pixels("batch_norm", x, running_mean, running_var, weight, bias, training, false, momentum, eps);
}

Tensor instance_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                     const Tensor& bias, bool use_input_stats, double momentum, double eps) {
    auto here = [&](auto& a, auto& b, auto& c) { return instance_norm(a, running_mean, running_var, b, c, use_input_stats, momentum, eps); };
    if (auto y = recast_by_first("instance_norm", here, x, weight, bias)) return *y;
    constexpr const char* kOp = "instance_norm";
    check(x.rank() >= 3, kOp, ": input must have at least 3 dimensions (batch, channels, space…), got shape ", x.shape());
    check(running_mean.defined() == running_var.defined(), kOp, ": running_mean and running_var go together");
    check(use_input_stats || running_mean.defined(), kOp, ": running_mean and running_var are needed when use_input_stats=False");
    check(!use_input_stats || x.numel() != x.size(0) * x.size(1) || x.numel() == 0, kOp,
          ": Expected more than 1 spatial element when training, got input of shape ", x.shape());
    return over_pixels(kOp, x, running_mean, running_var, weight, bias, use_input_stats, use_input_stats, momentum, eps);
}

}  // namespace cc
