// What the kernel tests share: numbers to test with, and each instruction set and thread count in
// turn.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <vector>

#include "base/cpu.h"
#include "base/dtype.h"
#include "base/parallel.h"
#include "isas.h"
#include "kernels/impl.h"

inline int failures = 0;

#define EXPECT(condition, ...)                                         \
    do {                                                               \
        if (!(condition)) {                                            \
            std::printf("%s:%d: %s ", __FILE__, __LINE__, #condition); \
            std::printf("%s\n", cc::str(__VA_ARGS__).c_str());         \
            ++failures;                                                \
        }                                                              \
    } while (0)

// Neighbouring seeds give unrelated sequences; values in [-2, 2), few of them equal.
template <class T>
std::vector<T> some_values(int64_t count, uint32_t seed) {
    std::vector<T> values(static_cast<size_t>(count));
    uint64_t state = (uint64_t{seed} + 1) * 0x9E3779B97F4A7C15u;
    for (auto& value : values) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        value = static_cast<T>(static_cast<double>(state >> 40) * 0x1p-22 - 2);
    }
    return values;
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() == b.size() &&
           (a.empty() || !std::memcmp(a.data(), b.data(), a.size() * sizeof(T)));
}

// |a − b| ≤ tolerance·(1 + |b|), infinities and NaN equal to themselves.
template <class T>
bool close(const std::vector<T>& a, const std::vector<T>& b, double tolerance) {
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i) {
        double x = a[i], y = b[i];
        if (x == y || (std::isnan(x) && std::isnan(y))) continue;
        if (!(std::fabs(x - y) <= tolerance * (1 + std::fabs(y)))) {
            std::printf("  at %zu: %.9g, expected %.9g\n", i, x, y);
            return false;
        }
    }
    return true;
}

template <class T>
constexpr double tolerance = sizeof(T) == 4 ? 4e-6 : 1e-12;

// check(what run() gives, label) for the best implementation of each instruction set. Every seventh
// call also runs on 2, 3 and 8 threads, which must give the same bits: more threads than cores are
// slow.
template <class Run, class Check>
void each_isa(const char* what, Run&& run, Check&& check) {
    static int calls = 0;
    const bool threads_too = calls++ % 7 == 0;
    for (cc::Isa set : tested_isas()) {
        cc::set_isa(set);
        auto on_threads = [&](int threads) {
            cc::ThreadsScope scope(threads);
            return run();
        };
        const auto expected = on_threads(1);
        check(expected, cc::str(what, " on ", cc::name(set)));
        for (int threads : {2, 3, 8}) {
            if (!threads_too) break;
            const auto got = on_threads(threads);
            bool same = got.size() == expected.size();
            for (size_t i = 0; same && i < got.size(); ++i) same = same_bits(got[i], expected[i]);
            EXPECT(same, what, " on ", cc::name(set), " differs with ", threads, " threads");
        }
    }
    cc::set_isa(cc::machine_isa());
}

template <class Run>
auto by_reference(const char* op, Run&& run) {
    cc::ThreadsScope scope(1);
    cc::force_impl(op, "reference");
    auto result = run();
    cc::force_impl(op, "");
    return result;
}

inline int finish(const char* name) {
    std::printf("%s: %s\n", name, failures ? "FAILED" : "passed");
    return failures != 0;
}
