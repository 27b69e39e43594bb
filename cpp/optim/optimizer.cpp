#include "optim/optimizer.h"

#include <algorithm>

namespace cc {

bool Optimizer::State::empty() const {
    return std::all_of(numbers.begin(), numbers.end(), [](double number) { return number == 0; }) &&
           std::none_of(arrays.begin(), arrays.end(), [](const Array& array) { return array.defined(); });
}

void Optimizer::check_parameters(const Tensors& parameters) const {
    for (const Tensor& parameter : parameters) {
        check(is_floating(parameter.dtype()), kind(), ": parameters must be floating-point tensors, got dtype ",
              parameter.dtype());
        check(parameter.is_leaf(), kind(), ": parameters must be leaves, got one of shape ", parameter.shape(),
              " that an operator computed");
        for (const Tensors& group : groups_)
            for (const Tensor& other : group)
                check(!(parameter == other), kind(), ": a parameter of shape ", parameter.shape(),
                      " is in more than one parameter group");
    }
}

void Optimizer::set_parameters(size_t group, Tensors parameters) {
    check_index(group <= groups_.size(), kind(), ": there is no parameter group ", group);
    if (group == groups_.size()) {
        check_parameters(parameters);
        groups_.push_back(std::move(parameters));
    } else if (groups_[group] != parameters) {
        Tensors before = std::move(groups_[group]);
        groups_[group].clear();
        try {
            check_parameters(parameters);
        } catch (...) {
            groups_[group] = std::move(before);
            throw;
        }
        groups_[group] = std::move(parameters);
    }
}

void Optimizer::zero_grad(bool set_to_none) {
    for (const Tensors& group : groups_)
        for (const Tensor& parameter : group) {
            if (!parameter.impl().grad) continue;
            if (set_to_none)
                parameter.impl().grad = nullptr;
            else
                parameter.impl().grad = make_ref<TensorImpl>(
                    Array::zeros(parameter.shape(), parameter.dtype(), parameter.array().format()));
        }
}

Optimizer::State* Optimizer::find_state(const Tensor& parameter) {
    auto at = states_.find(parameter.ref().get());
    return at == states_.end() ? nullptr : &at->second;
}

Optimizer::State& Optimizer::state_of(const Tensor& parameter) {
    State& state = states_[parameter.ref().get()];
    state.parameter = parameter;
    state.numbers.resize(layout_.numbers.size());
    state.arrays.resize(layout_.arrays.size());
    return state;
}

void Optimizer::set_state(const Tensor& parameter, State state) {
    for (size_t i = 0; i < state.arrays.size(); ++i) {
        Array& array = state.arrays[i];
        if (!array.defined()) continue;
        check(array.shape() == parameter.shape(), kind(), ": state '", layout_.arrays[i], "' has shape ", array.shape(),
              ", but its parameter has shape ", parameter.shape());
        array = array.to(computed_in(parameter.dtype())).contiguous().clone();
    }
    State& mine = state_of(parameter);
    mine.numbers = std::move(state.numbers);
    mine.arrays = std::move(state.arrays);
}

Optimizer::Work Optimizer::work(const Tensor& parameter) {
    const Array &target = parameter.array(), &grad = parameter.impl().grad->array;
    check(grad.shape() == target.shape(), kind(), ": a parameter of shape ", target.shape(), " has a gradient of shape ",
          grad.shape());
    State& state = state_of(parameter);
    for (size_t i = 0; i < state.arrays.size(); ++i) {
        const Array& array = state.arrays[i];
        check(!array.defined() || (array.shape() == target.shape() && array.dtype() == computed_in(target.dtype())), kind(), ": state '",
              layout_.arrays[i], "' has shape ", array.shape(), " and dtype ", array.dtype(), ", but its parameter now has ",
              target.shape(), " and ", target.dtype(), "; make a new optimizer");
    }
    return {{target, grad}, state};
}

void Optimizer::Work::use(size_t array, double initial) {
    Array& value = state_.arrays[array];
    if (!value.defined()) value = Array::full(target.shape(), param.dtype(), initial);
    step.state[array] = value.raw();
}

void Optimizer::step() {
    std::vector<Work> all;
    std::vector<size_t> group_of;
    for (size_t group = 0; group < groups_.size(); ++group)
        for (const Tensor& parameter : groups_[group]) {
            if (!parameter.impl().grad) continue;
            all.push_back(work(parameter));
            group_of.push_back(group);
        }
    for (size_t i = 0; i < all.size(); ++i) prepare(group_of[i], all[i]);
    run_rule(layout_.rule, all);
}

Moved::Moved(const Array& target, const Array& grad)
    : target(target),
      param(target.to(computed_in(target.dtype())).contiguous()),
      grad(grad.to(param.dtype()).contiguous()) {
    target.storage().before_write();
    step.param = param.raw();
    step.grad = this->grad.raw();
    step.numel = param.numel();
    step.sign = step.keep = 1;
}

void Moved::finish() const {
    if (param.storage_ref() != target.storage_ref())
        target.copy_from(param);
    else
        target.storage().bump_version();
}

}  // namespace cc
