// Optimizers as Python sees them: the Python class keeps the groups' options, the core the state and the update.
#include "bind/bind.h"
#include "optim/adam.h"
#include "optim/sgd.h"

namespace cc::bind {

namespace {

// The state of one parameter by PyTorch's names, or None.
nb::object state_of(Optimizer& optimizer, const Tensor& parameter) {
    Optimizer::State* state = optimizer.find_state(parameter);
    if (!state || state->steps == 0) return nb::none();
    nb::dict out;
    out["step"] = state->steps;
    for (size_t i = 0; i < state->values.size(); ++i)
        if (state->values[i].defined()) out[optimizer.state_names()[i].c_str()] = Tensor(state->values[i]);
    return out;
}

void set_state(Optimizer& optimizer, const Tensor& parameter, nb::dict values) {
    Optimizer::State state;
    const auto& names = optimizer.state_names();
    state.values.resize(names.size());
    for (auto [key, value] : values) {
        std::string name = nb::cast<std::string>(key);
        auto at = std::find(names.begin(), names.end(), name);
        if (name == "step")
            state.steps = nb::cast<int64_t>(value);
        else if (at != names.end()) {
            if (value.is_none()) continue;
            check_type(is_tensor(value), optimizer.kind(), ": state '", *at, "' must be a tensor, got ", type_name_of(value));
            state.values[at - names.begin()] = nb::cast<Tensor>(value).array();
        } else
            fail(ErrorKind::Value, optimizer.kind(), ": state has no entry '", name, "'");
    }
    optimizer.set_state(parameter, std::move(state));
}

template <class T>
void bind_optimizer(nb::class_<T>& cls) {
    cls.def("step", [](T& o) {
           GilRelease released;
           o.step();
       })
        .def("state", [](T& o, const Tensor& parameter) { return state_of(o, parameter); })
        .def("set_state", [](T& o, const Tensor& parameter, nb::dict values) { set_state(o, parameter, values); })
        .def("clear_state", [](T& o) { o.clear_state(); });
}

}  // namespace

void bind_optim(nb::module_& m) {
    nb::module_ optim = m.def_submodule("optim", "Update rules; the public names are in convcore.optim.");
    auto sgd_options = [](double lr, double momentum, double dampening, double weight_decay, bool nesterov, bool maximize,
                          bool rate_in_velocity) {
        return Sgd::Options{lr, momentum, dampening, weight_decay, nesterov, maximize, rate_in_velocity};
    };
    nb::class_<Sgd> sgd(optim, "SGD");
    sgd.def(nb::init<>())
        .def("add_group", [=](Sgd& o, Tensors parameters, double lr, double momentum, double dampening, double weight_decay,
                              bool nesterov, bool maximize, bool rate_in_velocity) {
            o.add_group(std::move(parameters),
                        sgd_options(lr, momentum, dampening, weight_decay, nesterov, maximize, rate_in_velocity));
        })
        .def("set_options", [=](Sgd& o, size_t group, double lr, double momentum, double dampening, double weight_decay,
                                bool nesterov, bool maximize, bool rate_in_velocity) {
            o.set_options(group, sgd_options(lr, momentum, dampening, weight_decay, nesterov, maximize, rate_in_velocity));
        });
    bind_optimizer(sgd);

    auto adam_options = [](double lr, std::pair<double, double> betas, double eps, double weight_decay, bool amsgrad,
                           bool maximize) {
        return Adam::Options{lr, betas.first, betas.second, eps, weight_decay, amsgrad, maximize};
    };
    nb::class_<Adam> adam(optim, "Adam");
    adam.def(nb::init<bool>())
        .def("add_group", [=](Adam& o, Tensors parameters, double lr, std::pair<double, double> betas, double eps,
                              double weight_decay, bool amsgrad, bool maximize) {
            o.add_group(std::move(parameters), adam_options(lr, betas, eps, weight_decay, amsgrad, maximize));
        })
        .def("set_options", [=](Adam& o, size_t group, double lr, std::pair<double, double> betas, double eps,
                                double weight_decay, bool amsgrad, bool maximize) {
            o.set_options(group, adam_options(lr, betas, eps, weight_decay, amsgrad, maximize));
        });
    bind_optimizer(adam);
}

}  // namespace cc::bind
