// Losses and distances as Python sees them: strict, positional; defaults and documentation are in the package.
#include "bind/layers.h"
#include "nn/loss.h"

namespace cc::bind {

namespace {

auto reduction() { return field("reduction", &Loss::reduction); }

// A module whose forward takes several tensors, named in the order of its arguments.
template <class T, class Base, class... Tensors, class... Names>
void bind_forward(nb::class_<T, Base> cls, Tensor (T::*forward)(const Tensors&...), Names... names) {
    cls.def("forward", [forward](T& m, const Tensors&... given) {
        return unlocked(std::max({given.numel()...}), [&] { return (m.*forward)(given...); });
    }, nb::arg(names)...);
}

template <class T, class... F>
void loss(nb::module_& nn, const char* name, F... fields) {
    bind_forward(layer<T, Loss>(nn, name, fields...), &T::forward, "input", "target");
}

template <class T, class... F>
void loss_of_two(nb::module_& nn, const char* name, F... fields) {
    bind_forward(layer<T, Loss>(nn, name, fields...), &T::forward, "input1", "input2", "target");
}

}  // namespace

void bind_loss_layers(nb::module_& nn) {
    module_class<Loss, Module>(nn, "Loss");
    loss<CrossEntropyLoss>(nn, "CrossEntropyLoss", buffer("weight"), field("ignore_index", &CrossEntropyLoss::ignore_index),
                           reduction(), field("label_smoothing", &CrossEntropyLoss::label_smoothing));
    loss<NLLLoss>(nn, "NLLLoss", buffer("weight"), field("ignore_index", &NLLLoss::ignore_index), reduction());
    loss<BCELoss>(nn, "BCELoss", buffer("weight"), reduction());
    loss<BCEWithLogitsLoss>(nn, "BCEWithLogitsLoss", buffer("weight"), buffer("pos_weight"), reduction());
    loss<MSELoss>(nn, "MSELoss", reduction());
    loss<L1Loss>(nn, "L1Loss", reduction());
    loss<SmoothL1Loss>(nn, "SmoothL1Loss", reduction(), field("beta", &SmoothL1Loss::beta));
    loss<HuberLoss>(nn, "HuberLoss", reduction(), field("delta", &HuberLoss::delta));
    loss<SoftMarginLoss>(nn, "SoftMarginLoss", reduction());
    loss<HingeEmbeddingLoss>(nn, "HingeEmbeddingLoss", field("margin", &HingeEmbeddingLoss::margin), reduction());
    loss<PoissonNLLLoss>(nn, "PoissonNLLLoss", field("log_input", &PoissonNLLLoss::log_input),
                         field("full", &PoissonNLLLoss::full), field("eps", &PoissonNLLLoss::eps), reduction());
    loss<MultiLabelSoftMarginLoss>(nn, "MultiLabelSoftMarginLoss", buffer("weight"), reduction());
    loss<MultiMarginLoss>(nn, "MultiMarginLoss", field("p", &MultiMarginLoss::p), field("margin", &MultiMarginLoss::margin),
                          buffer("weight"), reduction());
    loss<MultiLabelMarginLoss>(nn, "MultiLabelMarginLoss", reduction());
    loss_of_two<MarginRankingLoss>(nn, "MarginRankingLoss", field("margin", &MarginRankingLoss::margin), reduction());
    loss_of_two<CosineEmbeddingLoss>(nn, "CosineEmbeddingLoss", field("margin", &CosineEmbeddingLoss::margin), reduction());
    bind_forward(layer<TripletMarginLoss, Loss>(nn, "TripletMarginLoss", field("margin", &TripletMarginLoss::margin),
                                                field("p", &TripletMarginLoss::p), field("eps", &TripletMarginLoss::eps),
                                                field("swap", &TripletMarginLoss::swap), reduction()),
                 &TripletMarginLoss::forward, "anchor", "positive", "negative");
    bind_forward(layer<KLDivLoss, Module>(nn, "KLDivLoss", field("reduction", &KLDivLoss::reduction),
                                          field("log_target", &KLDivLoss::log_target)),
                 &KLDivLoss::forward, "input", "target");
    bind_forward(layer<CosineSimilarity, Module>(nn, "CosineSimilarity", field("dim", &CosineSimilarity::dim),
                                                 field("eps", &CosineSimilarity::eps)),
                 &CosineSimilarity::forward, "x1", "x2");
    bind_forward(layer<PairwiseDistance, Module>(nn, "PairwiseDistance", field("p", &PairwiseDistance::p),
                                                 field("eps", &PairwiseDistance::eps),
                                                 field("keepdim", &PairwiseDistance::keepdim)),
                 &PairwiseDistance::forward, "x1", "x2");
    auto gaussian = layer<GaussianNLLLoss, Loss>(nn, "GaussianNLLLoss", field("full", &GaussianNLLLoss::full),
                                                 field("eps", &GaussianNLLLoss::eps), reduction());
    gaussian.def("forward", [](GaussianNLLLoss& m, const Tensor& input, const Tensor& target, const Operand& var) {
        return unlocked(input.numel(), [&] { return m.forward(input, target, var.tensor); });
    }, nb::arg("input"), nb::arg("target"), nb::arg("var"));
}

}  // namespace cc::bind
