// Blocks of points of one image, what the units of each instruction set export.
#pragma once

#include <stdint.h>

namespace cc {

enum class GridMode { Nearest, Linear, Cubic };
enum class GridPadding { Zeros, Border, Reflection };

// A coordinate u lies at place (u + 1)·scale + shift; mirrors stand at low and low + span.
struct GridAxis {
    int64_t size;
    double scale, shift, low, span;
};

constexpr int kGridBlock = 64;  // points

struct GridBlock {
    GridAxis axes[3];
    int rank;
    GridMode mode;
    GridPadding padding;
    int64_t points;             // at most kGridBlock
    int64_t c, begin, end;      // all channels, at least one, and those of this block
    const void* coordinates;    // [points][rank]
    const void* x;              // the image
    void* y;                    // [points][c]
    void* grad_x;
    void* grad_grid;            // [points][rank]
};

struct GridFunctions {
    void (*forward)(const GridBlock&);
    void (*grad_input)(const GridBlock&);
    void (*grad_grid)(const GridBlock&);
};

// Float32, Float64.
namespace generic { extern const GridFunctions grid_functions[2]; }
namespace avx2 { extern const GridFunctions grid_functions[2]; }
namespace avx512 { extern const GridFunctions grid_functions[2]; }

struct GridSampleProblem;
struct GridSampleArgs;
const char* points_decline(const GridSampleProblem& problem);
void grid_sample_by_points(const GridSampleProblem& problem, const GridSampleArgs& args,
                           const GridFunctions* functions_of_dtypes);

}  // namespace cc
