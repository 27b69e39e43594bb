// What the drivers of kernels/reduce share: axes in memory order, elements turned into columns.
#pragma once

#include <algorithm>

#include "kernels/reduce/loops.h"
#include "kernels/reduce/reduce.h"
#include "kernels/strided.h"

namespace cc {

constexpr int64_t kReduceBlock = 4096;  // values folded in the element type before double takes over
constexpr int64_t kReduceGrain = 16 * 1024;  // values worth waking a thread for
constexpr int64_t kReduceGathered = 1024;    // values gathered at a time
constexpr int64_t kReduceTurned = 2048;      // values turned at a time
constexpr int64_t kReduceSlices = 64;        // tasks at least, where outputs are few
constexpr int64_t kReduceShort = 32;         // values of an output that count as few

// The values of some outputs are folded in slices where outputs are few: of whole blocks, by sizes alone.
struct Slices {
    int64_t length, count, size;

    Slices(int64_t outputs, int64_t length, int64_t block) : length(length), count(1) {
        if (outputs < kReduceSlices)
            count = std::max<int64_t>(1, std::min(kReduceSlices / outputs, (length + kReduceGrain - 1) / kReduceGrain));
        size = ((length + count - 1) / count + block - 1) / block * block;
    }
    int64_t begin(int64_t slice) const { return slice * size; }
    int64_t end(int64_t slice) const { return std::min(begin(slice) + size, length); }
    int64_t grain() const { return std::max<int64_t>(1, kReduceGrain / std::max<int64_t>(1, size)); }  // of loops over them
};

const ReductionTable& reductions();  // of the instruction set in use

Shape dense_strides(const Shape& shape);

// The offset of element `index` of the first `axes` axes.
int64_t offset_of(const Strided& s, int array, int64_t index, int axes);

// at_value[k]: the offset of an output's value k.
void offsets_of_values(const Strided& reduced, int array, int64_t* at_value);

// turned[k · n + i] = value k of output first + i, for items of 1, 4 or 8 bytes.
void turn(const Strided& kept, int array, int64_t item, const void* x, int64_t first, int64_t n,
          const int64_t* at_value, int64_t length, void* turned);

}  // namespace cc
