// Bags of consecutive rows: where each column is greatest within its bag.
#pragma once

#include <cstdint>

#include "base/dtype.h"

namespace cc {

// Bag b is the rows [starts[b], starts[b + 1]) of rows [starts[bags]][columns]; none is empty.
struct BagProblem {
    Dtype dtype;
    int64_t bags, columns;
    const int64_t* starts;  // [bags + 1]
};

// out [bags][columns]: the row of the first greatest value; a comparison with NaN is false.
void bag_argmax(const BagProblem& problem, const void* rows, int64_t* out);

}  // namespace cc
