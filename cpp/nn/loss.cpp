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

Tensor MSELoss::forward(const Tensor& input, const Tensor& target) { return mse_loss(input, target, reduction); }

Tensor L1Loss::forward(const Tensor& input, const Tensor& target) { return l1_loss(input, target, reduction); }

Tensor SmoothL1Loss::forward(const Tensor& input, const Tensor& target) {
    return smooth_l1_loss(input, target, reduction, beta);
}

Tensor HuberLoss::forward(const Tensor& input, const Tensor& target) { return huber_loss(input, target, reduction, delta); }

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

}  // namespace cc
