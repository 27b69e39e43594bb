// Optimizers: groups of parameters with options of their own, state per parameter, one fused pass per group and step.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "autograd/tensor.h"

namespace cc {

class Optimizer : public Counted {
public:
    struct State {
        int64_t steps = 0;
        std::vector<Array> values;  // in the order of state_names(); undefined until first needed
    };

    virtual const char* kind() const = 0;
    virtual const std::vector<std::string>& state_names() const = 0;

    const std::vector<Tensors>& groups() const { return groups_; }
    void zero_grad(bool set_to_none = true);

    State* find_state(const Tensor& parameter);
    void set_state(const Tensor& parameter, State state);
    void clear_state() { states_.clear(); }

protected:
    void add_parameters(Tensors parameters);

    // A parameter with a gradient, both dense and row-major; finish() writes a copy back and raises the version.
    struct Work {
        Array target, param, grad;
        State* state;
        void finish() const;
    };
    std::vector<Work> work(size_t group, Dtype dtype);
    Array& value(State& state, size_t index, const Array& like, bool zero);

private:
    std::vector<Tensors> groups_;
    std::unordered_map<const TensorImpl*, State> states_;
};

}  // namespace cc
