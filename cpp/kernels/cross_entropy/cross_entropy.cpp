// Cross entropy: what all implementations share (losses, reduction, the weights of the gradient),
// the readable reference, which is the specification, and the list.
#include "kernels/cross_entropy/cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/allocator.h"
#include "base/parallel.h"
#include "kernels/cross_entropy/cross_entropy_loops.h"
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

constexpr int64_t kLogitsPerTask = 8192;

int64_t elements_per_task(const CrossEntropyProblem& p) {
    return std::max<int64_t>(1, kLogitsPerTask / std::max<int64_t>(1, p.c));
}

// Offset of element i's first logit; the others follow `inner` apart.
int64_t logits_of(const CrossEntropyProblem& p, int64_t i) {
    return p.inner == 1 ? i * p.c : i / p.inner * p.c * p.inner + i % p.inner;
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

// From the logarithms of the sums to the losses and their reduction.
template <class T>
void reduce_losses(const CrossEntropyProblem& p, const CrossEntropyArgs& args,
                   const double* log_sum) {
    const T* logits = static_cast<const T*>(args.logits);
    T* loss = static_cast<T*>(args.loss);
    int64_t count = p.n * p.inner;
    Scratch<double> room(2 * count);
    double *losses = room.data(), *weights = losses + count;
    parallel_for(count, elements_per_task(p), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            const T* x = logits + logits_of(p, i);
            int64_t target = args.target[i];
            losses[i] = weights[i] = 0;
            if (target == p.ignore_index) continue;
            double smooth = 0;
            if (p.label_smoothing > 0)
                for (int64_t k = 0; k < p.c; ++k)
                    smooth += weight_of<T>(args, k) * (log_sum[i] - x[k * p.inner]);
            weights[i] = weight_of<T>(args, target);
            losses[i] = (1 - p.label_smoothing) * weights[i] * (log_sum[i] - x[target * p.inner]) +
                        p.label_smoothing / static_cast<double>(p.c) * smooth;
        }
    });
    double total = ordered_sum(weights, count);
    if (args.total_weight) *args.total_weight = total;
    if (p.reduction == LossReduction::None) {
        for (int64_t i = 0; i < count; ++i) loss[i] = static_cast<T>(losses[i]);
    } else {
        double sum = ordered_sum(losses, count);
        *loss = static_cast<T>(p.reduction == LossReduction::Mean ? sum / total : sum);
    }
}

// The gradient of element i with respect to logit k is softmax·p[k] − soft·w[k], less hard at the
// target.
struct Shares {
    double softmax, soft, hard;
};

template <class T>
struct ShareOf {
    ShareOf(const CrossEntropyProblem& p_, const CrossEntropyArgs& args_) : p(p_), args(args_) {
        for (int64_t k = 0; k < p.c; ++k) all_weights += weight_of<T>(args, k);
    }
    bool ignored(int64_t i) const { return args.target[i] == p.ignore_index; }
    Shares operator()(int64_t i) const {
        if (ignored(i)) return {0, 0, 0};
        double g =
            static_cast<const T*>(args.grad_loss)[p.reduction == LossReduction::None ? i : 0];
        if (p.reduction == LossReduction::Mean) g /= *args.total_weight;
        double hard = g * (1 - p.label_smoothing) * weight_of<T>(args, args.target[i]);
        double soft = g * p.label_smoothing / static_cast<double>(p.c);
        return {hard + soft * all_weights, soft, hard};
    }
    const CrossEntropyProblem& p;
    const CrossEntropyArgs& args;
    double all_weights = 0;
};

template <class T>
void forward(const CrossEntropyProblem& p, const CrossEntropyArgs& args) {
    const T* logits = static_cast<const T*>(args.logits);
    int64_t count = p.n * p.inner;
    Scratch<double> own(args.log_sum ? 0 : count);
    double* log_sum = args.log_sum ? args.log_sum : own.data();
    parallel_for(count, elements_per_task(p), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            const T* x = logits + logits_of(p, i);
            double max = -std::numeric_limits<double>::infinity(), sum = 0;
            for (int64_t k = 0; k < p.c; ++k) max = std::max<double>(max, x[k * p.inner]);
            for (int64_t k = 0; k < p.c; ++k) sum += std::exp(x[k * p.inner] - max);
            log_sum[i] = max + std::log(sum);
        }
    });
    reduce_losses<T>(p, args, log_sum);
}

