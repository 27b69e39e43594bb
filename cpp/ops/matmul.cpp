#include "autograd/node.h"
#include "kernels/gemm/gemm.h"
#include "ops/ops.h"
#include "ops/recast.h"

namespace cc {

namespace {

// Two matrices, or [batch][rows][cols] views of both operands, batch strides possibly 0.
Tensor product(const Tensor& a, const Tensor& b) {
    const Array &x = a.array(), &y = b.array();
    const int rows = x.rank() - 2, columns = rows + 1;
    GemmProblem p{};
    p.dtype = x.dtype();
    p.batch = 1;
    p.m = x.size(rows);
    p.k = x.size(columns);
    p.n = y.size(columns);
    p.a_row = x.strides()[rows], p.a_col = x.strides()[columns];
    p.b_row = y.strides()[rows], p.b_col = y.strides()[columns];
    p.c_row = p.n, p.c_batch = p.m * p.n;
    Shape shape{p.m, p.n};
    if (rows == 1) {
        p.batch = x.size(0);
        p.a_batch = x.strides()[0], p.b_batch = y.strides()[0];
        shape = {p.batch, p.m, p.n};
    }
    Array out = Array::empty(shape, p.dtype);
    gemm(p, {x.raw(), y.raw(), out.raw(), nullptr});
    return record("matmul", std::move(out), {a, b},
                  [a = Saved(a, b.requires_grad()), b = Saved(b, a.requires_grad())](Backward& g) {
                      if (g.wants(0)) g[0] = product(g.grad(), transpose(b, -2, -1));
                      if (g.wants(1)) g[1] = product(transpose(a, -2, -1), g.grad());
                  });
}

// Of vectors: its gradients are multiples of them, not products of matrices.
Tensor dot(const Tensor& a, const Tensor& b) {
    Array out = product(reshape(a.detach(), {1, a.numel()}), reshape(b.detach(), {b.numel(), 1})).array().reshape({});
    return record("dot", std::move(out), {a, b},
                  [a = Saved(a, b.requires_grad()), b = Saved(b, a.requires_grad())](Backward& g) {
                      if (g.wants(0)) g[0] = mul(g.grad(), b);
                      if (g.wants(1)) g[1] = mul(g.grad(), a);
                  });
}

Tensor as_batch(const Tensor& x, const Shape& batch) {
    Shape shape = batch;
    shape.push_back(x.size(x.rank() - 2));
    shape.push_back(x.size(x.rank() - 1));
    Tensor wide = expand(x, shape);
    return reshape(wide, {batch.numel(), x.size(x.rank() - 2), x.size(x.rank() - 1)});
}

Shape leading(const Shape& shape) {
    Shape out;
    for (int i = 0; i + 2 < shape.rank(); ++i) out.push_back(shape[i]);
    return out;
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b) {
    if (auto y = recast("matmul", [&](auto& a, auto& b) { return matmul(a, b); }, a, b)) return *y;
    check_type(a.dtype() == b.dtype(), "matmul: input has dtype ", a.dtype(), ", other ", b.dtype());
    check(a.rank() > 0 && b.rank() > 0, "matmul: both operands must have at least one dimension, got shapes ", a.shape(),
          " and ", b.shape());
    if (!is_floating(a.dtype())) {
        check_type(a.dtype() != Dtype::Bool, "matmul: operands must not have dtype bool");
        return to(matmul(to(a, Dtype::Float64), to(b, Dtype::Float64)), a.dtype());
    }
    const int64_t wanted = a.size(a.rank() - 1), offered = b.size(std::max(b.rank() - 2, 0));
    check(wanted == offered, "matmul: shapes ", a.shape(), " and ", b.shape(), " do not match: the last size of input is ", wanted,
          ", other offers ", offered);
    if (a.rank() == 1 && b.rank() == 1) return dot(a, b);
    if (a.rank() == 2 && b.rank() == 2) return product(a, b);
    Tensor left = a.rank() == 1 ? unsqueeze(a, 0) : a, right = b.rank() == 1 ? unsqueeze(b, 1) : b;
    // A batch times one matrix is one product of a taller matrix.
    if (right.rank() == 2 && left.rank() > 2) {
        Tensor flat = flatten(left, 0, -2);
        Shape shape = left.shape();
        shape[shape.rank() - 1] = right.size(1);
        Tensor out = reshape(matmul(flat, right), shape);
        return b.rank() == 1 ? squeeze(out, -1) : out;
    }
    Shape batch = broadcast_shapes("matmul", leading(left.shape()), leading(right.shape()));
    Tensor all = product(as_batch(left, batch), as_batch(right, batch));
    Shape shape = batch;
    if (a.rank() > 1) shape.push_back(left.size(left.rank() - 2));
    if (b.rank() > 1) shape.push_back(right.size(right.rank() - 1));
    return reshape(all, shape);
}

}  // namespace cc
