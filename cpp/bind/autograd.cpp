// The tape as Python sees it: grad mode, backward, gradients, user-defined functions.
#include "autograd/autocast.h"
#include "autograd/backward.h"
#include "bind/bind.h"

namespace cc::bind {

namespace {

using OptionalTensors = std::vector<std::optional<Tensor>>;

Tensors or_undefined(const OptionalTensors& tensors) {
    Tensors out;
    for (const auto& tensor : tensors) out.push_back(or_none(tensor));
    return out;
}

// A Function written in Python: backward(grads, outputs) returns one gradient (or None) per input.
class PyFunctionNode : public Node {
public:
    PyFunctionNode(const std::string& name, nb::object backward) : Node(""), own_name_(name) {
        foreign.push_back(make_ref<PyForeign>(std::move(backward)));
    }
    const char* name() const override { return own_name_.c_str(); }

    void backward(Backward& g) override {
        GilAcquire held;
        nb::list grads, results;
        for (int i = 0; i < outputs(); ++i) grads.append(nb::cast(g.grad(i)));
        for (int i = 0; i < outputs(); ++i) results.append(nb::cast(output_info(i).kept ? g.output(i) : Tensor()));
        nb::object function = static_cast<PyForeign*>(foreign[0].get())->object();
        nb::sequence out = nb::cast<nb::sequence>(function(grads, results));
        check(nb::len(out) == edges().size(), name(), ": backward returned ", nb::len(out), " gradients, expected ",
              edges().size(), " (one per input of forward)");
        for (size_t i = 0; i < edges().size(); ++i) {
            nb::object grad = out[i];
            if (grad.is_none() || !g.wants(static_cast<int>(i))) continue;
            check_type(is_tensor(grad), name(), ": backward must return tensors or None, got ", type_name_of(grad),
                       " as gradient ", i);
            g[static_cast<int>(i)] = nb::cast<Tensor>(grad);
        }
    }
    void release() override {
        Node::release();
        GilAcquire held;
        foreign.clear();
    }

private:
    const std::string own_name_;
};

void check_interrupt() {
    GilAcquire held;
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
}

}  // namespace

void bind_autograd(nb::module_& m) {
    set_interrupt_check(check_interrupt);
    m.def("is_grad_enabled", &grad_enabled);
    m.def("set_grad_enabled", &set_grad_enabled);
    m.def("is_autocast_enabled", &autocast_enabled);
    nb::class_<AutocastMode>(m, "AutocastMode").def(nb::init<bool>(), nb::arg("enabled"));
    m.def("backward", [](const Tensors& tensors, const OptionalTensors& grads, bool retain_graph, bool create_graph) {
        GilRelease released;
        backward(tensors, or_undefined(grads), retain_graph, create_graph);
    }, nb::arg("tensors"), nb::arg("grad_tensors"), nb::arg("retain_graph"), nb::arg("create_graph"));
    m.def("grad", [](const Tensors& outputs, const Tensors& inputs, const OptionalTensors& grads, bool retain_graph,
                     bool create_graph, bool allow_unused) {
        GilRelease released;
        return gradients(outputs, inputs, or_undefined(grads), retain_graph, create_graph, allow_unused);
    }, nb::arg("outputs"), nb::arg("inputs"), nb::arg("grad_outputs"), nb::arg("retain_graph"), nb::arg("create_graph"),
       nb::arg("allow_unused"));
    // Puts the outputs of a Python forward on the tape; `differentiable` says which outputs carry a gradient.
    m.def("attach_function", [](const std::string& name, nb::object backward, const OptionalTensors& inputs,
                                const Tensors& outputs, const std::vector<bool>& differentiable) {
        const Ref<Node> node = make_ref<PyFunctionNode>(name, std::move(backward));
        node->connect(or_undefined(inputs));
        Tensors results;
        for (const Tensor& output : outputs) {
            Tensor result = next_output(node, Array(output.array()), true);
            results.push_back(differentiable[results.size()] ? result : result.detach());
        }
        return results;
    });
}

}  // namespace cc::bind
