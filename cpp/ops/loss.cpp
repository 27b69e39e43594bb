// Losses between an input and a target of shapes that broadcast, element by element: one formula each way (Formula), the same in
// closed ops for further derivatives.
#include <cmath>
#include <optional>

#include "array/compute.h"
#include "autograd/node.h"
#include "ops/loss.h"
#include "ops/ops.h"
#include "ops/recast.h"

namespace cc {

namespace {

Tensor plain(double value) { return number(value, Dtype::Float64); }

struct Formula {
    const char* name;
    Binary value;
    Ternary grad;        // with respect to the input
    bool of_difference;  // a function of input − target: the target's gradient is the input's, negated
    Tensor (*expression)(const Tensor& x, const Tensor& t, double p);
};

void check_operands(const char* op, const Tensor& input, const Tensor& target) {
    check_type(is_floating(input.dtype()) || is_floating(target.dtype()), op,
               ": input must have a floating-point dtype, got ", input.dtype());
    broadcast_shapes(op, input.shape(), target.shape());
}

void check_same_shape(const char* op, const Tensor& input, const Tensor& target) {
    check(input.shape() == target.shape(), op, ": target must have the input's shape ", input.shape(), ", got ",
          target.shape());
}

// A loss of each element, or their sum times `share`.
struct Loss {
    const Formula& f;
    double p;
    std::optional<double> share;

    Array value(const Array& x, const Array& t) const {
        if (!share) return compute(f.value, x, t, p);
        return compute_over(compute_sum(f.value, x, t, p), Unary::MulScalar, *share);
    }

    Tensor expression(const Tensor& x, const Tensor& t) const {
        Tensor each = f.expression(x, t, p);
        return share ? scale(sum(each), *share) : each;
    }

    void backward(Backward& g, const Tensor& x, const Tensor& t) const {
        if (g.wants(1) && !f.of_difference) return by_expression(g, x, t);
        const Tensor grad = share ? scale(g.grad(), *share) : g.grad();
        Tensor slope(compute(f.grad, x.array(), t.array(), grad.array(), p));
        if (g.wants(1)) g[1] = sum_to(neg(slope), t.shape());
        if (g.wants(0)) g[0] = sum_to(slope, x.shape());
    }

