// Binary search of many values: first = the half that holds the place, as often as the length allows.
//
// The number of steps depends on the length alone and a step selects instead of branching, so that the processor overlaps the
// searches of neighbouring values, each of which waits for its own loads.
#include "kernels/sort/search.h"

#include <algorithm>

#include "base/parallel.h"

namespace cc {

namespace {

constexpr int64_t kGrain = 4096;  // values worth waking a thread for

template <bool kAfter, class T>
int64_t place_of(const T* row, int64_t length, T value) {
    // Written so that NaN passes everything.
    auto passes = [value](T other) { return kAfter ? !(other > value) : !(other >= value); };
    if (length == 0) return 0;
    const T* first = row;
    for (int64_t left = length; left > 1;) {
        const int64_t half = left / 2;
        first = passes(first[half - 1]) ? first + half : first;
        left -= half;
    }
    return first - row + passes(*first);
}

template <bool kAfter, class T>
void search(const SearchProblem& p, const T* sorted, const T* sought, int64_t* out) {
    parallel_for(p.rows * p.count, kGrain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            const T* row = p.one_row ? sorted : sorted + i / p.count * p.length;
            out[i] = place_of<kAfter>(row, p.length, sought[i]);
        }
    });
}

}  // namespace

void search_sorted(const SearchProblem& p, const void* sorted, const void* sought, int64_t* out) {
    visit_dtype(p.dtype, [&](auto zero) {
        using T = decltype(zero);
        const T *from = static_cast<const T*>(sorted), *values = static_cast<const T*>(sought);
        if (p.after) search<true>(p, from, values, out);
        else search<false>(p, from, values, out);
    });
}

}  // namespace cc
