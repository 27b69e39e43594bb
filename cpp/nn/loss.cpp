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

Tensor L1Loss::forward(const Tensor& input, const Tensor& target) {
    check(input.shape() == target.shape(), "l1_loss: input and target must have one shape, got ", input.shape(), " and ",
          target.shape());
    Tensor difference = unary(Unary::Abs, sub(input, target));
    if (reduction == LossReduction::None) return difference;
    return reduction == LossReduction::Mean ? mean(difference) : sum(difference);
}

}  // namespace cc
