// Maps by the places that a pooling kept: an index per output, the flat position in its image's pixels, −1 for none.
#pragma once

#include "ops/ops.h"

namespace cc {

struct Places {
    const char* op;
    Array indices;     // (n, c, pixels…), channels-last
    Shape over, from;  // shapes of the pooled side and of the one that the indices point into
};

// (n, c, spatial…) from the last `rank` of three axes.
Shape map_shape(int64_t n, int64_t c, const int64_t (&sizes)[3], int rank);

Tensor take_at(const Places& places, const Tensor& x);   // y[o] = x[index[o]], 0 for none
Tensor add_at(const Places& places, const Tensor& y);    // its adjoint: x[index[o]] += y[o]
Tensor put_at(const Places& places, const Tensor& y);    // x[index[o]] = y[o], the last of several, else 0; its gradient is take_at

}  // namespace cc
