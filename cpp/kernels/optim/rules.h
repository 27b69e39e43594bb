// The update rules by name, and what each wants to know of a step that is the same for all elements
// of a parameter. The formulas stand in optim.inl, the options in optim/rules.h.
#pragma once

#include <stdint.h>

#define CC_OPTIM_RULES(X)                                                                        \
    X(Sgd, sgd)                                                                                  \
    X(Asgd, asgd)                                                                                \
    X(Adam, adam)                                                                                \
    X(NAdam, nadam)                                                                              \
    X(RAdam, radam)                                                                              \
    X(Adamax, adamax)                                                                            \
    X(RmsProp, rmsprop)                                                                          \
    X(Adagrad, adagrad)                                                                          \
    X(Adadelta, adadelta)                                                                        \
    X(Rprop, rprop)                                                                              \
    X(Average, average)

namespace cc {

enum class OptimRule {
#define X(Rule, name) Rule,
    CC_OPTIM_RULES(X)
#undef X
};

#define X(Rule, name) +1
constexpr int kOptimRules = 0 CC_OPTIM_RULES(X);
#undef X
constexpr int kOptimStates = 3;

struct SgdTerms {
    double lr, momentum;
    double kept, share;  // of the velocity, of the gradient in it: 0 and 1 in the first step
    bool nesterov;
    bool rate_in_velocity;  // v = kept·v + lr·g; p −= v: a new rate acts on new gradients only
};
struct AsgdTerms {
    double rate, weight;  // weight of the parameter in the average; 1 copies
};
struct AdamTerms {
    double share1, beta2, share2, eps, rate, correction;  // correction = √(1 − beta2^step)
};
struct NAdamTerms {
    double share1, beta2, share2, eps, grad_rate, rate, correction;
};
struct RAdamTerms {
    double share1, beta2, share2, eps, rate;
    bool adaptive;  // the variance of the second moment is known well enough to divide by it
};
struct AdamaxTerms {
    double share1, beta2, eps, rate;
};
struct RmsPropTerms {
    double alpha, share, eps, rate, momentum;
};
struct AdagradTerms {
    double eps, rate;
};
struct AdadeltaTerms {
    double rho, share, eps, rate;
};
struct RpropTerms {
    double shrink, grow, least, most;
};
struct AverageTerms {
    double weight;
};

// One parameter's share of a step. Every rule begins with g = sign·grad + decay·p, p = keep·p.
struct OptimStep {
    void* param;
    const void* grad;
    void* state[kOptimStates];  // null for what the options leave out
    int64_t numel;
    double sign, decay, keep;
    union {
#define X(Rule, name) Rule##Terms name;
        CC_OPTIM_RULES(X)
#undef X
    };
};

}  // namespace cc
