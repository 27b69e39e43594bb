#include "ops/random.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "array/compute.h"
#include "kernels/random/random.h"
#include "ops/ops.h"

namespace cc {

namespace {

int64_t per_block(Dtype dtype) { return dtype == Dtype::Float32 ? 4 : 2; }

void check_floating(const char* op, Dtype dtype) {
    check_type(is_floating(dtype), op, ": dtype must be floating-point, got ", dtype);
}

// In float32 for bfloat16.
Array uniform(const Shape& shape, Dtype dtype, Generator& generator) {
    dtype = computed_in(dtype);
    Array out = Array::empty(shape, dtype);
    Philox state = generator.take_blocks(random_blocks(out.numel(), per_block(dtype)));
    random_uniform(dtype, state, out.numel(), out.raw());
    return out;
}

Array normal(const Shape& shape, Dtype dtype, Generator& generator) {
    dtype = computed_in(dtype);
    Array out = Array::empty(shape, dtype);
    Philox state = generator.take_blocks(random_blocks(out.numel(), per_block(dtype)));
    random_normal(dtype, state, out.numel(), out.raw());
    return out;
}

Array zero_one(const Shape& shape, Dtype dtype, double p, Generator& generator) {
    Array out = Array::empty(shape, dtype);
    Philox state = generator.take_blocks(random_blocks(out.numel(), 4));
    random_bernoulli(dtype, state, p, out.numel(), out.raw());
    return out;
}

// x·factor + shift in x's own memory.
void affine(const Array& x, double factor, double shift) {
    if (factor != 1) compute_into(x, Unary::MulScalar, x, factor);
    if (shift != 0) compute_into(x, Unary::AddScalar, x, shift);
}

void check_probability(const char* op, double p) {
    check(p >= 0 && p <= 1, op, ": p must be between 0 and 1, got ", p);
}

// Places of the num_samples greatest keys, greatest first.
void greatest(const double* keys, int64_t n, int64_t num_samples, int64_t* out) {
    std::vector<int64_t> order(n);
    for (int64_t i = 0; i < n; ++i) order[i] = i;
    std::partial_sort(order.begin(), order.begin() + num_samples, order.end(), [&](int64_t a, int64_t b) {
        return keys[a] != keys[b] ? keys[a] > keys[b] : a < b;
    });
    std::copy(order.begin(), order.begin() + num_samples, out);
}

}  // namespace

Generator::Generator() : state_{0, 0} { reseed(); }

uint64_t Generator::reseed() {
    std::random_device source;
    uint64_t seed = (uint64_t{source()} << 32) | source();
    manual_seed(seed);
    return seed;
}

void Generator::manual_seed(uint64_t seed) {
    std::lock_guard<std::mutex> lock(mutex_);
    state_ = {seed, 0};
}

uint64_t Generator::seed() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return state_.seed;
}

Philox Generator::take_blocks(int64_t blocks) {
    std::lock_guard<std::mutex> lock(mutex_);
    Philox state = state_;
    state_.offset += static_cast<uint64_t>(blocks);
    return state;
}

Generator::State Generator::get_state() const {
    std::lock_guard<std::mutex> lock(mutex_);
    State bytes;
    for (int i = 0; i < 8; ++i) {
        bytes[i] = static_cast<uint8_t>(state_.seed >> 8 * i);
        bytes[8 + i] = static_cast<uint8_t>(state_.offset >> 8 * i);
    }
    return bytes;
}

void Generator::set_state(const State& bytes) {
    std::lock_guard<std::mutex> lock(mutex_);
    state_ = {0, 0};
    for (int i = 0; i < 8; ++i) {
        state_.seed |= uint64_t{bytes[i]} << 8 * i;
        state_.offset |= uint64_t{bytes[8 + i]} << 8 * i;
    }
}

Generator& default_generator() {
    static Generator* generator = new Generator;  // never destroyed: threads may draw while the process ends
    return *generator;
}

Tensor rand(const Shape& size, Dtype dtype, Generator& generator) {
    check_floating("rand", dtype);
    Array values = uniform(size, dtype, generator);
    if (dtype == Dtype::BFloat16) compute_into(values, Unary::Clamp, values, 0, 1 - 0x1p-8);  // never rounded to 1
    return Tensor(values.to(dtype));
}

Tensor randn(const Shape& size, Dtype dtype, Generator& generator) {
    check_floating("randn", dtype);
    return Tensor(normal(size, dtype, generator).to(dtype));
}

