// The update rules: a group's options with their defaults, and what the rule keeps. The formulas are in kernels/optim/optim.inl.
//   fields   calls f(name, option) for each option, by its name in Python
//   check    raises for options out of range; kind is the optimizer's name in messages
//   prepare  counts the step and works out all that does not depend on the element
#pragma once

#include <utility>

#include "optim/optimizer.h"

namespace cc {

// Descent with momentum (Polyak, 1964; Nesterov, 1983, as Sutskever et al., "On the importance of initialization and momentum in
// deep learning", ICML 2013, write it): v = momentum·v + (1 − dampening)·g, p −= lr·(nesterov ? g + momentum·v : v).
struct SgdRule {
    double lr = 1e-3, momentum = 0, dampening = 0, weight_decay = 0;
    bool nesterov = false, maximize = false;
    bool rate_in_velocity = false;  // v = momentum·v + lr·g, p −= v, as in cuda-convnet and Caffe

    static const OptimLayout& layout();
    void check(const std::string& kind) const;
    void prepare(Optimizer::Work& work) const;
    template <class Self, class F>
    static void fields(Self& o, F&& f) {
        f("lr", o.lr); f("momentum", o.momentum); f("dampening", o.dampening); f("weight_decay", o.weight_decay);
        f("nesterov", o.nesterov); f("maximize", o.maximize); f("rate_in_velocity", o.rate_in_velocity);
    }
};
using Sgd = RuleOptimizer<SgdRule>;

// Averaged descent (Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", SIAM J. Control Optim. 30,
// 1992): `ax` is the mean of the parameters after t0 steps.
struct AsgdRule {
    double lr = 1e-2, lambd = 1e-4, alpha = 0.75, t0 = 1e6, weight_decay = 0;
    bool maximize = false;

    static const OptimLayout& layout();
    void check(const std::string& kind) const;
    void prepare(Optimizer::Work& work) const;
    template <class Self, class F>
    static void fields(Self& o, F&& f) {
        f("lr", o.lr); f("lambd", o.lambd); f("alpha", o.alpha); f("t0", o.t0); f("weight_decay", o.weight_decay);
        f("maximize", o.maximize);
    }
};
using Asgd = RuleOptimizer<AsgdRule>;

// Adam (Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015), AMSGrad (Reddi, Kale and Kumar, "On the
// convergence of Adam and beyond", ICLR 2018) and, with decoupled_weight_decay, AdamW (Loshchilov and Hutter, "Decoupled weight
// decay regularization", ICLR 2019).
struct AdamRule {
    double lr = 1e-3;
    std::pair<double, double> betas{0.9, 0.999};
    double eps = 1e-8, weight_decay = 0;
    bool amsgrad = false, maximize = false, decoupled_weight_decay = false;

    static const OptimLayout& layout();
    void check(const std::string& kind) const;
    void prepare(Optimizer::Work& work) const;
    template <class Self, class F>
    static void fields(Self& o, F&& f) {
        f("lr", o.lr); f("betas", o.betas); f("eps", o.eps); f("weight_decay", o.weight_decay); f("amsgrad", o.amsgrad);
        f("maximize", o.maximize); f("decoupled_weight_decay", o.decoupled_weight_decay);
    }
};
using Adam = RuleOptimizer<AdamRule>;

// Adam with Nesterov's momentum (Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop 2016).
struct NAdamRule {
    double lr = 2e-3;
    std::pair<double, double> betas{0.9, 0.999};
    double eps = 1e-8, weight_decay = 0, momentum_decay = 4e-3;
    bool decoupled_weight_decay = false, maximize = false;

    static const OptimLayout& layout();
    void check(const std::string& kind) const;
    void prepare(Optimizer::Work& work) const;
    template <class Self, class F>
    static void fields(Self& o, F&& f) {
        f("lr", o.lr); f("betas", o.betas); f("eps", o.eps); f("weight_decay", o.weight_decay);
        f("momentum_decay", o.momentum_decay); f("decoupled_weight_decay", o.decoupled_weight_decay);
        f("maximize", o.maximize);
    }
};
using NAdam = RuleOptimizer<NAdamRule>;

// Rectified Adam (Liu et al., "On the variance of the adaptive learning rate and beyond", ICLR 2020).
struct RAdamRule {
    double lr = 1e-3;
    std::pair<double, double> betas{0.9, 0.999};
    double eps = 1e-8, weight_decay = 0;
    bool decoupled_weight_decay = false, maximize = false;