    // The gradients that expression() gives.
    void by_expression(Backward& g, const Tensor& x, const Tensor& t) const {
        bool again = grad_enabled();
        GradMode on(true);
        Tensors aliases = aliases_of({x, t});
        Tensor out = expression(aliases[0], aliases[1]);
        GradMode as_before(again);
        gradients_of_replay(out, aliases, g);
    }
};

// Sum and mean read the operands once, and write no array of losses.
Tensor apply(const Formula& f, const Tensor& input, const Tensor& target, double p = 0,
             LossReduction reduction = LossReduction::None) {
    check_operands(f.name, input, target);
    Dtype dtype = result_type(input, target);
    Tensor x = to(input, dtype), t = to(target, dtype);
    Loss loss{f, p, {}};
    if (reduction == LossReduction::Sum) loss.share = 1;
    if (reduction == LossReduction::Mean)
        loss.share = 1 / static_cast<double>(broadcast_shapes(f.name, x.shape(), t.shape()).numel());
    return record_composite(
        f.name, loss.value(x.array(), t.array()), {x, t},
        [loss](Backward& g, const SavedInputs& in) { loss.backward(g, in[0].get(), in[1].get()); },
        [loss](const Tensors& in) { return loss.expression(in[0], in[1]); });
}

Tensor weighted(const Tensor& loss, const Tensor& weight) { return weight.defined() ? mul(loss, weight) : loss; }

// Of losses whose weights, unlike classes', have the input's shape.
Tensor weighted(const char* op, const Tensor& loss, const Tensor& input, const Tensor& weight) {
    check(!weight.defined() || weight.shape() == input.shape(), op, ": weight must have the input's shape ", input.shape(),
          ", got ", weight.defined() ? weight.shape() : Shape());
    return weighted(loss, weight);
}

constexpr Formula kMse{"mse_loss", Binary::MseLoss, Ternary::MseLossGrad, true, [](const Tensor& x, const Tensor& t, double) {
                           return unary(Unary::Square, sub(x, t));
                       }};

constexpr Formula kL1{"l1_loss", Binary::L1Loss, Ternary::L1LossGrad, true,
                      [](const Tensor& x, const Tensor& t, double) { return unary(Unary::Abs, sub(x, t)); }};

constexpr Formula kSmoothL1{"smooth_l1_loss", Binary::SmoothL1Loss, Ternary::SmoothL1LossGrad, true,
                            [](const Tensor& x, const Tensor& t, double beta) {
                                Tensor d = sub(x, t), size = unary(Unary::Abs, d);
                                Tensor near = binary(Binary::Less, size.detach(), plain(beta));
                                return where(near, scale(unary(Unary::Square, d), 0.5 / beta), add(size, plain(-0.5 * beta)));
                            }};

constexpr Formula kHuber{"huber_loss", Binary::HuberLoss, Ternary::HuberLossGrad, true,
                         [](const Tensor& x, const Tensor& t, double delta) {
                             Tensor d = sub(x, t), size = unary(Unary::Abs, d);
                             Tensor near = binary(Binary::LessEqual, size.detach(), plain(delta));
                             Tensor far = scale(add(size, plain(-0.5 * delta)), delta);
                             return where(near, scale(unary(Unary::Square, d), 0.5), far);
                         }};

// Above 40 the softplus is its argument to the last bit.
constexpr Formula kBceWithLogits{"binary_cross_entropy_with_logits", Binary::BceLogitsLoss, Ternary::BceLogitsLossGrad, false,
                                 [](const Tensor& x, const Tensor& t, double) { return sub(softplus(x, 1, 40), mul(x, t)); }};

constexpr Formula kSoftMargin{"soft_margin_loss", Binary::SoftMarginLoss, Ternary::SoftMarginLossGrad, false,
                              [](const Tensor& x, const Tensor& t, double) { return softplus(neg(mul(t, x)), 1, 40); }};

constexpr Formula kHingeEmbedding{"hinge_embedding_loss", Binary::HingeEmbeddingLoss, Ternary::HingeEmbeddingLossGrad, false,
                                  [](const Tensor& x, const Tensor& t, double margin) {
                                      Tensor at = t.detach(), far = clamp(sub(plain(margin), x), 0, INFINITY);
                                      return add(where(binary(Binary::NotEqual, at, plain(1)), far, plain(0)),
                                                 where(binary(Binary::NotEqual, at, plain(-1)), x, plain(0)));
                                  }};

constexpr Formula kPoisson{"poisson_nll_loss", Binary::PoissonLoss, Ternary::PoissonLossGrad, false,
                           [](const Tensor& x, const Tensor& t, double) { return sub(unary(Unary::Exp, x), mul(x, t)); }};

constexpr Formula kPoissonRate{"poisson_nll_loss", Binary::PoissonRateLoss, Ternary::PoissonRateLossGrad, false,
                               [](const Tensor& x, const Tensor& t, double eps) {
                                   return sub(x, mul(t, unary(Unary::Log, add(x, plain(eps)))));
                               }};

constexpr Formula kKlDiv{"kl_div", Binary::KlDivLoss, Ternary::KlDivLossGrad, false, [](const Tensor& x, const Tensor& t, double) {
                             Tensor some = binary(Binary::NotEqual, t.detach(), plain(0));
                             return sub(mul(t, unary(Unary::Log, where(some, t, plain(1)))), mul(t, x));
                         }};

constexpr Formula kKlDivLog{"kl_div", Binary::KlDivLogLoss, Ternary::KlDivLogLossGrad, false,
                            [](const Tensor& x, const Tensor& t, double) { return mul(unary(Unary::Exp, t), sub(t, x)); }};

// The mean weighs as the sum does.
Tensor weighed(const Formula& f, const Tensor& input, const Tensor& target, const Tensor& weight, LossReduction reduction) {
    if (!weight.defined()) return apply(f, input, target, 0, reduction);
    Tensor loss = weighted(f.name, apply(f, input, target), input, weight);
    return reduction == LossReduction::Mean ? div(sum(loss), sum(weight)) : reduced(loss, reduction);
}

}  // namespace

LossReduction reduction_of(const char* op, const std::string& text) {
    if (text == "none") return LossReduction::None;
    if (text == "mean") return LossReduction::Mean;
    if (text == "sum") return LossReduction::Sum;
    fail(ErrorKind::Value, op, ": reduction must be \"none\", \"mean\" or \"sum\", got \"", text, "\"");
}

Tensor reduced(const Tensor& loss, LossReduction reduction) {
    if (reduction == LossReduction::None) return loss;
    return reduction == LossReduction::Sum ? sum(loss) : mean(loss);
}

Tensor mse_loss(const Tensor& input, const Tensor& target, LossReduction reduction, const Tensor& weight) {
    auto here = [&](auto& a, auto& b, auto& c) { return mse_loss(a, b, reduction, c); };
    if (auto y = recast("mse_loss", here, input, target, weight)) return *y;
    return weighed(kMse, input, target, weight, reduction);
}

Tensor l1_loss(const Tensor& input, const Tensor& target, LossReduction reduction, const Tensor& weight) {
    auto here = [&](auto& a, auto& b, auto& c) { return l1_loss(a, b, reduction, c); };
    if (auto y = recast("l1_loss", here, input, target, weight)) return *y;
    return weighed(kL1, input, target, weight, reduction);
}

// ½·d²/β below β, |d| − β/2 above.
Tensor smooth_l1_loss(const Tensor& input, const Tensor& target, LossReduction reduction, double beta) {
    auto here = [&](auto& a, auto& b) { return smooth_l1_loss(a, b, reduction, beta); };
    if (auto y = recast("smooth_l1_loss", here, input, target)) return *y;
    check(beta >= 0, "smooth_l1_loss: beta must not be negative, got ", beta);
    return apply(beta == 0 ? kL1 : kSmoothL1, input, target, beta, reduction);
}

// ½·d² up to δ, δ·(|d| − δ/2) above.
Tensor huber_loss(const Tensor& input, const Tensor& target, LossReduction reduction, double delta, const Tensor& weight) {
    auto here = [&](auto& a, auto& b, auto& c) { return huber_loss(a, b, reduction, delta, c); };
    if (auto y = recast("huber_loss", here, input, target, weight)) return *y;
    check(delta > 0, "huber_loss: delta must be positive, got ", delta);
    if (!weight.defined()) return apply(kHuber, input, target, delta, reduction);
    return reduced(weighted("huber_loss", apply(kHuber, input, target, delta), input, weight), reduction);
}

// (1 − t)·x + (1 + (pos_weight − 1)·t)·ln(1 + e^{−x})
Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target, const Tensor& weight,
                                        const Tensor& pos_weight, LossReduction reduction) {
    auto here = [&](auto& a, auto& b, auto& c, auto& d) { return binary_cross_entropy_with_logits(a, b, c, d, reduction); };
    if (auto y = recast("binary_cross_entropy_with_logits", here, input, target, weight, pos_weight)) return *y;
    const char* op = "binary_cross_entropy_with_logits";
    check_operands(op, input, target);
    check_same_shape(op, input, target);
    if (!pos_weight.defined() && !weight.defined()) return apply(kBceWithLogits, input, target, 0, reduction);
    if (!pos_weight.defined()) return reduced(weighted(apply(kBceWithLogits, input, target), weight), reduction);
    Tensor share = add(mul(sub(pos_weight, plain(1)), target), plain(1));
    Tensor tail = unary(Unary::LogSigmoid, input);
    return reduced(weighted(sub(mul(sub(plain(1), target), input), mul(share, tail)), weight), reduction);
}

