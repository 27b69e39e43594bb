// Elementwise functions of several operands and plain numbers, each one pass over memory.
#include <cmath>
#include <limits>

#include "array/compute.h"
#include "autograd/node.h"
#include "ops/ops.h"

namespace cc {

namespace {

bool one_float_dtype(const Tensor& a, const Tensor& b, const Tensor& c) {
    return is_floating(a.dtype()) && a.dtype() == b.dtype() && a.dtype() == c.dtype();
}

// The factor as an operand: a whole one does not turn integers into floating-point numbers.
Tensor scaled(const Tensor& x, double value) {
    return value == 1 ? x : mul(x, number(value, std::trunc(value) == value ? Dtype::Int64 : Dtype::Float64));
}

}  // namespace

Tensor addcmul(const Tensor& input, const Tensor& tensor1, const Tensor& tensor2, double value) {
    if (!one_float_dtype(input, tensor1, tensor2)) return add(input, scaled(mul(tensor1, tensor2), value));
    Array out = compute(Ternary::AddCmul, input.array(), tensor1.array(), tensor2.array(), value);
    return record("addcmul", std::move(out), {input, tensor1, tensor2},
                  [value, shape = input.shape(), a = Saved(tensor1), b = Saved(tensor2)](Backward& g) {
                      Tensor scaled_grad = g.wants(1) || g.wants(2) ? scaled(g.grad(), value) : Tensor();
                      if (g.wants(0)) g[0] = sum_to(g.grad(), shape);
                      if (g.wants(1)) g[1] = sum_to(mul(scaled_grad, b), a.get().shape());
                      if (g.wants(2)) g[2] = sum_to(mul(scaled_grad, a), b.get().shape());
                  });
}

Tensor addcdiv(const Tensor& input, const Tensor& tensor1, const Tensor& tensor2, double value) {
    if (!one_float_dtype(input, tensor1, tensor2)) return add(input, scaled(div(tensor1, tensor2), value));
    Array out = compute(Ternary::AddCdiv, input.array(), tensor1.array(), tensor2.array(), value);
    return record("addcdiv", std::move(out), {input, tensor1, tensor2},
                  [value, shape = input.shape(), a = Saved(tensor1), b = Saved(tensor2)](Backward& g) {
                      if (g.wants(0)) g[0] = sum_to(g.grad(), shape);
                      if (!g.wants(1) && !g.wants(2)) return;
                      Tensor part = div(scaled(g.grad(), value), b);
                      if (g.wants(1)) g[1] = sum_to(part, a.get().shape());
                      if (g.wants(2)) g[2] = sum_to(neg(mul(part, div(a, b))), b.get().shape());
                  });
}

Tensor lerp(const Tensor& input, const Tensor& end, const Tensor& weight) {
    Tensor by = is_floating(input.dtype()) ? to(weight, input.dtype()) : weight;
    if (!one_float_dtype(input, end, by)) return add(input, mul(weight, sub(end, input)));
    return record("lerp", compute(Ternary::Lerp, input.array(), end.array(), by.array()), {input, end, by},
                  [x = Saved(input, by.requires_grad()), end = Saved(end, by.requires_grad()), by = Saved(by),
                   from = input.shape(), to = end.shape()](Backward& g) {
                      Tensor one = number(1, Dtype::Float64);
                      if (g.wants(0)) g[0] = sum_to(mul(g.grad(), sub(one, by)), from);
                      if (g.wants(1)) g[1] = sum_to(mul(g.grad(), by), to);
                      if (g.wants(2)) g[2] = sum_to(mul(g.grad(), sub(end, x)), by.get().shape());
                  });
}

Tensor logaddexp(const Tensor& x, const Tensor& y, double base) {
    Dtype dtype = result_type(x, y);
    check_type(is_floating(dtype), "logaddexp: operands must have a floating-point dtype, got ", dtype);
    Tensor a = to(x, dtype), b = to(y, dtype);
    double factor = std::log(base);
    return record("logaddexp", compute(Binary::LogAddExp, a.array(), b.array(), factor), {a, b},
                  [a = Saved(a), b = Saved(b), factor](Backward& g) {
                      Tensor lead = scale(sub(a, b), factor);
                      if (g.wants(0)) g[0] = sum_to(mul(g.grad(), unary(Unary::Sigmoid, lead)), a.get().shape());
                      if (g.wants(1)) g[1] = sum_to(mul(g.grad(), unary(Unary::Sigmoid, neg(lead))), b.get().shape());
                  });
}

Tensor nan_to_num(const Tensor& x, double nan, std::optional<double> posinf, std::optional<double> neginf) {
    if (!is_floating(x.dtype())) return clone(x);
    double most = x.dtype() == Dtype::Float64   ? std::numeric_limits<double>::max()
                  : x.dtype() == Dtype::Float32 ? std::numeric_limits<float>::max()
                                                : 0x1.FEp127;
    Array out = compute(Binary::NanToNum, x.array(), Array::full({}, x.dtype(), nan), posinf.value_or(most), neginf.value_or(-most));
    return record("nan_to_num", std::move(out), {x}, [x = Saved(x)](Backward& g) {
        g[0] = where(unary(Unary::IsFinite, x.get().detach()), g.grad(), number(0, Dtype::Float64));
    });
}

}  // namespace cc
