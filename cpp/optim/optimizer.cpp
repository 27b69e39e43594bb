#include "optim/optimizer.h"

namespace cc {

void Optimizer::add_parameters(Tensors parameters) {
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
    groups_.push_back(std::move(parameters));
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

void Optimizer::set_state(const Tensor& parameter, State state) {
    for (size_t i = 0; i < state.values.size(); ++i) {
        Array& value = state.values[i];
        if (!value.defined()) continue;
        check(value.shape() == parameter.shape(), kind(), ": state '", state_names()[i], "' has shape ", value.shape(),
              ", but its parameter has shape ", parameter.shape());
        value = value.to(parameter.dtype()).contiguous().clone();
    }
    states_[parameter.ref().get()] = std::move(state);
}

std::vector<Optimizer::Work> Optimizer::work(size_t group, Dtype dtype) {
    std::vector<Work> result;
    for (const Tensor& parameter : groups_[group]) {
        if (parameter.dtype() != dtype || !parameter.impl().grad) continue;
        const Array &target = parameter.array(), &grad = parameter.impl().grad->array;
        check(grad.shape() == target.shape(), kind(), ": a parameter of shape ", target.shape(),
              " has a gradient of shape ", grad.shape());
        State& state = states_[parameter.ref().get()];
        state.values.resize(state_names().size());
        for (size_t i = 0; i < state.values.size(); ++i) {
            const Array& value = state.values[i];
            check(!value.defined() || (value.shape() == target.shape() && value.dtype() == target.dtype()), kind(), ": state '",
                  state_names()[i], "' has shape ", value.shape(), " and dtype ", value.dtype(), ", but its parameter now has ",
                  target.shape(), " and ", target.dtype(), "; make a new optimizer");
        }
        result.push_back({target, target.contiguous(), grad.to(dtype).contiguous(), &state});
    }
    return result;
}

void Optimizer::Work::finish() const {
    if (param.storage_ref() != target.storage_ref())
        target.copy_from(param);
    else
        target.storage().bump_version();
}

Array& Optimizer::value(State& state, size_t index, const Array& like, bool zero) {
    Array& value = state.values[index];
    if (!value.defined())
        value = zero ? Array::zeros(like.shape(), like.dtype()) : Array::empty(like.shape(), like.dtype());
    return value;
}

}  // namespace cc
