// Loops of the recurrent cells, what the units of each instruction set export: some rows of one dtype.
#pragma once

#include "kernels/recurrent/recurrent.h"

namespace cc {

using RecurrentLoop = void (*)(const RecurrentArgs& args, int64_t first, int64_t last, int64_t hidden);

// By cell, forward and backward.
struct RecurrentLoops {
    RecurrentLoop forward[4], backward[4];
};

// Float32, Float64.
namespace generic { extern const RecurrentLoops recurrent_loops[2]; }
namespace avx2 { extern const RecurrentLoops recurrent_loops[2]; }
namespace avx512 { extern const RecurrentLoops recurrent_loops[2]; }

}  // namespace cc
