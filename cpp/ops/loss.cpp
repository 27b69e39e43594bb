// Losses between an input and a target of shapes that broadcast.
#include <cmath>

#include "autograd/node.h"
#include "ops/ops.h"

namespace cc {

namespace {

Tensor reduced(const Tensor& loss, LossReduction reduction) {
    if (reduction == LossReduction::None) return loss;
    return reduction == LossReduction::Sum ? sum(loss) : mean(loss);
}

void check_operands(const char* op, const Tensor& input, const Tensor& target) {
    check_type(is_floating(input.dtype()) || is_floating(target.dtype()), op,
               ": input must have a floating-point dtype, got ", input.dtype());
    broadcast_shapes(op, input.shape(), target.shape());
}

Tensor plain(double value) { return number(value, Dtype::Float64); }

}  // namespace

Tensor mse_loss(const Tensor& input, const Tensor& target, LossReduction reduction) {
    check_operands("mse_loss", input, target);
    return reduced(unary(Unary::Square, sub(input, target)), reduction);
}

Tensor l1_loss(const Tensor& input, const Tensor& target, LossReduction reduction) {
    check_operands("l1_loss", input, target);
    return reduced(unary(Unary::Abs, sub(input, target)), reduction);
}

// ½·d²/β below β, |d| − β/2 above.
Tensor smooth_l1_loss(const Tensor& input, const Tensor& target, LossReduction reduction, double beta) {
    check(beta >= 0, "smooth_l1_loss: beta must not be negative, got ", beta);
    if (beta == 0) return l1_loss(input, target, reduction);
    check_operands("smooth_l1_loss", input, target);
    Tensor d = sub(input, target), size = unary(Unary::Abs, d);
    Tensor near = binary(Binary::Less, size.detach(), plain(beta));
    return reduced(where(near, scale(unary(Unary::Square, d), 0.5 / beta), add(size, plain(-0.5 * beta))), reduction);
}

// ½·d² up to δ, δ·(|d| − δ/2) above.
Tensor huber_loss(const Tensor& input, const Tensor& target, LossReduction reduction, double delta) {
    check(delta > 0, "huber_loss: delta must be positive, got ", delta);
    check_operands("huber_loss", input, target);
    Tensor d = sub(input, target), size = unary(Unary::Abs, d);
    Tensor near = binary(Binary::LessEqual, size.detach(), plain(delta));
    Tensor far = scale(add(size, plain(-0.5 * delta)), delta);
    return reduced(where(near, scale(unary(Unary::Square, d), 0.5), far), reduction);
}

// (1 − t)·x + (1 + (pos_weight − 1)·t)·ln(1 + e^{−x}); above 40 the softplus is its argument to the last bit.
Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target, const Tensor& weight,
                                        const Tensor& pos_weight, LossReduction reduction) {
    const char* op = "binary_cross_entropy_with_logits";
    check_operands(op, input, target);
    check(input.shape() == target.shape(), op, ": target must have the input's shape ", input.shape(), ", got ",
          target.shape());
    Tensor tail = softplus(neg(input), 1, 40);
    if (pos_weight.defined()) tail = mul(tail, add(mul(sub(pos_weight, plain(1)), target), plain(1)));
    Tensor loss = add(mul(sub(plain(1), target), input), tail);
    return reduced(weight.defined() ? mul(loss, weight) : loss, reduction);
}

namespace {

// −t·ln p − (1 − t)·ln(1 − p), logarithms not below −100; the slope (p − t)/(p·(1 − p)) with the divisor not below 1e−12.
Tensor bernoulli_loss(const Tensor& p, const Tensor& t) {
    GradMode off(false);
    Tensor on = clamp(unary(Unary::Log, p), -100, INFINITY);
    Tensor other = clamp(unary(Unary::Log1p, neg(p)), -100, INFINITY);
    return neg(add(mul(t, on), mul(sub(plain(1), t), other)));
}

}  // namespace

Tensor binary_cross_entropy(const Tensor& input, const Tensor& target, const Tensor& weight, LossReduction reduction) {
    const char* op = "binary_cross_entropy";
    check_operands(op, input, target);
    check(input.shape() == target.shape(), op, ": target must have the input's shape ", input.shape(), ", got ",
          target.shape());
    check_type(input.dtype() == target.dtype(), op, ": input has dtype ", input.dtype(), ", target ", target.dtype());
    if (input.numel() > 0) {
        GradMode off(false);
        double low = amin(input).array().item(), high = amax(input).array().item();
        check(low >= 0 && high <= 1, op, ": input must lie between 0 and 1, got values from ", low, " to ", high);
    }
    Tensor loss = record(op, bernoulli_loss(input, target).array(), {input, target},
                         [p = Saved(input), t = Saved(target)](Backward& g) {
                             Tensor rest = sub(plain(1), p);
                             if (g.wants(0)) {
                                 Tensor divisor = clamp(mul(p, rest), 1e-12, INFINITY);
                                 g[0] = mul(g.grad(), div(sub(p, t), divisor));
                             }
                             if (g.wants(1)) {
                                 Tensor odds = sub(clamp(unary(Unary::Log, rest), -100, INFINITY),
                                                   clamp(unary(Unary::Log, p), -100, INFINITY));
                                 g[1] = mul(g.grad(), odds);
                             }
                         });
    return reduced(weight.defined() ? mul(loss, weight) : loss, reduction);
}

// t·(ln t − input), 0 where t is 0; with log_target e^t·(t − input).
Tensor kl_div(const Tensor& input, const Tensor& target, LossReduction reduction, bool log_target) {
    check_operands("kl_div", input, target);
    if (log_target) return reduced(mul(unary(Unary::Exp, target), sub(target, input)), reduction);
    Tensor positive = binary(Binary::Greater, target.detach(), plain(0));
    Tensor entropy = mul(target, unary(Unary::Log, where(positive, target, plain(1))));
    return reduced(sub(entropy, mul(target, input)), reduction);
}

}  // namespace cc
