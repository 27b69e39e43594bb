// Stochastic gradient descent with momentum, PyTorch's rule:
//     g += weight_decay·p;   v = momentum·v + (1 − dampening)·g;   p −= lr·(nesterov ? g + momentum·v : v)
#pragma once

#include "optim/optimizer.h"

namespace cc {

class Sgd : public Optimizer {
public:
    struct Options {
        double lr = 1e-3, momentum = 0, dampening = 0, weight_decay = 0;
        bool nesterov = false, maximize = false;
        bool rate_in_velocity = false;  // v = momentum·v + lr·g, p −= v, as in Caffe and AlexNet
    };

    const char* kind() const override { return "SGD"; }
    const std::vector<std::string>& state_names() const override;

    void add_group(Tensors parameters, const Options& options);
    void set_options(size_t group, const Options& options);
    void step();

private:
    std::vector<Options> options_;
};

}  // namespace cc
