#include <cmath>

#include "array/compute.h"
#include "autograd/node.h"
#include "ops/ops.h"

namespace cc {

namespace {

// The gradient of the operand that has not lost: half of it at ties, all of it to both where one is NaN.
Tensor half_at_ties(Binary loses, const Tensor& g, const Tensor& a, const Tensor& b) {
    Tensor lost = to(binary(loses, a.detach(), b.detach()), g.dtype());
    Tensor ties = to(binary(Binary::Equal, a.detach(), b.detach()), g.dtype());
    return mul(g, sub(number(1, Dtype::Float64), add(lost, scale(ties, 0.5))));
}

Tensor zero() { return number(0, Dtype::Float64); }

// xᵖ of floating-point numbers, by products and roots where they do (kernels/elementwise).
Tensor power(const Tensor& x, double p) {
    if (p == 0)
        return record("pow", full_like(x, 1, x.dtype()).array(), {x}, [](Backward& g) { g[0] = full_like(g.grad(), 0, g.grad().dtype()); });
    return record("pow", compute(Unary::PowScalar, x.array(), p), {x}, [p, x = Saved(x, p != 1)](Backward& g) {
        if (p == 1) g[0] = g.grad();
        else g[0] = mul(g.grad(), scale(p == 2 ? x.get() : power(x, p - 1), p));
    });
}

bool is_number(const Tensor& x) { return x.rank() == 0 && x.impl().wrapped_number; }

// Writes the gradients of op(a, b) into g, before broadcasting is undone.
void derivative(Binary op, Backward& g, const Saved& sa, const Saved& sb) {
    const Tensor& grad = g.grad();
    switch (op) {
        case Binary::Add:
            g[0] = grad;
            g[1] = grad;
            return;
        case Binary::Sub:
            g[0] = grad;
            if (g.wants(1)) g[1] = neg(grad);
            return;
        case Binary::Mul:
            if (g.wants(0)) g[0] = mul(grad, sb);
            if (g.wants(1)) g[1] = mul(grad, sa);
            return;
        case Binary::FloorDivide: case Binary::Heaviside: g[0] = g[1] = zeros(grad.shape(), grad.dtype()); return;
        default: break;
    }
    Tensor a = sa, b = sb;
    switch (op) {
        case Binary::Div:
            if (g.wants(0)) g[0] = div(grad, b);
            if (g.wants(1)) g[1] = neg(mul(grad, div(div(a, b), b)));
            return;
        case Binary::Pow:
            if (g.wants(0)) {  // b·a^(b−1), and 0 where b is 0 whatever a is
                Tensor slope = mul(b, pow(a, sub(b, number(1, Dtype::Float64))));
                g[0] = where(binary(Binary::Equal, b.detach(), zero()), zero(), mul(grad, slope));
            }
            if (!g.wants(1)) return;
            // a^b·ln a, and 0 where a is 0 and b is not negative
            if (a.rank() == 0 && !a.requires_grad() && a.array().item() > 0) {
                g[1] = mul(grad, scale(g.output(), std::log(a.array().item())));
            } else {
                Tensor flat = binary(Binary::LogicalAnd, binary(Binary::Equal, a.detach(), zero()),
                                     binary(Binary::GreaterEqual, b.detach(), zero()));
                g[1] = mul(grad, where(flat, zero(), mul(g.output(), unary(Unary::Log, a))));
            }
            return;
        case Binary::Maximum:
            if (g.wants(0)) g[0] = half_at_ties(Binary::Less, grad, a, b);
            if (g.wants(1)) g[1] = half_at_ties(Binary::Greater, grad, a, b);
            return;
        case Binary::Minimum:
            if (g.wants(0)) g[0] = half_at_ties(Binary::Greater, grad, a, b);
            if (g.wants(1)) g[1] = half_at_ties(Binary::Less, grad, a, b);
            return;
        case Binary::Remainder:  // a − b·⌊a/b⌋
            g[0] = grad;
            if (g.wants(1)) g[1] = neg(mul(grad, unary(Unary::Floor, div(a, b))));
            return;
        case Binary::Fmod:  // a − b·trunc(a/b)
            g[0] = grad;
            if (g.wants(1)) g[1] = neg(mul(grad, unary(Unary::Trunc, div(a, b))));
            return;
        case Binary::CopySign:  // |a| with b's sign
            if (g.wants(0)) {
                Tensor sign = unary(Unary::Sign, a.detach());
                g[0] = mul(grad, binary(op, sign, mul(sign, b.detach())));
            }
            return;
        case Binary::Atan2: {  // b/(a² + b²) and −a/(a² + b²), 0 where both are 0
            Tensor square = add(mul(a, a), mul(b, b));
            Tensor nowhere = binary(Binary::Equal, square.detach(), zero());
            Tensor over = where(nowhere, zero(), unary(Unary::Reciprocal, square));
            if (g.wants(0)) g[0] = mul(grad, mul(b, over));
            if (g.wants(1)) g[1] = mul(grad, mul(neg(a), over));
            return;
        }
        default: fail(ErrorKind::NotImplemented, name(op), ": has no derivative");
    }
}

// A number beside bfloat16 is not rounded to it, as the result alone is.
Tensor operand(const Tensor& x, Dtype dtype) {
    bool number = x.rank() == 0 && is_floating(x.dtype()) && !x.requires_grad();
    return to(x, number ? computed_in(dtype) : dtype);
}

bool saves_operands(Binary op) {
    return op != Binary::Add && op != Binary::Sub && op != Binary::FloorDivide && op != Binary::Heaviside;
}

}  // namespace

Tensor binary(Binary op, const Tensor& x, const Tensor& y) {
    Dtype dtype = result_type(x, y);
    if (op == Binary::Div && !is_floating(dtype)) dtype = Dtype::Float32;
    if (!is_floating(dtype) && !accepts(op, Dtype::Int64)) dtype = Dtype::Float32;
    check_type(accepts(op, dtype), name(op), ": operands must not have dtype ", dtype);
    if (op == Binary::Pow && is_floating(dtype) && is_number(y)) return power(to(x, dtype), y.array().item());
    Tensor a = operand(x, dtype), b = operand(y, dtype);
    if (a.rank() == 0 && b.rank() == 0) a = to(x, dtype), b = to(y, dtype);
    Array out = compute(op, a.array(), b.array());
    if (out.dtype() != dtype) return Tensor(std::move(out));
    bool save = saves_operands(op);
    bool save_a = save && (op != Binary::Mul || b.requires_grad()), save_b = save && (op != Binary::Mul || a.requires_grad());
    return record(name(op), std::move(out), {a, b},
                  [op, a = Saved(a, save_a), b = Saved(b, save_b), shape_a = a.shape(), shape_b = b.shape()](Backward& g) {
                      derivative(op, g, a, b);
                      if (g.wants(0) && g[0].defined()) g[0] = sum_to(g[0], shape_a);
                      if (g.wants(1) && g[1].defined()) g[1] = sum_to(g[1], shape_b);
                  },
                  op == Binary::Pow && b.requires_grad() ? kKeepOutput : kDropOutput);
}

Tensor add(const Tensor& a, const Tensor& b) { return binary(Binary::Add, a, b); }
Tensor sub(const Tensor& a, const Tensor& b) { return binary(Binary::Sub, a, b); }
Tensor mul(const Tensor& a, const Tensor& b) { return binary(Binary::Mul, a, b); }
Tensor div(const Tensor& a, const Tensor& b) { return binary(Binary::Div, a, b); }
Tensor pow(const Tensor& a, const Tensor& b) { return binary(Binary::Pow, a, b); }

Tensor where(const Tensor& condition, const Tensor& x, const Tensor& y) {
    check_type(condition.dtype() == Dtype::Bool, "where: condition must have dtype bool, got ", condition.dtype());
    Dtype dtype = result_type(x, y);
    Tensor a = to(x, dtype), b = to(y, dtype);
    return record("where", compute(Ternary::Where, condition.array(), a.array(), b.array()), {a, b},
                  [condition = Saved(condition), shape_a = a.shape(), shape_b = b.shape()](Backward& g) {
                      if (g.wants(0)) g[0] = sum_to(where(condition, g.grad(), zero()), shape_a);
                      if (g.wants(1)) g[1] = sum_to(where(condition, zero(), g.grad()), shape_b);
                  });
}

}  // namespace cc
