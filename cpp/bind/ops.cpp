// One line per operator, strict and positional; defaults and documentation are in the package.
#include <nanobind/stl/string_view.h>

#include <unordered_map>

#include "bind/op.h"

namespace cc::bind {

namespace {

template <class Formula>
Formula formula(const char* kind, std::string_view text) {
    static const auto& table = *[] {
        auto* all = new std::unordered_map<std::string_view, Formula>;
        for (int i = 0; i < static_cast<int>(Formula::Count); ++i)
            all->emplace(name(static_cast<Formula>(i)), static_cast<Formula>(i));
        return all;
    }();
    auto found = table.find(text);
    check(found != table.end(), kind, ": unknown function ", text);
    return found->second;
}

// Every elementwise function of the table by its name and parameters: unary("exp", x), unary("hardtanh", x, -1, 1).
void bind_elementwise(nb::module_& m) {
    m.def("unary", [](std::string_view op, const Tensor& x, double p, double q) {
        auto f = formula<Unary>("unary", op);
        return unlocked(x.numel(), [&] { return unary(f, x, p, q); });
    }, nb::arg("op"), nb::arg("input"), nb::arg("p") = 0.0, nb::arg("q") = 0.0);
    m.def("binary", [](std::string_view op, const Operand& a, const Operand& b) {
        auto f = formula<Binary>("binary", op);
        return unlocked(std::max(elements(a), elements(b)), [&] { return binary(f, a.tensor, b.tensor); });
    });
    m.def("unary_", [](std::string_view op, const Tensor& x, double p, double q) {
        unary_(formula<Unary>("unary_", op), x, p, q);
    }, nb::arg("op"), nb::arg("input"), nb::arg("p") = 0.0, nb::arg("q") = 0.0);
    m.def("binary_", [](std::string_view op, const Tensor& a, const Operand& b) {
        binary_(formula<Binary>("binary_", op), a, b.tensor);
    });
    op(m, "where", &where, arg("condition"), operand("input"), operand("other"));
    op(m, "addcmul", &addcmul, arg("input"), arg("tensor1"), arg("tensor2"), arg("value"));
    op(m, "addcdiv", &addcdiv, arg("input"), arg("tensor1"), arg("tensor2"), arg("value"));
    op(m, "lerp", &lerp, arg("input"), arg("end"), operand("weight"));
    op(m, "logaddexp", &logaddexp, arg("input"), arg("other"), arg("base"));
    op(m, "nan_to_num", &nan_to_num, arg("input"), arg("nan"), maybe("posinf"), maybe("neginf"));
    op(m, "clamp", &clamp, arg("input"), arg("min"), arg("max"));
    op(m, "prelu", &prelu, arg("input"), arg("weight"));
    op(m, "rrelu", &rrelu, arg("input"), arg("lower"), arg("upper"), arg("training"));
    op(m, "glu", &glu, arg("input"), arg("dim"));
    op(m, "maxout", &maxout, arg("input"), arg("k"));
    op(m, "to_dtype", &to, arg("input"), arg("dtype"));
    op(m, "assign", &assign, arg("input"), operand("value"));
    view_op(m, "result_type", &result_type, operand("a"), operand("b"));
}

void bind_reductions(nb::module_& m) {
    op(m, "sum", &sum, arg("input"), dims("dim"), arg("keepdim"));
    op(m, "nansum", &nansum, arg("input"), dims("dim"), arg("keepdim"));
    op(m, "mean", &mean, arg("input"), dims("dim"), arg("keepdim"));
    op(m, "prod", &prod, arg("input"), dims("dim"), arg("keepdim"));
    op(m, "amax", &amax, arg("input"), dims("dim"), arg("keepdim"));
    op(m, "amin", &amin, arg("input"), dims("dim"), arg("keepdim"));
    op(m, "any", &any, arg("input"), dims("dim"), arg("keepdim"));
    op(m, "all", &all, arg("input"), dims("dim"), arg("keepdim"));
    op(m, "var", &var, arg("input"), dims("dim"), arg("correction"), arg("keepdim"));
    op(m, "std", &cc::std, arg("input"), dims("dim"), arg("correction"), arg("keepdim"));
    op(m, "norm", &norm, arg("input"), arg("p"), dims("dim"), arg("keepdim"));
    op(m, "logsumexp", &logsumexp, arg("input"), dims("dim"), arg("keepdim"));
    op(m, "max_dim", &max, arg("input"), arg("dim"), arg("keepdim"));
    op(m, "min_dim", &min, arg("input"), arg("dim"), arg("keepdim"));
    op(m, "argmax", &argmax, arg("input"), maybe("dim"), arg("keepdim"));
    op(m, "argmin", &argmin, arg("input"), maybe("dim"), arg("keepdim"));
    op(m, "cumsum", &cumsum, arg("input"), arg("dim"));
    op(m, "cumprod", &cumprod, arg("input"), arg("dim"));
    op(m, "sort", &sort, arg("input"), arg("dim"), arg("descending"));
    op(m, "argsort", &argsort, arg("input"), arg("dim"), arg("descending"));
    op(m, "cummax", &cummax, arg("input"), arg("dim"));
    op(m, "cummin", &cummin, arg("input"), arg("dim"));
    op(m, "kthvalue", &kthvalue, arg("input"), arg("k"), arg("dim"), arg("keepdim"));
    op(m, "median", &median, arg("input"), arg("dim"), arg("keepdim"));
    op(m, "nanmedian", &nanmedian, arg("input"), arg("dim"), arg("keepdim"));
    op(m, "unique", &unique, arg("input"), arg("sorted"), arg("return_inverse"), arg("return_counts"));
    op(m, "searchsorted", &searchsorted, arg("sorted_sequence"), operand("input"), arg("right"));
    op(m, "bincount", &bincount, arg("input"), arg("minlength"));
    op(m, "topk", &topk, arg("input"), arg("k"), arg("dim"), arg("largest"));
}

void bind_shapes(nb::module_& m) {
    view_op(m, "view", &view, arg("input"), arg("shape"));
    op(m, "reshape", &reshape, arg("input"), arg("shape"));
    op(m, "flatten", &flatten, arg("input"), arg("start_dim"), arg("end_dim"));
    view_op(m, "permute", &permute, arg("input"), arg("dims"));
    view_op(m, "transpose", &transpose, arg("input"), arg("dim0"), arg("dim1"));
    view_op(m, "expand", &expand, arg("input"), arg("shape"));
    view_op(m, "squeeze", &squeeze, arg("input"), maybe("dim"));
    view_op(m, "unsqueeze", &unsqueeze, arg("input"), arg("dim"));
    view_op(m, "diagonal", &diagonal, arg("input"), arg("offset"), arg("dim1"), arg("dim2"));
    op(m, "diag_embed", &diag_embed, arg("input"), arg("offset"), arg("dim1"), arg("dim2"));
    op(m, "contiguous", &contiguous, arg("input"), arg("memory_format"));
    op(m, "clone", &clone, arg("input"));
    op(m, "cat", &cat, arg("tensors"), arg("dim"));
    op(m, "stack", &stack, arg("tensors"), arg("dim"));
    view_op(m, "split", &split, arg("input"), arg("split_size"), arg("dim"));
    view_op(m, "split_with_sizes", &split_with_sizes, arg("input"), arg("split_sizes"), arg("dim"));
    view_op(m, "chunk", &chunk, arg("input"), arg("chunks"), arg("dim"));
    view_op(m, "unbind", &unbind, arg("input"), arg("dim"));
    op(m, "flip", &flip, arg("input"), arg("dims"));
    op(m, "roll", &roll, arg("input"), arg("shifts"), arg("dims"));
    op(m, "pad", &pad, arg("input"), arg("pad"), arg("mode"), arg("value"));
    op(m, "tril", &tril, arg("input"), arg("diagonal"));
    op(m, "triu", &triu, arg("input"), arg("diagonal"));
}

void bind_indices(nb::module_& m) {
    op(m, "gather", &gather, arg("input"), arg("dim"), arg("index"));
    op(m, "scatter", &scatter, arg("input"), arg("dim"), arg("index"), arg("src"));
    op(m, "scatter_add", &scatter_add, arg("input"), arg("dim"), arg("index"), arg("src"));
    op(m, "index_select", &index_select, arg("input"), arg("dim"), arg("index"));
    op(m, "index_add", &index_add, arg("input"), arg("dim"), arg("index"), arg("source"));
    op(m, "index_put", &index_put, arg("input"), arg("indices"), arg("values"), arg("accumulate"));
    op(m, "masked_select", &masked_select, arg("input"), arg("mask"));
    op(m, "masked_fill", &masked_fill, arg("input"), arg("mask"), operand("value"));
    op(m, "nonzero", &nonzero, arg("input"));
    op(m, "one_hot", &one_hot, arg("input"), arg("num_classes"));
    op(m, "embedding", &embedding, arg("input"), arg("weight"), maybe("padding_idx"), maybe("max_norm"), arg("norm_type"),
       arg("scale_grad_by_freq"));
    op(m, "embedding_bag", &embedding_bag, arg("input"), arg("weight"), maybe("offsets"), maybe("max_norm"), arg("norm_type"),
       arg("scale_grad_by_freq"), arg("mode"), maybe("per_sample_weights"), arg("include_last_offset"), maybe("padding_idx"));
}

void bind_products(nb::module_& m) {
    op(m, "cross", &cross, arg("input"), arg("other"), arg("dim"));
    product_op(m, "matmul", &matmul, arg("input"), arg("other"));
    product_op(m, "linear", &linear, arg("input"), arg("weight"), maybe("bias"));
    product_op(m, "bilinear", &bilinear, arg("input1"), arg("input2"), arg("weight"), maybe("bias"));
    product_op(m, "conv", &conv, arg("rank"), arg("input"), arg("weight"), maybe("bias"), arg("options"));
    product_op(m, "conv_grad_input", &conv_grad_input, arg("rank"), arg("input_size"), arg("weight"), arg("grad_output"),
               arg("options"));
    product_op(m, "conv_grad_weight", &conv_grad_weight, arg("rank"), arg("input"), arg("weight_size"), arg("grad_output"),
               arg("options"));
    heavy_op(m, "conv_transpose", &conv_transpose, arg("rank"), arg("input"), arg("weight"), maybe("bias"), arg("options"),
             arg("output_padding"), arg("output_size"));
}

// Of values and their places the values alone, where the places are not asked for.
using Pooled = std::variant<Tensor, std::pair<Tensor, Tensor>>;
template <auto f>
struct AskedFor;
template <class... A, std::pair<Tensor, Tensor> (*f)(A...)>
struct AskedFor<f> {
    static Pooled of(A... a) {
        auto [values, places] = f(a...);
        if (places.defined()) return std::pair(std::move(values), std::move(places));
        return std::move(values);
    }
};

void bind_pooling(nb::module_& m) {
    product_op(m, "max_pool", &AskedFor<&max_pool>::of, arg("rank"), arg("input"), arg("options"), arg("return_indices"));
    product_op(m, "avg_pool", &avg_pool, arg("rank"), arg("input"), arg("options"));
    heavy_op(m, "adaptive_max_pool", &AskedFor<&adaptive_max_pool>::of, arg("rank"), arg("input"), arg("output_size"),
             arg("return_indices"));
    heavy_op(m, "adaptive_avg_pool", &adaptive_avg_pool, arg("rank"), arg("input"), arg("output_size"));
    heavy_op(m, "lp_pool", &lp_pool, arg("rank"), arg("input"), arg("norm_type"), arg("options"));
    heavy_op(m, "gaussian_pool", &gaussian_pool, arg("rank"), arg("input"), arg("options"), arg("sigma"));
    heavy_op(m, "max_unpool", &max_unpool, arg("rank"), arg("input"), arg("indices"), arg("options"), arg("output_size"));
    heavy_op(m, "fractional_max_pool", &AskedFor<&fractional_max_pool>::of, arg("rank"), arg("input"), arg("kernel_size"),
             arg("output_size"), arg("return_indices"), maybe("samples"));
}

void bind_maps(nb::module_& m) {
    heavy_op(m, "interpolate", &interpolate, arg("input"), arg("options"));
    Tensor (*sampled)(const Tensor&, const Tensor&, const std::string&, const std::string&, bool) = &grid_sample;
    heavy_op(m, "grid_sample", sampled, arg("input"), arg("grid"), arg("mode"), arg("padding_mode"), arg("align_corners"));
    op(m, "pixel_shuffle", &pixel_shuffle, arg("input"), arg("upscale_factor"));
    op(m, "pixel_unshuffle", &pixel_unshuffle, arg("input"), arg("downscale_factor"));
    op(m, "channel_shuffle", &channel_shuffle, arg("input"), arg("groups"));
    Tensor (*columns)(const Tensor&, const FoldOptions&) = &unfold;
    Tensor (*windows)(const Tensor&, int64_t, int64_t, int64_t) = &unfold;
    op(m, "unfold", columns, arg("input"), arg("options"));
    Tensor (*planes)(const Tensor&, const Sizes&, const FoldOptions&) = &fold;
    op(m, "fold", planes, arg("input"), arg("output_size"), arg("options"));
    view_op(m, "unfold_dim", windows, arg("input"), arg("dimension"), arg("size"), arg("step"));
    heavy_op(m, "affine_grid", &affine_grid, arg("theta"), arg("size"), arg("align_corners"));
}

void bind_normalization(nb::module_& m) {
    op(m, "local_contrast_norm", &local_contrast_norm, arg("input"), arg("kernel_size"), arg("sigma"), arg("eps"));
    op(m, "batch_norm", &batch_norm, arg("input"), maybe("running_mean"), maybe("running_var"), maybe("weight"), maybe("bias"),
       arg("training"), arg("momentum"), arg("eps"));
    op(m, "instance_norm", &instance_norm, arg("input"), maybe("running_mean"), maybe("running_var"), maybe("weight"),
       maybe("bias"), arg("use_input_stats"), arg("momentum"), arg("eps"));
    op(m, "group_norm", &group_norm, arg("input"), arg("num_groups"), maybe("weight"), maybe("bias"), arg("eps"));
    op(m, "layer_norm", &layer_norm, arg("input"), arg("normalized_shape"), maybe("weight"), maybe("bias"), arg("eps"));
    op(m, "rms_norm", &rms_norm, arg("input"), arg("normalized_shape"), maybe("weight"), maybe("eps"));
    op(m, "local_response_norm", &local_response_norm, arg("input"), arg("size"), arg("alpha"), arg("beta"), arg("k"));
    op(m, "normalize", &normalize, arg("input"), arg("p"), arg("dim"), arg("eps"));
    heavy_op(m, "recurrence", &recurrence, arg("cell"), arg("input"), arg("h_0"), maybe("c_0"), arg("weight"), maybe("bias"),
             arg("reverse"));
    op(m, "softmax", &softmax, arg("input"), arg("dim"));
    op(m, "log_softmax", &log_softmax, arg("input"), arg("dim"));
    op(m, "softmin", &softmin, arg("input"), arg("dim"));
    op(m, "gumbel_softmax", &gumbel_softmax, arg("logits"), arg("tau"), arg("hard"), arg("dim"));
    op(m, "dropout", &dropout, arg("input"), arg("p"), arg("training"));
    op(m, "dropout_channels", &dropout_channels, arg("rank"), arg("input"), arg("p"), arg("training"));
    op(m, "alpha_dropout", &alpha_dropout, arg("input"), arg("p"), arg("training"));
    op(m, "feature_alpha_dropout", &feature_alpha_dropout, arg("input"), arg("p"), arg("training"));
}

void bind_losses(nb::module_& m) {
    Tensor (*cross_entropy_loss)(const Tensor&, const Tensor&, const Tensor&, int64_t, LossReduction, double) = &cross_entropy;
    op(m, "cross_entropy", cross_entropy_loss, arg("input"), arg("target"), maybe("weight"), arg("ignore_index"), arg("reduction"),
       arg("label_smoothing"));
    op(m, "nll_loss", &nll_loss, arg("input"), arg("target"), maybe("weight"), arg("ignore_index"), arg("reduction"));
    op(m, "mse_loss", &mse_loss, arg("input"), arg("target"), arg("reduction"), maybe("weight"));
    op(m, "l1_loss", &l1_loss, arg("input"), arg("target"), arg("reduction"), maybe("weight"));
    op(m, "smooth_l1_loss", &smooth_l1_loss, arg("input"), arg("target"), arg("reduction"), arg("beta"));
    op(m, "huber_loss", &huber_loss, arg("input"), arg("target"), arg("reduction"), arg("delta"), maybe("weight"));
    op(m, "binary_cross_entropy", &binary_cross_entropy, arg("input"), arg("target"), maybe("weight"), arg("reduction"));
    op(m, "binary_cross_entropy_with_logits", &binary_cross_entropy_with_logits, arg("input"), arg("target"), maybe("weight"),
       maybe("pos_weight"), arg("reduction"));
    op(m, "kl_div", &kl_div, arg("input"), arg("target"), arg("reduction"), arg("log_target"));
    op(m, "soft_margin_loss", &soft_margin_loss, arg("input"), arg("target"), arg("reduction"));
    op(m, "hinge_embedding_loss", &hinge_embedding_loss, arg("input"), arg("target"), arg("margin"), arg("reduction"));
    op(m, "poisson_nll_loss", &poisson_nll_loss, arg("input"), arg("target"), arg("log_input"), arg("full"), arg("eps"),
       arg("reduction"));
    op(m, "gaussian_nll_loss", &gaussian_nll_loss, arg("input"), arg("target"), operand("var"), arg("full"), arg("eps"),
       arg("reduction"));
    op(m, "multilabel_soft_margin_loss", &multilabel_soft_margin_loss, arg("input"), arg("target"), maybe("weight"),
       arg("reduction"));
    op(m, "margin_ranking_loss", &margin_ranking_loss, arg("input1"), arg("input2"), arg("target"), arg("margin"),
       arg("reduction"));
    op(m, "cosine_embedding_loss", &cosine_embedding_loss, arg("input1"), arg("input2"), arg("target"), arg("margin"),
       arg("reduction"));
    op(m, "multi_margin_loss", &multi_margin_loss, arg("input"), arg("target"), arg("p"), arg("margin"), maybe("weight"),
       arg("reduction"));
    op(m, "multilabel_margin_loss", &multilabel_margin_loss, arg("input"), arg("target"), arg("reduction"));
    op(m, "ctc_loss", &ctc_loss, arg("log_probs"), arg("targets"), arg("input_lengths"), arg("target_lengths"), arg("blank"),
       arg("reduction"), arg("zero_infinity"));
    op(m, "triplet_margin_loss", &triplet_margin_loss, arg("anchor"), arg("positive"), arg("negative"), arg("margin"), arg("p"),
       arg("eps"), arg("swap"), arg("reduction"));
    op(m, "cosine_similarity", &cosine_similarity, arg("x1"), arg("x2"), arg("dim"), arg("eps"));
    heavy_op(m, "pdist", &pdist, arg("input"), arg("p"));
    op(m, "pairwise_distance", &pairwise_distance, arg("x1"), arg("x2"), arg("p"), arg("eps"), arg("keepdim"));
}

}  // namespace

void bind_ops(nb::module_& m) {
    bind_elementwise(m);
    bind_reductions(m);
    bind_shapes(m);
    bind_indices(m);
    bind_products(m);
    bind_pooling(m);
    bind_maps(m);
    bind_normalization(m);
    bind_losses(m);
}

}  // namespace cc::bind
