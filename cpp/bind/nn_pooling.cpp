// Pooling layers as Python sees them: strict, positional; defaults and documentation are in the package.
#include "bind/layers.h"
#include "nn/pool.h"

namespace cc::bind {

namespace {

// PyTorch keeps a pooling layer's sizes as they were given, so one number stays one number, but not in AvgPool1d.
nb::object sizes_object(const Sizes& values, bool single) {
    if (values.size() == 1 && single) return nb::int_(values[0]);
    return as_tuple(values);
}

template <class T>
auto sizes_property(nb::class_<T, Layer>& cls, const char* name, Sizes PoolOptions::*member) {
    cls.def_prop_rw(name,
                    [member](T& m) {
                        return sizes_object(m.options.*member, m.rank() > 1 || std::is_same_v<T, MaxPool>);
                    },
                    [member](T& m, const std::variant<int64_t, Sizes>& value) {
                        m.options.*member = value.index() == 0 ? Sizes{std::get<0>(value)} : std::get<1>(value);
                    });
}

// The values alone, or with their places.
template <class T>
void forward_with_indices(nb::class_<T, Layer>& cls) {
    cls.def("forward", [](T& m, const Tensor& input) -> nb::object {
        if (!m.return_indices) return nb::cast(unlocked(kHeavy, [&] { return m.forward(input); }));
        auto [values, indices] = unlocked(kHeavy, [&] { return m.forward_with_indices(input); });
        return nb::make_tuple(values, indices);
    }, nb::arg("input"));
}

}  // namespace

void bind_pooling_layers(nb::module_& nn) {
    auto max = module_class<MaxPool>(nn, "MaxPool");
    max.def("__init__", [](MaxPool* self, int rank, const Sizes& kernel_size, const Sizes& stride, const Sizes& padding,
                           const Sizes& dilation, bool return_indices, bool ceil_mode) {
        new (self) MaxPool(rank, {kernel_size, stride, padding, dilation, ceil_mode, true, 0}, return_indices);
    }).def("_config", [](MaxPool& m) {
        const PoolOptions& o = m.options;
        return nb::make_tuple(m.rank(), as_tuple(o.kernel_size), as_tuple(o.stride), as_tuple(o.padding), as_tuple(o.dilation),
                              m.return_indices, o.ceil_mode);
    });
    forward_with_indices(max);
    sizes_property(max, "kernel_size", &PoolOptions::kernel_size);
    sizes_property(max, "stride", &PoolOptions::stride);
    sizes_property(max, "padding", &PoolOptions::padding);
    sizes_property(max, "dilation", &PoolOptions::dilation);
    max.def_rw("return_indices", &MaxPool::return_indices)
        .def_prop_rw("ceil_mode", [](MaxPool& m) { return m.options.ceil_mode; },
                     [](MaxPool& m, bool value) { m.options.ceil_mode = value; });

    auto avg = module_class<AvgPool>(nn, "AvgPool");
    avg.def("__init__", [](AvgPool* self, int rank, const Sizes& kernel_size, const Sizes& stride, const Sizes& padding,
                           bool ceil_mode, bool count_include_pad, int64_t divisor_override) {
        new (self) AvgPool(rank, {kernel_size, stride, padding, {1}, ceil_mode, count_include_pad, divisor_override});
    }).def("_config", [](AvgPool& m) {
        const PoolOptions& o = m.options;
        return nb::make_tuple(m.rank(), as_tuple(o.kernel_size), as_tuple(o.stride), as_tuple(o.padding), o.ceil_mode,
                              o.count_include_pad, o.divisor_override);
    });
    sizes_property(avg, "kernel_size", &PoolOptions::kernel_size);
    sizes_property(avg, "stride", &PoolOptions::stride);
    sizes_property(avg, "padding", &PoolOptions::padding);
    avg.def_prop_ro("ceil_mode", [](AvgPool& m) { return m.options.ceil_mode; })
        .def_prop_ro("count_include_pad", [](AvgPool& m) { return m.options.count_include_pad; })
        .def_prop_ro("divisor_override", [](AvgPool& m) -> nb::object {
            return m.options.divisor_override ? nb::object(nb::int_(m.options.divisor_override)) : nb::none();
        });

    layer<AdaptiveAvgPool>(nn, "AdaptiveAvgPool", field("rank", &AdaptiveAvgPool::rank),
                           field("_output_size", &AdaptiveAvgPool::output_size));
    auto adaptive_max = layer<AdaptiveMaxPool>(nn, "AdaptiveMaxPool", field("rank", &AdaptiveMaxPool::rank),
                                               field("_output_size", &AdaptiveMaxPool::output_size),
                                               field("return_indices", &AdaptiveMaxPool::return_indices));
    forward_with_indices(adaptive_max);
    layer<LPPool>(nn, "LPPool", field("rank", &LPPool::rank), field("norm_type", &LPPool::norm_type),
                  field("_kernel_size", &LPPool::kernel_size), field("_stride", &LPPool::stride),
                  field("ceil_mode", &LPPool::ceil_mode));
    layer<GaussianPool>(nn, "GaussianPool", field("rank", &GaussianPool::rank), field("_kernel_size", &GaussianPool::kernel_size),
                        field("_stride", &GaussianPool::stride), field("_padding", &GaussianPool::padding),
                        field("_sigma", &GaussianPool::sigma), field("count_include_pad", &GaussianPool::count_include_pad));
    layer<SpatialPyramidPool2d>(nn, "SpatialPyramidPool2d", field("levels", &SpatialPyramidPool2d::levels),
                                field("mode", &SpatialPyramidPool2d::mode));
}

}  // namespace cc::bind
