#include <cmath>

#include "array/compute.h"
#include "autograd/node.h"
#include "ops/ops.h"

namespace cc {

namespace {

constexpr double kPi = 3.14159265358979323846;

bool differentiable(Unary op, Dtype dtype) {
    if (result_dtype(op, dtype) == Dtype::Bool) return false;
    switch (op) {
        case Unary::Floor: case Unary::Ceil: case Unary::Round: case Unary::Trunc: case Unary::Sign: return false;
        default: return true;
    }
}

// dy/dx is written in the result y where that is cheaper, else in x.
bool uses_result(Unary op) {
    switch (op) {
        case Unary::Exp: case Unary::Expm1: case Unary::Sqrt: case Unary::Rsqrt: case Unary::Reciprocal: case Unary::Tan:
        case Unary::Tanh: case Unary::Sigmoid: case Unary::Relu: return true;
        default: return false;
    }
}

bool uses_input(Unary op) { return !uses_result(op) && op != Unary::Neg; }

Tensor plus(const Tensor& x, double value) { return add(x, number(value, Dtype::Float64)); }

// `at` is y or x, as uses_result says.
Tensor derivative(Unary op, const Tensor& g, const Tensor& at) {
    switch (op) {
        case Unary::Neg: return neg(g);
        case Unary::Abs: return mul(g, unary(Unary::Sign, at));
        case Unary::Square: return mul(g, scale(at, 2));
        case Unary::Exp: return mul(g, at);
        case Unary::Expm1: return mul(g, plus(at, 1));
        case Unary::Log: return div(g, at);
        case Unary::Log1p: return div(g, plus(at, 1));
        case Unary::Sqrt: return div(g, scale(at, 2));
        case Unary::Rsqrt: return mul(g, scale(mul(at, mul(at, at)), -0.5));
        case Unary::Reciprocal: return neg(mul(g, mul(at, at)));
        case Unary::Sin: return mul(g, unary(Unary::Cos, at));
        case Unary::Cos: return neg(mul(g, unary(Unary::Sin, at)));
        case Unary::Tan: return mul(g, plus(mul(at, at), 1));
        case Unary::Tanh: return binary(Binary::TanhGrad, g, at);
        case Unary::Sigmoid: return binary(Binary::SigmoidGrad, g, at);
        case Unary::Relu: return binary(Binary::ReluGrad, g, at);
        case Unary::Erf: return mul(g, scale(unary(Unary::Exp, neg(mul(at, at))), 2 / std::sqrt(kPi)));
        case Unary::Silu: {  // s·(1 + x·(1 − s)) with s = σ(x)
            Tensor s = unary(Unary::Sigmoid, at);
            return mul(g, mul(s, plus(mul(at, plus(neg(s), 1)), 1)));
        }
        case Unary::Gelu: {  // Φ(x) + x·φ(x)
            Tensor cdf = scale(plus(unary(Unary::Erf, scale(at, std::sqrt(0.5))), 1), 0.5);
            Tensor pdf = scale(unary(Unary::Exp, scale(mul(at, at), -0.5)), 1 / std::sqrt(2 * kPi));
            return mul(g, add(cdf, mul(at, pdf)));
        }
        case Unary::GeluTanh: {  // y = x/2·(1 + t), t = tanh(u), u = √(2/π)·(x + 0.044715·x³)
            double c = std::sqrt(2 / kPi);
            Tensor square = mul(at, at);
            Tensor t = unary(Unary::Tanh, scale(mul(at, plus(scale(square, 0.044715), 1)), c));
            Tensor du = scale(plus(scale(square, 3 * 0.044715), 1), c);
            Tensor left = scale(plus(t, 1), 0.5);
            return mul(g, add(left, scale(mul(at, binary(Binary::TanhGrad, du, t)), 0.5)));
        }
        default: fail(ErrorKind::NotImplemented, name(op), ": has no derivative");
    }
}

}  // namespace

Tensor unary(Unary op, const Tensor& input) {
    Tensor x = input;
    if (!is_floating(x.dtype()) && !accepts(op, Dtype::Int64)) x = to(x, Dtype::Float32);
    check_type(accepts(op, x.dtype()), name(op), ": input must not have dtype ", x.dtype());
    Array out = compute(op, x.array());
    if (!differentiable(op, x.dtype())) return Tensor(std::move(out));
    return record(name(op), std::move(out), {x},
                  [op, x = Saved(x, uses_input(op))](Backward& g) {
                      g[0] = derivative(op, g.grad(), uses_result(op) ? g.output() : x.get());
                  },
                  uses_result(op) ? kKeepOutput : kDropOutput);
}

Tensor neg(const Tensor& x) { return unary(Unary::Neg, x); }

Tensor scale(const Tensor& x, double factor) {
    return record("mul", compute(Unary::MulScalar, x.array(), factor), {x},
                  [factor](Backward& g) { g[0] = scale(g.grad(), factor); });
}

Tensor clamp(const Tensor& x, double low, double high) {
    check_type(accepts(Unary::Clamp, x.dtype()), "clamp: input must not have dtype ", x.dtype());
    return record("clamp", compute(Unary::Clamp, x.array(), low, high), {x}, [x = Saved(x), low, high](Backward& g) {
        Tensor at = x.get().detach();
        Tensor inside = binary(Binary::LogicalAnd, binary(Binary::GreaterEqual, at, number(low, Dtype::Float64)),
                               binary(Binary::LessEqual, at, number(high, Dtype::Float64)));
        g[0] = where(inside, g.grad(), number(0, Dtype::Float64));
    });
}

namespace {

// g where at > 0, else g·slope: linear in g, so its own gradient.
Tensor leaky_relu_grad(const Tensor& g, const Array& at, double slope) {
    return record("leaky_relu_grad", compute(Binary::LeakyReluGrad, g.array(), at, slope), {g},
                  [at, slope](Backward& gg) { gg[0] = leaky_relu_grad(gg.grad(), at, slope); });
}

// With y = α·(eˣ − 1) below 0 the slope there is y + α.
Tensor elu_grad(const Tensor& g, const Tensor& y, double alpha) {
    if (!grad_enabled()) return Tensor(compute(Binary::EluGrad, g.array(), y.array(), alpha));
    return where(binary(Binary::Greater, y.detach(), number(0, Dtype::Float64)), g, mul(g, plus(y, alpha)));
}

}  // namespace

// The result tells the input's sign (while the slope is not negative), so that the op may run in place.
Tensor leaky_relu(const Tensor& x, double negative_slope) {
    check_type(is_floating(x.dtype()), "leaky_relu: input must have a floating-point dtype, got ", x.dtype());
    bool by_result = negative_slope >= 0;
    return record("leaky_relu", compute(Unary::LeakyRelu, x.array(), negative_slope), {x},
                  [x = Saved(x, !by_result), negative_slope](Backward& g) {
                      Tensor at = x.defined() ? x.get() : g.output();
                      g[0] = leaky_relu_grad(g.grad(), at.array(), negative_slope);
                  },
                  by_result ? kKeepOutput : kDropOutput);
}

Tensor elu(const Tensor& x, double alpha) {
    check_type(is_floating(x.dtype()), "elu: input must have a floating-point dtype, got ", x.dtype());
    check(alpha >= 0, "elu: alpha must not be negative, got ", alpha);
    return record("elu", compute(Unary::Elu, x.array(), alpha), {x},
                  [alpha](Backward& g) { g[0] = elu_grad(g.grad(), g.output(), alpha); }, kKeepOutput);
}

// ln(1 + e^{βx})/β, and x itself above the threshold, where the two agree to rounding.
Tensor softplus(const Tensor& x, double beta, double threshold) {
    check_type(is_floating(x.dtype()), "softplus: input must have a floating-point dtype, got ", x.dtype());
    return record("softplus", compute(Unary::Softplus, x.array(), beta, threshold), {x},
                  [x = Saved(x), beta, threshold](Backward& g) {
                      Tensor at = x.get();
                      Tensor linear = binary(Binary::Greater, scale(at.detach(), beta), number(threshold, Dtype::Float64));
                      g[0] = where(linear, g.grad(), mul(g.grad(), unary(Unary::Sigmoid, scale(at, beta))));
                  });
}

}  // namespace cc
