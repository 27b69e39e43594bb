// Distances of every two rows of a matrix, and their gradient.
#pragma once

#include <cstdint>

#include "base/dtype.h"
#include "kernels/pdist/pdist_loops.h"

namespace cc {

// x [rows][columns], dense. Pairs stand in the order (0, 1), (0, 2), … (1, 2), …: rows·(rows − 1)/2 of them.
struct PdistProblem {
    Dtype dtype;
    Distance distance;
    int64_t rows, columns;
};

void pdist(const PdistProblem& problem, const void* x, void* out);
// grad_x [rows][columns] from the distances found and their gradients; of Greatest all columns that are greatest take part.
void pdist_backward(const PdistProblem& problem, const void* x, const void* distances, const void* grad, void* grad_x);

}  // namespace cc
