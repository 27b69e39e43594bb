// Adam (Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015) and AdamW (Loshchilov and Hutter, "Decoupled
// weight decay regularization", ICLR 2019).
#pragma once

#include "optim/optimizer.h"

namespace cc {

class Adam : public Optimizer {
public:
    struct Options {
        double lr = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 0;
        bool amsgrad = false, maximize = false;
    };
    explicit Adam(bool decoupled) : decoupled_(decoupled) {}  // decoupled: AdamW

    const char* kind() const override { return decoupled_ ? "AdamW" : "Adam"; }
    const std::vector<std::string>& state_names() const override;

    void add_group(Tensors parameters, const Options& options);
    void set_options(size_t group, const Options& options);
    void step();

private:
    void check_options(const Options& options) const;

    std::vector<Options> options_;
    bool decoupled_;
};

}  // namespace cc
