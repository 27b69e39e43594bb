// Gathering and scattering by int64 indices, dense operands. Everything that adds is partitioned by
// destination and adds in the order of the indices: the same bits at any thread count.
// Each index is read once and checked as it is used: a function that gives false met one out of range,
// touched nothing outside, and its result is to be thrown away.
#pragma once

#include <cstdint>
#include <utility>

#include "base/dtype.h"
#include "base/shape.h"

namespace cc {

// Position of the first index outside [lo, hi); −1 when there is none.
int64_t find_out_of_range(const int64_t* index, int64_t count, int64_t lo, int64_t hi);

// Along the middle axis of [outer][dim][inner], with `picks` places on the other side.
struct IndexProblem {
    Dtype dtype;
    int64_t outer, dim, inner, picks;
};

// One index [picks] for all: dst [outer][picks][inner] = src [outer][dim][inner] at index[j].
[[nodiscard]] bool index_select(const IndexProblem& problem, const void* src, const int64_t* index,
                                void* dst);
// dst [outer][dim][inner] at index[j] += src [outer][picks][inner].
[[nodiscard]] bool index_add(const IndexProblem& problem, void* dst, const int64_t* index,
                             const void* src);

// An index per element, [outer][picks][inner]: dst [outer][picks][inner] = src at that index.
[[nodiscard]] bool gather(const IndexProblem& problem, const void* src, const int64_t* index,
                          void* dst);
// dst [outer][dim][inner] at the element's index = src [outer][picks][inner]; the last write wins.
[[nodiscard]] bool scatter(const IndexProblem& problem, void* dst, const int64_t* index,
                           const void* src);
// The same, adding.
[[nodiscard]] bool scatter_add(const IndexProblem& problem, void* dst, const int64_t* index,
                               const void* src);

// offsets[i] += stride · index[i], an index from −size to −1 counting from the end.
[[nodiscard]] bool add_offsets(int64_t* offsets, const int64_t* index, int64_t count, int64_t size,
                               int64_t stride);

// Flat offsets (in elements, in range): runs of `run` neighbours.
// take: dst[i·run + j] = src[offsets[i] + j].
void take(Dtype dtype, const void* src, const int64_t* offsets, int64_t count, int64_t run,
          void* dst);
// put: dst[offsets[i] + j] = src[i·run + j], dst has dst_count elements; of several writes to one
// place the last wins.
void put(Dtype dtype, void* dst, int64_t dst_count, const int64_t* offsets, int64_t count,
         int64_t run, const void* src);
// put_add: the same, adding; bool adds as "or".
void put_add(Dtype dtype, void* dst, int64_t dst_count, const int64_t* offsets, int64_t count,
             int64_t run, const void* src);

// True elements, in order: count them, then write their flat positions times `step`, or their
// coordinates, out[i][axis], in a row-major array of that shape. No more than `found` are written.
int64_t count_true(const bool* mask, int64_t count);
void true_positions(const bool* mask, int64_t count, int64_t step, int64_t found, int64_t* out);
void true_coordinates(const bool* mask, const Shape& shape, int64_t found, int64_t* out);

// The least and the greatest of values, of which there are some.
std::pair<int64_t, int64_t> extremes_of(const int64_t* values, int64_t count);
// counts [size] = how often each of 0 … size − 1 is among the values, all of which are in that range.
void count_values(const int64_t* values, int64_t count, int64_t size, int64_t* counts);

}  // namespace cc
