// The true elements of a mask. Chunks are counted first, so that each knows where its elements go.
#include <cstring>
#include <vector>

#include "base/parallel.h"
#include "kernels/index/index.h"
#include "kernels/index/visit.h"

namespace cc {

namespace {

constexpr int64_t kChunk = 4096;

// starts[c]: true elements before chunk c; one more entry holds all of them.
std::vector<int64_t> chunk_starts(const bool* mask, int64_t count) {
    const int64_t chunks = (count + kChunk - 1) / kChunk;
    std::vector<int64_t> starts(chunks + 1, 0);
    parallel_for(chunks, 16, [&](int64_t begin, int64_t end) {
        for (int64_t c = begin; c < end; ++c) {
            const bool *from = mask + c * kChunk, *to = mask + std::min(count, (c + 1) * kChunk);
            starts[c + 1] = std::count(from, to, true);
        }
    });
    for (int64_t c = 0; c < chunks; ++c) starts[c + 1] += starts[c];
    return starts;
}

// f(place of the first, flat positions, how many) for the true elements of each chunk.
template <class F>
void each_chunk(const bool* mask, int64_t count, int64_t found, F&& f) {
    const std::vector<int64_t> starts = chunk_starts(mask, count);
    parallel_for(static_cast<int64_t>(starts.size()) - 1, 4, [&](int64_t begin, int64_t end) {
        int64_t positions[kChunk + 1];
        for (int64_t c = begin; c < end; ++c) {
            const int64_t last = std::min(count, (c + 1) * kChunk);
            int64_t n = 0;
            for (int64_t i = c * kChunk; i < last; ++i) {  // without a branch that half of them miss
                positions[n] = i;
                n += mask[i];
            }
            n = std::min(n, std::min(starts[c + 1], found) - starts[c]);
            if (n > 0) f(starts[c], positions, n);
        }
    });
}

}  // namespace

int64_t count_true(const bool* mask, int64_t count) { return chunk_starts(mask, count).back(); }

void true_positions(const bool* mask, int64_t count, int64_t step, int64_t found, int64_t* out) {
    each_chunk(mask, count, found, [&](int64_t first, const int64_t* positions, int64_t n) {
        for (int64_t i = 0; i < n; ++i) out[first + i] = positions[i] * step;
    });
}

void true_coordinates(const bool* mask, const Shape& shape, int64_t found, int64_t* out) {
    const int rank = shape.rank(), last = rank - 1;
    const int64_t width = shape[last];
    each_chunk(mask, shape.numel(), found, [&](int64_t first, const int64_t* positions, int64_t n) {
        int64_t at[kMaxRank], *to = out + first * rank;
        int64_t row = 0, end = -1;  // flat positions of the row of the last axis whose coordinates `at` has
        for (int64_t i = 0; i < n; ++i, to += rank) {
            if (positions[i] >= end) {
                int64_t rest = positions[i] / width;
                row = rest * width;
                end = row + width;
                for (int a = last; a-- > 0; rest /= shape[a]) at[a] = rest % shape[a];
            }
            for (int a = 0; a < last; ++a) to[a] = at[a];
            to[last] = positions[i] - row;
        }
    });
}

}  // namespace cc
