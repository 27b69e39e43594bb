#include "optim/rules.h"

#include <algorithm>
#include <cmath>

namespace cc {

namespace {

using Named = std::initializer_list<std::pair<const char*, double>>;

void not_negative(const std::string& kind, Named options) {
    for (auto [name, value] : options) check(value >= 0, kind, ": ", name, " must not be negative, got ", value);
}

void check_betas(const std::string& kind, const std::pair<double, double>& betas) {
    for (double beta : {betas.first, betas.second})
        check(beta >= 0 && beta < 1, kind, ": betas must be at least 0 and below 1, got (", betas.first, ", ", betas.second,
              ")");
}

// PyTorch keeps such numbers in tensors of float32, and so do we: the same steps, and bits that survive a file.
double rounded(double value) { return static_cast<float>(value); }

template <class Rule>
void prepare_gradient(Optimizer::Work& work, const Rule& rule, bool decoupled = false) {
    work.step.sign = rule.maximize ? -1 : 1;
    if (decoupled)
        work.step.keep = 1 - rule.lr * rule.weight_decay;
    else
        work.step.decay = rule.weight_decay;
}

// 1 − β^step of both moments, which begin at zero.
std::pair<double, double> corrections(const std::pair<double, double>& betas, double step) {
    return {1 - std::pow(betas.first, step), 1 - std::pow(betas.second, step)};
}

}  // namespace

const OptimLayout& SgdRule::layout() {
    static const OptimLayout layout{"SGD", OptimRule::Sgd, {}, {"momentum_buffer"}};
    return layout;
}

void SgdRule::check(const std::string& kind) const {
    not_negative(kind, {{"lr", lr}, {"momentum", momentum}, {"weight_decay", weight_decay}});
    cc::check(!nesterov || (momentum > 0 && dampening == 0), kind,
              ": nesterov=True needs a positive momentum and dampening 0, got momentum ", momentum, ", dampening ", dampening);
}

void SgdRule::prepare(Optimizer::Work& work) const {
    prepare_gradient(work, *this);
    const bool first = !work.has(0);
    if (momentum != 0) work.use(0);
    work.step.sgd = {lr, momentum, first ? 0 : momentum, first ? 1 : 1 - dampening, nesterov, rate_in_velocity};
}

const OptimLayout& AsgdRule::layout() {
    static const OptimLayout layout{"ASGD", OptimRule::Asgd, {"step", "eta", "mu"}, {"ax"}};
    return layout;
}

void AsgdRule::check(const std::string& kind) const { not_negative(kind, {{"lr", lr}, {"weight_decay", weight_decay}}); }

void AsgdRule::prepare(Optimizer::Work& work) const {
    prepare_gradient(work, *this);
    const double step = work.next_step();
    double &eta = work.number(1), &mu = work.number(2);
    if (step == 1) eta = rounded(lr), mu = 1;
    work.use(0);
    work.step.keep = 1 - lambd * eta;
    work.step.asgd = {eta, mu};
    eta = rounded(lr / std::pow(1 + lambd * lr * step, alpha));
    mu = rounded(1 / std::max(1.0, step - t0));
}

const OptimLayout& AdamRule::layout() {
    static const OptimLayout layout{"Adam", OptimRule::Adam, {"step"}, {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"}};
    return layout;
}

void AdamRule::check(const std::string& kind) const {
    not_negative(kind, {{"lr", lr}, {"eps", eps}, {"weight_decay", weight_decay}});
    check_betas(kind, betas);
}

void AdamRule::prepare(Optimizer::Work& work) const {
    prepare_gradient(work, *this, decoupled_weight_decay);
    auto [correction1, correction2] = corrections(betas, work.next_step());
    work.use(0);
    work.use(1);
    if (amsgrad) work.use(2);
    work.step.adam = {1 - betas.first, betas.second, 1 - betas.second, eps, lr / correction1, std::sqrt(correction2)};
}

const OptimLayout& NAdamRule::layout() {
    static const OptimLayout layout{"NAdam", OptimRule::NAdam, {"step", "mu_product"}, {"exp_avg", "exp_avg_sq"}};
    return layout;
}

void NAdamRule::check(const std::string& kind) const {
    not_negative(kind, {{"lr", lr}, {"eps", eps}, {"weight_decay", weight_decay}, {"momentum_decay", momentum_decay}});
    check_betas(kind, betas);
}

void NAdamRule::prepare(Optimizer::Work& work) const {
    prepare_gradient(work, *this, decoupled_weight_decay);
    const double step = work.next_step();
    const double correction2 = corrections(betas, step).second;
    auto momentum = [&](double at) { return betas.first * (1 - 0.5 * std::pow(0.96, at * momentum_decay)); };
    const double now = momentum(step), next = momentum(step + 1);
    double& product = work.number(1);
    product = rounded((step == 1 ? 1 : product) * rounded(now));
    work.use(0);
    work.use(1);
    work.step.nadam = {1 - betas.first, betas.second, 1 - betas.second, eps, lr * (1 - now) / (1 - product),
                       lr * next / (1 - product * next), std::sqrt(correction2)};
}

const OptimLayout& RAdamRule::layout() {
    static const OptimLayout layout{"RAdam", OptimRule::RAdam, {"step"}, {"exp_avg", "exp_avg_sq"}};
    return layout;
}

void RAdamRule::check(const std::string& kind) const {
    not_negative(kind, {{"lr", lr}, {"eps", eps}, {"weight_decay", weight_decay}});
    check_betas(kind, betas);
}

void RAdamRule::prepare(Optimizer::Work& work) const {
    prepare_gradient(work, *this, decoupled_weight_decay);
    const double step = work.next_step(), beta2 = betas.second;
    auto [correction1, correction2] = corrections(betas, step);
    // The length of the average that has the second moment's variance, at the end and now (the paper's ρ).
    const double most = 2 / (1 - beta2) - 1, length = most - 2 * step * std::pow(beta2, step) / correction2;
    const bool adaptive = length > 5;
    double rate = lr / correction1;
    if (adaptive)
        rate *= std::sqrt(correction2 * ((length - 4) * (length - 2) * most) / ((most - 4) * (most - 2) * length));
    work.use(0);
    work.use(1);
    work.step.radam = {1 - betas.first, beta2, 1 - beta2, eps, rate, adaptive};
}

const OptimLayout& AdamaxRule::layout() {
    static const OptimLayout layout{"Adamax", OptimRule::Adamax, {"step"}, {"exp_avg", "exp_inf"}};
    return layout;
}

void AdamaxRule::check(const std::string& kind) const {
    not_negative(kind, {{"lr", lr}, {"eps", eps}, {"weight_decay", weight_decay}});
    check_betas(kind, betas);
}

void AdamaxRule::prepare(Optimizer::Work& work) const {
    prepare_gradient(work, *this);
    const double correction1 = corrections(betas, work.next_step()).first;
    work.use(0);
    work.use(1);
    work.step.adamax = {1 - betas.first, betas.second, eps, lr / correction1};
}

const OptimLayout& RmsPropRule::layout() {
    static const OptimLayout layout{
        "RMSprop", OptimRule::RmsProp, {"step"}, {"square_avg", "momentum_buffer", "grad_avg"}};
    return layout;
}

void RmsPropRule::check(const std::string& kind) const {
    not_negative(kind, {{"lr", lr}, {"eps", eps}, {"momentum", momentum}, {"weight_decay", weight_decay}, {"alpha", alpha}});
}

void RmsPropRule::prepare(Optimizer::Work& work) const {
    prepare_gradient(work, *this);
    work.next_step();
    work.use(0);
    if (momentum > 0) work.use(1);
    if (centered) work.use(2);
    work.step.rmsprop = {alpha, 1 - alpha, eps, lr, momentum};
}

const OptimLayout& AdagradRule::layout() {
    static const OptimLayout layout{"Adagrad", OptimRule::Adagrad, {"step"}, {"sum"}};
    return layout;
}

void AdagradRule::check(const std::string& kind) const {
    not_negative(kind, {{"lr", lr},
                        {"lr_decay", lr_decay},
                        {"weight_decay", weight_decay},
                        {"initial_accumulator_value", initial_accumulator_value},
                        {"eps", eps}});
}

void AdagradRule::prepare(Optimizer::Work& work) const {
    prepare_gradient(work, *this);
    const double step = work.next_step();
    work.use(0, initial_accumulator_value);
    work.step.adagrad = {eps, lr / (1 + (step - 1) * lr_decay)};
}

const OptimLayout& AdadeltaRule::layout() {
    static const OptimLayout layout{"Adadelta", OptimRule::Adadelta, {"step"}, {"square_avg", "acc_delta"}};
    return layout;
}

void AdadeltaRule::check(const std::string& kind) const {
    not_negative(kind, {{"lr", lr}, {"eps", eps}, {"weight_decay", weight_decay}});
    cc::check(rho >= 0 && rho <= 1, kind, ": rho must be between 0 and 1, got ", rho);
}

void AdadeltaRule::prepare(Optimizer::Work& work) const {
    prepare_gradient(work, *this);
    work.next_step();
    work.use(0);
    work.use(1);
    work.step.adadelta = {rho, 1 - rho, eps, lr};
}

const OptimLayout& RpropRule::layout() {
    static const OptimLayout layout{"Rprop", OptimRule::Rprop, {"step"}, {"prev", "step_size"}};
    return layout;
}

void RpropRule::check(const std::string& kind) const {
    not_negative(kind, {{"lr", lr}});
    cc::check(etas.first > 0 && etas.first < 1 && etas.second > 1, kind,
              ": etas must be a factor between 0 and 1 and one above 1, got (", etas.first, ", ", etas.second, ")");
}

void RpropRule::prepare(Optimizer::Work& work) const {
    work.step.sign = maximize ? -1 : 1;
    work.next_step();
    work.use(0);
    work.use(1, lr);
    work.step.rprop = {etas.first, etas.second, step_sizes.first, step_sizes.second};
}

void average(const Tensors& averaged, const Tensors& current, double weight) {
    check(averaged.size() == current.size(), "average: expected as many current tensors as averaged ones, got ",
          current.size(), " and ", averaged.size());
    std::vector<Moved> all;
    for (size_t i = 0; i < averaged.size(); ++i) {
        check(averaged[i].shape() == current[i].shape(), "average: expected a current tensor of shape ", averaged[i].shape(),
              ", got ", current[i].shape());
        check_type(is_floating(averaged[i].dtype()), "average: expected floating-point tensors, got dtype ",
                   averaged[i].dtype());
        all.emplace_back(averaged[i].array(), current[i].array());
        all.back().step.average = {weight};
    }
    run_rule(OptimRule::Average, all);
}

}  // namespace cc
