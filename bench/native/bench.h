// What the native benchmarks share: a result is checked against the reference before it is timed, and beside the time stand the
// arithmetic, its share of the machine's measured peak, and the bytes that must move.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "kernels/gemm/gemm.h"
#include "kernels/impl.h"

namespace cc::bench {

inline std::vector<float> numbers(int64_t count, unsigned seed) {
    std::vector<float> values(static_cast<size_t>(count));
    for (float& value : values)
        value = static_cast<float>((seed = seed * 1664525u + 1013904223u) >> 8) / 16777216 - 0.5f;
    return values;
}

// Ends the program where the rms of the difference is beyond `tolerance` of that of the expected.
inline void expect_close(const std::string& name, const std::vector<float>& found, const std::vector<float>& expected,
                         double tolerance) {
    double off = 0, all = 0;
    for (size_t i = 0; i < found.size(); ++i) {
        off += (double(found[i]) - expected[i]) * (double(found[i]) - expected[i]);
        all += double(expected[i]) * expected[i];
    }
    if (std::sqrt(off) <= tolerance * std::sqrt(all)) return;
    std::fprintf(stderr, "%s: wrong by %g of the result\n", name.c_str(), std::sqrt(off / all));
    std::exit(1);
}

inline double peak_flops() {
    static const double peak = measure_peak_flops();
    return peak;
}

inline void report(benchmark::State& state, double flops, double bytes) {
    using benchmark::Counter;
    state.counters["FLOP/s"] = Counter(flops, Counter::kIsIterationInvariantRate);
    state.counters["of peak"] = Counter(flops / peak_flops(), Counter::kIsIterationInvariantRate);
    state.counters["B/s"] = Counter(bytes, Counter::kIsIterationInvariantRate);
}

// A benchmark of one implementation of an operator, all of which are told by `run` under the name.
template <class F>
void add(const std::string& name, F run) {
    benchmark::RegisterBenchmark(name.c_str(), run)->Unit(benchmark::kMicrosecond)->UseRealTime();
}

inline int run_all(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}

}  // namespace cc::bench
