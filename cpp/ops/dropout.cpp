// Dropout keeps no mask: the backward is the same map drawn again from the saved counter, and so is every further derivative.
#include <cmath>

#include "array/compute.h"
#include "autograd/node.h"
#include "kernels/random/random.h"
#include "ops/ops.h"
#include "ops/random.h"
#include "ops/recast.h"

namespace cc {

namespace {

void check_p(const char* op, double p) { check(p >= 0 && p <= 1, op, ": p must be between 0 and 1, got ", p); }

// The mask follows the memory's order, so a gradient is brought to the format of the forward first.
Tensor masked(const Tensor& x, double p, Philox state, Format format) {
    Array from = x.array().to(format), out = Array::empty(x.shape(), x.dtype(), format);
    cc::dropout(x.dtype(), state, p, out.numel(), from.raw(), out.raw());
    return record("dropout", std::move(out), {x},
                  [=](Backward& g) { g[0] = masked(g.grad(), p, state, format); });
}

// 0 or 1/(1 − p) for each index of the first `axes` axes.
Tensor mask_of_first(const Tensor& input, int axes, double p) {
    Shape shape(input.rank(), 1);
    for (int i = 0; i < axes; ++i) shape[i] = input.size(i);
    Array mask = Array::full(shape, input.dtype(), 1);
    Philox state = default_generator().take_blocks(random_blocks(mask.numel(), 4));
    cc::dropout(mask.dtype(), state, p, mask.numel(), mask.raw(), mask.raw());
    return Tensor(mask);
}

// What SELU tends to far below zero takes the place of dropped values; scale and shift keep mean 0 and variance 1. Klambauer et al.,
// "Self-normalizing neural networks", 2017. With x kept where m = 1/(1 − p), else m = 0: y = (x + saturation)·m·by − saturation·by.
constexpr double kSaturation = 1.7580993408473766;  // −SELU(−∞)

double alpha_scale(double p) { return (1 - p) / std::sqrt((kSaturation * kSaturation * p + 1) * (1 - p)); }

Tensor plus(const Tensor& x, double value) { return add(x, number(value, Dtype::Float64)); }

// Whether there is anything to drop, and not all.
bool drops_some(const char* op, const Tensor& input, double p, bool training) {
    check_p(op, p);
    if (!training || p == 0) return false;
    check_type(is_floating(input.dtype()), op, ": input must have a floating-point dtype, got ", input.dtype());
    return p < 1;
}

Tensor all_or_nothing(const Tensor& input, double p, bool training) { return training && p == 1 ? scale(input, 0) : input; }

// x·by + shift, both broadcast, in one pass.
Tensor affine(const Tensor& x, const Tensor& by, const Tensor& shift) {
    return record("affine", compute(Ternary::MulAdd, x.array(), by.array(), shift.array()), {x},
                  [by](Backward& g) { g[0] = mul(g.grad(), by); });
}

}  // namespace

Tensor dropout(const Tensor& input, double p, bool training) {
    if (auto y = recast("dropout", [&](auto& a) { return dropout(a, p, training); }, input)) return *y;
    check_p("dropout", p);
    if (!training || p == 0) return input;
    check_type(is_floating(input.dtype()), "dropout: input must have a floating-point dtype, got ", input.dtype());
    Philox state = default_generator().take_blocks(random_blocks(input.numel(), 4));
    return masked(input, p, state, input.array().format());
}

// As in PyTorch, an input without a batch axis is taken in 1-D and 3-D; in 2-D three dimensions mean (batch, channels, length).
Tensor dropout_channels(int rank, const Tensor& input, double p, bool training) {
    if (auto y = recast("dropout_channels", [&](auto& a) { return dropout_channels(rank, a, p, training); }, input)) return *y;
    static constexpr const char* names[] = {"dropout1d", "dropout2d", "dropout3d"};
    const char* op = names[rank - 1];
    check_p(op, p);
    check(input.rank() == rank + 1 || input.rank() == rank + 2, op, ": input must have ", rank + 2, " dimensions (or ",
          rank + 1, " without a batch), got shape ", input.shape());
    if (!training || p == 0) return input;
    check_type(is_floating(input.dtype()), op, ": input must have a floating-point dtype, got ", input.dtype());
    bool unbatched = input.rank() == rank + 1 && rank != 2;
    return mul(input, mask_of_first(input, unbatched ? 1 : 2, p));
}

Tensor alpha_dropout(const Tensor& input, double p, bool training) {
    if (auto y = recast("alpha_dropout", [&](auto& a) { return alpha_dropout(a, p, training); }, input)) return *y;
    if (!drops_some("alpha_dropout", input, p, training)) return all_or_nothing(input, p, training);
    const double by = alpha_scale(p);
    return plus(scale(dropout(plus(input, kSaturation), p, true), by), -kSaturation * by);
}

Tensor feature_alpha_dropout(const Tensor& input, double p, bool training) {
    auto here = [&](auto& a) { return feature_alpha_dropout(a, p, training); };
    if (auto y = recast("feature_alpha_dropout", here, input)) return *y;
    constexpr const char* kOp = "feature_alpha_dropout";
    check(input.rank() >= 2, kOp, ": input must have at least 2 dimensions (batch, channels, …), got shape ", input.shape());
    if (!drops_some(kOp, input, p, training)) return all_or_nothing(input, p, training);
    const double by = alpha_scale(p);
    Tensor factor = scale(mask_of_first(input, 2, p), by);
    return affine(input, factor, scale(plus(factor, -by), kSaturation));
}

}  // namespace cc
