// Running sums and extremes: state ← state ∘ x[k], written at every k.
//
// Each line depends on itself alone, step after step, and a sum in double takes four cycles a step. So several lines go together:
// four rows where the axis is the innermost, else a block of neighbouring columns, whose states stay in registers or the first
// cache and whose memory is read in order. A task is such a group; lines are never cut, so the bits do not depend on the threads.
#include "kernels/scan/scan.h"

#include <algorithm>
#include <limits>
#include <type_traits>

#include "base/parallel.h"

namespace cc {

namespace {

constexpr int64_t kRows = 4, kColumns = 64;
constexpr int64_t kGrain = 16384;  // elements worth waking a thread for

// step(state, position, k) for each k of `lanes` lines `across` apart, whose elements are `along` apart.
template <int64_t kMost, class State, class Lanes, class Step>
void advance(const ScanProblem& p, bool reverse, int64_t first, int64_t across, Lanes lanes, Step& step) {
    State states[kMost];
    for (int64_t i = 0; i < p.dim; ++i) {
        const int64_t k = reverse ? p.dim - 1 - i : i, at = first + k * p.inner;
        for (int64_t lane = 0; lane < lanes; ++lane) step(states[lane], at + lane * across, k);
    }
}

template <class State, class Step>
void scan(const ScanProblem& p, bool reverse, Step step) {
    const bool rows = p.inner == 1;
    const int64_t lines = rows ? p.outer : p.inner, width = rows ? kRows : kColumns;
    const int64_t groups = (lines + width - 1) / width, all = rows ? groups : p.outer * groups;
    const int64_t grain = std::max<int64_t>(1, kGrain / std::max<int64_t>(1, p.dim * std::min(width, lines)));
    parallel_for(all, grain, [&](int64_t begin, int64_t end) {
        for (int64_t task = begin; task < end; ++task) {
            const int64_t line = task % groups * width, lanes = std::min(width, lines - line);
            if (!rows) {
                advance<kColumns, State>(p, reverse, task / groups * p.dim * p.inner + line, 1, lanes, step);
            } else if (lanes == kRows) {
                advance<kRows, State>(p, reverse, line * p.dim, p.dim, std::integral_constant<int64_t, kRows>{}, step);
            } else {
                advance<kRows, State>(p, reverse, line * p.dim, p.dim, lanes, step);
            }
        }
    });
}

template <class T>
using Wide = std::conditional_t<std::is_floating_point_v<T>, double, int64_t>;

template <class T>
struct Total {
    Wide<T> value = 0;
};

template <class T>
struct Product {
    Wide<T> value = 1;
};

template <class T>
void sum(const ScanProblem& p, bool reverse, const T* x, T* out) {
    scan<Total<T>>(p, reverse, [=](Total<T>& total, int64_t at, int64_t) {
        total.value += x[at];
        out[at] = static_cast<T>(total.value);
    });
}

template <class T>
void product(const ScanProblem& p, const T* x, T* out) {
    scan<Product<T>>(p, false, [=](Product<T>& product, int64_t at, int64_t) {
        product.value *= x[at];
        out[at] = static_cast<T>(product.value);
    });
}

template <class T>
void recurrence(const ScanProblem& p, bool reverse, const T* a, const T* b, T* out) {
    scan<Total<T>>(p, reverse, [=](Total<T>& total, int64_t at, int64_t) {
        total.value = a[at] + b[at] * total.value;
        out[at] = static_cast<T>(total.value);
    });
}

template <bool kGreatest, class T>
void extreme(const ScanProblem& p, const T* x, T* values, int64_t* places) {
    using Limits = std::numeric_limits<T>;
    struct State {
        T best = kGreatest ? (Limits::has_infinity ? -Limits::infinity() : Limits::lowest())
                           : (Limits::has_infinity ? Limits::infinity() : Limits::max());
        int64_t place = 0;
    };
    scan<State>(p, false, [=](State& state, int64_t at, int64_t k) {
        const T value = x[at];
        const bool newer = (kGreatest ? value >= state.best : value <= state.best) | (value != value);
        state.best = newer ? value : state.best;
        state.place = newer ? k : state.place;
        values[at] = state.best;
        places[at] = state.place;
    });
}

}  // namespace

void running_sum(const ScanProblem& p, bool reverse, const void* x, void* out) {
    visit_dtype(p.dtype, [&](auto zero) {
        using T = decltype(zero);
        sum(p, reverse, static_cast<const T*>(x), static_cast<T*>(out));
    });
}

void running_product(const ScanProblem& p, const void* x, void* out) {
    visit_dtype(p.dtype, [&](auto zero) {
        using T = decltype(zero);
        product(p, static_cast<const T*>(x), static_cast<T*>(out));
    });
}

void linear_recurrence(const ScanProblem& p, bool reverse, const void* a, const void* b, void* out) {
    visit_dtype(p.dtype, [&](auto zero) {
        using T = decltype(zero);
        recurrence(p, reverse, static_cast<const T*>(a), static_cast<const T*>(b), static_cast<T*>(out));
    });
}

void running_extreme(const ScanProblem& p, bool greatest, const void* x, void* values, int64_t* places) {
    visit_dtype(p.dtype, [&](auto zero) {
        using T = decltype(zero);
        const T* from = static_cast<const T*>(x);
        if (greatest) extreme<true>(p, from, static_cast<T*>(values), places);
        else extreme<false>(p, from, static_cast<T*>(values), places);
    });
}

}  // namespace cc
