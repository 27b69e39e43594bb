#include "autograd/node.h"
#include "kernels/gemm/gemm.h"
#include "ops/ops.h"

namespace cc {

namespace {

// y = x·wᵀ + b over a matrix x [rows][in].
Tensor linear_rows(const Tensor& x, const Tensor& weight, const Tensor& bias) {
    const Array &a = x.array(), &w = weight.array();
    Array b = bias.defined() ? bias.array().contiguous() : Array();
    GemmProblem p{};
    p.dtype = a.dtype();
    p.batch = 1;
    p.m = a.size(0);
    p.k = a.size(1);
    p.n = w.size(0);
    p.a_row = a.strides()[0], p.a_col = a.strides()[1];
    p.b_row = w.strides()[1], p.b_col = w.strides()[0];
    p.c_row = p.n;
    Array out = Array::empty({p.m, p.n}, p.dtype);
    gemm(p, {a.raw(), w.raw(), out.raw(), bias.defined() ? b.raw() : nullptr});
    return record("linear", std::move(out), {x, weight, bias},
                  [x = Saved(x, weight.requires_grad()), w = Saved(weight, x.requires_grad())](Backward& g) {
                      if (g.wants(0)) g[0] = matmul(g.grad(), w);
                      if (g.wants(1)) g[1] = matmul(transpose(g.grad(), 0, 1), x);
                      if (g.wants(2)) g[2] = sum(g.grad(), {0});
                  });
}

}  // namespace

Tensor linear(const Tensor& input, const Tensor& weight, const Tensor& bias) {
    check_type(weight.defined(), "linear: weight must be a tensor, got None");
    check_type(is_floating(input.dtype()), "linear: input must have a floating-point dtype, got ", input.dtype());
    check_type(input.dtype() == weight.dtype(), "linear: input has dtype ", input.dtype(), ", weight ", weight.dtype());
    check(weight.rank() == 2, "linear: weight must have 2 dimensions (out, in), got shape ", weight.shape());
    check(input.rank() >= 1 && input.size(input.rank() - 1) == weight.size(1), "linear: input of shape ", input.shape(),
          " must end in ", weight.size(1), " features, as weight of shape ", weight.shape(), " has");
    if (bias.defined()) {
        check(bias.rank() == 1 && bias.size(0) == weight.size(0), "linear: bias must have shape (", weight.size(0),
              ",), got ", bias.shape());
        check_type(bias.dtype() == weight.dtype(), "linear: weight has dtype ", weight.dtype(), ", bias ", bias.dtype());
    }
    if (input.rank() == 2) return linear_rows(input, weight, bias);
    Shape shape = input.shape();
    shape[shape.rank() - 1] = weight.size(0);
    Tensor rows = reshape(input, {shape.numel() / std::max<int64_t>(weight.size(0), 1), weight.size(1)});
    return reshape(linear_rows(rows, weight, bias), shape);
}

}  // namespace cc
