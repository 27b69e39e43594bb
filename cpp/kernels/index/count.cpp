// How often each number occurs. Long inputs are cut into ranges, each with a table of its own, where tables are small beside them.
#include "base/allocator.h"
#include "base/parallel.h"
#include "kernels/index/index.h"
#include "kernels/index/visit.h"

namespace cc {

std::pair<int64_t, int64_t> extremes_of(const int64_t* values, int64_t count) {
    int64_t least[kIndexParts], greatest[kIndexParts];
    const int64_t ranges = std::clamp<int64_t>(count / kIndexGrain, 1, kIndexParts);
    parallel_for(ranges, 1, [&](int64_t begin, int64_t end) {
        for (int64_t range = begin; range < end; ++range) {
            const int64_t first = count * range / ranges, last = count * (range + 1) / ranges;
            int64_t low = values[first], high = low;
            for (int64_t i = first; i < last; ++i) {
                low = std::min(low, values[i]);
                high = std::max(high, values[i]);
            }
            least[range] = low;
            greatest[range] = high;
        }
    });
    return {*std::min_element(least, least + ranges), *std::max_element(greatest, greatest + ranges)};
}

void count_values(const int64_t* values, int64_t count, int64_t size, int64_t* counts) {
    const int64_t ranges = std::clamp<int64_t>(count / (4 * size + kIndexGrain), 1, kIndexParts);
    Scratch<int64_t> tables((ranges - 1) * size);
    parallel_for(ranges, 1, [&](int64_t begin, int64_t end) {
        for (int64_t range = begin; range < end; ++range) {
            int64_t* table = range ? tables.data() + (range - 1) * size : counts;
            std::fill_n(table, size, 0);
            const int64_t* last = values + count * (range + 1) / ranges;
            for (const int64_t* value = values + count * range / ranges; value < last; ++value) ++table[*value];
        }
    });
    for (int64_t range = 1; range < ranges; ++range)
        for (int64_t i = 0; i < size; ++i) counts[i] += tables[(range - 1) * size + i];
}

}  // namespace cc
