// Convolutions to test with.
#pragma once

#include <cstdint>

#include "kernels/conv/conv.h"

struct Row {
    int64_t n, c, k, groups;
    int64_t in[3], kernel[3], pad_lo[3], pad_hi[3], stride[3], dilation[3];
    bool flip;
};

inline cc::ConvProblem problem_of(const Row& row, cc::Dtype dtype, cc::ConvMap map) {
    cc::ConvProblem p{dtype, map, row.n, row.c, row.k, row.groups, {}, {}, {}, {}, {}, {}, {}, row.flip};
    for (int a = 0; a < 3; ++a) {
        p.in[a] = row.in[a];
        p.kernel[a] = row.kernel[a];
        p.pad_lo[a] = row.pad_lo[a];
        p.pad_hi[a] = row.pad_hi[a];
        p.stride[a] = row.stride[a];
        p.dilation[a] = row.dilation[a];
        p.out[a] = (row.in[a] + row.pad_lo[a] + row.pad_hi[a] -
                    (row.kernel[a] - 1) * row.dilation[a] - 1) /
                       row.stride[a] +
                   1;
    }
    return p;
}
