// Losses as Python sees them: strict, positional; defaults and documentation are in the package.
#include "bind/layers.h"
#include "nn/loss.h"

namespace cc::bind {

namespace {

auto reduction() { return field("reduction", &Loss::reduction); }

template <class T, class... F>
void loss(nb::module_& nn, const char* name, F... fields) {
    layer<T, Loss>(nn, name, fields...);
}

}  // namespace

void bind_loss_layers(nb::module_& nn) {
    module_class<Loss, Module>(nn, "Loss").def("forward", [](Loss& m, const Tensor& input, const Tensor& target) {
        return unlocked(input.numel(), [&] { return m.forward(input, target); });
    }, nb::arg("input"), nb::arg("target"));
    loss<CrossEntropyLoss>(nn, "CrossEntropyLoss", buffer("weight"), field("ignore_index", &CrossEntropyLoss::ignore_index),
                           reduction(), field("label_smoothing", &CrossEntropyLoss::label_smoothing));
    loss<MSELoss>(nn, "MSELoss", reduction());
    loss<L1Loss>(nn, "L1Loss", reduction());
    loss<SmoothL1Loss>(nn, "SmoothL1Loss", reduction(), field("beta", &SmoothL1Loss::beta));
    loss<HuberLoss>(nn, "HuberLoss", reduction(), field("delta", &HuberLoss::delta));
    loss<NLLLoss>(nn, "NLLLoss", buffer("weight"), field("ignore_index", &NLLLoss::ignore_index), reduction());
    loss<BCELoss>(nn, "BCELoss", buffer("weight"), reduction());
    loss<BCEWithLogitsLoss>(nn, "BCEWithLogitsLoss", buffer("weight"), buffer("pos_weight"), reduction());
}

}  // namespace cc::bind
