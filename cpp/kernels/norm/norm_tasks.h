// How normalisation shares its work among threads.
#pragma once

#include <algorithm>

#include "base/parallel.h"

namespace cc {

constexpr int64_t kNormElementsPerTask = 16384;

// Calls f(i) for each of `count` independent items. Many or small ones are tasks; few large ones come
// one after the other, so that the loops inside f have the threads.
template <class F>
void each_item(int64_t count, int64_t elements_of_item, F&& f) {
    constexpr int64_t kMany = 16;
    if (count < kMany && elements_of_item > kNormElementsPerTask) {
        for (int64_t i = 0; i < count; ++i) f(i);
        return;
    }
    int64_t grain =
        std::max<int64_t>(1, kNormElementsPerTask / std::max<int64_t>(1, elements_of_item));
    parallel_for(count, grain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) f(i);
    });
}

// out[c] = Σ parts[part][c], added in double in order.
template <class T>
void add_parts(const T* parts, int64_t count, int64_t channels, T* out) {
    constexpr int64_t kStretch = 64;
    each_item((channels + kStretch - 1) / kStretch, count * kStretch, [&](int64_t stretch) {
        int64_t first = stretch * kStretch, width = std::min(kStretch, channels - first);
        double sums[kStretch] = {};
        for (int64_t part = 0; part < count; ++part)
            for (int64_t j = 0; j < width; ++j) sums[j] += parts[part * channels + first + j];
        for (int64_t j = 0; j < width; ++j) out[first + j] = static_cast<T>(sums[j]);
    });
}

}  // namespace cc
