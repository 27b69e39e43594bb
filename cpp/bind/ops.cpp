// One line per operator: strict, positional; defaults and documentation are in the package.
#include "bind/bind.h"

namespace cc::bind {

namespace {

using Sizes = std::vector<int64_t>;
using Optional = std::optional<Tensor>;

template <class F>
auto heavy(F f) {
    return unlocked(kHeavy, f);
}

Shape shape_of(const Sizes& sizes) { return Shape(sizes); }

ConvOptions conv_options(const Sizes& stride, const std::variant<std::string, Sizes>& padding, const Sizes& dilation,
                         int64_t groups, bool flip) {
    return {stride, padding, dilation, groups, flip};
}

void bind_elementwise(nb::module_& m) {
    // Every function of one operand by its name: unary("exp", x).
    m.def("unary", [](const std::string& op, const Tensor& x) {
        for (int i = 0; i < static_cast<int>(Unary::Count); ++i)
            if (op == name(static_cast<Unary>(i)))
                return unlocked(x.numel(), [&] { return unary(static_cast<Unary>(i), x); });
        fail(ErrorKind::Value, "unary: unknown function ", op);
    });
    m.def("binary", [](const std::string& op, const Operand& a, const Operand& b) {
        for (int i = 0; i < static_cast<int>(Binary::Count); ++i)
            if (op == name(static_cast<Binary>(i)))
                return unlocked(std::max(a.tensor.numel(), b.tensor.numel()),
                                [&] { return binary(static_cast<Binary>(i), a.tensor, b.tensor); });
        fail(ErrorKind::Value, "binary: unknown function ", op);
    });
    m.def("where", [](const Tensor& condition, const Operand& a, const Operand& b) {
        return where(condition, a.tensor, b.tensor);
    }, nb::arg("condition"), nb::arg("input"), nb::arg("other"));
    m.def("clamp", &clamp, nb::arg("input"), nb::arg("min"), nb::arg("max"));
    m.def("leaky_relu", &leaky_relu, nb::arg("input"), nb::arg("negative_slope"));
    m.def("elu", &elu, nb::arg("input"), nb::arg("alpha"));
    m.def("softplus", &softplus, nb::arg("input"), nb::arg("beta"), nb::arg("threshold"));
    m.def("to_dtype", [](const Tensor& x, Dtype dtype) { return to(x, dtype); }, nb::arg("input"), nb::arg("dtype"));
    m.def("result_type", [](const Operand& a, const Operand& b) { return result_type(a.tensor, b.tensor); });
}

void bind_reductions(nb::module_& m) {
    auto def = [&](const char* name, Tensor (*f)(const Tensor&, const Axes&, bool)) {
        m.def(name, [f](const Tensor& x, const Axes& axes, bool keepdim) {
            return unlocked(x.numel(), [&] { return f(x, axes, keepdim); });
        }, nb::arg("input"), nb::arg("dim"), nb::arg("keepdim"));
    };
    def("sum", &sum);
    def("mean", &mean);
    def("prod", &prod);
    def("amax", &amax);
    def("amin", &amin);
    def("any", &any);
    def("all", &all);
    m.def("var", &var, nb::arg("input"), nb::arg("dim"), nb::arg("correction"), nb::arg("keepdim"));
    m.def("max_dim", [](const Tensor& x, int64_t dim, bool keepdim) { return max(x, dim, keepdim); }, nb::arg("input"),
          nb::arg("dim"), nb::arg("keepdim"));
    m.def("min_dim", [](const Tensor& x, int64_t dim, bool keepdim) { return min(x, dim, keepdim); }, nb::arg("input"),
          nb::arg("dim"), nb::arg("keepdim"));
    m.def("argmax", &argmax, nb::arg("input"), nb::arg("dim").none(), nb::arg("keepdim"));
    m.def("argmin", &argmin, nb::arg("input"), nb::arg("dim").none(), nb::arg("keepdim"));
}

void bind_views(nb::module_& m) {
    m.def("view", [](const Tensor& x, const Sizes& shape) { return view(x, shape_of(shape)); });
    m.def("reshape", [](const Tensor& x, const Sizes& shape) { return reshape(x, shape_of(shape)); });
    m.def("flatten", &flatten, nb::arg("input"), nb::arg("start_dim"), nb::arg("end_dim"));
    m.def("permute", &permute, nb::arg("input"), nb::arg("dims"));
    m.def("transpose", &transpose, nb::arg("input"), nb::arg("dim0"), nb::arg("dim1"));
    m.def("expand", [](const Tensor& x, const Sizes& shape) { return expand(x, shape_of(shape)); });
    m.def("squeeze", &squeeze, nb::arg("input"), nb::arg("dim").none());
    m.def("unsqueeze", &unsqueeze, nb::arg("input"), nb::arg("dim"));
    m.def("contiguous", &contiguous, nb::arg("input"), nb::arg("memory_format"));
    m.def("clone", &clone, nb::arg("input"));
    m.def("assign", [](const Tensor& target, const Operand& value) { assign(target, value.tensor); }, nb::arg("input"),
          nb::arg("value"));
}

void bind_joining(nb::module_& m) {
    m.def("cat", &cat, nb::arg("tensors"), nb::arg("dim"));
    m.def("stack", &stack, nb::arg("tensors"), nb::arg("dim"));
    m.def("split", &split, nb::arg("input"), nb::arg("split_size"), nb::arg("dim"));
    m.def("split_with_sizes", &split_with_sizes, nb::arg("input"), nb::arg("split_sizes"), nb::arg("dim"));
    m.def("chunk", &chunk, nb::arg("input"), nb::arg("chunks"), nb::arg("dim"));
    m.def("unbind", &unbind, nb::arg("input"), nb::arg("dim"));
    m.def("flip", &flip, nb::arg("input"), nb::arg("dims"));
    m.def("roll", &roll, nb::arg("input"), nb::arg("shifts"), nb::arg("dims"));
    m.def("tril", &tril, nb::arg("input"), nb::arg("diagonal"));
    m.def("triu", &triu, nb::arg("input"), nb::arg("diagonal"));
    m.def("gather", &gather, nb::arg("input"), nb::arg("dim"), nb::arg("index"));
    m.def("scatter", &scatter, nb::arg("input"), nb::arg("dim"), nb::arg("index"), nb::arg("src"));
    m.def("scatter_add", &scatter_add, nb::arg("input"), nb::arg("dim"), nb::arg("index"), nb::arg("src"));
    m.def("index_select", &index_select, nb::arg("input"), nb::arg("dim"), nb::arg("index"));
    m.def("index_add", &index_add, nb::arg("input"), nb::arg("dim"), nb::arg("index"), nb::arg("source"));
    m.def("masked_select", &masked_select, nb::arg("input"), nb::arg("mask"));
    m.def("masked_fill", [](const Tensor& x, const Tensor& mask, const Operand& value) {
        return masked_fill(x, mask, value.tensor);
    }, nb::arg("input"), nb::arg("mask"), nb::arg("value"));
    m.def("nonzero", &nonzero, nb::arg("input"));
    m.def("one_hot", &one_hot, nb::arg("input"), nb::arg("num_classes"));
}

void bind_layers(nb::module_& m) {
    m.def("matmul", [](const Tensor& a, const Tensor& b) { return heavy([&] { return matmul(a, b); }); }, nb::arg("input"),
          nb::arg("other"));
    m.def("linear", [](const Tensor& x, const Tensor& w, const Optional& b) {
        return heavy([&] { return linear(x, w, or_none(b)); });
    }, nb::arg("input"), nb::arg("weight"), nb::arg("bias").none());

    using Padding = std::variant<std::string, Sizes>;
    m.def("conv", [](int rank, const Tensor& x, const Tensor& w, const Optional& b, const Sizes& stride,
                     const Padding& padding, const Sizes& dilation, int64_t groups, bool flip) {
        return heavy([&] { return conv(rank, x, w, or_none(b), conv_options(stride, padding, dilation, groups, flip)); });
    }, nb::arg("rank"), nb::arg("input"), nb::arg("weight"), nb::arg("bias").none(), nb::arg("stride"), nb::arg("padding"),
       nb::arg("dilation"), nb::arg("groups"), nb::arg("flip"));
    m.def("conv_grad_input", [](int rank, const Sizes& input_size, const Tensor& w, const Tensor& grad, const Sizes& stride,
                                const Padding& padding, const Sizes& dilation, int64_t groups, bool flip) {
        return heavy([&] {
            return conv_grad_input(rank, shape_of(input_size), w, grad, conv_options(stride, padding, dilation, groups, flip));
        });
    }, nb::arg("rank"), nb::arg("input_size"), nb::arg("weight"), nb::arg("grad_output"), nb::arg("stride"),
       nb::arg("padding"), nb::arg("dilation"), nb::arg("groups"), nb::arg("flip"));
    m.def("conv_grad_weight", [](int rank, const Tensor& x, const Sizes& weight_size, const Tensor& grad, const Sizes& stride,
                                 const Padding& padding, const Sizes& dilation, int64_t groups, bool flip) {
        return heavy([&] {
            return conv_grad_weight(rank, x, shape_of(weight_size), grad, conv_options(stride, padding, dilation, groups, flip));
        });
    }, nb::arg("rank"), nb::arg("input"), nb::arg("weight_size"), nb::arg("grad_output"), nb::arg("stride"),
       nb::arg("padding"), nb::arg("dilation"), nb::arg("groups"), nb::arg("flip"));

    m.def("max_pool", [](int rank, const Tensor& x, const Sizes& kernel_size, const Sizes& stride, const Sizes& padding,
                         const Sizes& dilation, bool ceil_mode, bool return_indices) {
        return heavy([&] {
            return max_pool(rank, x, {kernel_size, stride, padding, dilation, ceil_mode, true, 0}, return_indices);
        });
    }, nb::arg("rank"), nb::arg("input"), nb::arg("kernel_size"), nb::arg("stride"), nb::arg("padding"),
       nb::arg("dilation"), nb::arg("ceil_mode"), nb::arg("return_indices"));
    m.def("avg_pool", [](int rank, const Tensor& x, const Sizes& kernel_size, const Sizes& stride, const Sizes& padding,
                         bool ceil_mode, bool count_include_pad, int64_t divisor_override) {
        return heavy([&] {
            return avg_pool(rank, x, {kernel_size, stride, padding, {1}, ceil_mode, count_include_pad, divisor_override});
        });
    }, nb::arg("rank"), nb::arg("input"), nb::arg("kernel_size"), nb::arg("stride"), nb::arg("padding"),
       nb::arg("ceil_mode"), nb::arg("count_include_pad"), nb::arg("divisor_override"));

    m.def("batch_norm", [](const Tensor& x, const Optional& mean, const Optional& var, const Optional& w, const Optional& b,
                           bool training, double momentum, double eps) {
        return heavy([&] { return batch_norm(x, or_none(mean), or_none(var), or_none(w), or_none(b), training, momentum, eps); });
    }, nb::arg("input"), nb::arg("running_mean").none(), nb::arg("running_var").none(), nb::arg("weight").none(),
       nb::arg("bias").none(), nb::arg("training"), nb::arg("momentum"), nb::arg("eps"));
    m.def("softmax", &softmax, nb::arg("input"), nb::arg("dim"));
    m.def("log_softmax", &log_softmax, nb::arg("input"), nb::arg("dim"));
    m.def("dropout", &dropout, nb::arg("input"), nb::arg("p"), nb::arg("training"));
    m.def("dropout_channels", &dropout_channels, nb::arg("rank"), nb::arg("input"), nb::arg("p"), nb::arg("training"));
}

void bind_losses(nb::module_& m) {
    m.def("cross_entropy", [](const Tensor& x, const Tensor& target, const Optional& weight, int64_t ignore_index,
                              const std::string& reduction, double label_smoothing) {
        return cross_entropy(x, target, or_none(weight), ignore_index, reduction_of("cross_entropy", reduction), label_smoothing);
    }, nb::arg("input"), nb::arg("target"), nb::arg("weight").none(), nb::arg("ignore_index"), nb::arg("reduction"),
       nb::arg("label_smoothing"));
    auto def = [&](const char* name, Tensor (*f)(const Tensor&, const Tensor&, LossReduction)) {
        m.def(name, [=](const Tensor& x, const Tensor& target, const std::string& reduction) {
            return f(x, target, reduction_of(name, reduction));
        }, nb::arg("input"), nb::arg("target"), nb::arg("reduction"));
    };
    def("mse_loss", &mse_loss);
    def("l1_loss", &l1_loss);
    auto def_with = [&](const char* name, const char* parameter,
                        Tensor (*f)(const Tensor&, const Tensor&, LossReduction, double)) {
        m.def(name, [=](const Tensor& x, const Tensor& target, const std::string& reduction, double value) {
            return f(x, target, reduction_of(name, reduction), value);
        }, nb::arg("input"), nb::arg("target"), nb::arg("reduction"), nb::arg(parameter));
    };
    def_with("smooth_l1_loss", "beta", &smooth_l1_loss);
    def_with("huber_loss", "delta", &huber_loss);
    m.def("nll_loss", [](const Tensor& x, const Tensor& target, const Optional& weight, int64_t ignore_index,
                         const std::string& reduction) {
        return nll_loss(x, target, or_none(weight), ignore_index, reduction_of("nll_loss", reduction));
    }, nb::arg("input"), nb::arg("target"), nb::arg("weight").none(), nb::arg("ignore_index"), nb::arg("reduction"));
    m.def("binary_cross_entropy", [](const Tensor& x, const Tensor& target, const Optional& weight,
                                     const std::string& reduction) {
        return binary_cross_entropy(x, target, or_none(weight), reduction_of("binary_cross_entropy", reduction));
    }, nb::arg("input"), nb::arg("target"), nb::arg("weight").none(), nb::arg("reduction"));
    m.def("binary_cross_entropy_with_logits", [](const Tensor& x, const Tensor& target, const Optional& weight,
                                                 const Optional& pos_weight, const std::string& reduction) {
        return binary_cross_entropy_with_logits(x, target, or_none(weight), or_none(pos_weight),
                                                reduction_of("binary_cross_entropy_with_logits", reduction));
    }, nb::arg("input"), nb::arg("target"), nb::arg("weight").none(), nb::arg("pos_weight").none(), nb::arg("reduction"));
    m.def("kl_div", [](const Tensor& x, const Tensor& target, const std::string& reduction, bool log_target) {
        return kl_div(x, target, reduction_of("kl_div", reduction), log_target);
    }, nb::arg("input"), nb::arg("target"), nb::arg("reduction"), nb::arg("log_target"));
}

}  // namespace

LossReduction reduction_of(const char* op, const std::string& text) {
    if (text == "none") return LossReduction::None;
    if (text == "mean") return LossReduction::Mean;
    if (text == "sum") return LossReduction::Sum;
    fail(ErrorKind::Value, op, ": reduction must be \"none\", \"mean\" or \"sum\", got \"", text, "\"");
}

void bind_ops(nb::module_& m) {
    bind_elementwise(m);
    bind_reductions(m);
    bind_views(m);
    bind_joining(m);
    bind_layers(m);
    bind_losses(m);
}

}  // namespace cc::bind
