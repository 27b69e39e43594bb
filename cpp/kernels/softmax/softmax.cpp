// Softmax: the readable reference, which is the specification, and the list of implementations.
#include "kernels/softmax/softmax.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/parallel.h"
#include "kernels/impl.h"

namespace cc {

std::string SoftmaxProblem::describe() const {
    return str(log ? "log " : "", backward ? "backward " : "forward ", dtype, ' ', outer, 'x', dim,
               'x', inner);
}

namespace {

template <class T>
void forward(const SoftmaxProblem& p, const T* x, T* y) {
    double max = -std::numeric_limits<double>::infinity(), sum = 0;
    for (int64_t i = 0; i < p.dim; ++i) max = std::max<double>(max, x[i * p.inner]);
    for (int64_t i = 0; i < p.dim; ++i) sum += std::exp(x[i * p.inner] - max);
    double log_sum = std::log(sum);
    for (int64_t i = 0; i < p.dim; ++i) {
        double centred = x[i * p.inner] - max;
        y[i * p.inner] = static_cast<T>(p.log ? centred - log_sum : std::exp(centred) / sum);
    }
}

template <class T>
void backward(const SoftmaxProblem& p, const T* grad_y, const T* y, T* grad_x) {
    double sum = 0;
    for (int64_t i = 0; i < p.dim * p.inner; i += p.inner)
        sum += static_cast<double>(grad_y[i]) * (p.log ? 1.0 : y[i]);
    for (int64_t i = 0; i < p.dim * p.inner; i += p.inner)
        grad_x[i] = static_cast<T>(p.log ? grad_y[i] - std::exp(static_cast<double>(y[i])) * sum
                                         : y[i] * (grad_y[i] - sum));
}

void reference(const SoftmaxProblem& p, const SoftmaxArgs& args) {
    visit_floating("softmax", p.dtype, [&](auto zero) {
        using T = decltype(zero);
        int64_t grain = std::max<int64_t>(1, 1024 / std::max<int64_t>(1, p.dim));
        parallel_for(p.outer * p.inner, grain, [&](int64_t begin, int64_t end) {
            for (int64_t line = begin; line < end; ++line) {
                int64_t at = line / p.inner * p.dim * p.inner + line % p.inner;
                const T* x = static_cast<const T*>(args.x) + at;
                T* out = static_cast<T*>(args.out) + at;
                if (p.backward) backward(p, x, static_cast<const T*>(args.y) + at, out);
                else forward(p, x, out);
            }
        });
    });
}

constexpr Impl<SoftmaxProblem, SoftmaxArgs> kSoftmax[] = {
    {"reference", Isa::Generic, nullptr, reference},
};

}  // namespace

void softmax(const SoftmaxProblem& problem, const SoftmaxArgs& args) {
    run_best("softmax", kSoftmax, problem, args);
}

}  // namespace cc
