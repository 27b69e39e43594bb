// Reading maps at any points, with the gradients to the maps and to the points; dense channels-last, two or three axes.
#pragma once

#include <cstdint>
#include <string>

#include "base/dtype.h"
#include "kernels/grid_sample/grid_points.h"

namespace cc {

enum class GridPass { Forward, GradInput, GradGrid };

// x [n][in0][in1][in2][c]; grid [n][points][rank], the last axis' coordinate first; y [n][points][c]. Coordinates −1 and 1 are the
// outermost centres (align_corners) or edges of an axis. In 2-D in[0] is 1.
struct GridSampleProblem {
    Dtype dtype;
    GridPass pass;
    GridMode mode;
    GridPadding padding;
    bool align_corners;
    int rank;
    int64_t n, c, points;
    int64_t in[3];

    int64_t in_pixels() const { return in[0] * in[1] * in[2]; }
    int64_t taps() const { return mode == GridMode::Nearest ? 1 : mode == GridMode::Cubic ? 16 : int64_t{1} << rank; }
    std::string describe() const;
    double flops() const { return 2.0 * n * points * c * taps(); }
    double bytes() const {
        return static_cast<double>(itemsize(dtype)) * n * (in_pixels() * c + points * (c + rank));
    }
};

struct GridSampleArgs {
    const void* x;
    const void* grid;
    void* y;          // read as gradient but in the forward pass
    void* grad_x;     // GradInput adds to it
    void* grad_grid;  // like grid
};

void grid_sample(const GridSampleProblem& problem, const GridSampleArgs& args);

// One axis of the problem as formulas need it.
GridAxis grid_axis(const GridSampleProblem& problem, int axis);

// What an expression of the op is made of: for each of n·points the places of the axis' taps (−1 where nothing is read), one row of
// them per tap, the position within its cell, and that position's slope in the coordinate.
int grid_axis_taps(const GridSampleProblem& problem, int axis, const void* grid, int64_t* places, void* fractions, void* slopes);

}  // namespace cc
