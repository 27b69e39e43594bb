// Poolings made of others: the p-norm of a window, and its mean with a Gaussian's weights.
#include <cmath>

#include "array/compute.h"
#include "autograd/node.h"
#include "ops/recast.h"
#include "ops/window.h"

namespace cc {

namespace {

Tensor plain(double value) { return number(value, Dtype::Float64); }

Tensor power(const Tensor& x, double p) {
    if (p == 2) return unary(Unary::Square, x);
    if (p == 3) return mul(unary(Unary::Square, x), x);
    return pow(x, plain(p));
}

// x^(1/p); its slope at 0 is taken as 0.
Tensor root(const Tensor& x, double p) {
    return record("root", compute(Unary::PowScalar, x.array(), 1 / p), {x}, [p](Backward& g) {
        Tensor y = g.output(), none = binary(Binary::Equal, y.detach(), plain(0));
        Tensor slope = scale(pow(where(none, plain(1), y), plain(1 - p)), 1 / p);
        g[0] = where(none, plain(0), mul(g.grad(), slope));
    }, kKeepOutput);
}

// One value per spatial axis.
std::vector<double> per_axis(const char* op, const char* argument, const std::vector<double>& values, int rank) {
    check(values.size() == 1 || static_cast<int>(values.size()) == rank, op, ": ", argument, " must be one number or ", rank,
          " of them, got ", values.size());
    for (double value : values) check(value > 0, op, ": ", argument, " must be positive, got ", value);
    return values.size() == 1 ? std::vector<double>(static_cast<size_t>(rank), values[0]) : values;
}

// A window of shape (1, 1, kernel…) with sum 1: the product of Gaussians about its middle.
Array gaussian_window(const Triple& kernel, const std::vector<double>& sigma, int rank, Dtype dtype) {
    Shape shape{1, 1};
    std::vector<double> weights{1};
    for (int a = 0; a < rank; ++a) {
        const int64_t size = kernel[3 - rank + a];
        std::vector<double> line(static_cast<size_t>(size)), wider;
        double sum = 0;
        for (int64_t i = 0; i < size; ++i) {
            double away = (static_cast<double>(i) - static_cast<double>(size - 1) / 2) / sigma[static_cast<size_t>(a)];
            sum += line[static_cast<size_t>(i)] = std::exp(-away * away / 2);
        }
        for (double before : weights)
            for (double weight : line) wider.push_back(before * weight / sum);
        weights = std::move(wider);
        shape.push_back(size);
    }
    Array window = Array::empty(shape, dtype);
    visit_floating("gaussian_pool", dtype, [&](auto zero) {
        using T = decltype(zero);
        for (size_t i = 0; i < weights.size(); ++i) window.data<T>()[i] = static_cast<T>(weights[i]);
    });
    return window;
}

}  // namespace

// (Σ xᵖ)^(1/p), as in PyTorch from the mean times the whole window's size: a window that ceil_mode cuts off counts as a whole one.
Tensor lp_pool(int rank, const Tensor& input, double norm_type, const PoolOptions& options) {
    if (auto y = recast(kLpPool[rank], [&](auto& a) { return lp_pool(rank, a, norm_type, options); }, input)) return *y;
    const char* op = kLpPool[rank];
    check(norm_type != 0, op, ": norm_type must not be 0");
    if (std::isinf(norm_type)) {
        Tensor size = unary(Unary::Abs, input);
        return norm_type > 0 ? max_pool(rank, size, options, false).first : neg(max_pool(rank, neg(size), options, false).first);
    }
    Triple kernel = triple(op, "kernel_size", options.kernel_size, rank, 1, 1);
    PoolOptions sum = options;
    sum.divisor_override = options.ceil_mode ? 0 : 1;
    Tensor sums = avg_pool(rank, power(input, norm_type), sum);
    if (options.ceil_mode) sums = scale(sums, static_cast<double>(kernel[0] * kernel[1] * kernel[2]));
    return root(sums, norm_type);
}

Tensor gaussian_pool(int rank, const Tensor& input, const PoolOptions& options, const std::vector<double>& sigma) {
    if (auto y = recast("gaussian_pool", [&](auto& a) { return gaussian_pool(rank, a, options, sigma); }, input)) return *y;
    const char* op = kGaussianPool[rank];
    check_type(is_floating(input.dtype()), op, ": input must have a floating-point dtype, got ", input.dtype());
    Tensor x = input;
    bool unbatched = add_batch(op, rank, x);
    Triple kernel = triple(op, "kernel_size", options.kernel_size, rank, 1, 1);
    Triple padding = triple(op, "padding", options.padding, rank, 0, 0);
    for (int i = 0; i < 3; ++i)
        check(2 * padding[i] <= kernel[i], op, ": padding must be at most half of kernel_size, got padding ", padding[i],
              " and kernel_size ", kernel[i]);
    Array window = gaussian_window(kernel, per_axis(op, "sigma", sigma, rank), rank, x.dtype());
    const int64_t channels = x.size(1);
    ConvOptions conv_options;
    conv_options.stride = options.stride.empty() ? options.kernel_size : options.stride;
    conv_options.padding = options.padding;
    conv_options.groups = channels;
    Shape wide = window.shape();
    wide[0] = channels;
    Tensor y = conv(rank, x, Tensor(window.expand(wide)), Tensor(), conv_options);
    if (!options.count_include_pad) {
        Shape one = x.shape();
        one[0] = one[1] = 1;
        conv_options.groups = 1;
        y = div(y, conv(rank, ones(one, x.dtype()), Tensor(window), Tensor(), conv_options));
    }
    return unbatched ? squeeze(y, 0) : y;
}

}  // namespace cc
