// The layers as Python sees them: strict, positional; defaults and documentation are in the package.
#include "bind/modules.h"
#include "nn/activation.h"
#include "nn/batch_norm.h"
#include "nn/containers.h"
#include "nn/conv.h"
#include "nn/linear.h"
#include "nn/loss.h"
#include "nn/pool.h"
#include "nn/shape.h"

namespace cc::bind {

namespace {

using Padding = std::variant<std::string, Sizes>;

// A class of layers: its constructor, and the constructor's arguments from which pickle and deepcopy make it again.
template <class T, class Init, class Config>
nb::class_<T, Layer> layer(nb::module_& nn, const char* name, Init init, Config config) {
    return module_class<T>(nn, name).def(std::move(init)).def("_config", config);
}

template <class T>
nb::class_<T, Layer> layer(nb::module_& nn, const char* name) {
    return layer<T>(nn, name, nb::init<>(), [](T&) { return nb::make_tuple(); });
}

nb::object padding_object(int rank, const Padding& padding) {
    if (auto* text = std::get_if<std::string>(&padding)) return nb::str(text->c_str());
    const Sizes& values = std::get<Sizes>(padding);
    if (values.size() != 2 * size_t(rank)) return as_tuple(values);
    nb::list pairs;
    for (int i = 0; i < rank; ++i) pairs.append(nb::make_tuple(values[2 * i], values[2 * i + 1]));
    return nb::tuple(pairs);
}

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

void bind_conv(nb::module_& nn) {
    module_class<Conv>(nn, "Conv")
        .def("__init__", [](Conv* self, int rank, int64_t in_channels, int64_t out_channels, const Sizes& kernel_size,
                            const Sizes& stride, const Padding& padding, const Sizes& dilation, int64_t groups, bool bias,
                            std::optional<Dtype> dtype) {
            new (self) Conv(rank, in_channels, out_channels, kernel_size, {stride, padding, dilation, groups, false}, bias,
                            dtype.value_or(Dtype::Float32));
        }, nb::arg("rank"), nb::arg("in_channels"), nb::arg("out_channels"), nb::arg("kernel_size"), nb::arg("stride"),
           nb::arg("padding"), nb::arg("dilation"), nb::arg("groups"), nb::arg("bias"), nb::arg("dtype").none())
        .def("_config", [](Conv& m) {
            const ConvOptions& o = m.options;
            nb::object padding = std::holds_alternative<std::string>(o.padding)
                                     ? padding_object(m.rank(), o.padding)
                                     : nb::object(as_tuple(std::get<Sizes>(o.padding)));
            auto* bias = m.find_parameter("bias");
            return nb::make_tuple(m.rank(), m.in_channels, m.out_channels, as_tuple(m.kernel_size), as_tuple(o.stride), padding,
                                  as_tuple(o.dilation), o.groups, bias && bias->tensor.defined(), nb::none());
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
        .def_prop_ro("padding_mode", [](Conv&) { return "zeros"; });
}

void bind_pool(nb::module_& nn) {
    auto max = module_class<MaxPool>(nn, "MaxPool");
    max.def("__init__", [](MaxPool* self, int rank, const Sizes& kernel_size, const Sizes& stride, const Sizes& padding,
                           const Sizes& dilation, bool return_indices, bool ceil_mode) {
        new (self) MaxPool(rank, {kernel_size, stride, padding, dilation, ceil_mode, true, 0}, return_indices);
    }).def("_config", [](MaxPool& m) {
        const PoolOptions& o = m.options;
        return nb::make_tuple(m.rank(), as_tuple(o.kernel_size), as_tuple(o.stride), as_tuple(o.padding), as_tuple(o.dilation),
                              m.return_indices, o.ceil_mode);
    }).def("forward", [](MaxPool& m, const Tensor& input) -> nb::object {
        if (!m.return_indices) return nb::cast(unlocked(kHeavy, [&] { return m.forward(input); }));
        auto [values, indices] = unlocked(kHeavy, [&] { return m.forward_with_indices(input); });
        return nb::make_tuple(values, indices);
    }, nb::arg("input"));
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

    layer<AdaptiveAvgPool>(nn, "AdaptiveAvgPool", nb::init<int, Sizes>(), [](AdaptiveAvgPool& m) {
        return nb::make_tuple(m.rank(), as_tuple(m.output_size));
    }).def_prop_ro("_output_size", [](AdaptiveAvgPool& m) { return as_tuple(m.output_size); });
}

void bind_linear(nb::module_& nn) {
    module_class<Linear>(nn, "Linear")
        .def("__init__", [](Linear* self, int64_t in_features, int64_t out_features, bool bias, std::optional<Dtype> dtype) {
            new (self) Linear(in_features, out_features, bias, dtype.value_or(Dtype::Float32));
        }, nb::arg("in_features"), nb::arg("out_features"), nb::arg("bias"), nb::arg("dtype").none())
        .def("_config", [](Linear& m) {
            auto* bias = m.find_parameter("bias");
            return nb::make_tuple(m.in_features, m.out_features, bias && bias->tensor.defined(), nb::none());
        })
        .def("reset_parameters", &Linear::reset_parameters, "Draw the first values again.")
        .def_rw("in_features", &Linear::in_features)
        .def_rw("out_features", &Linear::out_features);
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

void bind_activations(nb::module_& nn) {
    layer<ReLU>(nn, "ReLU", nb::init<bool>(), [](ReLU& m) { return nb::make_tuple(m.inplace); })
        .def_rw("inplace", &ReLU::inplace);
    layer<LeakyReLU>(nn, "LeakyReLU", nb::init<double, bool>(), [](LeakyReLU& m) {
        return nb::make_tuple(m.negative_slope, m.inplace);
    }).def_rw("negative_slope", &LeakyReLU::negative_slope).def_rw("inplace", &LeakyReLU::inplace);
    layer<ELU>(nn, "ELU", nb::init<double, bool>(), [](ELU& m) { return nb::make_tuple(m.alpha, m.inplace); })
        .def_rw("alpha", &ELU::alpha)
        .def_rw("inplace", &ELU::inplace);
    layer<Softplus>(nn, "Softplus", nb::init<double, double>(), [](Softplus& m) {
        return nb::make_tuple(m.beta, m.threshold);
    }).def_rw("beta", &Softplus::beta).def_rw("threshold", &Softplus::threshold);
    layer<GELU>(nn, "GELU", nb::init<bool>(), [](GELU& m) { return nb::make_tuple(m.tanh); }).def_ro("_tanh", &GELU::tanh);
    layer<SiLU>(nn, "SiLU", nb::init<bool>(), [](SiLU& m) { return nb::make_tuple(m.inplace); })
        .def_rw("inplace", &SiLU::inplace);
    layer<Sigmoid>(nn, "Sigmoid");
    layer<Tanh>(nn, "Tanh");
    module_class<Softmax>(nn, "Softmax")
        .def(nb::init<std::optional<int64_t>>(), nb::arg("dim").none())
        .def("_config", [](Softmax& m) { return nb::make_tuple(m.dim); })
        .def_rw("dim", &Softmax::dim, nb::arg().none());
    module_class<LogSoftmax>(nn, "LogSoftmax")
        .def(nb::init<std::optional<int64_t>>(), nb::arg("dim").none())
        .def("_config", [](LogSoftmax& m) { return nb::make_tuple(m.dim); })
        .def_rw("dim", &LogSoftmax::dim, nb::arg().none());
    layer<Dropout>(nn, "Dropout", nb::init<int, double, bool>(), [](Dropout& m) {
        return nb::make_tuple(m.rank(), m.p, m.inplace);
    }).def_rw("p", &Dropout::p).def_rw("inplace", &Dropout::inplace);
}

void bind_shapes(nb::module_& nn) {
    layer<Identity>(nn, "Identity");
    layer<Flatten>(nn, "Flatten", nb::init<int64_t, int64_t>(), [](Flatten& m) {
        return nb::make_tuple(m.start_dim, m.end_dim);
    }).def_rw("start_dim", &Flatten::start_dim).def_rw("end_dim", &Flatten::end_dim);
    layer<Unflatten>(nn, "Unflatten", nb::init<int64_t, Sizes>(), [](Unflatten& m) {
        return nb::make_tuple(m.dim, as_tuple(m.unflattened_size));
    }).def_rw("dim", &Unflatten::dim).def_prop_ro("unflattened_size", [](Unflatten& m) {
        return as_tuple(m.unflattened_size);
    });
}

const char* reduction_name(LossReduction reduction) {
    constexpr const char* names[] = {"none", "mean", "sum"};
    return names[static_cast<int>(reduction)];
}

template <class T>
void plain_loss(nb::module_& nn, const char* name) {
    module_class<T, Loss>(nn, name)
        .def("__init__", [name](T* self, const std::string& reduction) { new (self) T(reduction_of(name, reduction)); })
        .def("_config", [](T& m) { return nb::make_tuple(reduction_name(m.reduction)); });
}

void bind_losses(nb::module_& nn) {
    module_class<Loss, Module>(nn, "Loss")
        .def("forward", [](Loss& m, const Tensor& input, const Tensor& target) {
            return unlocked(input.numel(), [&] { return m.forward(input, target); });
        }, nb::arg("input"), nb::arg("target"))
        .def_prop_rw("reduction", [](Loss& m) { return reduction_name(m.reduction); },
                     [](Loss& m, const std::string& text) { m.reduction = reduction_of(m.kind(), text); });
    module_class<CrossEntropyLoss, Loss>(nn, "CrossEntropyLoss")
        .def("__init__", [](CrossEntropyLoss* self, const std::optional<Tensor>& weight, int64_t ignore_index,
                            const std::string& reduction, double label_smoothing) {
            new (self) CrossEntropyLoss(or_none(weight), ignore_index, reduction_of("CrossEntropyLoss", reduction),
                                        label_smoothing);
        }, nb::arg("weight").none(), nb::arg("ignore_index"), nb::arg("reduction"), nb::arg("label_smoothing"))
        .def("_config", [](CrossEntropyLoss& m) {
            return nb::make_tuple(nb::none(), m.ignore_index, reduction_name(m.reduction), m.label_smoothing);
        })
        .def_rw("ignore_index", &CrossEntropyLoss::ignore_index)
        .def_rw("label_smoothing", &CrossEntropyLoss::label_smoothing);
    plain_loss<MSELoss>(nn, "MSELoss");
    plain_loss<L1Loss>(nn, "L1Loss");
    module_class<SmoothL1Loss, Loss>(nn, "SmoothL1Loss")
        .def("__init__", [](SmoothL1Loss* self, const std::string& reduction, double beta) {
            new (self) SmoothL1Loss(reduction_of("SmoothL1Loss", reduction), beta);
        })
        .def("_config", [](SmoothL1Loss& m) { return nb::make_tuple(reduction_name(m.reduction), m.beta); })
        .def_rw("beta", &SmoothL1Loss::beta);
    module_class<HuberLoss, Loss>(nn, "HuberLoss")
        .def("__init__", [](HuberLoss* self, const std::string& reduction, double delta) {
            new (self) HuberLoss(reduction_of("HuberLoss", reduction), delta);
        })
        .def("_config", [](HuberLoss& m) { return nb::make_tuple(reduction_name(m.reduction), m.delta); })
        .def_rw("delta", &HuberLoss::delta);
    module_class<NLLLoss, Loss>(nn, "NLLLoss")
        .def("__init__", [](NLLLoss* self, const std::optional<Tensor>& weight, int64_t ignore_index,
                            const std::string& reduction) {
            new (self) NLLLoss(or_none(weight), ignore_index, reduction_of("NLLLoss", reduction));
        }, nb::arg("weight").none(), nb::arg("ignore_index"), nb::arg("reduction"))
        .def("_config", [](NLLLoss& m) { return nb::make_tuple(nb::none(), m.ignore_index, reduction_name(m.reduction)); })
        .def_rw("ignore_index", &NLLLoss::ignore_index);
    module_class<BCELoss, Loss>(nn, "BCELoss")
        .def("__init__", [](BCELoss* self, const std::optional<Tensor>& weight, const std::string& reduction) {
            new (self) BCELoss(or_none(weight), reduction_of("BCELoss", reduction));
        }, nb::arg("weight").none(), nb::arg("reduction"))
        .def("_config", [](BCELoss& m) { return nb::make_tuple(nb::none(), reduction_name(m.reduction)); });
    module_class<BCEWithLogitsLoss, Loss>(nn, "BCEWithLogitsLoss")
        .def("__init__", [](BCEWithLogitsLoss* self, const std::optional<Tensor>& weight,
                            const std::optional<Tensor>& pos_weight, const std::string& reduction) {
            new (self) BCEWithLogitsLoss(or_none(weight), or_none(pos_weight), reduction_of("BCEWithLogitsLoss", reduction));
        }, nb::arg("weight").none(), nb::arg("pos_weight").none(), nb::arg("reduction"))
        .def("_config", [](BCEWithLogitsLoss& m) {
            return nb::make_tuple(nb::none(), nb::none(), reduction_name(m.reduction));
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
    bind_conv(nn);
    bind_pool(nn);
    bind_linear(nn);
    bind_activations(nn);
    bind_shapes(nn);
    bind_losses(nn);
}

}  // namespace cc::bind
