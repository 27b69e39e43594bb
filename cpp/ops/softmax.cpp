#include "kernels/softmax/softmax.h"

#include "autograd/node.h"
#include "ops/lines.h"
#include "ops/ops.h"
#include "ops/random.h"
#include "ops/recast.h"

namespace cc {

namespace {

SoftmaxProblem problem_for(const Lines& lines, bool log, bool backward) {
    return {lines.array.dtype(), log, backward, lines.outer, lines.dim, lines.inner};
}

// Softmax: y·(g − Σ g·y). Log-softmax: g − eʸ·Σ g.
Tensor grad_input(bool log, const Tensor& g, const Tensor& y, int axis) {
    if (grad_enabled()) {
        if (log) return sub(g, mul(unary(Unary::Exp, y), sum(g, {axis}, true)));
        // Freed of its mean under y, g leaves less to cancel in the next gradient. Σ y = 1, so that this subtraction has no slope.
        Tensor centred = sub(g, sum(mul(g, y), {axis}, true).detach());
        return mul(y, sub(centred, sum(mul(centred, y), {axis}, true)));
    }
    Format format = y.array().format();
    Lines lines = lines_along(y.array(), axis, format);
    Array grad = g.array().to(format), out = Array::empty(y.shape(), y.dtype(), format);
    softmax(problem_for(lines, log, true), {grad.raw(), lines.array.raw(), out.raw()});
    return Tensor(out);
}

Tensor forward(const char* op, bool log, const Tensor& x, int64_t dim) {
    check_type(is_floating(x.dtype()), op, ": input must have a floating-point dtype, got ", x.dtype());
    int axis = normalize_axis(op, "dim", dim, x.rank());
    Format format = x.array().format();
    Lines lines = lines_along(x.array(), axis, format);
    Array out = Array::empty(x.shape(), x.dtype(), format);
    softmax(problem_for(lines, log, false), {lines.array.raw(), nullptr, out.raw()});
    return record(op, std::move(out), {x},
                  [log, axis](Backward& g) { g[0] = grad_input(log, g.grad(), g.output(), axis); }, kKeepOutput);
}

}  // namespace

Tensor softmax(const Tensor& input, int64_t dim) {
    if (auto y = recast("softmax", [&](auto& a) { return softmax(a, dim); }, input)) return *y;
    return forward("softmax", false, input, dim);
}
Tensor log_softmax(const Tensor& input, int64_t dim) {
    if (auto y = recast("log_softmax", [&](auto& a) { return log_softmax(a, dim); }, input)) return *y;
    return forward("log_softmax", true, input, dim);
}

Tensor softmin(const Tensor& input, int64_t dim) {
    if (auto y = recast("softmin", [&](auto& a) { return softmin(a, dim); }, input)) return *y;
    return forward("softmin", false, neg(input), dim);
}

// Jang, Gu and Poole, "Categorical reparameterization with Gumbel-softmax", 2017. Hard: one at the greatest, with the gradient of
// the soft result.
Tensor gumbel_softmax(const Tensor& logits, double tau, bool hard, int64_t dim) {
    if (auto y = recast("gumbel_softmax", [&](auto& a) { return gumbel_softmax(a, tau, hard, dim); }, logits)) return *y;
    constexpr const char* kOp = "gumbel_softmax";
    check_type(is_floating(logits.dtype()), kOp, ": logits must have a floating-point dtype, got ", logits.dtype());
    check(tau > 0, kOp, ": tau must be positive, got ", tau);
    // −ln(−ln u), finite for u in (0, 1): a drawn 0 is taken as half a step of the uniform numbers' grid.
    Tensor u = clamp(rand(logits.shape(), logits.dtype()), logits.dtype() == Dtype::Float64 ? 0x1p-54 : 0x1p-25, 1);
    Tensor noise = neg(unary(Unary::Log, neg(unary(Unary::Log, u))));
    Tensor y = softmax(scale(add(logits, noise), 1 / tau), dim);
    if (!hard) return y;
    Tensor chosen = argmax(y.detach(), dim, true);
    Tensor one = scatter(zeros(y.shape(), y.dtype()), dim, chosen, ones(chosen.shape(), y.dtype()));
    return add(sub(one, y.detach()), y);
}

}  // namespace cc
