// The formulas of the update rules over one vector type, and the one loop that walks a parameter;
// included into cc::<isa>'s anonymous namespace after simd/<isa>.h and simd/blocks.inl. All arrays
// of a parameter are read and written once.
//
// A rule is made from a step and gives rule(p, g, s): the new p, the new states in s.

template <class V>
V constant(double value) {
    return V::parameter(value);
}

// The running means of the gradient and of its square that Adam's family shares.
template <class V>
struct Moments {
    V share1, beta2, share2;
    template <class Terms>
    explicit Moments(const Terms& t)
        : share1(constant<V>(t.share1)), beta2(constant<V>(t.beta2)), share2(constant<V>(t.share2)) {}
    void operator()(V g, V* s) const {
        s[0] = fma(share1, g - s[0], s[0]);
        s[1] = fma(share2 * g, g, s[1] * beta2);
    }
};

template <class V>
struct Sgd {
    const V lr, momentum, kept, share;
    const bool has_velocity, nesterov, rate_in_velocity;
    explicit Sgd(const OptimStep& s)
        : lr(constant<V>(s.sgd.lr)), momentum(constant<V>(s.sgd.momentum)),
          kept(constant<V>(s.sgd.kept)), share(constant<V>(s.sgd.share)),
          has_velocity(s.state[0]), nesterov(s.sgd.nesterov),
          rate_in_velocity(s.sgd.rate_in_velocity) {}
    V operator()(V p, V g, V* s) const {
        if (rate_in_velocity) g = lr * g;
        if (has_velocity) {
            s[0] = fma(share, g, kept * s[0]);
            g = nesterov ? fma(momentum, s[0], g) : s[0];
        }
        return rate_in_velocity ? p - g : fma(-lr, g, p);
    }
};

template <class V>
struct Asgd {
    const V rate, weight;
    const bool averages;
    explicit Asgd(const OptimStep& s)
        : rate(constant<V>(s.asgd.rate)), weight(constant<V>(s.asgd.weight)),
          averages(s.asgd.weight != 1) {}
    V operator()(V p, V g, V* s) const {
        p = fma(-rate, g, p);
        s[0] = averages ? fma(weight, p - s[0], s[0]) : p;
        return p;
    }
};

template <class V>
struct Adam {
    const Moments<V> moments;
    const V eps, rate, correction;
    const bool amsgrad;
    explicit Adam(const OptimStep& s)
        : moments(s.adam), eps(constant<V>(s.adam.eps)), rate(constant<V>(s.adam.rate)),
          correction(constant<V>(s.adam.correction)), amsgrad(s.state[2]) {}
    V operator()(V p, V g, V* s) const {
        moments(g, s);
        V v = s[1];
        if (amsgrad) v = s[2] = max(v, s[2]);
        return p - rate * s[0] / (sqrt(v) / correction + eps);
    }
};

template <class V>
struct NAdam {
    const Moments<V> moments;
    const V eps, grad_rate, rate, correction;
    explicit NAdam(const OptimStep& s)
        : moments(s.nadam), eps(constant<V>(s.nadam.eps)),
          grad_rate(constant<V>(s.nadam.grad_rate)), rate(constant<V>(s.nadam.rate)),
          correction(constant<V>(s.nadam.correction)) {}
    V operator()(V p, V g, V* s) const {
        moments(g, s);
        return p - fma(rate, s[0], grad_rate * g) / (sqrt(s[1]) / correction + eps);
    }
};

template <class V>
struct RAdam {
    const Moments<V> moments;
    const V eps, rate;
    const bool adaptive;
    explicit RAdam(const OptimStep& s)
        : moments(s.radam), eps(constant<V>(s.radam.eps)), rate(constant<V>(s.radam.rate)),
          adaptive(s.radam.adaptive) {}
    V operator()(V p, V g, V* s) const {
        moments(g, s);
        return adaptive ? p - rate * s[0] / (sqrt(s[1]) + eps) : fma(-rate, s[0], p);
    }
};

template <class V>
struct Adamax {
    const V share1, beta2, eps, rate;
    explicit Adamax(const OptimStep& s)
        : share1(constant<V>(s.adamax.share1)), beta2(constant<V>(s.adamax.beta2)),
          eps(constant<V>(s.adamax.eps)), rate(constant<V>(s.adamax.rate)) {}
    V operator()(V p, V g, V* s) const {
        s[0] = fma(share1, g - s[0], s[0]);
        s[1] = max(s[1] * beta2, abs(g) + eps);
        return p - rate * s[0] / s[1];
    }
};

