// Rows of interpolation, what the units of each instruction set export.
#pragma once

#include <stdint.h>

namespace cc {

// A stretch of neighbouring targets on the last axis of one image row. Offsets count places.
struct InterpolateRow {
    const void* source;  // the image at the stretch's first source place
    void* target;        // at the first target
    int64_t c, targets;
    const int64_t* rows;  // where the source rows that are blended begin, in elements
    const void* row_weights;
    int64_t row_count;
    void* blended;         // room for width places
    int64_t width;         // source places that the stretch reads
    const int64_t* first;  // per target: its first source place, from the stretch's first one,
    const int64_t* start;  // and where its weights begin; one entry more than targets
    const void* weights;
};

// Float32, Float64.
using InterpolateRowFunction = void (*)(const InterpolateRow&);
namespace generic { extern const InterpolateRowFunction interpolate_rows[2]; }
namespace avx2 { extern const InterpolateRowFunction interpolate_rows[2]; }
namespace avx512 { extern const InterpolateRowFunction interpolate_rows[2]; }

struct InterpolateProblem;
struct InterpolateArgs;
void interpolate_by_rows(const InterpolateProblem& problem, const InterpolateArgs& args,
                         const InterpolateRowFunction* rows_of_dtypes);

}  // namespace cc
