// Normalisation layers as Python sees them: strict, positional; defaults and documentation are in the package.
#include "bind/layers.h"
#include "nn/normalization.h"

namespace cc::bind {

namespace {

template <class T>
bool has_bias(T& m) {
    auto* bias = m.find_parameter("bias");
    return bias && bias->tensor.defined();
}

constexpr const char* kReset = "Weight 1, bias 0.";

template <class T>
void running_norm(nb::module_& nn, const char* name) {
    layer<T>(nn, name, field("rank", &T::rank), field("num_features", &T::num_features), field("eps", &T::eps),
             field("momentum", &T::momentum), field("affine", &T::affine), field("_bias", &has_bias<T>),
             field("track_running_stats", &T::track_running_stats), parameter_dtype("dtype"))
        .def("reset_parameters", &T::reset_parameters, "Weight 1, bias 0, statistics as at first.")
        .def("reset_running_stats", &T::reset_running_stats, "Mean 0, variance 1, no batches seen.");
}

}  // namespace

void bind_normalization_layers(nb::module_& nn) {
    running_norm<BatchNorm>(nn, "BatchNorm");
    running_norm<InstanceNorm>(nn, "InstanceNorm");
    layer<GroupNorm>(nn, "GroupNorm", field("num_groups", &GroupNorm::num_groups), field("num_channels", &GroupNorm::num_channels),
                     field("eps", &GroupNorm::eps), field("affine", &GroupNorm::affine), field("_bias", &has_bias<GroupNorm>),
                     parameter_dtype("dtype"))
        .def("reset_parameters", &GroupNorm::reset_parameters, kReset);
    layer<LayerNorm>(nn, "LayerNorm", field("normalized_shape", &LayerNorm::normalized_shape), field("eps", &LayerNorm::eps),
                     field("elementwise_affine", &LayerNorm::elementwise_affine), field("_bias", &has_bias<LayerNorm>),
                     parameter_dtype("dtype"))
        .def("reset_parameters", &LayerNorm::reset_parameters, kReset);
    layer<RMSNorm>(nn, "RMSNorm", field("normalized_shape", &RMSNorm::normalized_shape), field("eps", &RMSNorm::eps),
                   field("elementwise_affine", &RMSNorm::elementwise_affine), parameter_dtype("dtype"))
        .def("reset_parameters", &RMSNorm::reset_parameters, "Weight 1.");
    layer<LocalResponseNorm>(nn, "LocalResponseNorm", field("size", &LocalResponseNorm::size),
                             field("alpha", &LocalResponseNorm::alpha), field("beta", &LocalResponseNorm::beta),
                             field("k", &LocalResponseNorm::k));
    layer<LocalContrastNorm>(nn, "LocalContrastNorm", field("kernel_size", &LocalContrastNorm::kernel_size),
                             field("sigma", &LocalContrastNorm::sigma), field("eps", &LocalContrastNorm::eps));
}

}  // namespace cc::bind
