// The labels l with blanks between and around them are the 2·|l| + 1 states s of an alignment. With log p of a state's class,
//   alpha[t][s] = ln Σ over the ways to be in s at step t = ln(e^alpha[t−1][s] + e^alpha[t−1][s−1] + e^alpha[t−1][s−2]) + log p,
// the last term only between different labels; beta runs back in the same way. Logarithms throughout, in double: shares may differ by
// more than a double's range. A sequence is one task, so nothing depends on threads.
#include "kernels/ctc/ctc.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/allocator.h"
#include "base/parallel.h"

namespace cc {

namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

double log_sum(double a, double b) {
    const double top = std::max(a, b);
    return top == kNever ? kNever : top + std::log1p(std::exp(std::min(a, b) - top));
}

double log_sum(double a, double b, double c) {
    const double top = std::max(a, std::max(b, c));
    if (top == kNever) return kNever;
    return top + std::log(std::exp(a - top) + std::exp(b - top) + std::exp(c - top));
}

struct Sequence {
    Sequence(const CtcProblem& p, int64_t b)
        : labels(p.labels + p.starts[b]), blank(p.blank), length(p.lengths[b]), states(2 * length + 1), steps(p.input_lengths[b]) {}
    int64_t of(int64_t s) const { return s % 2 ? labels[s / 2] : blank; }
    bool skips(int64_t s) const { return s > 1 && s % 2 && labels[s / 2] != labels[s / 2 - 1]; }  // from s − 2 to s

    const int64_t* labels;
    int64_t blank, length, states, steps;
};

template <class T>
double forward(const CtcProblem& p, const Sequence& q, const T* log_p, double* alpha) {
    if (q.steps == 0) return q.length == 0 ? 0.0 : -kNever;
    const int64_t width = 2 * p.longest + 1;
    std::fill(alpha, alpha + q.states, kNever);
    for (int64_t s = 0; s < std::min<int64_t>(2, q.states); ++s) alpha[s] = log_p[q.of(s)];
    for (int64_t t = 1; t < q.steps; ++t) {
        const double* before = alpha + (t - 1) * width;
        double* now = alpha + t * width;
        const T* here = log_p + t * p.batch * p.classes;
        for (int64_t s = 0; s < q.states; ++s) {
            const double one = s > 0 ? before[s - 1] : kNever;
            now[s] = (q.skips(s) ? log_sum(before[s], one, before[s - 2]) : log_sum(before[s], one)) + here[q.of(s)];
        }
    }
    const double* last = alpha + (q.steps - 1) * width;
    return -log_sum(last[q.states - 1], q.length > 0 ? last[q.states - 2] : kNever);
}

template <class T>
void backward(const CtcProblem& p, const Sequence& q, const T* log_p, const double* alpha, double loss, double grad_loss, T* grad) {
    const int64_t width = 2 * p.longest + 1, step = p.batch * p.classes;
    Scratch<double> now(q.states), next(q.states), share(p.classes);
    for (int64_t t = q.steps - 1; t >= 0; --t) {
        const T* here = log_p + t * step;
        std::swap_ranges(now.data(), now.data() + q.states, next.data());
        for (int64_t s = 0; s < q.states; ++s) {
            double ways;
            if (t == q.steps - 1) {
                ways = s + 2 >= q.states ? 0 : kNever;
            } else {
                const double one = s + 1 < q.states ? next[s + 1] : kNever;
                ways = s + 2 < q.states && q.skips(s + 2) ? log_sum(next[s], one, next[s + 2]) : log_sum(next[s], one);
            }
            now[s] = ways + here[q.of(s)];
        }
        std::fill(share.data(), share.data() + p.classes, 0.0);
        for (int64_t s = 0; s < q.states; ++s)
            share[q.of(s)] += std::exp(alpha[t * width + s] + now[s] - here[q.of(s)] + loss);
        T* out = grad + t * step;
        for (int64_t c = 0; c < p.classes; ++c) out[c] = static_cast<T>((out[c] - share[c]) * grad_loss);
    }
}

}  // namespace

void ctc_forward(const CtcProblem& p, const void* log_probs, double* alpha, double* loss) {
    visit_floating("ctc_loss", p.dtype, [&](auto zero) {
        using T = decltype(zero);
        parallel_for(p.batch, 1, [&](int64_t begin, int64_t end) {
            for (int64_t b = begin; b < end; ++b)
                loss[b] = forward(p, Sequence(p, b), static_cast<const T*>(log_probs) + b * p.classes,
                                  alpha + b * p.steps * (2 * p.longest + 1));
        });
    });
}

void ctc_backward(const CtcProblem& p, const void* log_probs, const double* alpha, const double* loss, const double* grad_loss,
                  bool zero_infinity, void* grad_) {
    visit_floating("ctc_loss", p.dtype, [&](auto zero) {
        using T = decltype(zero);
        parallel_for(p.batch, 1, [&](int64_t begin, int64_t end) {
            for (int64_t b = begin; b < end; ++b) {
                const Sequence q(p, b);
                T* grad = static_cast<T*>(grad_) + b * p.classes;
                const bool none = zero_infinity && loss[b] == -kNever;
                for (int64_t t = none ? 0 : q.steps; t < p.steps; ++t)
                    memset(grad + t * p.batch * p.classes, 0, static_cast<size_t>(p.classes) * sizeof(T));
                if (!none)
                    backward(p, q, static_cast<const T*>(log_probs) + b * p.classes, alpha + b * p.steps * (2 * p.longest + 1),
                             loss[b], grad_loss[b], grad);
            }
        });
    });
}

}  // namespace cc
