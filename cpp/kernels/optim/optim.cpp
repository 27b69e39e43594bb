// Update rules. Blocks of elements of all parameters form one task list.
#include "kernels/optim/optim.h"

#include <algorithm>
#include <cmath>

#include "base/allocator.h"
#include "base/parallel.h"

namespace cc {

namespace {

constexpr int64_t kElementsPerBlock = 8192;

// Calls f(parameter, begin, end) on blocks of all parameters' elements.
template <class Parameter, class F>
void each_block(const Parameter* parameters, int64_t count, F&& f) {
    auto blocks_of = [](const Parameter& p) {
        return (p.numel + kElementsPerBlock - 1) / kElementsPerBlock;
    };
    Scratch<int64_t> first_block(count + 1);
    first_block[0] = 0;
    for (int64_t i = 0; i < count; ++i)
        first_block[i + 1] = first_block[i] + blocks_of(parameters[i]);
    const int64_t* firsts = first_block.data();
    parallel_for(firsts[count], 1, [&](int64_t begin, int64_t end) {
        int64_t i = std::upper_bound(firsts, firsts + count + 1, begin) - firsts - 1;
        for (int64_t block = begin; block < end; ++block) {
            while (block >= firsts[i + 1]) ++i;
            int64_t at = (block - firsts[i]) * kElementsPerBlock;
            f(parameters[i], at, std::min(parameters[i].numel, at + kElementsPerBlock));
        }
    });
}

template <class T>
void sgd(const SgdRule& rule, const SgdParameter& p, int64_t begin, int64_t end) {
    T* param = static_cast<T*>(p.param);
    const T* grad = static_cast<const T*>(p.grad);
    T* velocity = static_cast<T*>(p.velocity);
    T lr = static_cast<T>(rule.lr), momentum = static_cast<T>(rule.momentum),
      share = static_cast<T>(1 - rule.dampening), decay = static_cast<T>(rule.weight_decay);
    for (int64_t i = begin; i < end; ++i) {
        T g = rule.maximize ? -grad[i] : grad[i];
        if (decay != 0) g = g + decay * param[i];
        if (rule.rate_in_velocity) g = lr * g;
        if (velocity) {
            velocity[i] = p.first ? g : momentum * velocity[i] + share * g;
            g = rule.nesterov ? g + momentum * velocity[i] : velocity[i];
        }
        param[i] = rule.rate_in_velocity ? param[i] - g : param[i] - lr * g;
    }
}

template <class T>
void adam(const AdamRule& rule, const AdamParameter& p, int64_t begin, int64_t end) {
    T *param = static_cast<T*>(p.param), *exp_avg = static_cast<T*>(p.exp_avg),
      *exp_avg_sq = static_cast<T*>(p.exp_avg_sq), *max_sq = static_cast<T*>(p.max_exp_avg_sq);
    const T* grad = static_cast<const T*>(p.grad);
    double step = static_cast<double>(p.step);
    T keep = static_cast<T>(1 - rule.lr * rule.weight_decay),
      decay = static_cast<T>(rule.weight_decay), share1 = static_cast<T>(1 - rule.beta1),
      beta2 = static_cast<T>(rule.beta2), share2 = static_cast<T>(1 - rule.beta2),
      eps = static_cast<T>(rule.eps),
      rate = static_cast<T>(rule.lr / (1 - std::pow(rule.beta1, step))),
      correction = static_cast<T>(std::sqrt(1 - std::pow(rule.beta2, step)));
    for (int64_t i = begin; i < end; ++i) {
        T g = rule.maximize ? -grad[i] : grad[i], value = param[i];
        if (rule.decoupled) value = value * keep;
        else if (decay != 0) g = g + decay * value;
        T m = exp_avg[i] + share1 * (g - exp_avg[i]), v = exp_avg_sq[i] * beta2 + share2 * g * g;
        exp_avg[i] = m, exp_avg_sq[i] = v;
        if (max_sq) v = max_sq[i] = std::max(max_sq[i], v);
        param[i] = value - rate * m / (std::sqrt(v) / correction + eps);
    }
}

}  // namespace

void sgd_step(Dtype dtype, const SgdRule& rule, const SgdParameter* parameters, int64_t count) {
    visit_floating("SGD", dtype, [&](auto zero) {
        each_block(parameters, count, [&](const SgdParameter& p, int64_t begin, int64_t end) {
            sgd<decltype(zero)>(rule, p, begin, end);
        });
    });
}

void adam_step(Dtype dtype, const AdamRule& rule, const AdamParameter* parameters, int64_t count) {
    visit_floating("Adam", dtype, [&](auto zero) {
        each_block(parameters, count, [&](const AdamParameter& p, int64_t begin, int64_t end) {
            adam<decltype(zero)>(rule, p, begin, end);
        });
    });
}

}  // namespace cc