Tensor randint(int64_t low, int64_t high, const Shape& size, Dtype dtype, Generator& generator) {
    check(high > low, "randint: high must be greater than low, got low ", low, " and high ", high);
    Array out = Array::empty(size, dtype);
    Philox state = generator.take_blocks(random_blocks(out.numel(), 2));
    random_integers(dtype, state, low, high, out.numel(), out.raw());
    return Tensor(out);
}

Tensor randperm(int64_t n, Generator& generator) {
    check(n >= 0, "randperm: n must not be negative, got ", n);
    Array out = Array::empty({n}, Dtype::Int64);
    random_permutation(generator.take_blocks(random_blocks(n, 2)), n, out.data<int64_t>());
    return Tensor(out);
}

Tensor bernoulli(const Tensor& p, Generator& generator) {
    check_floating("bernoulli", p.dtype());
    Array probabilities = p.array();
    Array outside = compute(Binary::LogicalOr, compute(Binary::Less, probabilities, Array::full({}, p.dtype(), 0)),
                            compute(Binary::Greater, probabilities, Array::full({}, p.dtype(), 1)));
    check(compute(Reduction::Any, outside, (1u << outside.rank()) - 1, false).item() == 0,
          "bernoulli: input must hold probabilities between 0 and 1");
    return Tensor(compute(Binary::Less, uniform(p.shape(), p.dtype(), generator), probabilities).to(p.dtype()));
}

// The keys −E/w with E exponentially distributed: the greatest is i with probability w_i/Σw, the next follow without replacement.
Tensor multinomial(const Tensor& weights, int64_t num_samples, bool replacement, Generator& generator) {
    check_floating("multinomial", weights.dtype());
    check(weights.rank() == 1 || weights.rank() == 2, "multinomial: input must have 1 or 2 dimensions, got shape ",
          weights.shape());
    int64_t n = weights.size(weights.rank() - 1), rows = weights.rank() == 2 ? weights.size(0) : 1;
    check(num_samples > 0, "multinomial: num_samples must be positive, got ", num_samples);
    check(replacement || num_samples <= n, "multinomial: cannot draw num_samples=", num_samples, " of ", n,
          " categories without replacement");
    Array w = weights.array().to(Dtype::Float64).contiguous();
    Shape shape = weights.shape();
    shape[shape.rank() - 1] = num_samples;
    Array out = Array::empty(shape, Dtype::Int64);
    int64_t draws = replacement ? num_samples : 1;
    Array noise = uniform({rows, draws, n}, Dtype::Float64, generator);
    std::vector<double> keys(n);
    for (int64_t row = 0; row < rows; ++row) {
        const double* weight = w.data<double>() + row * n;
        int64_t positive = 0;
        for (int64_t i = 0; i < n; ++i) {
            check(weight[i] >= 0 && std::isfinite(weight[i]), "multinomial: input must hold finite weights that are not "
                  "negative, got ", weight[i]);
            positive += weight[i] > 0;
        }
        check(positive >= (replacement ? 1 : num_samples), "multinomial: input has ", positive,
              " positive weights, num_samples=", num_samples, " are asked for");
        for (int64_t draw = 0; draw < draws; ++draw) {
            const double* u = noise.data<double>() + (row * draws + draw) * n;
            for (int64_t i = 0; i < n; ++i) keys[i] = weight[i] > 0 ? std::log1p(-u[i]) / weight[i] : -INFINITY;
            int64_t count = replacement ? 1 : num_samples;
            greatest(keys.data(), n, count, out.data<int64_t>() + row * num_samples + draw);
        }
    }
    return Tensor(out);
}

void uniform_(const Tensor& target, double low, double high, Generator& generator) {
    check_floating("uniform_", target.dtype());
    check(low <= high, "uniform_: from must not exceed to, got ", low, " and ", high);
    Array values = uniform(target.shape(), target.dtype(), generator);
    affine(values, high - low, low);
    assign(target, Tensor(values));
}

void normal_(const Tensor& target, double mean, double std, Generator& generator) {
    check_floating("normal_", target.dtype());
    check(std >= 0, "normal_: std must not be negative, got ", std);
    Array values = normal(target.shape(), target.dtype(), generator);
    affine(values, std, mean);
    assign(target, Tensor(values));
}

void bernoulli_(const Tensor& target, double p, Generator& generator) {
    check_probability("bernoulli_", p);
    assign(target, Tensor(zero_one(target.shape(), target.dtype(), p, generator)));
}

}  // namespace cc
