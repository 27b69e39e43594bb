// Convolutions and the affine layer as Python sees them: strict, positional; defaults and documentation are in the package.
#include "bind/layers.h"
#include "bind/options.h"
#include "nn/conv.h"
#include "nn/linear.h"

namespace cc::bind {

namespace {

using Padding = std::variant<std::string, Sizes>;

nb::object padding_object(int rank, const Padding& padding) {
    if (auto* text = std::get_if<std::string>(&padding)) return nb::str(text->c_str());
    const Sizes& values = std::get<Sizes>(padding);
    if (values.size() != 2 * size_t(rank)) return as_tuple(values);
    nb::list pairs;
    for (int i = 0; i < rank; ++i) pairs.append(nb::make_tuple(values[2 * i], values[2 * i + 1]));
    return nb::tuple(pairs);
}

// As the constructor takes them.
nb::object options_object(const ConvOptions& o) {
    auto* word = std::get_if<std::string>(&o.padding);
    nb::object padding = word ? nb::object(nb::str(word->c_str())) : nb::object(as_tuple(std::get<Sizes>(o.padding)));
    return nb::make_tuple(as_tuple(o.stride), padding, as_tuple(o.dilation), o.groups, o.flip, o.padding_mode);
}

bool has_bias(Module& m) {
    auto* bias = m.find_parameter("bias");
    return bias && bias->tensor.defined();
}

}  // namespace

void bind_conv_layers(nb::module_& nn) {
    module_class<Conv>(nn, "Conv")
        .def("__init__", [](Conv* self, int rank, int64_t in_channels, int64_t out_channels, const Sizes& kernel_size,
                            const nb::tuple& options, bool bias, std::optional<Dtype> dtype) {
            new (self) Conv(rank, in_channels, out_channels, kernel_size, options_of<ConvOptions>(options), bias,
                            dtype.value_or(Dtype::Float32));
        }, nb::arg("rank"), nb::arg("in_channels"), nb::arg("out_channels"), nb::arg("kernel_size"), nb::arg("options"),
           nb::arg("bias"), nb::arg("dtype").none())
        .def("_config", [](Conv& m) {
            return nb::make_tuple(m.rank(), m.in_channels, m.out_channels, as_tuple(m.kernel_size), options_object(m.options),
                                  has_bias(m), nb::none());
        })
        .def("reset_parameters", &Conv::reset_parameters, "Draw the first values again.")
        .def_rw("in_channels", &Conv::in_channels)
        .def_rw("out_channels", &Conv::out_channels)
        .def_prop_ro("kernel_size", [](Conv& m) { return as_tuple(m.kernel_size); })
        .def_prop_rw("stride", [](Conv& m) { return as_tuple(m.options.stride); },
                     [](Conv& m, const Sizes& value) { m.options.stride = value; })
        .def_prop_rw("padding", [](Conv& m) { return padding_object(m.rank(), m.options.padding); },
                     [](Conv& m, const Padding& value) { m.options.padding = value; })
        .def_prop_rw("dilation", [](Conv& m) { return as_tuple(m.options.dilation); },
                     [](Conv& m, const Sizes& value) { m.options.dilation = value; })
        .def_prop_rw("groups", [](Conv& m) { return m.options.groups; },
                     [](Conv& m, int64_t value) { m.options.groups = value; })
        .def_prop_ro("transposed", &Conv::transposed)
        .def_prop_ro("output_padding", [](Conv& m) { return as_tuple(Sizes(m.rank(), 0)); })
        .def_prop_rw("flip", [](Conv& m) { return m.options.flip; }, [](Conv& m, bool value) { m.options.flip = value; })
        .def_prop_rw("padding_mode", [](Conv& m) { return m.options.padding_mode; },
                     [](Conv& m, const std::string& value) { m.options.padding_mode = value; });

    module_class<ConvTranspose, Conv>(nn, "ConvTranspose")
        .def("__init__", [](ConvTranspose* self, int rank, int64_t in_channels, int64_t out_channels, const Sizes& kernel_size,
                            const nb::tuple& options, const Sizes& output_padding, bool bias, std::optional<Dtype> dtype) {
            new (self) ConvTranspose(rank, in_channels, out_channels, kernel_size, options_of<ConvOptions>(options),
                                     output_padding, bias, dtype.value_or(Dtype::Float32));
        }, nb::arg("rank"), nb::arg("in_channels"), nb::arg("out_channels"), nb::arg("kernel_size"), nb::arg("options"),
           nb::arg("output_padding"), nb::arg("bias"), nb::arg("dtype").none())
        .def("_config", [](ConvTranspose& m) {
            return nb::make_tuple(m.rank(), m.in_channels, m.out_channels, as_tuple(m.kernel_size), options_object(m.options),
                                  as_tuple(m.output_padding), has_bias(m), nb::none());
        })
        .def("forward", [](ConvTranspose& m, const Tensor& input, const std::optional<Sizes>& output_size) {
            return unlocked(kHeavy, [&] { return m.forward(input, output_size.value_or(Sizes())); });
        }, nb::arg("input"), nb::arg("output_size") = nb::none(), "What calling the layer computes.")
        .def_prop_rw("output_padding", [](ConvTranspose& m) { return as_tuple(m.output_padding); },
                     [](ConvTranspose& m, const Sizes& value) { m.output_padding = value; });

    module_class<Linear>(nn, "Linear")
        .def("__init__", [](Linear* self, int64_t in_features, int64_t out_features, bool bias, std::optional<Dtype> dtype) {
            new (self) Linear(in_features, out_features, bias, dtype.value_or(Dtype::Float32));
        }, nb::arg("in_features"), nb::arg("out_features"), nb::arg("bias"), nb::arg("dtype").none())
        .def("_config", [](Linear& m) {
            return nb::make_tuple(m.in_features, m.out_features, has_bias(m), nb::none());
        })
        .def("reset_parameters", &Linear::reset_parameters, "Draw the first values again.")
        .def_rw("in_features", &Linear::in_features)
        .def_rw("out_features", &Linear::out_features);

    auto bilinear = module_class<Bilinear, Module>(nn, "Bilinear");
    bilinear.def("__init__", [](Bilinear* self, int64_t in1_features, int64_t in2_features, int64_t out_features, bool bias,
                                std::optional<Dtype> dtype) {
        new (self) Bilinear(in1_features, in2_features, out_features, bias, dtype.value_or(Dtype::Float32));
    }, nb::arg("in1_features"), nb::arg("in2_features"), nb::arg("out_features"), nb::arg("bias"), nb::arg("dtype").none())
        .def("_config", [](Bilinear& m) {
            return nb::make_tuple(m.in1_features, m.in2_features, m.out_features, has_bias(m), nb::none());
        })
        .def("forward", [](Bilinear& m, const Tensor& input1, const Tensor& input2) {
            return unlocked(kHeavy, [&] { return m.forward(input1, input2); });
        }, nb::arg("input1"), nb::arg("input2"), "What calling the layer computes.")
        .def("reset_parameters", &Bilinear::reset_parameters, "Draw the first values again.")
        .def_rw("in1_features", &Bilinear::in1_features)
        .def_rw("in2_features", &Bilinear::in2_features)
        .def_rw("out_features", &Bilinear::out_features);
}

}  // namespace cc::bind
