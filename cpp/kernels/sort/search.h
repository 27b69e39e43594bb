// Where values would go in rising rows.
#pragma once

#include <cstdint>

#include "base/dtype.h"

namespace cc {

// Rows sorted [rows][length] and sought [rows][count], or with one_row the same row for all.
struct SearchProblem {
    Dtype dtype;
    int64_t rows, length, count;
    bool one_row, after;  // after equal values, else before
};

// out [rows][count]: how many values of the row are less (or, after, not greater); NaN goes behind all.
void search_sorted(const SearchProblem& problem, const void* sorted, const void* sought, int64_t* out);

}  // namespace cc
