// What should run at the speed of memory: elementwise functions, the last pass of a normalisation and pooling, on arrays of the
// second-level cache, of the last one and of memory. "of copy" is their share of the speed at which memcpy moves as much.
//     build/bench/bench/native/bench_memory
#include <chrono>
#include <cstring>
#include <limits>

#include "base/parallel.h"
#include "bench.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/norm/norm.h"
#include "kernels/pool/pool.h"

namespace {

using namespace cc;

constexpr int64_t kSizes[] = {1 << 15, 1 << 20, 1 << 24};  // floats
constexpr int64_t kChannels = 64;

double seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Bytes a second, read and written, of copies between arrays of n floats on all threads.
double copy_speed(int64_t n) {
    std::vector<float> a = bench::numbers(n, 1), b = a;
    double best = 0;
    for (int i = 0; i < 20; ++i) {
        const double start = seconds();
        parallel_for(n, 16384, [&](int64_t begin, int64_t end) {
            std::memcpy(b.data() + begin, a.data() + begin, static_cast<size_t>(end - begin) * sizeof(float));
        });
        best = std::max(best, 2.0 * n * sizeof(float) / (seconds() - start));
    }
    return best;
}

void report(benchmark::State& state, int64_t n, double flops, double bytes) {
    bench::report(state, flops, bytes);
    state.counters["of copy"] = benchmark::Counter(bytes / copy_speed(n), benchmark::Counter::kIsIterationInvariantRate);
}

ElementwiseProblem dense(int64_t n) { return {{n}, Dtype::Float32, Dtype::Float32, {{1}, {1}, {1}}, {1}}; }

void relu(benchmark::State& state, int64_t n) {
    const std::vector<float> x = bench::numbers(n, 1);
    std::vector<float> y(x.size()), expected = x;
    elementwise(Unary::Relu, dense(n), x.data(), y.data());
    for (float& value : expected) value = std::max(value, 0.0f);
    bench::expect_close("relu", y, expected, 0);
    for (auto _ : state) elementwise(Unary::Relu, dense(n), x.data(), y.data());
    report(state, n, 1.0 * n, 8.0 * n);
}

void add(benchmark::State& state, int64_t n) {
    const std::vector<float> a = bench::numbers(n, 1), b = bench::numbers(n, 2);
    std::vector<float> y(a.size()), expected = a;
    elementwise(Binary::Add, dense(n), a.data(), b.data(), y.data());
    for (size_t i = 0; i < a.size(); ++i) expected[i] += b[i];
    bench::expect_close("add", y, expected, 0);
    for (auto _ : state) elementwise(Binary::Add, dense(n), a.data(), b.data(), y.data());
    report(state, n, 1.0 * n, 12.0 * n);
}

void affine_relu(benchmark::State& state, int64_t n) {
    const std::vector<float> x = bench::numbers(n, 1), scale = bench::numbers(kChannels, 2), shift = bench::numbers(kChannels, 3);
    std::vector<float> y(x.size()), expected(x.size());
    const AffineProblem p{Dtype::Float32, n / kChannels, kChannels, false, 0, std::numeric_limits<double>::infinity()};
    const AffineArgs args{x.data(), scale.data(), shift.data(), nullptr, y.data()};
    affine(p, args);
    for (size_t i = 0; i < x.size(); ++i) expected[i] = std::max(0.0f, std::fma(x[i], scale[i % kChannels], shift[i % kChannels]));
    bench::expect_close("affine", y, expected, 1e-7);
    for (auto _ : state) affine(p, args);
    report(state, n, p.flops(), p.bytes());
}

void max_pool(benchmark::State& state, int64_t n) {
    constexpr int64_t side = 16;
    PoolProblem p{};
    p.dtype = Dtype::Float32;
    p.mode = PoolMode::Max;
    p.n = n / (side * side * kChannels), p.c = kChannels;
    for (int a = 0; a < 3; ++a) {
        p.in[a] = a ? side : 1, p.out[a] = a ? side / 2 : 1;
        p.kernel[a] = p.stride[a] = a ? 2 : 1;
        p.dilation[a] = 1;
    }
    std::vector<float> x = bench::numbers(n, 1), y(x.size() / 4), expected(y.size());
    auto run = [&](std::vector<float>& to, const char* impl) {
        ForcedImpl forced("pool", impl);
        pool(p, {x.data(), to.data(), nullptr});
    };
    run(expected, "reference");
    run(y, "");
    bench::expect_close("max_pool", y, expected, 0);
    for (auto _ : state) pool(p, {x.data(), y.data(), nullptr});
    report(state, n, p.flops(), p.bytes());
}

}  // namespace

int main(int argc, char** argv) {
    using Run = void (*)(benchmark::State&, int64_t);
    for (auto [name, run] : {std::pair<const char*, Run>{"relu", relu}, {"add", add}, {"affine_relu", affine_relu}, {"max_pool", max_pool}})
        for (int64_t n : kSizes) bench::add(str(name, '/', n), [run = run, n](benchmark::State& state) { run(state, n); });
    return bench::run_all(argc, argv);
}
