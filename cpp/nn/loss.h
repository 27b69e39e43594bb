// Losses: modules of two inputs.
#pragma once

#include "nn/module.h"
#include "ops/ops.h"

namespace cc {

class Loss : public Module {
public:
    explicit Loss(LossReduction reduction) : reduction(reduction) {}
    virtual Tensor forward(const Tensor& input, const Tensor& target) = 0;
    LossReduction reduction;
};

class CrossEntropyLoss : public Loss {
public:
    CrossEntropyLoss(Tensor weight, int64_t ignore_index, LossReduction reduction, double label_smoothing);
    const char* kind() const override { return "CrossEntropyLoss"; }
    Tensor forward(const Tensor& input, const Tensor& target) override;
    int64_t ignore_index;
    double label_smoothing;
};

class MSELoss : public Loss {
public:
    using Loss::Loss;
    const char* kind() const override { return "MSELoss"; }
    Tensor forward(const Tensor& input, const Tensor& target) override;
};

class L1Loss : public Loss {
public:
    using Loss::Loss;
    const char* kind() const override { return "L1Loss"; }
    Tensor forward(const Tensor& input, const Tensor& target) override;
};

}  // namespace cc
