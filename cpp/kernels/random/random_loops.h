// The bulk of random numbers, what the units of each instruction set export: the same bits from
// all.
#pragma once

#include <stdint.h>

namespace cc {

struct RandomLoops {
    // The words of blocks counter, counter + 1, …: out[4·block + word].
    void (*words)(uint64_t seed, uint64_t counter, int64_t blocks, uint32_t* out);
    // Box–Muller in place: u in (0, 1] and v in [0, 1) become two normals.
    void (*normals)(double* u, double* v, int64_t count);
};

namespace generic { extern const RandomLoops random_loops; }
namespace avx2 { extern const RandomLoops random_loops; }
namespace avx512 { extern const RandomLoops random_loops; }

}  // namespace cc
