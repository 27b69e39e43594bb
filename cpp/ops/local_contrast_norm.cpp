// Local contrast normalisation (Jarrett, Kavukcuoglu, Ranzato and LeCun, 2009): each pixel less the mean of its surroundings, over
// their deviation where that is above the image's average. Made of convolutions with a Gaussian window, one per axis.
#include <cmath>

#include "ops/ops.h"
#include "ops/recast.h"

namespace cc {

namespace {

// A Gaussian window as a kernel along one axis of maps with a single channel.
Tensor window_along(int axis, int64_t size, double sigma, Dtype dtype) {
    Tensor place = add(arange(0, static_cast<double>(size), 1, dtype), number(-0.5 * (size - 1), Dtype::Float64));
    Tensor window = unary(Unary::Exp, scale(mul(place, place), -0.5 / (sigma * sigma)));
    return axis == 0 ? reshape(window, {1, 1, size, 1}) : reshape(window, {1, 1, 1, size});
}

Tensor smoothed(const Tensor& map, const Tensor& column, const Tensor& row) {
    ConvOptions options;
    options.padding = "same";
    return conv(2, conv(2, map, column, Tensor(), options), row, Tensor(), options);
}

}  // namespace

Tensor local_contrast_norm(const Tensor& input, int64_t kernel_size, double sigma, double eps) {
    auto here = [&](auto& a) { return local_contrast_norm(a, kernel_size, sigma, eps); };
    if (auto y = recast("local_contrast_norm", here, input)) return *y;
    const char* op = "local_contrast_norm";
    check_type(is_floating(input.dtype()), op, ": input must have a floating-point dtype, got ", input.dtype());
    check(input.rank() == 4, op, ": input must have 4 dimensions (N, C, H, W), got shape ", input.shape());
    check(kernel_size > 0 && kernel_size % 2 == 1, op, ": kernel_size must be odd and positive, got ", kernel_size);
    check(sigma > 0, op, ": sigma must be positive, got ", sigma);
    check(eps > 0, op, ": eps must be positive, got ", eps);
    Tensor column = window_along(0, kernel_size, sigma, input.dtype()), row = window_along(1, kernel_size, sigma, input.dtype());
    // At the borders the part of the window inside the image counts for all.
    Tensor share = smoothed(ones({1, 1, input.size(2), input.size(3)}, input.dtype()), column, row);
    auto local_mean = [&](const Tensor& x) { return div(smoothed(mean(x, {1}, true), column, row), share); };
    Tensor centred = sub(input, local_mean(input));
    Tensor deviation = unary(Unary::Sqrt, clamp(local_mean(unary(Unary::Square, centred)), eps * eps, INFINITY));
    return div(centred, binary(Binary::Maximum, deviation, mean(deviation, {2, 3}, true)));
}

}  // namespace cc
