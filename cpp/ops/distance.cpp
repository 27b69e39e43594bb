// Distances and similarities of vectors, along one dimension or between all rows.
#include <cmath>

#include "array/compute.h"
#include "autograd/node.h"
#include "kernels/pdist/pdist.h"
#include "ops/ops.h"
#include "ops/recast.h"

namespace cc {

namespace {

Tensor plain(double value) { return number(value, Dtype::Float64); }

void check_operands(const char* op, const Tensor& x1, const Tensor& x2) {
    check_type(is_floating(x1.dtype()) && is_floating(x2.dtype()), op, ": x1 and x2 must have a floating-point dtype, got ",
               x1.dtype(), " and ", x2.dtype());
}

// The value not below eps, with the gradient of the value itself.
Tensor at_least(const Tensor& x, double eps) {
    return record("clamp", compute(Unary::Clamp, x.array(), eps, INFINITY), {x}, [](Backward& g) { g[0] = g.grad(); });
}

// ‖x‖ of each line along `axis`, which keeps size one.
Array lengths(const Array& x, int axis) {
    return compute(Unary::Sqrt, compute(Reduction::SumSquares, x, uint32_t{1} << axis, true));
}

Tensor cosine_expression(const Tensor& a, const Tensor& b, int axis, double eps) {
    Tensor u = div(a, at_least(norm(a, 2, {axis}, true), eps)), v = div(b, at_least(norm(b, 2, {axis}, true), eps));
    return sum(mul(u, v), {axis});
}

}  // namespace

// x1·x2/(max(‖x1‖, eps)·max(‖x2‖, eps)); the gradient takes no notice of eps.
Tensor cosine_similarity(const Tensor& x1, const Tensor& x2, int64_t dim, double eps) {
    auto here = [&](auto& a, auto& b) { return cosine_similarity(a, b, dim, eps); };
    if (auto y = recast("cosine_similarity", here, x1, x2)) return *y;
    const char* op = "cosine_similarity";
    check_operands(op, x1, x2);
    Dtype dtype = result_type(x1, x2);
    Shape shape = broadcast_shapes(op, x1.shape(), x2.shape());
    int axis = normalize_axis(op, "dim", dim, shape.rank());
    Tensor a = expand(to(x1, dtype), shape), b = expand(to(x2, dtype), shape);
    if (shape.rank() == 0) a = unsqueeze(a, 0), b = unsqueeze(b, 0);
    auto sizes = [axis, eps](const Array& x) { return compute(Unary::Clamp, lengths(x, axis), eps, INFINITY); };
    Array dot = compute(Reduction::Sum, compute(Binary::Mul, a.array(), b.array()), uint32_t{1} << axis, true);
    Array both = compute(Binary::Mul, sizes(a.array()), sizes(b.array())), cosine = compute(Binary::Div, dot, both);
    // ∂/∂a = b/(|a||b|) − cos·a/|a|², no second part where a is 0.
    auto backward = [=](Backward& g, const SavedInputs& in) {
        Array grad = g.grad().array().unsqueeze(axis), across = compute(Binary::Div, grad, both);
        auto slope = [&](const Array& own, const Array& other) {
            Array length = lengths(own, axis), one = Array::scalar<float>(1).to(dtype);
            Array divisor = compute(Binary::Mul, sizes(own), length);
            divisor = compute(Ternary::Where, compute(Binary::Equal, length, Array::zeros({}, dtype)), one, divisor);
            Array along = compute(Binary::Div, compute(Binary::Mul, grad, cosine), divisor);
            return Tensor(compute(Binary::Sub, compute(Binary::Mul, other, across), compute(Binary::Mul, own, along)));
        };
        Array a = in[0].get().array(), b = in[1].get().array();
        if (g.wants(0)) g[0] = slope(a, b);
        if (g.wants(1)) g[1] = slope(b, a);
    };
    return record_composite(op, cosine.squeeze(axis), {a, b}, std::move(backward),
                            [axis, eps](const Tensors& in) { return cosine_expression(in[0], in[1], axis, eps); });
}

Tensor pdist(const Tensor& input, double p) {
    if (auto y = recast("pdist", [&](auto& a) { return pdist(a, p); }, input)) return *y;
    constexpr const char* kOp = "pdist";
    check_type(is_floating(input.dtype()), kOp, ": input must have a floating-point dtype, got ", input.dtype());
    check(input.rank() == 2, kOp, ": input must have 2 dimensions, got shape ", input.shape());
    check(p >= 0, kOp, ": p must not be negative, got ", p);
    const int64_t rows = input.size(0);
    auto expression = [rows, p](const Tensor& x) {
        Tensor pairs = triangle_indices(rows, rows, 1, true);
        auto all = [&](int64_t which) { return index_select(x, 0, select(pairs, 0, which)); };
        return norm(sub(all(0), all(1)), p, {-1});
    };
    if (rows < 2 || (p != 1 && p != 2 && p != INFINITY)) return expression(input);
    const Distance distance = p == 1 ? Distance::Sum : p == 2 ? Distance::Euclidean : Distance::Greatest;
    const PdistProblem problem{input.dtype(), distance, rows, input.size(1)};
    Array x = input.array().contiguous(), out = Array::empty({rows * (rows - 1) / 2}, input.dtype());
    pdist(problem, x.raw(), out.raw());
    auto backward = [problem](Backward& g, const SavedInputs& in) {
        Tensor at = in[0];
        Array dense = at.array().contiguous(), grad_x = Array::empty(at.shape(), at.dtype());
        pdist_backward(problem, dense.raw(), g.output().array().contiguous().raw(), g.grad().array().contiguous().raw(),
                       grad_x.raw());
        g[0] = Tensor(grad_x);
    };
    return record_composite(kOp, std::move(out), {input}, std::move(backward),
                            [expression](const Tensors& in) { return expression(in[0]); }, kKeepOutput);
}

Tensor pairwise_distance(const Tensor& x1, const Tensor& x2, double p, double eps, bool keepdim) {
    auto here = [&](auto& a, auto& b) { return pairwise_distance(a, b, p, eps, keepdim); };
    if (auto y = recast("pairwise_distance", here, x1, x2)) return *y;
    check_operands("pairwise_distance", x1, x2);
    Tensor d = add(sub(x1, x2), plain(eps));
    return norm(d.rank() > 0 ? d : unsqueeze(d, 0), p, {-1}, keepdim);
}

}  // namespace cc
