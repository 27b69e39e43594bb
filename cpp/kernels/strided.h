// Walking several strided arrays together in the order in which one of them (array 0) lies in
// memory.
#pragma once

#include <cstdint>

#include "base/shape.h"

namespace cc {

struct Strided {
    static constexpr int kMaxArrays = 4;
    int rank = 0, arrays;
    int64_t size[kMaxRank];
    int64_t stride[kMaxArrays][kMaxRank];  // in elements
    int64_t offset[kMaxArrays];            // of the first element from the array's own pointer

    // Drops axes of size 1, makes array 0's strides descend and be positive, merges axes that are
    // one for every array. Rank ≥ 1.
    Strided(const Shape& shape, const Shape* const* strides, int arrays);

    int64_t numel() const {
        int64_t n = 1;
        for (int i = 0; i < rank; ++i) n *= size[i];
        return n;
    }
    // Its elements follow one another without gaps in the common order.
    bool dense(int array) const {
        int64_t expected = 1;
        for (int i = rank - 1; i >= 0; --i) {
            if (stride[array][i] != expected) return false;
            expected *= size[i];
        }
        return true;
    }

    // Calls f(offset, count, step) for the runs along the last axis that hold the elements [begin,
    // begin + n) of one array.
    template <class F> void walk(int array, int64_t begin, int64_t n, F&& f) const {
        int64_t index[kMaxRank];
        int64_t at = offset[array], rest = begin;
        for (int i = rank - 1; i >= 0; --i) {
            index[i] = rest % size[i];
            rest /= size[i];
            at += index[i] * stride[array][i];
        }
        const int last = rank - 1;
        const int64_t step = stride[array][last];
        while (n > 0) {
            const int64_t count = std::min(n, size[last] - index[last]);
            f(at, count, step);
            n -= count;
            if (n == 0) return;
            at -= index[last] * step;
            index[last] = 0;
            for (int i = last - 1; i >= 0; --i) {
                at += stride[array][i];
                if (++index[i] < size[i]) break;
                at -= size[i] * stride[array][i];
                index[i] = 0;
            }
        }
    }
};

// Copies elements [begin, begin + n) of a strided array to or from dense memory. Elements are
// itemsize bytes (1, 2, 4 or 8).
void gather(const Strided& layout, int array, size_t itemsize, const void* src, int64_t begin,
            int64_t n, void* dst);
void scatter(const Strided& layout, int array, size_t itemsize, const void* src, int64_t begin,
             int64_t n, void* dst);

}  // namespace cc