    static const OptimLayout& layout();
    void check(const std::string& kind) const;
    void prepare(Optimizer::Work& work) const;
    template <class Self, class F>
    static void fields(Self& o, F&& f) {
        f("lr", o.lr); f("betas", o.betas); f("eps", o.eps); f("weight_decay", o.weight_decay);
        f("decoupled_weight_decay", o.decoupled_weight_decay); f("maximize", o.maximize);
    }
};
using RAdam = RuleOptimizer<RAdamRule>;

// Adam by the greatest gradient (Kingma and Ba, 2015, section 7.1).
struct AdamaxRule {
    double lr = 2e-3;
    std::pair<double, double> betas{0.9, 0.999};
    double eps = 1e-8, weight_decay = 0;
    bool maximize = false;

    static const OptimLayout& layout();
    void check(const std::string& kind) const;
    void prepare(Optimizer::Work& work) const;
    template <class Self, class F>
    static void fields(Self& o, F&& f) {
        f("lr", o.lr); f("betas", o.betas); f("eps", o.eps); f("weight_decay", o.weight_decay); f("maximize", o.maximize);
    }
};
using Adamax = RuleOptimizer<AdamaxRule>;

// RMSprop (Tieleman and Hinton, lecture 6.5 of "Neural networks for machine learning", 2012); centered: Graves, "Generating
// sequences with recurrent neural networks", 2013, equations 38 to 41.
struct RmsPropRule {
    double lr = 1e-2, alpha = 0.99, eps = 1e-8, weight_decay = 0, momentum = 0;
    bool centered = false, maximize = false;

    static const OptimLayout& layout();
    void check(const std::string& kind) const;
    void prepare(Optimizer::Work& work) const;
    template <class Self, class F>
    static void fields(Self& o, F&& f) {
        f("lr", o.lr); f("alpha", o.alpha); f("eps", o.eps); f("weight_decay", o.weight_decay); f("momentum", o.momentum);
        f("centered", o.centered); f("maximize", o.maximize);
    }
};
using RmsProp = RuleOptimizer<RmsPropRule>;

// Adagrad (Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization", JMLR 12, 2011).
struct AdagradRule {
    double lr = 1e-2, lr_decay = 0, weight_decay = 0, initial_accumulator_value = 0, eps = 1e-10;
    bool maximize = false;

    static const OptimLayout& layout();
    void check(const std::string& kind) const;
    void prepare(Optimizer::Work& work) const;
    template <class Self, class F>
    static void fields(Self& o, F&& f) {
        f("lr", o.lr); f("lr_decay", o.lr_decay); f("weight_decay", o.weight_decay);
        f("initial_accumulator_value", o.initial_accumulator_value); f("eps", o.eps); f("maximize", o.maximize);
    }
};
using Adagrad = RuleOptimizer<AdagradRule>;

// Adadelta (Zeiler, "ADADELTA: an adaptive learning rate method", 2012).
struct AdadeltaRule {
    double lr = 1, rho = 0.9, eps = 1e-6, weight_decay = 0;
    bool maximize = false;

    static const OptimLayout& layout();
    void check(const std::string& kind) const;
    void prepare(Optimizer::Work& work) const;
    template <class Self, class F>
    static void fields(Self& o, F&& f) {
        f("lr", o.lr); f("rho", o.rho); f("eps", o.eps); f("weight_decay", o.weight_decay); f("maximize", o.maximize);
    }
};
using Adadelta = RuleOptimizer<AdadeltaRule>;

// Resilient propagation (Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning", ICNN 1993): the
// gradient's sign alone.
struct RpropRule {
    double lr = 1e-2;
    std::pair<double, double> etas{0.5, 1.2}, step_sizes{1e-6, 50};
    bool maximize = false;

    static const OptimLayout& layout();
    void check(const std::string& kind) const;
    void prepare(Optimizer::Work& work) const;
    template <class Self, class F>
    static void fields(Self& o, F&& f) {
        f("lr", o.lr); f("etas", o.etas); f("step_sizes", o.step_sizes); f("maximize", o.maximize);
    }
};
using Rprop = RuleOptimizer<RpropRule>;

// averaged += weight·(current − averaged), over all arrays in one pass; both of one shape and dtype.
void average(const Tensors& averaged, const Tensors& current, double weight);

}  // namespace cc
