// Random numbers. A Philox block's four words serve four neighbouring elements of 32 bits or two of
// 64; tasks draw the words of some blocks into a buffer (random.inl) and turn them into numbers.
#include "kernels/random/random.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/parallel.h"
#include "kernels/impl.h"
#include "kernels/random/random_loops.h"

namespace cc {

namespace {

constexpr int64_t kBlocks = 128;  // drawn at a time; the buffer stays in the first-level cache
constexpr int64_t kGrain = 16;    // buffers worth waking a thread for

const RandomLoops& loops() {
#ifdef CONVCORE_X86
    if (isa() == Isa::Avx512) return avx512::random_loops;
    if (isa() == Isa::Avx2) return avx2::random_loops;
#endif
    return generic::random_loops;
}

// Calls f(words, first element, elements) for all of count elements of `Words` words each.
template <int Words, class F>
int64_t each_buffer(Philox state, int64_t count, F&& f) {
    constexpr int64_t per_block = 4 / Words;
    const RandomLoops& draw = loops();
    int64_t blocks = random_blocks(count, per_block);
    parallel_for((blocks + kBlocks - 1) / kBlocks, kGrain, [&](int64_t begin, int64_t end) {
        alignas(64) uint32_t words[4 * kBlocks];
        for (int64_t buffer = begin; buffer < end; ++buffer) {
            int64_t block = buffer * kBlocks, first = block * per_block;
            draw.words(state.seed, state.offset + static_cast<uint64_t>(block),
                       std::min(kBlocks, blocks - block), words);
            f(words, first, std::min(kBlocks * per_block, count - first));
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

// A word is below this with probability p; p = 1 is the caller's case.
uint32_t threshold(double p) {
    double limit = std::min(std::max(p, 0.0), 1.0) * 0x1p32 + 0.5;
    return static_cast<uint32_t>(std::min(limit, 0x1p32 - 1));
}

template <class T>
void interleave(const double* even, const double* odd, int64_t count, T* out) {
    for (int64_t i = 0; i < count / 2; ++i) {
        out[2 * i] = static_cast<T>(even[i]);
        out[2 * i + 1] = static_cast<T>(odd[i]);
    }
    if (count % 2) out[count - 1] = static_cast<T>(even[count / 2]);
}

}  // namespace

int64_t random_uniform(Dtype dtype, Philox philox, int64_t count, void* out) {
    check_type(is_floating(dtype), "rand: expected a floating-point dtype, got ", dtype);
    if (dtype == Dtype::Float32)
        return each_buffer<1>(philox, count, [&](const uint32_t* words, int64_t first, int64_t n) {
            float* to = static_cast<float*>(out) + first;
            for (int64_t i = 0; i < n; ++i) to[i] = uniform_float(words[i]);
        });
    return each_buffer<2>(philox, count, [&](const uint32_t* words, int64_t first, int64_t n) {
        double* to = static_cast<double*>(out) + first;
        for (int64_t i = 0; i < n; ++i) to[i] = uniform_double(words[2 * i], words[2 * i + 1]);
    });
}

int64_t random_normal(Dtype dtype, Philox philox, int64_t count, void* out) {
    check_type(is_floating(dtype), "randn: expected a floating-point dtype, got ", dtype);
    const RandomLoops& make = loops();
    if (dtype == Dtype::Float32)
        return each_buffer<1>(philox, count, [&](const uint32_t* words, int64_t first, int64_t n) {
            double u[2 * kBlocks], v[2 * kBlocks];
            int64_t pairs = (n + 1) / 2;
            for (int64_t i = 0; i < pairs; ++i) {
                u[i] = (words[2 * i] + 1.0) * 0x1p-32;
                v[i] = words[2 * i + 1] * 0x1p-32;
            }
            make.normals(u, v, pairs);
            interleave(u, v, n, static_cast<float*>(out) + first);
        });
    return each_buffer<2>(philox, count, [&](const uint32_t* words, int64_t first, int64_t n) {
        double u[kBlocks], v[kBlocks];
        int64_t pairs = (n + 1) / 2;
        for (int64_t i = 0; i < pairs; ++i) {
            u[i] = 1 - uniform_double(words[4 * i], words[4 * i + 1]);
            v[i] = uniform_double(words[4 * i + 2], words[4 * i + 3]);
        }
        make.normals(u, v, pairs);
        interleave(u, v, n, static_cast<double*>(out) + first);
    });
}

int64_t random_integers(Dtype dtype, Philox philox, int64_t lo, int64_t hi, int64_t count,
                        void* out) {
    check(hi > lo, "randint: high must be greater than low, got low ", lo, " and high ", hi);
    uint64_t range = static_cast<uint64_t>(hi) - static_cast<uint64_t>(lo);
    return visit_element(dtype, [&](auto zero) {
        using T = decltype(zero);
        return each_buffer<2>(philox, count, [&](const uint32_t* words, int64_t first, int64_t n) {
            T* to = static_cast<T*>(out) + first;
            for (int64_t i = 0; i < n; ++i) {
                uint64_t value = static_cast<uint64_t>(lo) + scaled(word64(words, i), range);
                to[i] = static_cast<T>(static_cast<int64_t>(value));
            }
        });
    });
}

int64_t random_bernoulli(Dtype dtype, Philox philox, double p, int64_t count, void* out) {
    const uint32_t below = threshold(p);
    const bool always = p >= 1;
    return visit_element(dtype, [&](auto zero) {
        using T = decltype(zero);
        return each_buffer<1>(philox, count, [&](const uint32_t* words, int64_t first, int64_t n) {
            T* to = static_cast<T*>(out) + first;
            for (int64_t i = 0; i < n; ++i) to[i] = static_cast<T>(words[i] < below || always);
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
    const uint32_t dropped = threshold(p);
    return visit_floating("dropout", dtype, [&](auto zero) {
        using T = decltype(zero);
        const T scale = p < 1 ? static_cast<T>(1 / (1 - p)) : T{0};
        return each_buffer<1>(philox, count, [&](const uint32_t* words, int64_t first, int64_t n) {
            const T* from = static_cast<const T*>(x) + first;
            T* to = static_cast<T*>(out) + first;
            for (int64_t i = 0; i < n; ++i)
                to[i] = from[i] * (static_cast<T>(static_cast<int>(words[i] >= dropped)) * scale);
        });
    });
}

}  // namespace cc
