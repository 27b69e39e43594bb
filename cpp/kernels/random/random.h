// Random numbers into dense arrays. Element i depends on (seed, offset, i) alone, so the numbers
// are the same at any thread count and for any instruction set.
#pragma once

#include <cstdint>

#include "base/dtype.h"
#include "base/philox.h"

namespace cc {

// Counter blocks a call consumes: the next call's offset is this one's plus the result.
constexpr int64_t random_blocks(int64_t count, int64_t per_block) {
    return (count + per_block - 1) / per_block;
}

// Each of the following returns the blocks it consumed: random_blocks(count, 4) where a number
// takes 32 bits (float32, bernoulli, dropout), random_blocks(count, 2) where it takes 64 (float64,
// integers, permutation).

// Uniform in [0, 1), floating dtypes.
int64_t random_uniform(Dtype dtype, Philox philox, int64_t count, void* out);

// Standard normal by Box–Muller, floating dtypes.
int64_t random_normal(Dtype dtype, Philox philox, int64_t count, void* out);

// Integers in [lo, hi), any dtype; hi > lo.
int64_t random_integers(Dtype dtype, Philox philox, int64_t lo, int64_t hi, int64_t count,
                        void* out);

// One with probability p, else zero, any dtype.
int64_t random_bernoulli(Dtype dtype, Philox philox, double p, int64_t count, void* out);

// A random order of 0 … count − 1 (Fisher–Yates).
int64_t random_permutation(Philox philox, int64_t count, int64_t* out);

// out = x·m/(1 − p) with m zero with probability p, floating dtypes; out may be x. The backward is
// the same call on the gradient with the same philox: no mask is stored.
int64_t dropout(Dtype dtype, Philox philox, double p, int64_t count, const void* x, void* out);

}  // namespace cc
