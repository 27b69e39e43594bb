#include "nn/loss.h"

namespace cc {

CrossEntropyLoss::CrossEntropyLoss(Tensor weight, int64_t ignore_index, LossReduction reduction, double label_smoothing)
    : Loss(reduction), ignore_index(ignore_index), label_smoothing(label_smoothing) {
    check(label_smoothing >= 0 && label_smoothing <= 1, kind(), ": label_smoothing must be between 0 and 1, got ",
          label_smoothing);
    register_buffer("weight", std::move(weight));
}

Tensor CrossEntropyLoss::forward(const Tensor& input, const Tensor& target) {
    return cross_entropy(input, target, buffer("weight"), ignore_index, reduction, label_smoothing);
}

NLLLoss::NLLLoss(Tensor weight, int64_t ignore_index, LossReduction reduction) : Loss(reduction), ignore_index(ignore_index) {
    register_buffer("weight", std::move(weight));
}

Tensor NLLLoss::forward(const Tensor& input, const Tensor& target) {
    return nll_loss(input, target, buffer("weight"), ignore_index, reduction);
}

BCELoss::BCELoss(Tensor weight, LossReduction reduction) : Loss(reduction) { register_buffer("weight", std::move(weight)); }

Tensor BCELoss::forward(const Tensor& input, const Tensor& target) {
    return binary_cross_entropy(input, target, buffer("weight"), reduction);
}

BCEWithLogitsLoss::BCEWithLogitsLoss(Tensor weight, Tensor pos_weight, LossReduction reduction) : Loss(reduction) {
    register_buffer("weight", std::move(weight));
    register_buffer("pos_weight", std::move(pos_weight));
}

Tensor BCEWithLogitsLoss::forward(const Tensor& input, const Tensor& target) {
    return binary_cross_entropy_with_logits(input, target, buffer("weight"), buffer("pos_weight"), reduction);
}

MultiLabelSoftMarginLoss::MultiLabelSoftMarginLoss(Tensor weight, LossReduction reduction) : Loss(reduction) {
    register_buffer("weight", std::move(weight));
}

Tensor MultiLabelSoftMarginLoss::forward(const Tensor& input, const Tensor& target) {
    return multilabel_soft_margin_loss(input, target, buffer("weight"), reduction);
}

MultiMarginLoss::MultiMarginLoss(int64_t p, double margin, Tensor weight, LossReduction reduction)
    : Loss(reduction), p(p), margin(margin) {
    check(p == 1 || p == 2, kind(), ": p must be 1 or 2, got ", p);
    register_buffer("weight", std::move(weight));
}

Tensor MultiMarginLoss::forward(const Tensor& input, const Tensor& target) {
    return multi_margin_loss(input, target, p, margin, buffer("weight"), reduction);
}

TripletMarginLoss::TripletMarginLoss(double margin, double p, double eps, bool swap, LossReduction reduction)
    : Loss(reduction), margin(margin), p(p), eps(eps), swap(swap) {
    check(margin > 0, kind(), ": margin must be greater than 0, got ", margin);
}

}  // namespace cc
