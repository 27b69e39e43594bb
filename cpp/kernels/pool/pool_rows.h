// Rows of pooling, what the units of each instruction set export.
#pragma once

#include <stdint.h>

namespace cc {

// A stretch of neighbouring targets on the last axis (forward: outputs, backward: input pixels),
// and for each the sources that meet it (forward: the inputs of its window, backward: the outputs
// whose windows cover it): source rows × positions on the last axis, all inside. Offsets count
// pixels.
struct PoolRow {
    const void* source;  // x's image forward, y's gradient of the image backward
    void* target;        // at the first target
    int32_t* indices;    // Max: forward at the first target, or null; backward those of the image's outputs
    int64_t pixel;       // Max, backward: the first target's number in its image
    void* sums;          // narrow: scratch for a source row
    bool backward;
    int64_t c, targets;
    const int64_t* rows;  // offsets of the source rows that meet, in raster order
    int64_t row_count;
    const int64_t* first;   // per target: first position in a source row,
    const int64_t* count;   // how many,
    int64_t step;           // and how far apart
    // Average. Forward: the divisor per target, to be multiplied by the row's. Backward: reciprocals,
    // per position in a source row and per source row.
    const double* divisor;
    const double* row_divisor;
};

struct PoolRows {
    void (*max_forward)(const PoolRow&);
    void (*max_backward)(const PoolRow&);
    void (*average_forward)(const PoolRow&);
    void (*average_backward)(const PoolRow&);
    void (*average_narrow)(const PoolRow&);  // either, for few channels
};

// Float32, Float64.
namespace generic { extern const PoolRows pool_rows[2]; }
namespace avx2 { extern const PoolRows pool_rows[2]; }
namespace avx512 { extern const PoolRows pool_rows[2]; }

struct PoolProblem;
struct PoolArgs;
const char* rows_decline(const PoolProblem& problem);
void pool_by_rows(const PoolProblem& problem, const PoolArgs& args,
                  const PoolRows* loops_of_dtypes);

const char* scatter_decline(const PoolProblem& problem);
void pool_by_scatter(const PoolProblem& problem, const PoolArgs& args);

}  // namespace cc
