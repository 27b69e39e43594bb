// Activations and dropout as Python sees them: strict, positional; defaults and documentation are in the package.
#include "bind/layers.h"
#include "nn/activation.h"

namespace cc::bind {

void bind_activation_layers(nb::module_& nn) {
    auto inplace = field("inplace", &Activation::inplace);
    layer<Abs>(nn, "Abs");
    layer<CELU>(nn, "CELU", field("alpha", &CELU::p), inplace);
    layer<ELU>(nn, "ELU", field("alpha", &ELU::p), inplace);
    layer<Hardshrink>(nn, "Hardshrink", field("lambd", &Hardshrink::p));
    layer<Hardsigmoid>(nn, "Hardsigmoid", inplace);
    layer<Hardswish>(nn, "Hardswish", inplace);
    layer<Hardtanh>(nn, "Hardtanh", field("min_val", &Hardtanh::p), field("max_val", &Hardtanh::q), inplace);
    layer<LeakyReLU>(nn, "LeakyReLU", field("negative_slope", &LeakyReLU::p), inplace);
    layer<LogSigmoid>(nn, "LogSigmoid");
    layer<Mish>(nn, "Mish", inplace);
    layer<ReLU>(nn, "ReLU", inplace);
    layer<SELU>(nn, "SELU", inplace);
    layer<Sigmoid>(nn, "Sigmoid");
    layer<SiLU>(nn, "SiLU", inplace);
    layer<Softplus>(nn, "Softplus", field("beta", &Softplus::p), field("threshold", &Softplus::q));
    layer<Softshrink>(nn, "Softshrink", field("lambd", &Softshrink::p));
    layer<Softsign>(nn, "Softsign");
    layer<Tanh>(nn, "Tanh");
    layer<Tanhshrink>(nn, "Tanhshrink");
    layer<Threshold>(nn, "Threshold", field("threshold", &Threshold::p), field("value", &Threshold::q), inplace);
    layer<GELU>(nn, "GELU", field("_tanh", &GELU::tanh));
    layer<GLU>(nn, "GLU", field("dim", &GLU::dim));
    layer<Maxout>(nn, "Maxout", field("k", &Maxout::k));
    layer<RReLU>(nn, "RReLU", field("lower", &RReLU::lower), field("upper", &RReLU::upper), field("inplace", &RReLU::inplace));
    module_class<PReLU>(nn, "PReLU")
        .def("__init__", [](PReLU* self, int64_t num_parameters, double init, std::optional<Dtype> dtype) {
            new (self) PReLU(num_parameters, init, dtype.value_or(Dtype::Float32));
        }, nb::arg("num_parameters"), nb::arg("init"), nb::arg("dtype").none())
        .def("_config", [](PReLU& m) { return nb::make_tuple(m.num_parameters, m.init, nb::none()); })
        .def("reset_parameters", &PReLU::reset_parameters, "Every slope init.")
        .def_rw("num_parameters", &PReLU::num_parameters)
        .def_rw("init", &PReLU::init);
    layer<Softmax>(nn, "Softmax", field("dim", &Softmax::dim));
    layer<LogSoftmax>(nn, "LogSoftmax", field("dim", &LogSoftmax::dim));
    layer<Softmin>(nn, "Softmin", field("dim", &Softmin::dim));
    layer<Softmax2d>(nn, "Softmax2d");
    layer<AlphaDropout>(nn, "AlphaDropout", field("channels", &AlphaDropout::channels), field("p", &AlphaDropout::p),
                        field("inplace", &AlphaDropout::inplace));
    layer<Dropout>(nn, "Dropout", field("rank", &Dropout::rank), field("p", &Dropout::p), field("inplace", &Dropout::inplace));
}

}  // namespace cc::bind
