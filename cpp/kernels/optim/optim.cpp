// Update rules. Stretches of all parameters form one task list; the loops (optim.inl) exist for
// each instruction set.
#include "kernels/optim/optim.h"

#include <algorithm>
#include <cmath>

#include "base/allocator.h"
#include "base/parallel.h"
#include "kernels/impl.h"
#include "kernels/optim/optim_loops.h"

namespace cc {

namespace {

constexpr int64_t kElementsPerTask = 8192;

// A whole list of parameters is one problem.
struct OptimProblem {
    Dtype dtype;
    const char* rule;
    int64_t parameters, elements, arrays;  // arrays read or written per parameter

    std::string describe() const {
        return str(rule, ' ', dtype, ' ', parameters, " parameters of ", elements);
    }
    double flops() const { return 5.0 * elements * arrays; }
    double bytes() const { return static_cast<double>(itemsize(dtype)) * elements * arrays; }
};

template <class Rule, class Parameter>
struct OptimArgs {
    const Rule& rule;
    const Parameter* parameters;
};

// Calls f(parameter, begin, end) on stretches of all parameters.
template <class Parameter, class F>
void each_stretch(const Parameter* parameters, int64_t count, F&& f) {
    Scratch<int64_t> first_task(count + 1);
    int64_t* firsts = first_task.data();
    firsts[0] = 0;
    for (int64_t i = 0; i < count; ++i)
        firsts[i + 1] = firsts[i] + (parameters[i].numel + kElementsPerTask - 1) / kElementsPerTask;
    parallel_for(firsts[count], 1, [&](int64_t begin, int64_t end) {
        int64_t i = std::upper_bound(firsts, firsts + count + 1, begin) - firsts - 1;
        for (int64_t task = begin; task < end; ++task) {
            while (task >= firsts[i + 1]) ++i;
            int64_t at = (task - firsts[i]) * kElementsPerTask;
            f(parameters[i], at, std::min(parameters[i].numel, at + kElementsPerTask));
        }
    });
}

template <class Parameter>
int64_t elements_of(const Parameter* parameters, int64_t count) {
    int64_t elements = 0;
    for (int64_t i = 0; i < count; ++i) elements += parameters[i].numel;
    return elements;
}

template <const OptimLoops (&Loops)[2]>
void run_sgd(const OptimProblem& problem, const OptimArgs<SgdRule, SgdParameter>& args) {
    auto run = Loops[problem.dtype == Dtype::Float64].sgd;
    const SgdRule& rule = args.rule;
    each_stretch(args.parameters, problem.parameters,
                 [&](const SgdParameter& p, int64_t begin, int64_t end) {
                     run({p.param, p.grad, p.velocity, begin, end, rule.maximize ? -1.0 : 1.0,
                          rule.lr, rule.momentum, 1 - rule.dampening, rule.weight_decay, p.first,
                          rule.nesterov, rule.rate_in_velocity});
                 });
}

template <const OptimLoops (&Loops)[2]>
void run_adam(const OptimProblem& problem, const OptimArgs<AdamRule, AdamParameter>& args) {
    auto run = Loops[problem.dtype == Dtype::Float64].adam;
    const AdamRule& rule = args.rule;
    each_stretch(args.parameters, problem.parameters,
                 [&](const AdamParameter& p, int64_t begin, int64_t end) {
                     double step = static_cast<double>(p.step);
                     double correction1 = 1 - std::pow(rule.beta1, step),
                            correction2 = 1 - std::pow(rule.beta2, step);
                     double keep = rule.decoupled ? 1 - rule.lr * rule.weight_decay : 1;
                     double decay = rule.decoupled ? 0 : rule.weight_decay;
                     run({p.param, p.grad, p.exp_avg, p.exp_avg_sq, p.max_exp_avg_sq, begin, end,
                          rule.maximize ? -1.0 : 1.0, keep, decay, 1 - rule.beta1, rule.beta2,
                          1 - rule.beta2, rule.eps, rule.lr / correction1, std::sqrt(correction2)});
                 });
}

constexpr Impl<OptimProblem, OptimArgs<SgdRule, SgdParameter>> kSgd[] = {
#ifdef CONVCORE_X86
    {"loops_avx512", Isa::Avx512, nullptr, run_sgd<avx512::optim_loops>},
    {"loops_avx2", Isa::Avx2, nullptr, run_sgd<avx2::optim_loops>},
#endif
    {"loops_generic", Isa::Generic, nullptr, run_sgd<generic::optim_loops>},
};

constexpr Impl<OptimProblem, OptimArgs<AdamRule, AdamParameter>> kAdam[] = {
#ifdef CONVCORE_X86
    {"loops_avx512", Isa::Avx512, nullptr, run_adam<avx512::optim_loops>},
    {"loops_avx2", Isa::Avx2, nullptr, run_adam<avx2::optim_loops>},
#endif
    {"loops_generic", Isa::Generic, nullptr, run_adam<generic::optim_loops>},
};

}  // namespace

void sgd_step(Dtype dtype, const SgdRule& rule, const SgdParameter* parameters, int64_t count) {
    check_type(is_floating(dtype), "SGD: expected a floating-point dtype, got ", dtype);
    OptimProblem problem{dtype, "sgd", count, elements_of(parameters, count),
                         rule.momentum != 0 ? 5 : 3};
    run_best("optim", kSgd, problem, {rule, parameters});
}

void adam_step(Dtype dtype, const AdamRule& rule, const AdamParameter* parameters, int64_t count) {
    check_type(is_floating(dtype), "Adam: expected a floating-point dtype, got ", dtype);
    OptimProblem problem{dtype, "adam", count, elements_of(parameters, count), 7};
    run_best("optim", kAdam, problem, {rule, parameters});
}

}  // namespace cc
