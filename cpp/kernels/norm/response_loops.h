// Loops of local response normalisation, what the units of each instruction set export.
#pragma once

#include <stdint.h>

namespace cc {

// Some pixels with all their channels: one pixel is a row of channels (`step` 1), a stretch of
// row-major pixels is a row per channel (`step` = width). In scratch the rows follow each other, so
// that the next channel is always `step` further.
struct ResponseTile {
    const void* x;
    const void* g;  // backward
    void* out;
    int64_t rows, width, stride;  // stride from row to row of x, g and out
    int64_t step, size, before;   // the window: size channels, `before` of them before the own
    void* squares;                // scratch: (size − 1)·step + rows·width elements
    void* parts;                  // backward: the same again
    double scale, beta, k;        // scale = alpha/size
};

struct ResponseLoops {
    void (*forward)(const ResponseTile&);
    void (*backward)(const ResponseTile&);
};

// Float32, Float64.
namespace generic { extern const ResponseLoops response_loops[2]; }
namespace avx2 { extern const ResponseLoops response_loops[2]; }
namespace avx512 { extern const ResponseLoops response_loops[2]; }

}  // namespace cc
