// Random numbers: loops over Philox blocks. A block's four words serve four neighbouring elements
// of 32 bits or two of 64.
#include "kernels/random/random.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/parallel.h"

namespace cc {

namespace {

constexpr int64_t kBlocksPerTask = 4096;

// out[i] = f(block's words, word of element i); Words is how many words an element takes.
template <int Words, class F>
int64_t each_block(Philox state, int64_t count, F&& f) {
    constexpr int64_t per_block = 4 / Words;
    int64_t blocks = random_blocks(count, per_block);
    parallel_for(blocks, kBlocksPerTask, [&](int64_t begin, int64_t end) {
        for (int64_t block = begin; block < end; ++block) {
            Philox4 words = philox(state.seed, state.offset + static_cast<uint64_t>(block));
            int64_t first = block * per_block;
            f(words.v, first, std::min(per_block, count - first));
        }
    });
    return blocks;
}

uint64_t word64(const uint32_t* words, int64_t i) {
    return (uint64_t{words[2 * i]} << 32) | words[2 * i + 1];
}

// Uniform in [0, range), bias below range / 2^64.
uint64_t scaled(uint64_t bits, uint64_t range) {
    uint64_t high = bits >> 32, low = bits & 0xFFFFFFFFu, range_high = range >> 32,
             range_low = range & 0xFFFFFFFFu;
    uint64_t middle = high * range_low + (low * range_low >> 32);
    uint64_t carry = low * range_high + (middle & 0xFFFFFFFFu);
    return high * range_high + (middle >> 32) + (carry >> 32);
}

// A draw is below this with probability p.
uint64_t threshold(double p) {
    return static_cast<uint64_t>(std::llround(std::min(std::max(p, 0.0), 1.0) * 0x1p32));
}

}  // namespace

int64_t random_uniform(Dtype dtype, Philox philox, int64_t count, void* out) {
    if (dtype == Dtype::Float32)
        return each_block<1>(philox, count, [&](const uint32_t* v, int64_t at, int64_t n) {
            for (int64_t i = 0; i < n; ++i) static_cast<float*>(out)[at + i] = uniform_float(v[i]);
        });
    check_type(dtype == Dtype::Float64, "rand: expected a floating-point dtype, got ", dtype);
    return each_block<2>(philox, count, [&](const uint32_t* v, int64_t at, int64_t n) {
        for (int64_t i = 0; i < n; ++i)
            static_cast<double*>(out)[at + i] = uniform_double(v[2 * i], v[2 * i + 1]);
    });
}

int64_t random_integers(Dtype dtype, Philox philox, int64_t lo, int64_t hi, int64_t count,
                        void* out) {
    check(hi > lo, "randint: high must be greater than low, got low ", lo, " and high ", hi);
    uint64_t range = static_cast<uint64_t>(hi) - static_cast<uint64_t>(lo);
    return visit_dtype(dtype, [&](auto zero) {
        using T = decltype(zero);
        return each_block<2>(philox, count, [&](const uint32_t* v, int64_t at, int64_t n) {
            for (int64_t i = 0; i < n; ++i) {
                uint64_t value = static_cast<uint64_t>(lo) + scaled(word64(v, i), range);
                static_cast<T*>(out)[at + i] = static_cast<T>(static_cast<int64_t>(value));
            }
        });
    });
}

int64_t random_bernoulli(Dtype dtype, Philox philox, double p, int64_t count, void* out) {
    uint64_t below = threshold(p);
    return visit_dtype(dtype, [&](auto zero) {
        using T = decltype(zero);
        return each_block<1>(philox, count, [&](const uint32_t* v, int64_t at, int64_t n) {
            for (int64_t i = 0; i < n; ++i)
                static_cast<T*>(out)[at + i] = static_cast<T>(v[i] < below);
        });
    });
}

int64_t random_permutation(Philox state, int64_t count, int64_t* out) {
    std::iota(out, out + count, int64_t{0});
    for (int64_t i = 0; i < count; ++i) {
        Philox4 words = philox(state.seed, state.offset + static_cast<uint64_t>(i / 2));
        uint64_t step = scaled(word64(words.v, i % 2), static_cast<uint64_t>(count - i));
        std::swap(out[i], out[i + static_cast<int64_t>(step)]);
    }
    return random_blocks(count, 2);
}

int64_t dropout(Dtype dtype, Philox philox, double p, int64_t count, const void* x, void* out) {
    uint64_t dropped = threshold(p);
    return visit_floating("dropout", dtype, [&](auto zero) {
        using T = decltype(zero);
        T scale = p < 1 ? static_cast<T>(1 / (1 - p)) : T{0};
        return each_block<1>(philox, count, [&](const uint32_t* v, int64_t at, int64_t n) {
            const T* from = static_cast<const T*>(x) + at;
            T* to = static_cast<T*>(out) + at;
            for (int64_t i = 0; i < n; ++i) to[i] = from[i] * (v[i] < dropped ? T{0} : scale);
        });
    });
}

}  // namespace cc
