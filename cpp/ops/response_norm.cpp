// Normalisation by what is near: the response of neighbouring channels, or the length of a vector.
#include "kernels/norm/response_norm.h"

#include <limits>

#include "autograd/node.h"
#include "ops/ops.h"
#include "ops/recast.h"

namespace cc {

namespace {

// The window's sum of squares from copies shifted against each other, zeros beyond the ends.
Tensor expression(const ResponseNormProblem& p, const Tensor& x) {
    Shape border = x.shape();
    auto zeros_of = [&](int64_t channels) {
        border[1] = channels;
        return zeros(border, p.dtype);
    };
    Tensor padded = cat({zeros_of(p.before()), mul(x, x), zeros_of(p.size - 1 - p.before())}, 1);
    Tensor sum = slice(padded, 1, 0, p.channels, 1);
    for (int64_t i = 1; i < p.size; ++i) sum = add(sum, slice(padded, 1, i, p.channels, 1));
    auto plain = [](double value) { return number(value, Dtype::Float64); };
    Tensor d = add(scale(sum, p.alpha / static_cast<double>(p.size)), plain(p.k));
    return mul(x, pow(d, plain(-p.beta)));
}

}  // namespace

// Krizhevsky, Sutskever and Hinton, 2012, 3.3.
Tensor local_response_norm(const Tensor& input, int64_t size, double alpha, double beta, double k) {
    auto here = [&](auto& a) { return local_response_norm(a, size, alpha, beta, k); };
    if (auto y = recast("local_response_norm", here, input)) return *y;
    constexpr const char* kOp = "local_response_norm";
    check(input.rank() >= 3, kOp, ": input must have at least 3 dimensions (batch, channels, space…), got shape ", input.shape());
    check_type(is_floating(input.dtype()), kOp, ": input must have a floating-point dtype, got ", input.dtype());
    check(size >= 1, kOp, ": size must be at least 1, got ", size);
    if (input.numel() == 0) return input;
    Format format = input.array().format();
    int64_t n = input.size(0), channels = input.size(1);
    ResponseNormProblem p{input.dtype(), false, format == Format::RowMajor, n, input.numel() / (n * channels), channels, size, alpha,
                          beta, k};
    Array x = input.array().to(format), y = Array::empty(input.shape(), p.dtype, format);
    response_norm(p, {x.raw(), nullptr, y.raw()});
    auto backward = [p, format](Backward& g, const SavedInputs& in) {
        ResponseNormProblem problem = p;
        problem.backward = true;
        Array x = in[0].get().array().to(format), gy = g.grad().array().to(format);
        Array gx = Array::empty(x.shape(), p.dtype, format);
        response_norm(problem, {x.raw(), gy.raw(), gx.raw()});
        g[0] = Tensor(gx);
    };
    return record_composite(kOp, std::move(y), {input}, std::move(backward),
                            [p](const Tensors& in) { return expression(p, in[0]); });
}

Tensor normalize(const Tensor& input, double p, int64_t dim, double eps) {
    if (auto y = recast("normalize", [&](auto& a) { return normalize(a, p, dim, eps); }, input)) return *y;
    Tensor length = clamp(norm(input, p, {dim}, true), eps, std::numeric_limits<double>::infinity());
    return div(input, length);
}

}  // namespace cc
