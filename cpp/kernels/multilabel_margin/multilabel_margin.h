// Multi-label margin of scores [n][c] and lists of classes [n][c] that end at the first −1.
#pragma once

#include <cstdint>

#include "base/dtype.h"

namespace cc {

struct MultilabelMarginProblem {
    Dtype dtype;
    int64_t n, c;
};

// loss[r] = 1/c·Σ_j Σ_i max(0, 1 − x[t_j] + x[i]) over the listed classes t_j and the classes i that are
// not listed; slope [n][c], unless null, is its derivative.
void multilabel_margin(const MultilabelMarginProblem& problem, const void* x, const int64_t* target, void* loss, void* slope);

}  // namespace cc
