// Update rules: every instruction set against PyTorch's formulas written out element by element.
#include <algorithm>

#include "kernel_check.h"
#include "kernels/optim/optim.h"

using namespace cc;

namespace {

const std::vector<int64_t> kSizes = {1, 7, 16, 33, 0, 20000, 5};

template <class T>
std::vector<std::vector<T>> values_of(uint32_t seed, bool positive = false) {
    std::vector<std::vector<T>> all;
    for (int64_t size : kSizes) {
        all.push_back(some_values<T>(size, seed++));
        if (positive)
            for (auto& value : all.back()) value = std::fabs(value);
    }
    return all;
}

template <class T>
void compare(const char* what, const std::vector<std::vector<T>>& expected,
             std::vector<std::vector<T>> (*run)(const void*), const void* rule) {
    each_isa(
        what, [&] { return run(rule); },
        [&](const auto& got, const std::string& label) {
            for (size_t i = 0; i < got.size(); ++i)
                EXPECT(close(got[i], expected[i], tolerance<T>), label, " array ", i);
        });
}

template <class T>
std::vector<std::vector<T>> run_sgd(const void* rule_) {
    const auto& rule = *static_cast<const SgdRule*>(rule_);
    auto params = values_of<T>(1), velocity = values_of<T>(40);
    for (uint32_t step = 0; step < 3; ++step) {
        auto grads = values_of<T>(100 * (step + 1));
        std::vector<SgdParameter> list;
        for (size_t i = 0; i < kSizes.size(); ++i)
            list.push_back({params[i].data(), grads[i].data(),
                            rule.momentum != 0 ? velocity[i].data() : nullptr, step == 0,
                            kSizes[i]});
        sgd_step(dtype_of<T>, rule, list.data(), static_cast<int64_t>(list.size()));
    }
    params.insert(params.end(), velocity.begin(), velocity.end());
    return params;
}

template <class T>
void test_sgd(const SgdRule& rule) {
    auto params = values_of<T>(1), velocity = values_of<T>(40);
    for (uint32_t step = 0; step < 3; ++step) {
        auto grads = values_of<T>(100 * (step + 1));
        for (size_t i = 0; i < kSizes.size(); ++i)
            for (size_t j = 0; j < params[i].size(); ++j) {
                double p = params[i][j], g = rule.maximize ? -grads[i][j] : grads[i][j];
                g += rule.weight_decay * p;
                if (rule.momentum != 0) {
                    double entering = rule.rate_in_velocity ? rule.lr * g : g, v = velocity[i][j];
                    v = step == 0 ? entering : rule.momentum * v + (1 - rule.dampening) * entering;
                    velocity[i][j] = static_cast<T>(v);
                    g = rule.nesterov ? entering + rule.momentum * v : v;
                    if (rule.rate_in_velocity) g /= rule.lr;
                }
                params[i][j] = static_cast<T>(p - rule.lr * g);
            }
    }
    params.insert(params.end(), velocity.begin(), velocity.end());
    compare<T>("sgd", params, run_sgd<T>, &rule);
}

template <class T>
std::vector<std::vector<T>> run_adam(const void* rule_) {
    const auto& rule = *static_cast<const AdamRule*>(rule_);
    const bool amsgrad = rule.eps > 1e-7;
    auto params = values_of<T>(1), m = values_of<T>(40), v = values_of<T>(60, true),
         most = values_of<T>(80, true);
    for (uint32_t step = 1; step <= 3; ++step) {
        auto grads = values_of<T>(100 * step);
        std::vector<AdamParameter> list;
        for (size_t i = 0; i < kSizes.size(); ++i)
            list.push_back({params[i].data(), grads[i].data(), m[i].data(), v[i].data(),
                            amsgrad ? most[i].data() : nullptr, step, kSizes[i]});
        adam_step(dtype_of<T>, rule, list.data(), static_cast<int64_t>(list.size()));
    }
    for (const auto* more : {&m, &v, &most})
        params.insert(params.end(), more->begin(), more->end());
    return params;
}

template <class T>
void test_adam(const AdamRule& rule) {
    const bool amsgrad = rule.eps > 1e-7;
    auto params = values_of<T>(1), ms = values_of<T>(40), vs = values_of<T>(60, true),
         most = values_of<T>(80, true);
    for (uint32_t step = 1; step <= 3; ++step) {
        auto grads = values_of<T>(100 * step);
        const double correction1 = 1 - std::pow(rule.beta1, step),
                     correction2 = 1 - std::pow(rule.beta2, step);
        for (size_t i = 0; i < kSizes.size(); ++i)
            for (size_t j = 0; j < params[i].size(); ++j) {
                double p = params[i][j], g = rule.maximize ? -grads[i][j] : grads[i][j];
                if (rule.decoupled) p -= rule.lr * rule.weight_decay * p;
                else g += rule.weight_decay * p;
                double m = ms[i][j] = static_cast<T>(rule.beta1 * ms[i][j] + (1 - rule.beta1) * g);
                double v = vs[i][j] =
                    static_cast<T>(rule.beta2 * vs[i][j] + (1 - rule.beta2) * g * g);
                if (amsgrad) v = most[i][j] = std::max(most[i][j], vs[i][j]);
                p -= rule.lr / correction1 * m / (std::sqrt(v) / std::sqrt(correction2) + rule.eps);
                params[i][j] = static_cast<T>(p);
            }
    }
    for (const auto* more : {&ms, &vs, &most})
        params.insert(params.end(), more->begin(), more->end());
    compare<T>("adam", params, run_adam<T>, &rule);
}

}  // namespace

int main() {
    const SgdRule sgd_rules[] = {
        {0.1, 0, 0, 0, false, false, false},     {0.1, 0, 0, 0.01, false, true, false},
        {0.1, 0.9, 0, 0, false, false, false},   {0.1, 0.9, 0.5, 0.01, false, false, false},
        {0.1, 0.9, 0, 5e-4, true, false, false}, {0.1, 0.9, 0, 5e-4, false, false, true},
        {0.1, 0.9, 0, 5e-4, true, true, true},
    };
    for (const auto& rule : sgd_rules) {
        test_sgd<float>(rule);
        test_sgd<double>(rule);
    }
    for (double eps : {1e-8, 1e-6})  // the larger one stands for amsgrad
        for (bool decoupled : {false, true})
            for (bool maximize : {false, true}) {
                const AdamRule rule{1e-2, 0.9, 0.999, eps, 0.01, decoupled, maximize};
                test_adam<float>(rule);
                test_adam<double>(rule);
            }
    sgd_step(Dtype::Float32, sgd_rules[0], nullptr, 0);
    return finish("optim");
}
