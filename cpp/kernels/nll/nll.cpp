// One value is touched for each target: the cost is the misses of the cache, and in nll_place writing the zeros.
#include "kernels/nll/nll.h"

#include <cstring>

#include "base/parallel.h"

namespace cc {

namespace {

constexpr int64_t kGrain = 4096;  // targets worth waking a thread for

template <class T> double weight_of(const void* weight, int64_t t) {
    return weight ? static_cast<const T*>(weight)[t] : 1.0;
}

int64_t place(const NllProblem& p, int64_t i, int64_t t) {
    return (i / p.inner * p.c + t) * p.inner + i % p.inner;
}

}  // namespace

void nll_pick(const NllProblem& p, const void* scores, const int64_t* target, const void* weight, void* out) {
    visit_floating("nll_loss", p.dtype, [&](auto zero) {
        using T = decltype(zero);
        const T* x = static_cast<const T*>(scores);
        T* y = static_cast<T*>(out);
        parallel_for(p.n * p.inner, kGrain, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) {
                const int64_t t = target[i];
                y[i] = t == p.ignore_index ? T{0} : static_cast<T>(-weight_of<T>(weight, t) * x[place(p, i, t)]);
            }
        });
    });
}

void nll_place(const NllProblem& p, const void* grad, const int64_t* target, const void* weight, void* scores) {
    visit_floating("nll_loss", p.dtype, [&](auto zero) {
        using T = decltype(zero);
        const T* g = static_cast<const T*>(grad);
        T* x = static_cast<T*>(scores);
        const int64_t rows = 1 + kGrain / (p.c * p.inner + 1);
        parallel_for(p.n, rows, [&](int64_t begin, int64_t end) {
            memset(x + begin * p.c * p.inner, 0, static_cast<size_t>((end - begin) * p.c * p.inner) * sizeof(T));
            for (int64_t i = begin * p.inner; i < end * p.inner; ++i) {
                const int64_t t = target[i];
                if (t != p.ignore_index) x[place(p, i, t)] = static_cast<T>(-weight_of<T>(weight, t) * g[i]);
            }
        });
    });
}

double nll_total(const NllProblem& p, const int64_t* target, const void* weight) {
    double total = 0;
    visit_floating("nll_loss", p.dtype, [&](auto zero) {
        using T = decltype(zero);
        for (int64_t i = 0; i < p.n * p.inner; ++i)
            if (target[i] != p.ignore_index) total += weight_of<T>(weight, target[i]);
    });
    return total;
}

}  // namespace cc
