// Cross entropy: the readable reference, which is the specification, and the list of
// implementations.
#include "kernels/cross_entropy/cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/allocator.h"
#include "base/parallel.h"
#include "kernels/impl.h"

namespace cc {

std::string CrossEntropyProblem::describe() const {
    return str(backward ? "backward " : "forward ", dtype, ' ', n, 'x', c, 'x', inner);
}

int64_t first_bad_target(const CrossEntropyProblem& p, const int64_t* target) {
    for (int64_t i = 0; i < p.n * p.inner; ++i)
        if (target[i] != p.ignore_index && (target[i] < 0 || target[i] >= p.c)) return i;
    return -1;
}

namespace {

int64_t elements_per_task(const CrossEntropyProblem& p) {
    return std::max<int64_t>(1, 1024 / std::max<int64_t>(1, p.c));
}

// Fixed order: blocks of 1024 left to right, then the blocks.
double ordered_sum(const double* values, int64_t count) {
    double total = 0;
    for (int64_t begin = 0; begin < count; begin += 1024) {
        double block = 0;
        for (int64_t i = begin; i < std::min(count, begin + 1024); ++i) block += values[i];
        total += block;
    }
    return total;
}

template <class T>
double weight_of(const CrossEntropyArgs& args, int64_t k) {
    return args.weight ? static_cast<double>(static_cast<const T*>(args.weight)[k]) : 1.0;
}

template <class T>
void forward(const CrossEntropyProblem& p, const CrossEntropyArgs& args) {
    const T* logits = static_cast<const T*>(args.logits);
    int64_t count = p.n * p.inner;
    Scratch<double> losses(count), weights(count);
    parallel_for(count, elements_per_task(p), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            const T* x = logits + i / p.inner * p.c * p.inner + i % p.inner;
            double max = -std::numeric_limits<double>::infinity(), sum = 0;
            for (int64_t k = 0; k < p.c; ++k) max = std::max<double>(max, x[k * p.inner]);
            for (int64_t k = 0; k < p.c; ++k) sum += std::exp(x[k * p.inner] - max);
            double log_sum = max + std::log(sum), smooth = 0;
            if (args.log_sum) args.log_sum[i] = log_sum;
            losses[i] = weights[i] = 0;
            int64_t target = args.target[i];
            if (target == p.ignore_index) continue;
            if (p.label_smoothing > 0)
                for (int64_t k = 0; k < p.c; ++k)
                    smooth += weight_of<T>(args, k) * (log_sum - x[k * p.inner]);
            weights[i] = weight_of<T>(args, target);
            losses[i] = (1 - p.label_smoothing) * weights[i] * (log_sum - x[target * p.inner]) +
                        p.label_smoothing / static_cast<double>(p.c) * smooth;
        }
    });
    double total = ordered_sum(weights.data(), count);
    if (args.total_weight) *args.total_weight = total;
    T* loss = static_cast<T*>(args.loss);
    if (p.reduction == LossReduction::None) {
        for (int64_t i = 0; i < count; ++i) loss[i] = static_cast<T>(losses[i]);
    } else {
        double sum = ordered_sum(losses.data(), count);
        *loss = static_cast<T>(p.reduction == LossReduction::Mean ? sum / total : sum);
    }
}

template <class T>
void backward(const CrossEntropyProblem& p, const CrossEntropyArgs& args) {
    const T *logits = static_cast<const T*>(args.logits),
            *grad_loss = static_cast<const T*>(args.grad_loss);
    T* grad = static_cast<T*>(args.grad_logits);
    double all_weights = 0;
    for (int64_t k = 0; k < p.c; ++k) all_weights += weight_of<T>(args, k);
    parallel_for(p.n * p.inner, elements_per_task(p), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            int64_t at = i / p.inner * p.c * p.inner + i % p.inner, target = args.target[i];
            bool ignored = target == p.ignore_index;
            double g = grad_loss[p.reduction == LossReduction::None ? i : 0];
            if (p.reduction == LossReduction::Mean) g /= *args.total_weight;
            double hard = ignored ? 0 : g * (1 - p.label_smoothing) * weight_of<T>(args, target);
            double soft = ignored ? 0 : g * p.label_smoothing / static_cast<double>(p.c);
            for (int64_t k = 0; k < p.c; ++k) {
                double value = 0;
                if (!ignored) {
                    double share = std::exp(logits[at + k * p.inner] - args.log_sum[i]);
                    value = (hard + soft * all_weights) * share - soft * weight_of<T>(args, k) -
                            (k == target ? hard : 0.0);
                }
                grad[at + k * p.inner] = static_cast<T>(value);
            }
        }
    });
}

void reference(const CrossEntropyProblem& problem, const CrossEntropyArgs& args) {
    visit_floating("cross_entropy", problem.dtype, [&](auto zero) {
        using T = decltype(zero);
        problem.backward ? backward<T>(problem, args) : forward<T>(problem, args);
    });
}

constexpr Impl<CrossEntropyProblem, CrossEntropyArgs> kCrossEntropy[] = {
    {"reference", Isa::Generic, nullptr, reference},
};

}  // namespace

void cross_entropy(const CrossEntropyProblem& problem, const CrossEntropyArgs& args) {
    run_best("cross_entropy", kCrossEntropy, problem, args);
}

}  // namespace cc
