// Order along the middle axis of dense [outer][dim][inner]: NaN is the greatest value, zeros of both signs are equal, and of equals
// the earlier comes first. Results are places on the axis.
#pragma once

#include <cstdint>

#include "base/dtype.h"

namespace cc {

struct SortProblem {
    Dtype dtype;
    int64_t outer, dim, inner;
};

// out [outer][count][inner]: the first `count` in rising or falling order.
void first_places(const SortProblem& problem, int64_t count, bool descending, const void* x, int64_t* out);

// out [outer][inner], of a dim that is not empty: the one with `rank` (from 0) before it; the middle one, the lower of two, or the
// first NaN; the middle one of those that are not NaN, if any.
enum class Pick { Ranked, Median, NanMedian };
void picked_place(const SortProblem& problem, Pick pick, int64_t rank, const void* x, int64_t* out);

// Of a vector (outer and inner are 1): runs of equal neighbours, or of equals in rising order where `sorted`; every NaN is a run.
// Gives their number; first [dim] and, where not null, counts [dim] begin with where the first element of each lies and how many
// there are; inverse [dim], where not null, is the number of each element's run.
int64_t find_runs(const SortProblem& problem, bool sorted, const void* x, int64_t* first, int64_t* counts, int64_t* inverse);

}  // namespace cc
