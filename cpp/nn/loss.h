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

class SmoothL1Loss : public Loss {
public:
    SmoothL1Loss(LossReduction reduction, double beta) : Loss(reduction), beta(beta) {}
    const char* kind() const override { return "SmoothL1Loss"; }
    Tensor forward(const Tensor& input, const Tensor& target) override;
    double beta;
};

class HuberLoss : public Loss {
public:
    HuberLoss(LossReduction reduction, double delta) : Loss(reduction), delta(delta) {}
    const char* kind() const override { return "HuberLoss"; }
    Tensor forward(const Tensor& input, const Tensor& target) override;
    double delta;
};

class NLLLoss : public Loss {
public:
    NLLLoss(Tensor weight, int64_t ignore_index, LossReduction reduction);
    const char* kind() const override { return "NLLLoss"; }
    Tensor forward(const Tensor& input, const Tensor& target) override;
    int64_t ignore_index;
};

class BCELoss : public Loss {
public:
    BCELoss(Tensor weight, LossReduction reduction);
    const char* kind() const override { return "BCELoss"; }
    Tensor forward(const Tensor& input, const Tensor& target) override;
};

class BCEWithLogitsLoss : public Loss {
public:
    BCEWithLogitsLoss(Tensor weight, Tensor pos_weight, LossReduction reduction);
    const char* kind() const override { return "BCEWithLogitsLoss"; }
    Tensor forward(const Tensor& input, const Tensor& target) override;
};

}  // namespace cc
