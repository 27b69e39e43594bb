// A row at a time: marks the listed classes, then compares each with all others. Value and slope come from one pass, as a margin's
// slope is a count of those that were violated.
#include "kernels/multilabel_margin/multilabel_margin.h"

#include <algorithm>

#include "base/allocator.h"
#include "base/parallel.h"

namespace cc {

namespace {

constexpr int64_t kGrain = 4096;

// `others` holds the scores of the classes that are not listed and `at` which they are.
template <class T>
void row(const T* x, const int64_t* target, int64_t c, T* loss, T* slope, T* others, int64_t* at, bool* listed) {
    std::fill(listed, listed + c, false);
    int64_t count = 0, rest = 0;
    while (count < c && target[count] >= 0) listed[target[count++]] = true;
    for (int64_t i = 0; i < c; ++i)
        if (!listed[i]) others[rest] = x[i], at[rest++] = i;
    if (slope) std::fill(slope, slope + c, T{0});
    const T unit = T{1} / static_cast<T>(c);
    double sum = 0;
    for (int64_t j = 0; j < count; ++j) {
        const T least = T{1} - x[target[j]];
        T part = 0;
        int64_t violated = 0;
        for (int64_t i = 0; i < rest; ++i) {
            const T z = least + others[i];
            part += z > T{0} ? z : T{0};
            violated += z > T{0};
        }
        sum += part;
        if (!slope || violated == 0) continue;
        slope[target[j]] -= unit * static_cast<T>(violated);
        for (int64_t i = 0; i < rest; ++i)
            if (least + others[i] > T{0}) slope[at[i]] += unit;
    }
    *loss = static_cast<T>(sum / static_cast<double>(c));
}

}  // namespace

void multilabel_margin(const MultilabelMarginProblem& p, const void* x_, const int64_t* target, void* loss_, void* slope_) {
    visit_floating("multilabel_margin_loss", p.dtype, [&](auto zero) {
        using T = decltype(zero);
        const T* x = static_cast<const T*>(x_);
        T *loss = static_cast<T*>(loss_), *slope = static_cast<T*>(slope_);
        parallel_for(p.n, 1 + kGrain / (p.c + 1), [&](int64_t begin, int64_t end) {
            Scratch<T> others(p.c);
            Scratch<int64_t> at(p.c);
            Scratch<bool> listed(p.c);
            for (int64_t r = begin; r < end; ++r)
                row(x + r * p.c, target + r * p.c, p.c, loss + r, slope ? slope + r * p.c : nullptr, others.data(), at.data(),
                    listed.data());
        });
    });
}

}  // namespace cc
