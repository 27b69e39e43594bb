// Negative log-likelihood of scores [n][c][inner] and class indices [n][inner]: a linear map of the
// scores, one value picked (or placed, its adjoint) for each index.
#pragma once

#include <cstdint>

#include "base/dtype.h"

namespace cc {

struct NllProblem {
    Dtype dtype;
    int64_t n, c, inner;  // dense; inner 1 is the classifier, also for channels-last maps
    int64_t ignore_index;
};

// out[i] = −weight[t]·scores[t] with t = target[i], 0 where t is ignored. weight: c values, or null: ones.
void nll_pick(const NllProblem& problem, const void* scores, const int64_t* target, const void* weight, void* out);
// scores[t] = −weight[t]·grad[i], and zeros everywhere else.
void nll_place(const NllProblem& problem, const void* grad, const int64_t* target, const void* weight, void* scores);
// Σ weight[t] over the targets that are not ignored.
double nll_total(const NllProblem& problem, const int64_t* target, const void* weight);

}  // namespace cc
