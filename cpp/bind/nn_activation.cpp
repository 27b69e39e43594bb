// Activations and dropout as Python sees them: strict, positional; defaults and documentation are in the package.
#include "bind/layers.h"
#include "nn/activation.h"

namespace cc::bind {

void bind_activation_layers(nb::module_& nn) {
    layer<ReLU>(nn, "ReLU", field("inplace", &ReLU::inplace));
    layer<LeakyReLU>(nn, "LeakyReLU", field("negative_slope", &LeakyReLU::negative_slope), field("inplace", &LeakyReLU::inplace));
    layer<ELU>(nn, "ELU", field("alpha", &ELU::alpha), field("inplace", &ELU::inplace));
    layer<Softplus>(nn, "Softplus", field("beta", &Softplus::beta), field("threshold", &Softplus::threshold));
    layer<GELU>(nn, "GELU", field("_tanh", &GELU::tanh));
    layer<SiLU>(nn, "SiLU", field("inplace", &SiLU::inplace));
    layer<Sigmoid>(nn, "Sigmoid");
    layer<Tanh>(nn, "Tanh");
    layer<Softmax>(nn, "Softmax", field("dim", &Softmax::dim));
    layer<LogSoftmax>(nn, "LogSoftmax", field("dim", &LogSoftmax::dim));
    layer<Dropout>(nn, "Dropout", field("rank", &Dropout::rank), field("p", &Dropout::p), field("inplace", &Dropout::inplace));
}

}  // namespace cc::bind
