// The global random stream and what is drawn from it: factories and in-place fills. Numbers are drawn in logical order, so a
// tensor's strides do not change them.
#pragma once

#include <array>
#include <mutex>

#include "autograd/tensor.h"
#include "base/philox.h"

namespace cc {

// A Philox stream: a seed and how far it was read. Every draw takes a range of counters of its own.
class Generator {
public:
    Generator();  // seeded by the system
    explicit Generator(uint64_t seed) : state_{seed, 0} {}

    void manual_seed(uint64_t seed);
    uint64_t reseed();  // by the system; gives the new seed
    uint64_t seed() const;
    Philox take_blocks(int64_t blocks);  // the state to draw from; the stream moves on by as many counters

    using State = std::array<uint8_t, 16>;  // seed and offset, little-endian
    State get_state() const;
    void set_state(const State& state);

private:
    mutable std::mutex mutex_;
    Philox state_;
};

Generator& default_generator();

Tensor rand(const Shape& size, Dtype dtype, Generator& generator = default_generator());
Tensor randn(const Shape& size, Dtype dtype, Generator& generator = default_generator());
Tensor randint(int64_t low, int64_t high, const Shape& size, Dtype dtype, Generator& generator = default_generator());
Tensor randperm(int64_t n, Generator& generator = default_generator());
Tensor bernoulli(const Tensor& p, Generator& generator = default_generator());  // 1 with probability p, else 0
Tensor multinomial(const Tensor& weights, int64_t num_samples, bool replacement, Generator& generator = default_generator());

void uniform_(const Tensor& target, double low, double high, Generator& generator = default_generator());
void normal_(const Tensor& target, double mean, double std, Generator& generator = default_generator());
void bernoulli_(const Tensor& target, double p, Generator& generator = default_generator());

}  // namespace cc