template <class T>
void backward(const CrossEntropyProblem& p, const CrossEntropyArgs& args) {
    const T* logits = static_cast<const T*>(args.logits);
    T* grad = static_cast<T*>(args.grad_logits);
    const ShareOf<T> share_of(p, args);
    parallel_for(p.n * p.inner, elements_per_task(p), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            Shares share = share_of(i);
            for (int64_t k = 0; k < p.c; ++k) {
                int64_t at = logits_of(p, i) + k * p.inner;
                double value = share.softmax * std::exp(logits[at] - args.log_sum[i]) -
                               share.soft * weight_of<T>(args, k);
                if (k == args.target[i]) value -= share.hard;
                grad[at] = share_of.ignored(i) ? T{0} : static_cast<T>(value);
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

// Calls f(first element, how many): neighbours that share their image, so whose logits are rows
// (inner 1) or neighbouring columns.
template <class F>
void each_run(const CrossEntropyProblem& p, F&& f) {
    parallel_for(p.n * p.inner, std::max<int64_t>(64, elements_per_task(p)),
                 [&](int64_t begin, int64_t end) {
                     while (begin < end) {
                         int64_t stop =
                             p.inner == 1 ? end : std::min(end, (begin / p.inner + 1) * p.inner);
                         f(begin, stop - begin);
                         begin = stop;
                     }
                 });
}

template <class T>
void forward(const CrossEntropyProblem& p, const CrossEntropyArgs& args,
             const CrossEntropyLoops& loops) {
    const T* logits = static_cast<const T*>(args.logits);
    Scratch<double> own(args.log_sum ? 0 : p.n * p.inner);
    double* log_sum = args.log_sum ? args.log_sum : own.data();
    each_run(p, [&](int64_t i, int64_t count) {
        const T* x = logits + logits_of(p, i);
        if (p.inner == 1) loops.log_sum_rows(x, count, p.c, log_sum + i);
        else loops.log_sum_columns(x, count, p.c, p.inner, log_sum + i);
    });
    reduce_losses<T>(p, args, log_sum);
}

template <class T>
void backward(const CrossEntropyProblem& p, const CrossEntropyArgs& args,
              const CrossEntropyLoops& loops) {
    const T* logits = static_cast<const T*>(args.logits);
    T* grad = static_cast<T*>(args.grad_logits);
    const ShareOf<T> share_of(p, args);
    each_run(p, [&](int64_t first, int64_t count) {
        const int64_t start = logits_of(p, first);
        Scratch<double> softmax(count), soft(count);
        for (int64_t i = 0; i < count; ++i) {
            Shares share = share_of(first + i);
            softmax[i] = share.softmax, soft[i] = share.soft;
        }
        if (p.inner == 1)
            for (int64_t i = 0; i < count; ++i)
                loops.gradient_row(logits + start + i * p.c, p.c, args.log_sum[first + i],
                                   softmax[i], soft[i], args.weight, grad + start + i * p.c);
        else
            loops.gradient_columns(logits + start, count, p.c, p.inner, args.log_sum + first,
                                   softmax.data(), soft.data(), args.weight, grad + start);
        for (int64_t i = first; i < first + count; ++i) {
            T* g = grad + logits_of(p, i);
            if (!share_of.ignored(i))
                g[args.target[i] * p.inner] -= static_cast<T>(share_of(i).hard);
            else
                for (int64_t k = 0; k < p.c; ++k) g[k * p.inner] = T{0};
        }
    });
}

template <const CrossEntropyLoops (&LoopsOfDtypes)[2]>
void loops(const CrossEntropyProblem& problem, const CrossEntropyArgs& args) {
    const CrossEntropyLoops& loops = LoopsOfDtypes[problem.dtype == Dtype::Float64];
    visit_floating("cross_entropy", problem.dtype, [&](auto zero) {
        using T = decltype(zero);
        problem.backward ? backward<T>(problem, args, loops) : forward<T>(problem, args, loops);
    });
}

constexpr Impl<CrossEntropyProblem, CrossEntropyArgs> kCrossEntropy[] = {
#ifdef CONVCORE_X86
    {"loops_avx512", Isa::Avx512, nullptr, loops<avx512::cross_entropy_loops>},
    {"loops_avx2", Isa::Avx2, nullptr, loops<avx2::cross_entropy_loops>},
#endif
    {"loops_generic", Isa::Generic, nullptr, loops<generic::cross_entropy_loops>},
    {"reference", Isa::Generic, nullptr, reference},
};

}  // namespace

void cross_entropy(const CrossEntropyProblem& problem, const CrossEntropyArgs& args) {
    run_best("cross_entropy", kCrossEntropy, problem, args);
}

}  // namespace cc
