// Elementwise functions of one tensor. rule() lists those whose gradient is one formula as well.
#include <cmath>

#include "array/compute.h"
#include "autograd/node.h"
#include "ops/ops.h"

namespace cc {

namespace {

constexpr double kPi = 3.14159265358979323846;

Tensor plain(double value) { return number(value, Dtype::Float64); }

Tensor plus(const Tensor& x, double value) { return add(x, plain(value)); }

Tensor square(const Tensor& x) { return unary(Unary::Square, x); }

Tensor positive(const Tensor& x) { return binary(Binary::Greater, x.detach(), plain(0)); }

// grad(g, at, p, q) is the gradient in one pass, `at` the function's result where by_result (it may then run in place), else its
// argument. slope(at) is the derivative in closed ops, for second gradients; null where it is constant by pieces.
struct Rule {
    Binary grad;
    bool by_result;
    Tensor (*slope)(const Tensor& at, double p, double q);
};

Tensor silu_slope(const Tensor& x, double, double) {  // s·(1 + x·(1 − s)) with s = σ(x)
    Tensor s = unary(Unary::Sigmoid, x);
    return mul(s, plus(mul(x, plus(neg(s), 1)), 1));
}

Tensor gelu_slope(const Tensor& x, double, double) {  // Φ(x) + x·φ(x)
    Tensor cdf = scale(plus(unary(Unary::Erf, scale(x, std::sqrt(0.5))), 1), 0.5);
    Tensor pdf = scale(unary(Unary::Exp, scale(square(x), -0.5)), 1 / std::sqrt(2 * kPi));
    return add(cdf, mul(x, pdf));
}

Tensor gelu_tanh_slope(const Tensor& x, double, double) {  // s·(1 + 2u'·x·(1 − s)), s = σ(2u), u = √(2/π)·(x + 0.044715·x³)
    double c = 2 * std::sqrt(2 / kPi);
    Tensor s = unary(Unary::Sigmoid, scale(mul(x, plus(scale(square(x), 0.044715), 1)), c));
    Tensor slope = scale(plus(scale(square(x), 3 * 0.044715), 1), c);
    return mul(s, plus(mul(mul(x, slope), plus(neg(s), 1)), 1));
}

Tensor mish_slope(const Tensor& x, double, double) {  // t + x·σ(x)·(1 − t²) with t = tanh(ln(1 + eˣ))
    Tensor t = unary(Unary::Tanh, softplus(x, 1, 20));
    return add(t, mul(mul(x, unary(Unary::Sigmoid, x)), plus(neg(square(t)), 1)));
}

Tensor softplus_slope(const Tensor& x, double beta, double threshold) {
    Tensor t = scale(x, beta), linear = binary(Binary::Greater, t.detach(), plain(threshold));
    return where(linear, plain(1), unary(Unary::Sigmoid, t));
}

Tensor hardswish_slope(const Tensor& x, double, double) {
    Tensor at = x.detach(), rising = binary(Binary::Less, at, plain(3));
    Tensor slope = where(rising, plus(scale(x, 1.0 / 3), 0.5), plain(1));
    return where(binary(Binary::LessEqual, at, plain(-3)), plain(0), slope);
}

std::optional<Rule> rule(Unary op, double p, double q) {
    switch (op) {
        case Unary::Abs: return Rule{Binary::AbsGrad, false, nullptr};
        case Unary::Clamp: return Rule{Binary::ClampGrad, false, nullptr};
        case Unary::Relu: return Rule{Binary::ReluGrad, true, nullptr};
        case Unary::LeakyRelu: return Rule{Binary::LeakyReluGrad, p >= 0, nullptr};
        case Unary::Hardtanh: return Rule{Binary::HardtanhGrad, true, nullptr};
        case Unary::Threshold: return Rule{Binary::ThresholdGrad, q <= p, nullptr};
        case Unary::Hardshrink: case Unary::Softshrink: return Rule{Binary::ShrinkGrad, false, nullptr};
        case Unary::Hardsigmoid: return Rule{Binary::HardsigmoidGrad, false, nullptr};
        case Unary::Hardswish: return Rule{Binary::HardswishGrad, false, hardswish_slope};
        case Unary::Tanh:
            return Rule{Binary::TanhGrad, true, [](const Tensor& y, double, double) { return plus(neg(square(y)), 1); }};
        case Unary::Sigmoid:
            return Rule{Binary::SigmoidGrad, true, [](const Tensor& y, double, double) { return mul(y, plus(neg(y), 1)); }};
        case Unary::Softsign:
            return Rule{Binary::SoftsignGrad, false, [](const Tensor& x, double, double) {
                            return unary(Unary::Reciprocal, square(plus(unary(Unary::Abs, x), 1)));
                        }};
        case Unary::Tanhshrink:
            return Rule{Binary::TanhshrinkGrad, false,
                        [](const Tensor& x, double, double) { return square(unary(Unary::Tanh, x)); }};
        case Unary::LogSigmoid:
            return Rule{Binary::LogSigmoidGrad, false,
                        [](const Tensor& x, double, double) { return unary(Unary::Sigmoid, neg(x)); }};
        case Unary::Elu:
            if (p < 0)
                return Rule{Binary::EluInputGrad, false, [](const Tensor& x, double p, double) {
                                return where(positive(x), plain(1), scale(unary(Unary::Exp, x), p));
                            }};
            return Rule{Binary::EluGrad, true,
                        [](const Tensor& y, double p, double) { return where(positive(y), plain(1), plus(y, p)); }};
        case Unary::Selu:
            return Rule{Binary::SeluGrad, true, [](const Tensor& y, double, double) {
                            constexpr double lambda = 1.0507009873554804934, alpha = 1.6732632423543772848;
                            return where(positive(y), plain(lambda), plus(y, lambda * alpha));
                        }};
        case Unary::Celu:
            return Rule{Binary::CeluGrad, true, [](const Tensor& y, double p, double) {
                            return where(positive(y), plain(1), plus(scale(y, 1 / p), 1));
                        }};
        case Unary::Silu: return Rule{Binary::SiluGrad, false, silu_slope};
        case Unary::Gelu: return Rule{Binary::GeluGrad, false, gelu_slope};
        case Unary::GeluTanh: return Rule{Binary::GeluTanhGrad, false, gelu_tanh_slope};
        case Unary::Mish: return Rule{Binary::MishGrad, false, mish_slope};
        case Unary::Softplus: return Rule{Binary::SoftplusGrad, false, softplus_slope};
        default: return std::nullopt;
    }
}

// Linear in g; where the slope is constant by pieces, also its own gradient.
Tensor fused(const Rule& rule, Tensor g, const Tensor& at, double p, double q) {
    if (!grad_enabled()) {
        Array grad = std::exchange(g, Tensor()).array();
        return Tensor(compute_over(std::move(grad), rule.grad, at.array(), p, q));
    }
    if (rule.slope) return mul(g, rule.slope(at, p, q));
    return record(name(rule.grad), compute(rule.grad, g.array(), at.array(), p, q), {g},
                  [=, at = Saved(at.detach())](Backward& gg) { gg[0] = fused(rule, gg.grad(), at, p, q); });
}

bool piecewise_constant(Unary op) {
    switch (op) {
        case Unary::Floor: case Unary::Ceil: case Unary::Round: case Unary::Trunc: case Unary::Sign: return true;
        default: return false;
    }
}

// For the functions without a rule: dy/dx is written in the result y where that is cheaper, else in x.
bool uses_result(Unary op) {
    switch (op) {
        case Unary::Exp: case Unary::Expm1: case Unary::Sqrt: case Unary::Rsqrt: case Unary::Reciprocal: case Unary::Tan: case Unary::Exp2: case Unary::Erfinv:
            return true;
        default: return false;
    }
}

// `at` is y or x, as uses_result says.
Tensor derivative(Unary op, const Tensor& g, const Tensor& at) {
    switch (op) {
        case Unary::Square: return mul(g, scale(at, 2));
        case Unary::Cube: return mul(g, scale(square(at), 3));
        case Unary::Frac: return g;
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
        case Unary::Asin: return mul(g, unary(Unary::Rsqrt, plus(neg(square(at)), 1)));
        case Unary::Acos: return neg(mul(g, unary(Unary::Rsqrt, plus(neg(square(at)), 1))));
        case Unary::Atan: return div(g, plus(square(at), 1));
        case Unary::Sinh: return mul(g, unary(Unary::Cosh, at));
        case Unary::Cosh: return mul(g, unary(Unary::Sinh, at));
        case Unary::Asinh: return mul(g, unary(Unary::Rsqrt, plus(square(at), 1)));
        case Unary::Acosh: return mul(g, unary(Unary::Rsqrt, plus(square(at), -1)));
        case Unary::Atanh: return div(g, plus(neg(square(at)), 1));
        case Unary::Exp2: return mul(g, scale(at, std::log(2.0)));
        case Unary::Log2: return div(g, scale(at, std::log(2.0)));
        case Unary::Log10: return div(g, scale(at, std::log(10.0)));
        case Unary::Erf: return mul(g, scale(unary(Unary::Exp, neg(mul(at, at))), 2 / std::sqrt(kPi)));
        case Unary::Erfinv: return mul(g, scale(unary(Unary::Exp, square(at)), std::sqrt(kPi) / 2));  // at: the result
        case Unary::Erfc: return mul(g, scale(unary(Unary::Exp, neg(mul(at, at))), -2 / std::sqrt(kPi)));
        default: fail(ErrorKind::NotImplemented, name(op), ": has no derivative");
    }
}

void check_parameters(Unary op, double p, double q) {
    if (op == Unary::Hardtanh) check(p <= q, "hardtanh: min_val must not be greater than max_val, got ", p, " and ", q);
    if (op == Unary::Softshrink) check(p >= 0, "softshrink: lambd must not be negative, got ", p);
    if (op == Unary::Celu) check(p != 0, "celu: alpha must not be 0");
}

}  // namespace

bool saves_input(Unary op, double p, double q) {
    if (op == Unary::Neg || op == Unary::Frac || piecewise_constant(op)) return false;
    std::optional<Rule> fast = rule(op, p, q);
    return fast ? !fast->by_result : !uses_result(op);
}

Tensor unary(Unary op, const Tensor& input, double p, double q) {
    check_parameters(op, p, q);
    Tensor x = input;
    bool activation = op >= Unary::Silu;
    if (!is_floating(x.dtype()) && !accepts(op, Dtype::Int64) && !activation) x = to(x, Dtype::Float32);
    check_type(accepts(op, x.dtype()), name(op), activation ? ": input must have a floating-point dtype, got " : ": input must not have dtype ",
               x.dtype());
    if (x.dtype() == Dtype::BFloat16 && (op == Unary::Hardtanh || op == Unary::Threshold))
        p = BFloat16(static_cast<float>(p)), q = BFloat16(static_cast<float>(q));  // the result tells who reached them
    Array out = compute(op, x.array(), p, q);
    if (out.dtype() == Dtype::Bool) return Tensor(std::move(out));
    if (op == Unary::Neg) return record("neg", std::move(out), {x}, [](Backward& g) { g[0] = neg(g.grad()); });
    if (piecewise_constant(op))
        return record(name(op), std::move(out), {x}, [](Backward& g) { g[0] = zeros(g.grad().shape(), g.grad().dtype()); });
    bool by_input = saves_input(op, p, q);
    return record(name(op), std::move(out), {x},
                  [=, x = Saved(x, by_input)](Backward& g) {
                      Tensor at = by_input ? x.get() : g.output();
                      std::optional<Rule> fast = rule(op, p, q);
                      g[0] = fast ? fused(*fast, g.take_grad(), at, p, q) : derivative(op, g.grad(), at);
                  },
                  by_input ? kDropOutput : kKeepOutput);
}

Tensor neg(const Tensor& x) { return unary(Unary::Neg, x); }

Tensor scale(const Tensor& x, double factor) {
    return record("mul", compute(Unary::MulScalar, x.array(), factor), {x},
                  [factor](Backward& g) { g[0] = scale(g.grad(), factor); });
}

Tensor clamp(const Tensor& x, double low, double high) { return unary(Unary::Clamp, x, low, high); }

Tensor leaky_relu(const Tensor& x, double negative_slope) { return unary(Unary::LeakyRelu, x, negative_slope); }

Tensor elu(const Tensor& x, double alpha) { return unary(Unary::Elu, x, alpha); }

// ln(1 + e^{βx})/β, and x itself above the threshold, where the two agree to rounding.
Tensor softplus(const Tensor& x, double beta, double threshold) { return unary(Unary::Softplus, x, beta, threshold); }

}  // namespace cc
