// Gathering and scattering by int64 indices, dense operands. Everything that adds is partitioned by
// destination and adds in the order of the indices: the same bits at any thread count.
// Indices must be in range (find_out_of_range; the caller raises).
#pragma once

#include <cstdint>

#include "base/dtype.h"
#include "base/shape.h"

namespace cc {

// Position of the first index outside [lo, hi); −1 when there is none.
int64_t find_out_of_range(const int64_t* index, int64_t count, int64_t lo, int64_t hi);

// Flat offsets (in elements): runs of `run` neighbours.
// take: dst[i·run + j] = src[offsets[i] + j].
void take(Dtype dtype, const void* src, const int64_t* offsets, int64_t count, int64_t run,
          void* dst);
// put: dst[offsets[i] + j] = src[i·run + j]; of several writes to one place the last wins.
void put(Dtype dtype, void* dst, const int64_t* offsets, int64_t count, int64_t run,
         const void* src);
// put_add: dst[offsets[i] + j] += src[i·run + j], dst has dst_count elements; bool adds as "or".
void put_add(Dtype dtype, void* dst, int64_t dst_count, const int64_t* offsets, int64_t count,
             int64_t run, const void* src);

// Along the middle axis of [outer][dim][inner], with `picks` places on the other side.
struct IndexProblem {
    Dtype dtype;
    int64_t outer, dim, inner, picks;
};

// One index [picks] for all: dst [outer][picks][inner] = src [outer][dim][inner] at index[j].
void index_select(const IndexProblem& problem, const void* src, const int64_t* index, void* dst);
// dst [outer][dim][inner] at index[j] += src [outer][picks][inner].
void index_add(const IndexProblem& problem, void* dst, const int64_t* index, const void* src);

// An index per element, [outer][picks][inner]: dst [outer][picks][inner] = src at that index.
void gather(const IndexProblem& problem, const void* src, const int64_t* index, void* dst);
// dst [outer][dim][inner] at the element's index = src [outer][picks][inner]; the last write wins.
void scatter(const IndexProblem& problem, void* dst, const int64_t* index, const void* src);
// The same, adding.
void scatter_add(const IndexProblem& problem, void* dst, const int64_t* index, const void* src);

// Positions of the true elements, ascending: count them, then write them.
int64_t count_true(const bool* mask, int64_t count);
void true_positions(const bool* mask, int64_t count, int64_t* out);

// out[i][a] = coordinate a of flat position i in a row-major array of that shape.
void unravel(const int64_t* positions, int64_t count, const Shape& shape, int64_t* out);

}  // namespace cc