// −t·ln p − (1 − t)·ln(1 − p), logarithms not below −100; the slope (p − t)/(p·(1 − p)) with the divisor not below 1e−12.
Tensor binary_cross_entropy(const Tensor& input, const Tensor& target, const Tensor& weight, LossReduction reduction) {
    auto here = [&](auto& a, auto& b, auto& c) { return binary_cross_entropy(a, b, c, reduction); };
    if (auto y = recast("binary_cross_entropy", here, input, target, weight)) return *y;
    const char* op = "binary_cross_entropy";
    check_operands(op, input, target);
    check_same_shape(op, input, target);
    check_type(input.dtype() == target.dtype(), op, ": input has dtype ", input.dtype(), ", target ", target.dtype());
    if (input.numel() > 0) {
        GradMode off(false);
        double low = amin(input).array().item(), high = amax(input).array().item();
        check(low >= 0 && high <= 1, op, ": input must lie between 0 and 1, got values from ", low, " to ", high);
    }
    Tensor loss = record(op, compute(Binary::BceLoss, input.array(), target.array()), {input, target},
                         [p = Saved(input), t = Saved(target)](Backward& g) {
                             Tensor at = p.get(), rest = sub(plain(1), at);
                             if (g.wants(0) && !grad_enabled()) {
                                 g[0] = Tensor(compute(Ternary::BceLossGrad, at.array(), t.get().array(), g.grad().array()));
                             } else if (g.wants(0)) {
                                 Tensor divisor = clamp(mul(at, rest), 1e-12, INFINITY);
                                 g[0] = mul(g.grad(), div(sub(at, t), divisor));
                             }
                             if (g.wants(1)) {
                                 Tensor odds = sub(clamp(unary(Unary::Log, rest), -100, INFINITY),
                                                   clamp(unary(Unary::Log, at), -100, INFINITY));
                                 g[1] = mul(g.grad(), odds);
                             }
                         });
    return reduced(weighted(loss, weight), reduction);
}

// t·(ln t − input), 0 where t is 0; with log_target e^t·(t − input).
Tensor kl_div(const Tensor& input, const Tensor& target, const std::string& reduction, bool log_target) {
    auto here = [&](auto& a, auto& b) { return kl_div(a, b, reduction, log_target); };
    if (auto y = recast("kl_div", here, input, target)) return *y;
    bool by_batch = reduction == "batchmean";
    LossReduction how = by_batch ? LossReduction::Sum : reduction_of("kl_div", reduction);
    Tensor loss = apply(log_target ? kKlDivLog : kKlDiv, input, target, 0, how);
    return by_batch && input.rank() > 0 ? scale(loss, 1 / static_cast<double>(input.size(0))) : loss;
}

