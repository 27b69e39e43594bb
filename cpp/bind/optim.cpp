// Optimizers as Python sees them: the Python class keeps the groups as dicts, the core the state and the update.
#include "bind/bind.h"
#include "optim/rules.h"

namespace cc::bind {

namespace {

// Anything with a value: options and counts may be tensors of one element or numpy's numbers.
double number(nb::handle value, const std::string& kind, const std::string& name) {
    double result = PyFloat_AsDouble(value.ptr());
    if (result == -1 && PyErr_Occurred()) {
        if (!PyErr_ExceptionMatches(PyExc_TypeError)) nb::raise_python_error();
        PyErr_Clear();
        fail(ErrorKind::Type, kind, ": ", name, " must be a number, got ", type_name_of(value));
    }
    return result;
}

// Reads a rule's options from a group; what it lacks keeps its default.
struct OptionsOf {
    nb::dict group;
    const std::string& kind;

    void operator()(const char* name, double& out) const {
        if (nb::handle value = find(name)) out = number(value, kind, name);
    }
    void operator()(const char* name, bool& out) const {
        nb::handle value = find(name);
        if (!value) return;
        int truth = PyObject_IsTrue(value.ptr());
        if (truth < 0) nb::raise_python_error();
        out = truth;
    }
    void operator()(const char* name, std::pair<double, double>& out) const {
        nb::handle value = find(name);
        if (!value) return;
        check_type(PySequence_Check(value.ptr()), kind, ": ", name, " must be a pair of numbers, got ", type_name_of(value));
        check(nb::len(value) == 2, kind, ": ", name, " must be a pair of numbers, got ", nb::len(value));
        out = {number(nb::object(value[0]), kind, name), number(nb::object(value[1]), kind, name)};
    }

private:
    nb::handle find(const char* name) const { return PyDict_GetItemString(group.ptr(), name); }
};

template <class Rule>
void set_groups(RuleOptimizer<Rule>& optimizer, nb::list groups) {
    optimizer.keep_groups(std::min(optimizer.groups().size(), groups.size()));
    for (size_t i = 0; i < groups.size(); ++i) {
        nb::dict group = nb::cast<nb::dict>(groups[i]);
        Rule options;
        Rule::fields(options, OptionsOf{group, optimizer.kind()});
        optimizer.set_group(i, nb::cast<Tensors>(group["params"]), options);
    }
}

// The state of one parameter by PyTorch's names, or None.
nb::object state_of(Optimizer& optimizer, const Tensor& parameter) {
    Optimizer::State* state = optimizer.find_state(parameter);
    if (!state || state->empty()) return nb::none();
    const OptimLayout& layout = optimizer.layout();
    nb::dict out;
    for (size_t i = 0; i < state->numbers.size(); ++i)
        out[layout.numbers[i].c_str()] = Tensor(Array::scalar(static_cast<float>(state->numbers[i])));
    for (size_t i = 0; i < state->arrays.size(); ++i)
        if (state->arrays[i].defined()) out[layout.arrays[i].c_str()] = Tensor(state->arrays[i]);
    return out;
}

size_t position(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) - names.begin();
}

void set_state(Optimizer& optimizer, const Tensor& parameter, nb::dict values) {
    const OptimLayout& layout = optimizer.layout();
    Optimizer::State state;
    state.numbers.resize(layout.numbers.size());
    state.arrays.resize(layout.arrays.size());
    for (auto [key, value] : values) {
        if (value.is_none()) continue;
        const auto name = nb::cast<std::string>(key);
        const size_t as_number = position(layout.numbers, name), as_array = position(layout.arrays, name);
        if (as_number < layout.numbers.size()) {
            state.numbers[as_number] = number(value, optimizer.kind(), str("state '", name, "'"));
        } else if (as_array < layout.arrays.size()) {
            check_type(is_tensor(value), optimizer.kind(), ": state '", name, "' must be a tensor, got ", type_name_of(value));
            state.arrays[as_array] = nb::cast<Tensor>(value).array();
        } else if (name != "step") {  // SGD has none, but files may
            fail(ErrorKind::Value, optimizer.kind(), ": state has no entry '", name, "'");
        }
    }
    optimizer.set_state(parameter, std::move(state));
}

template <class Rule>
void bind_rule(nb::module_& optim) {
    using T = RuleOptimizer<Rule>;
    nb::class_<T>(optim, Rule::layout().kind)
        .def(nb::init<std::string>())
        .def("set_groups", &set_groups<Rule>)
        .def("step", [](T& o) {
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
    bind_rule<SgdRule>(optim);
    bind_rule<AsgdRule>(optim);
    bind_rule<AdamRule>(optim);
    bind_rule<NAdamRule>(optim);
    bind_rule<RAdamRule>(optim);
    bind_rule<AdamaxRule>(optim);
    bind_rule<RmsPropRule>(optim);
    bind_rule<AdagradRule>(optim);
    bind_rule<AdadeltaRule>(optim);
    bind_rule<RpropRule>(optim);
    optim.def("average", [](const Tensors& averaged, const Tensors& current, double weight) {
        GilRelease released;
        average(averaged, current, weight);
    });
}

}  // namespace cc::bind
