// Bags of rows: their sums, and where each column is greatest within its bag.
#pragma once

#include <cstdint>

#include "base/dtype.h"

namespace cc {

// Bag b is the rows [starts[b], starts[b + 1]) of rows [starts[bags]][columns].
struct BagProblem {
    Dtype dtype;
    int64_t bags, columns;
    const int64_t* starts;  // [bags + 1]
};

// out [bags][columns]: the row of the first greatest value; a comparison with NaN is false. No bag is empty.
void bag_argmax(const BagProblem& problem, const void* rows, int64_t* out);

// out [bags][columns] = Σ table[numbers[i]] over the bag's i; rows of table [..][columns] are numbered, and bags may be empty.
void bag_sum(const BagProblem& problem, const void* table, const int64_t* numbers, void* out);

}  // namespace cc