// ln(1 + e^{−t·x})
Tensor soft_margin_loss(const Tensor& input, const Tensor& target, LossReduction reduction) {
    auto here = [&](auto& a, auto& b) { return soft_margin_loss(a, b, reduction); };
    if (auto y = recast("soft_margin_loss", here, input, target)) return *y;
    check_same_shape("soft_margin_loss", input, target);
    return apply(kSoftMargin, input, target, 0, reduction);
}

Tensor hinge_embedding_loss(const Tensor& input, const Tensor& target, double margin, LossReduction reduction) {
    auto here = [&](auto& a, auto& b) { return hinge_embedding_loss(a, b, margin, reduction); };
    if (auto y = recast("hinge_embedding_loss", here, input, target)) return *y;
    return apply(kHingeEmbedding, input, target, margin, reduction);
}

// e^x − t·x, or x − t·ln(x + eps) of rates; full adds Stirling's t·ln t − t + ½·ln 2πt where t > 1.
Tensor poisson_nll_loss(const Tensor& input, const Tensor& target, bool log_input, bool full, double eps,
                        LossReduction reduction) {
    auto here = [&](auto& a, auto& b) { return poisson_nll_loss(a, b, log_input, full, eps, reduction); };
    if (auto y = recast("poisson_nll_loss", here, input, target)) return *y;
    const Formula& f = log_input ? kPoisson : kPoissonRate;
    if (!full) return apply(f, input, target, log_input ? 0 : eps, reduction);
    Tensor many = binary(Binary::Greater, target.detach(), plain(1)), t = where(many, target, plain(1));
    Tensor log_t = unary(Unary::Log, t);
    Tensor stirling = add(sub(mul(t, log_t), t), scale(add(log_t, plain(std::log(2 * M_PI))), 0.5));
    return reduced(add(apply(f, input, target, log_input ? 0 : eps), where(many, stirling, plain(0))), reduction);
}

// ½·(ln v + (x − t)²/v), v not below eps; the gradient takes no notice of that limit.
Tensor gaussian_nll_loss(const Tensor& input, const Tensor& target, const Tensor& var, bool full, double eps,
                         LossReduction reduction) {
    auto here = [&](auto& a, auto& b, auto& c) { return gaussian_nll_loss(a, b, c, full, eps, reduction); };
    if (auto y = recast("gaussian_nll_loss", here, input, target, var)) return *y;
    const char* op = "gaussian_nll_loss";
    check_operands(op, input, target);
    Tensor v = to(var, result_type(input, target));
    Shape outer = input.shape();
    if (outer.rank() > 0) outer.erase(outer.rank() - 1);
    if (v.shape() != input.shape() && v.shape() == outer && v.rank() == input.rank() - 1) v = unsqueeze(v, -1);
    bool fits = v.rank() == 0 || v.rank() == input.rank();
    for (int i = 0; fits && i < v.rank(); ++i) fits = v.size(i) == 1 || v.size(i) == input.size(i);
    check(fits, op, ": var must be a number or have the input's shape ", input.shape(), ", with ones or without the last size, got ",
          var.shape());
    if (v.numel() > 0) {
        double least = amin(v.detach()).array().item();
        check(!(least < 0), op, ": var must not be negative, got ", least);
    }
    v = record("clamp", compute(Unary::Clamp, v.array(), eps, INFINITY), {v}, [](Backward& g) { g[0] = g.grad(); });
    Tensor loss = add(unary(Unary::Log, v), div(unary(Unary::Square, sub(input, target)), v));
    return reduced(scale(full ? add(loss, plain(std::log(2 * M_PI))) : loss, 0.5), reduction);
}

// −mean over the classes, the last axis, of t·ln σ(x) + (1 − t)·ln σ(−x).
Tensor multilabel_soft_margin_loss(const Tensor& input, const Tensor& target, const Tensor& weight, LossReduction reduction) {
    auto here = [&](auto& a, auto& b, auto& c) { return multilabel_soft_margin_loss(a, b, c, reduction); };
    if (auto y = recast("multilabel_soft_margin_loss", here, input, target, weight)) return *y;
    const char* op = "multilabel_soft_margin_loss";
    check(input.rank() > 0, op, ": input must have at least 1 dimension (…, C), got a 0-d tensor");
    check_same_shape(op, input, target);
    return reduced(mean(weighted(apply(kBceWithLogits, input, target), weight), {-1}), reduction);
}

}  // namespace cc
