#include "autograd/node.h"
#include "kernels/gemm/gemm.h"
#include "ops/ops.h"
#include "ops/recast.h"

namespace cc {

namespace {

// y = x·wᵀ + b over a matrix x [rows][in].
Tensor linear_rows(const Tensor& x, const Tensor& weight, const Tensor& bias) {
    const Array &a = x.array(), &w = weight.array();
    const InFormat b = in_format(bias, Format::RowMajor);
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
    gemm(p, {a.raw(), w.raw(), out.raw(), b.raw(), packs_of(w).get()});
    return record("linear", std::move(out), {x, weight, bias},
                  [x = Saved(x, weight.requires_grad()), w = Saved(weight, x.requires_grad())](Backward& g) {
                      if (g.wants(0)) g[0] = matmul(g.grad(), w);
                      if (g.wants(1)) g[1] = matmul(transpose(g.grad(), 0, 1), x);
                      if (g.wants(2)) g[2] = sum(g.grad(), {0});
                  });
}

// y + b for a bias of any shape that leaves y's.
Tensor plus_bias(const Tensor& y, const Tensor& bias) {
    if (!bias.defined()) return y;
    bool fits = bias.rank() <= y.rank();
    for (int i = 1; fits && i <= bias.rank(); ++i)
        fits = bias.size(bias.rank() - i) == 1 || bias.size(bias.rank() - i) == y.size(y.rank() - i);
    check(fits, "linear: bias must have a shape that broadcasts to the output's ", y.shape(), ", got ", bias.shape());
    return add(y, bias);
}

}  // namespace

Tensor linear(const Tensor& input, const Tensor& weight, const Tensor& bias) {
    auto here = [&](auto& a, auto& b, auto& c) { return linear(a, b, c); };
    if (auto y = recast("linear", here, input, Weight{weight}, bias)) return *y;
    check_type(weight.defined(), "linear: weight must be a tensor, got None");
    check_type(is_floating(input.dtype()), "linear: input must have a floating-point dtype, got ", input.dtype());
    check_type(input.dtype() == weight.dtype(), "linear: input has dtype ", input.dtype(), ", weight ", weight.dtype());
    check(weight.rank() == 1 || weight.rank() == 2, "linear: weight must have 2 dimensions (out, in) or be a vector (in), got shape ",
          weight.shape());
    const int64_t features = weight.size(weight.rank() - 1);
    check(input.rank() >= 1 && input.size(input.rank() - 1) == features, "linear: input of shape ", input.shape(),
          " must end in ", features, " features, as weight of shape ", weight.shape(), " has");
    if (bias.defined())
        check_type(bias.dtype() == weight.dtype(), "linear: weight has dtype ", weight.dtype(), ", bias ", bias.dtype());
    if (weight.rank() == 1) return plus_bias(matmul(input, weight), bias);
    if (bias.defined() && !(bias.rank() == 1 && bias.size(0) == weight.size(0)))
        return plus_bias(linear(input, weight, Tensor()), bias);
    if (input.rank() == 2) return linear_rows(input, weight, bias);
    Shape shape = input.shape();
    shape[shape.rank() - 1] = weight.size(0);
    Tensor rows = reshape(input, {shape.numel() / std::max<int64_t>(weight.size(0), 1), weight.size(1)});
    return reshape(linear_rows(rows, weight, bias), shape);
}

// y[k] = Σ x1[i]·w[k, i, j]·x2[j] with the smaller of the intermediate results: all pairs x1[i]·x2[j], or Σ x1[i]·w[k, i, j] for all
// k, j.
Tensor bilinear(const Tensor& input1, const Tensor& input2, const Tensor& weight, const Tensor& bias) {
    auto here = [&](auto& a, auto& b, auto& c, auto& d) { return bilinear(a, b, c, d); };
    if (auto y = recast("bilinear", here, input1, input2, weight, bias)) return *y;
    check(weight.rank() == 3, "bilinear: weight must have 3 dimensions (out, in1, in2), got shape ", weight.shape());
    const Tensor* inputs[] = {&input1, &input2};
    for (int i = 0; i < 2; ++i) {
        const Tensor& x = *inputs[i];
        check_type(is_floating(x.dtype()) && x.dtype() == weight.dtype(), "bilinear: input", i + 1,
                   " must have weight's floating-point dtype ", weight.dtype(), ", got ", x.dtype());
        check(x.rank() >= 1 && x.size(x.rank() - 1) == weight.size(i + 1), "bilinear: input", i + 1, " of shape ", x.shape(),
              " must end in ", weight.size(i + 1), " features, as weight of shape ", weight.shape(), " has");
    }
    bool same = input1.rank() == input2.rank();
    for (int i = 0; same && i < input1.rank() - 1; ++i) same = input1.size(i) == input2.size(i);
    check(same, "bilinear: inputs must have the same leading sizes, got shapes ", input1.shape(), " and ", input2.shape());
    if (bias.defined())
        check(bias.rank() == 1 && bias.size(0) == weight.size(0), "bilinear: bias must have shape (", weight.size(0), ",), got ",
              bias.shape());
    const int64_t out = weight.size(0), in1 = weight.size(1), in2 = weight.size(2);
    Shape shape = input1.shape();
    const int last = shape.rank() - 1;
    if (out < in1) {
        shape[last] = out;
        shape.push_back(in2);
        Tensor half = linear(input1, reshape(permute(weight, {0, 2, 1}), {out * in2, in1}), Tensor());
        Tensor y = sum(mul(reshape(half, shape), unsqueeze(input2, -2)), {last + 1});
        return bias.defined() ? add(y, bias) : y;
    }
    shape[last] = in1 * in2;
    Tensor pairs = mul(unsqueeze(input1, -1), unsqueeze(input2, -2));
    return linear(reshape(pairs, shape), reshape(weight, {out, in1 * in2}), bias);
}

}  // namespace cc