template <class V>
struct RmsProp {
    const V alpha, share, eps, rate, momentum;
    const bool has_momentum, centered;
    explicit RmsProp(const OptimStep& s)
        : alpha(constant<V>(s.rmsprop.alpha)), share(constant<V>(s.rmsprop.share)),
          eps(constant<V>(s.rmsprop.eps)), rate(constant<V>(s.rmsprop.rate)),
          momentum(constant<V>(s.rmsprop.momentum)), has_momentum(s.state[1]),
          centered(s.state[2]) {}
    V operator()(V p, V g, V* s) const {
        V v = s[0] = fma(share * g, g, s[0] * alpha);
        if (centered) {
            s[2] = fma(share, g - s[2], s[2]);
            v = max(zero(v), fma(-s[2], s[2], v));  // rounding alone makes it negative
        }
        g = g / (sqrt(v) + eps);
        if (has_momentum) g = s[1] = fma(momentum, s[1], g);
        return fma(-rate, g, p);
    }
};

template <class V>
struct Adagrad {
    const V eps, rate;
    explicit Adagrad(const OptimStep& s)
        : eps(constant<V>(s.adagrad.eps)), rate(constant<V>(s.adagrad.rate)) {}
    V operator()(V p, V g, V* s) const {
        s[0] = fma(g, g, s[0]);
        return p - rate * g / (sqrt(s[0]) + eps);
    }
};

template <class V>
struct Adadelta {
    const V rho, share, eps, rate;
    explicit Adadelta(const OptimStep& s)
        : rho(constant<V>(s.adadelta.rho)), share(constant<V>(s.adadelta.share)),
          eps(constant<V>(s.adadelta.eps)), rate(constant<V>(s.adadelta.rate)) {}
    V operator()(V p, V g, V* s) const {
        s[0] = fma(share * g, g, s[0] * rho);
        const V delta = sqrt(s[1] + eps) / sqrt(s[0] + eps) * g;
        s[1] = fma(share * delta, delta, s[1] * rho);
        return fma(-rate, delta, p);
    }
};

template <class V>
struct Rprop {
    const V shrink, grow, least, most;
    explicit Rprop(const OptimStep& s)
        : shrink(constant<V>(s.rprop.shrink)), grow(constant<V>(s.rprop.grow)),
          least(constant<V>(s.rprop.least)), most(constant<V>(s.rprop.most)) {}
    V operator()(V p, V g, V* s) const {
        const V agreement = g * s[0], none = zero(g);
        const auto turned = agreement < none;
        const V factor = select(agreement > none, grow, select(turned, shrink, one(g)));
        s[1] = min(most, max(least, s[1] * factor));
        s[0] = select(turned, none, g);
        return p - sign(s[0]) * s[1];
    }
};

template <class V>
struct Average {
    const V weight;
    explicit Average(const OptimStep& s) : weight(constant<V>(s.average.weight)) {}
    V operator()(V p, V g, V*) const { return fma(weight, g - p, p); }
};

template <template <class> class Rule, class V>
void walk(const OptimStep& step, int64_t begin, int64_t end) {
    using T = typename V::Scalar;
    const Rule<V> rule(step);
    T *param = static_cast<T*>(step.param), *state[kOptimStates];
    for (int k = 0; k < kOptimStates; ++k) state[k] = static_cast<T*>(step.state[k]);
    const T* grad = static_cast<const T*>(step.grad);
    const V sign = constant<V>(step.sign), decay = constant<V>(step.decay),
            keep = constant<V>(step.keep);
    const bool decays = step.decay != 0;
    for (int64_t i = begin; i < end; i += V::lanes) {
        const int64_t n = end - i;
        V p = load_block<V>(param + i, n), g = load_block<V>(grad + i, n) * sign, s[kOptimStates];
        for (int k = 0; k < kOptimStates; ++k)
            s[k] = state[k] ? load_block<V>(state[k] + i, n) : zero(p);
        if (decays) g = fma(decay, p, g);
        p = rule(p * keep, g, s);
        for (int k = 0; k < kOptimStates; ++k)
            if (state[k]) store_block(s[k], state[k] + i, n);
        store_block(p, param + i, n);
    }
}

#define X(Rule, name) walk<Rule, V>,
template <class V>
constexpr OptimLoops loops_of = {{CC_OPTIM_RULES(X)}};
#undef X
