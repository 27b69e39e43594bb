// The layers as Python sees them: containers here, a file for each family beside.
#include "bind/layers.h"
#include "nn/containers.h"

namespace cc::bind {

namespace {

void bind_containers(nb::module_& nn) {
    module_class<Sequential>(nn, "Sequential")
        .def(nb::init<>())
        .def("_config", [](Sequential&) { return nb::make_tuple(); })
        .def("forward", [](Sequential& m, nb::object input) {
            Tensor tensor;
            if (m.native() && nb::try_cast(input, tensor)) return nb::cast(unlocked(kHeavy, [&] { return m.forward(tensor); }));
            // What a child of another language returns may be anything the next child takes.
            for (size_t i = 0; i < m.own_children().size(); ++i) {
                nb::object child = nb::cast(m.own_children()[i].module);
                input = child(input);
            }
            return input;
        }, nb::arg("input").none());
    module_class<ModuleList, Module>(nn, "ModuleList").def(nb::init<>()).def("_config", [](ModuleList&) {
        return nb::make_tuple();
    });
}

}  // namespace

void bind_nn(nb::module_& m) {
    nb::module_ nn = m.def_submodule("nn", "Modules and layers; the public names are in convcore.nn.");
    bind_module(nn);
    module_class<Layer, Module>(nn, "Layer").def("forward", [](Layer& m, const Tensor& input) {
        return unlocked(kHeavy, [&] { return m.forward(input); });
    }, nb::arg("input"), "What calling the layer computes.");
    bind_containers(nn);
    bind_conv_layers(nn);
    bind_pooling_layers(nn);
    bind_normalization_layers(nn);
    bind_activation_layers(nn);
    bind_shape_layers(nn);
    bind_recurrent_layers(nn);
    bind_loss_layers(nn);
    bind_map_layers(nn);
    bind_embedding_layers(nn);
}

}  // namespace cc::bind
