// Reductions built of others: standard deviation, norms, log-sum-exp.
#include <cmath>

#include "array/compute.h"
#include "autograd/node.h"
#include "ops/ops.h"
#include "ops/recast.h"

namespace cc {

namespace {

Tensor plain(double value) { return number(value, Dtype::Float64); }

// √x whose slope at 0 is taken as 0, as PyTorch does for norms and standard deviations.
Tensor root(const Tensor& x) {
    return record("sqrt", compute(Unary::Sqrt, x.array()), {x}, [](Backward& g) {
        Tensor y = g.output(), flat = binary(Binary::Equal, y.detach(), plain(0));
        g[0] = where(flat, plain(0), mul(g.grad(), div(plain(0.5), where(flat, plain(1), y))));
    }, kKeepOutput);
}

Tensor sum_squares(const Tensor& x, const Axes& axes, bool keepdim) {
    uint32_t mask = axes.empty() ? (uint32_t{1} << x.rank()) - 1 : 0;
    for (int64_t axis : axes) {
        int i = normalize_axis("norm", "dim", axis, x.rank());
        check(!(mask >> i & 1), "norm: dim names dimension ", i, " twice");
        mask |= uint32_t{1} << i;
    }
    Shape kept = x.shape();
    for (int i = 0; i < x.rank(); ++i)
        if (mask >> i & 1) kept[i] = 1;
    return record("sum_squares", compute(Reduction::SumSquares, x.array(), mask, keepdim), {x},
                  [kept, x = Saved(x)](Backward& g) { g[0] = scale(mul(x.get(), reshape(g.grad(), kept)), 2); });
}

// 1 where x is not 0: constant between jumps, so a gradient of 0.
Tensor count(const Tensor& x) {
    Tensor out = to(binary(Binary::NotEqual, x.detach(), plain(0)), x.dtype());
    return record("norm", out.array(), {x}, [](Backward& g) { g[0] = zeros(g.grad().shape(), g.grad().dtype()); });
}

}  // namespace

Tensor std(const Tensor& x, const Axes& axes, double correction, bool keepdim) {
    if (auto y = recast("std", [&](auto& a) { return std(a, axes, correction, keepdim); }, x)) return *y;
    check_type(is_floating(x.dtype()), "std: input must have a floating-point dtype, got ", x.dtype());
    return root(var(x, axes, correction, keepdim));
}

Tensor norm(const Tensor& x, double p, const Axes& axes, bool keepdim) {
    if (auto y = recast("norm", [&](auto& a) { return norm(a, p, axes, keepdim); }, x)) return *y;
    check_type(is_floating(x.dtype()), "norm: input must have a floating-point dtype, got ", x.dtype());
    if (p == 2) return root(sum_squares(x, axes, keepdim));
    if (p == 0) return sum(count(x), axes, keepdim);
    Tensor size = unary(Unary::Abs, x);
    if (p == 1) return sum(size, axes, keepdim);
    if (p == INFINITY) return amax(size, axes, keepdim);
    if (p == -INFINITY) return amin(size, axes, keepdim);
    return pow(sum(pow(size, plain(p)), axes, keepdim), plain(1 / p));
}

// The greatest value is taken out first, so that no exponential overflows.
Tensor logsumexp(const Tensor& x, const Axes& axes, bool keepdim) {
    if (auto y = recast("logsumexp", [&](auto& a) { return logsumexp(a, axes, keepdim); }, x)) return *y;
    check_type(is_floating(x.dtype()), "logsumexp: input must have a floating-point dtype, got ", x.dtype());
    Tensor top = amax(x.detach(), axes, true);
    top = where(unary(Unary::IsFinite, top), top, plain(0));
    Tensor out = add(unary(Unary::Log, sum(unary(Unary::Exp, sub(x, top)), axes, true)), top);
    return keepdim ? out : sum(out, axes, false);
}

}  // namespace cc
