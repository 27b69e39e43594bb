#include "kernels/softmax/softmax.h"

#include "autograd/node.h"
#include "ops/lines.h"
#include "ops/ops.h"

namespace cc {

namespace {

SoftmaxProblem problem_for(const Lines& lines, bool log, bool backward) {
    return {lines.array.dtype(), log, backward, lines.outer, lines.dim, lines.inner};
}

// Softmax: y·(g − Σ g·y). Log-softmax: g − eʸ·Σ g.
Tensor grad_input(bool log, const Tensor& g, const Tensor& y, int axis) {
    if (grad_enabled()) {
        if (log) return sub(g, mul(unary(Unary::Exp, y), sum(g, {axis}, true)));
        return mul(y, sub(g, sum(mul(g, y), {axis}, true)));
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

Tensor softmax(const Tensor& input, int64_t dim) { return forward("softmax", false, input, dim); }
Tensor log_softmax(const Tensor& input, int64_t dim) { return forward("log_softmax", true, input, dim); }

}  // namespace cc
