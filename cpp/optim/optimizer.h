// Optimizers: groups of parameters with options of their own, state per parameter, one fused pass over all of them per step.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "autograd/tensor.h"
#include "kernels/optim/optim.h"

namespace cc {

// What a rule keeps per parameter, by PyTorch's names. Numbers, where there are any, begin with the count of steps.
struct OptimLayout {
    const char* kind;
    OptimRule rule;
    std::vector<std::string> numbers, arrays;
};

// An array and what moves it (its gradient), dense and row-major for the kernel; bfloat16 as float32.
struct Moved {
    Moved(const Array& target, const Array& grad);
    void finish() const;  // writes a copy back and raises the version

    Array target, param, grad;
    OptimStep step{};
};

// One pass over them all, whatever their dtypes.
template <class M>
void run_rule(OptimRule rule, const std::vector<M>& all) {
    for (Dtype dtype : {Dtype::Float32, Dtype::Float64}) {
        std::vector<OptimStep> steps;
        for (const Moved& moved : all)
            if (moved.param.dtype() == dtype) steps.push_back(moved.step);
        if (!steps.empty()) optim_step(dtype, rule, steps.data(), static_cast<int64_t>(steps.size()));
    }
    for (const Moved& moved : all) moved.finish();
}

class Optimizer : public Counted {
public:
    struct State {
        std::vector<double> numbers;
        std::vector<Array> arrays;  // undefined until first needed
        Tensor parameter;           // kept alive: its address is the key

        bool empty() const;
    };

    // A parameter in a step, to be prepared by the rule of its group.
    class Work : public Moved {
    public:
        Work(const Moved& moved, State& state) : Moved(moved), state_(state) {}

        double& number(size_t i) { return state_.numbers[i]; }
        double next_step() { return ++state_.numbers[0]; }
        bool has(size_t array) const { return state_.arrays[array].defined(); }
        void use(size_t array, double initial = 0);  // gives it to the kernel, made where it is not there yet

    private:
        State& state_;
    };

    Optimizer(const OptimLayout& layout, std::string kind) : layout_(layout), kind_(std::move(kind)) {}

    const std::string& kind() const { return kind_; }
    const OptimLayout& layout() const { return layout_; }

    const std::vector<Tensors>& groups() const { return groups_; }
    void zero_grad(bool set_to_none = true);
    void step();

    State* find_state(const Tensor& parameter);
    void set_state(const Tensor& parameter, State state);
    void clear_state() { states_.clear(); }

protected:
    void resize(size_t groups) { groups_.resize(groups); }
    void set_parameters(size_t group, Tensors parameters);
    virtual void prepare(size_t group, Work& work) const = 0;

private:
    void check_parameters(const Tensors& parameters) const;
    State& state_of(const Tensor& parameter);
    Work work(const Tensor& parameter);

    const OptimLayout& layout_;
    std::string kind_;
    std::vector<Tensors> groups_;
    std::unordered_map<const TensorImpl*, State> states_;
};

// An optimizer of one rule of optim/rules.h: its options are a Rule per group.
template <class Rule>
class RuleOptimizer final : public Optimizer {
public:
    using Options = Rule;
    explicit RuleOptimizer(std::string kind = Rule::layout().kind) : Optimizer(Rule::layout(), std::move(kind)) {}

    void add_group(Tensors parameters, const Options& options) { set_group(groups().size(), std::move(parameters), options); }
    void set_options(size_t group, const Options& options) {
        options.check(kind());
        options_.at(group) = options;
    }
    // Group number `group`, the next one if there are as many yet; later groups stay.
    void set_group(size_t group, Tensors parameters, const Options& options) {
        options.check(kind());
        set_parameters(group, std::move(parameters));
        options_.resize(groups().size());
        options_[group] = options;
    }
    void keep_groups(size_t count) {
        resize(count);
        options_.resize(count);
    }

private:
    void prepare(size_t group, Work& work) const override { options_[group].prepare(work); }

    std::vector<Options> options_;
};

}  // namespace cc
