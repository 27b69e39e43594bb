// Normalisation layers as Python sees them: strict, positional; defaults and documentation are in the package.
#include "bind/layers.h"
#include "nn/batch_norm.h"

namespace cc::bind {

void bind_normalization_layers(nb::module_& nn) {
    module_class<BatchNorm>(nn, "BatchNorm")
        .def("__init__", [](BatchNorm* self, int rank, int64_t num_features, double eps, std::optional<double> momentum,
                            bool affine, bool bias, bool track_running_stats, std::optional<Dtype> dtype) {
            new (self) BatchNorm(rank, num_features, eps, momentum, affine, bias, track_running_stats,
                                 dtype.value_or(Dtype::Float32));
        }, nb::arg("rank"), nb::arg("num_features"), nb::arg("eps"), nb::arg("momentum").none(), nb::arg("affine"), nb::arg("bias"),
           nb::arg("track_running_stats"), nb::arg("dtype").none())
        .def("_config", [](BatchNorm& m) {
            auto* bias = m.find_parameter("bias");
            return nb::make_tuple(m.rank(), m.num_features, m.eps, m.momentum, m.affine, bias && bias->tensor.defined(),
                                  m.track_running_stats, nb::none());
        })
        .def("reset_parameters", &BatchNorm::reset_parameters, "Weight 1, bias 0, statistics as at first.")
        .def("reset_running_stats", &BatchNorm::reset_running_stats, "Mean 0, variance 1, no batches seen.")
        .def_rw("num_features", &BatchNorm::num_features)
        .def_rw("eps", &BatchNorm::eps)
        .def_rw("momentum", &BatchNorm::momentum, nb::arg().none())
        .def_ro("affine", &BatchNorm::affine)
        .def_rw("track_running_stats", &BatchNorm::track_running_stats);
}

}  // namespace cc::bind
