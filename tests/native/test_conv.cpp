// Every implementation and instruction set of conv against the reference, and 1 against n threads
// bit by bit.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

#include "base/cpu.h"
#include "base/parallel.h"
#include "conv_rows.h"
#include "isas.h"
#include "kernels/conv/conv.h"
#include "kernels/impl.h"

using namespace cc;

namespace {

int failures = 0;

// Small whole numbers: every sum is exact, so equal means equal.
template <class T>
std::vector<T> whole_numbers(int64_t count, unsigned seed) {
    std::vector<T> values(count);
    for (auto& value : values) {
        seed = seed * 1664525u + 1013904223u;
        value = static_cast<T>(static_cast<int>(seed >> 24) % 5 - 2);
    }
    return values;
}

template <class T>
std::vector<T> fractions(int64_t count, unsigned seed) {
    std::vector<T> values(count);
    for (auto& value : values)
        value = static_cast<T>((seed = seed * 1664525u + 1013904223u) >> 8) / 16777216 - T(0.5);
    return values;
}

template <class T>
struct Run {
    std::vector<T> x, weight, y, bias;

    template <class Fill>
    Run(const ConvProblem& p, Fill fill)
        : x(fill(p.n * p.c * p.in_pixels(), 1)), weight(fill(p.k * (p.c / p.groups) * p.taps(), 2)),
          y(fill(p.n * p.k * p.out_pixels(), 3)), bias(fill(p.k, 4)) {}

    std::vector<T> operator()(const ConvProblem& p, const char* impl, bool with_bias) {
        std::vector<T>& result = p.map == ConvMap::Forward     ? y
                                 : p.map == ConvMap::GradInput ? x
                                                               : weight;
        const std::vector<T> kept = result;
        force_impl("conv", impl);
        conv(p, {x.data(), weight.data(), y.data(),
                 with_bias && p.map == ConvMap::Forward ? bias.data() : nullptr});
        force_impl("conv", "");
        std::vector<T> out = result;
        result = kept;
        return out;
    }
};

const char* const kNames[] = {"", "winograd", "winograd2", "fft", "depthwise", "grouped", "pointwise", "strip", "direct"};
// The default choice may be a transform, too.
bool transforms(const char* impl) { return !*impl || !std::strncmp(impl, "winograd", 8) || !std::strcmp(impl, "fft"); }

// Sums of products of whole numbers are exact in any order, but not through a transform, which the
// default choice may be.
template <class T>
bool equal(const std::vector<T>& got, const std::vector<T>& expected, bool transformed) {
    if (!transformed) return got == expected;
    T most = 0;
    for (T value : expected) most = std::max(most, std::abs(value));
    for (size_t i = 0; i < got.size(); ++i)
        if (!(std::abs(got[i] - expected[i]) <= T(1e-5) * most)) return false;
    return true;
}

template <class T>
void test(const Row& row, bool with_bias) {
    for (ConvMap map : {ConvMap::Forward, ConvMap::GradInput, ConvMap::GradWeight}) {
        if (with_bias && map != ConvMap::Forward) continue;
        const ConvProblem p = problem_of(row, dtype_of<T>, map);
        Run<T> exact(p, whole_numbers<T>), rounded(p, fractions<T>);
        const auto expected = exact(p, "reference", with_bias);
        for (Isa set : tested_isas()) {
            set_isa(set);
            for (const char* impl : kNames) {
                std::vector<T> first;
                try {
                    if (!equal(exact(p, impl, with_bias), expected, transforms(impl))) {
                        std::printf("conv: %s %s: wrong for %s\n", name(set), impl, p.describe().c_str());
                        ++failures;
                    }
                    for (int threads : {1, 3, 2, 8}) {
                        if (sizeof(T) == 8 && threads == 8) continue;
                        ThreadsScope scope(threads);
                        const auto bits = rounded(p, impl, with_bias);
                        if (threads == 1) first = bits;
                        if (!bits.empty() &&
                            std::memcmp(bits.data(), first.data(), bits.size() * sizeof(T)) != 0) {
                            std::printf("conv: %s %s: bits change with %d threads for %s\n",
                                        name(set), impl, threads, p.describe().c_str());
                            ++failures;
                        }
                    }
                } catch (const Error& error) {
                    force_impl("conv", "");
                    if (error.kind() == ErrorKind::NotImplemented && *impl) continue;
                    std::printf("conv: %s %s: %s\n", name(set), impl, error.what());
                    ++failures;
                }
            }
            set_isa(machine_isa());
        }
    }
}

}  // namespace

int main() {
    const Row rows[] = {
        // n  c  k  g     in            kernel     pad_lo     pad_hi     stride     dilation
        {2, 1, 6, 1, {1, 28, 28}, {1, 5, 5}, {0, 2, 2}, {0, 2, 2}, {1, 1, 1}, {1, 1, 1}, false},
        {2, 6, 16, 1, {1, 14, 14}, {1, 5, 5}, {0, 0, 0}, {0, 0, 0}, {1, 1, 1}, {1, 1, 1}, false},
        {2, 3, 20, 1, {1, 9, 11}, {1, 3, 3}, {0, 1, 1}, {0, 1, 1}, {1, 1, 1}, {1, 1, 1}, false},
        {3, 33, 35, 1, {1, 5, 7}, {1, 3, 3}, {0, 1, 1}, {0, 1, 1}, {1, 1, 1}, {1, 1, 1}, false},
        {7, 64, 72, 1, {1, 7, 6}, {1, 3, 3}, {0, 1, 1}, {0, 1, 1}, {1, 1, 1}, {1, 1, 1}, false},
        {3, 300, 24, 1, {1, 5, 7}, {1, 3, 3}, {0, 1, 1}, {0, 1, 1}, {1, 1, 1}, {1, 1, 1}, false},
        {2, 16, 70, 1, {1, 8, 8}, {1, 3, 3}, {0, 1, 1}, {0, 1, 1}, {1, 2, 2}, {1, 1, 1}, false},
        {2, 24, 16, 1, {1, 9, 7}, {1, 3, 2}, {0, 0, 2}, {0, 3, 1}, {1, 3, 2}, {1, 2, 3}, true},
        {2, 64, 130, 1, {1, 6, 6}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}, {1, 1, 1}, {1, 1, 1}, false},
        {2, 40, 48, 1, {1, 7, 7}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}, {1, 2, 2}, {1, 1, 1}, false},
        {3, 24, 72, 1, {1, 7, 9}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}, {1, 1, 1}, {1, 1, 1}, false},
        {2, 17, 18, 1, {1, 13, 12}, {1, 6, 6}, {0, 2, 3}, {0, 2, 1}, {1, 2, 2}, {1, 1, 1}, true},
        {2, 33, 30, 3, {1, 9, 11}, {1, 3, 3}, {0, 2, 3}, {0, 2, 1}, {1, 1, 1}, {1, 2, 3}, false},
        {3, 72, 40, 1, {1, 7, 9}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}, {1, 1, 1}, {1, 1, 1}, false},
        {2, 24, 24, 1, {1, 9, 9}, {1, 3, 3}, {0, 1, 1}, {0, 1, 1}, {1, 2, 2}, {1, 1, 1}, false},
        {2, 12, 18, 3, {1, 6, 5}, {1, 3, 3}, {0, 1, 0}, {0, 2, 1}, {1, 1, 2}, {1, 1, 1}, false},
        {2, 64, 64, 2, {1, 6, 5}, {1, 3, 3}, {0, 1, 1}, {0, 1, 1}, {1, 1, 1}, {1, 1, 1}, true},
        {2, 12, 12, 6, {1, 9, 8}, {1, 3, 3}, {0, 1, 1}, {0, 1, 1}, {1, 1, 1}, {1, 1, 1}, false},
        {2, 20, 20, 5, {1, 9, 7}, {1, 3, 2}, {0, 0, 2}, {0, 3, 1}, {1, 3, 2}, {1, 2, 3}, true},
        {3, 136, 136, 34, {3, 4, 5}, {2, 3, 3}, {1, 1, 1}, {0, 1, 1}, {1, 2, 1}, {1, 1, 1}, false},
        {1, 24, 24, 3, {1, 1, 40}, {1, 1, 5}, {0, 0, 2}, {0, 0, 2}, {1, 1, 1}, {1, 1, 1}, false},
        {2, 35, 35, 35, {1, 9, 8}, {1, 3, 3}, {0, 1, 1}, {0, 1, 1}, {1, 1, 1}, {1, 1, 1}, false},
        {2, 32, 32, 32, {1, 12, 9}, {1, 3, 3}, {0, 1, 1}, {0, 1, 1}, {1, 2, 2}, {1, 1, 1}, false},
        {2, 35, 35, 35, {1, 12, 10}, {1, 5, 5}, {0, 0, 0}, {0, 0, 0}, {1, 2, 2}, {1, 1, 1}, false},
        {1, 300, 300, 300, {1, 7, 7}, {1, 3, 3}, {0, 1, 1}, {0, 1, 1}, {1, 1, 1}, {1, 1, 1}, false},
        {2, 20, 40, 20, {1, 9, 8}, {1, 5, 3}, {0, 2, 2}, {0, 1, 0}, {1, 2, 1}, {1, 1, 2}, true},
        {1, 17, 51, 17, {4, 5, 6}, {2, 3, 2}, {1, 1, 0}, {0, 1, 1}, {1, 1, 2}, {1, 2, 1}, false},
        {3, 5, 9, 1, {1, 1, 50}, {1, 1, 7}, {0, 0, 3}, {0, 0, 3}, {1, 1, 1}, {1, 1, 2}, false},
        {3, 18, 9, 1, {1, 1, 50}, {1, 1, 3}, {0, 0, 0}, {0, 0, 0}, {1, 1, 5}, {1, 1, 1}, false},
        {2, 7, 19, 1, {5, 6, 7}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, false},
        {2, 17, 8, 1, {5, 6, 7}, {2, 3, 3}, {1, 0, 2}, {0, 1, 2}, {2, 1, 3}, {2, 1, 1}, false},
        {1, 4, 5, 1, {1, 5, 5}, {1, 2, 2}, {0, 0, 0}, {0, 0, 0}, {1, 3, 4}, {1, 1, 1}, false},
        {1, 20, 20, 1, {1, 6, 6}, {1, 3, 3}, {0, 4, 4}, {0, 4, 4}, {1, 1, 1}, {1, 1, 1}, false},
        {1, 9, 10, 1, {1, 37, 30}, {1, 3, 3}, {0, 1, 0}, {0, 1, 2}, {1, 1, 1}, {1, 1, 1}, false},
        {1, 9, 10, 1, {1, 37, 30}, {1, 5, 5}, {0, 2, 2}, {0, 2, 2}, {1, 1, 1}, {1, 1, 1}, false},
        {1, 10, 9, 1, {1, 29, 41}, {1, 5, 5}, {0, 0, 4}, {0, 3, 1}, {1, 1, 1}, {1, 1, 1}, true},
        {3, 17, 18, 1, {1, 18, 11}, {1, 5, 5}, {0, 4, 4}, {0, 4, 4}, {1, 1, 1}, {1, 1, 1}, false},
        {5, 33, 35, 1, {1, 5, 6}, {1, 5, 5}, {0, 1, 0}, {0, 2, 0}, {1, 1, 1}, {1, 1, 1}, true},
        {1, 12, 20, 1, {1, 6, 5}, {1, 5, 5}, {0, 0, 6}, {0, 7, 5}, {1, 1, 1}, {1, 1, 1}, false},
        {2, 9, 19, 1, {3, 8, 9}, {1, 5, 5}, {0, 2, 2}, {0, 2, 1}, {1, 1, 1}, {1, 1, 1}, false},
        {3, 18, 9, 1, {2, 2, 51}, {1, 1, 5}, {0, 0, 0}, {0, 0, 3}, {1, 1, 1}, {1, 1, 1}, true},
        {1, 24, 20, 1, {1, 16, 16}, {1, 3, 3}, {0, 1, 1}, {0, 1, 1}, {1, 1, 1}, {1, 1, 1}, false},
        {1, 100, 20, 1, {1, 26, 27}, {1, 3, 3}, {0, 1, 1}, {0, 1, 1}, {1, 1, 1}, {1, 1, 1}, false},
        {1, 200, 70, 1, {1, 4, 4}, {1, 3, 3}, {0, 1, 1}, {0, 1, 1}, {1, 1, 1}, {1, 1, 1}, false},
        {33, 2, 3, 1, {1, 3, 3}, {1, 3, 3}, {0, 1, 1}, {0, 1, 1}, {1, 1, 1}, {1, 1, 1}, false},
        {9, 3, 5, 1, {1, 10, 9}, {1, 3, 3}, {0, 1, 0}, {0, 0, 1}, {1, 2, 3}, {1, 2, 1}, true},
        {8, 6, 4, 1, {4, 5, 6}, {2, 3, 4}, {1, 1, 0}, {0, 1, 1}, {1, 1, 2}, {1, 2, 1}, false},
        {9, 4, 40, 1, {1, 1, 40}, {1, 1, 3}, {0, 0, 1}, {0, 0, 1}, {1, 1, 4}, {1, 1, 1}, false},
        {1, 3, 4, 1, {1, 40, 9}, {1, 3, 3}, {0, 1, 0}, {0, 0, 1}, {1, 1, 2}, {1, 1, 1}, false},
        {1, 2, 5, 1, {1, 61, 9}, {1, 2, 3}, {0, 0, 0}, {0, 0, 1}, {1, 3, 2}, {1, 2, 1}, true},
        {1, 3, 18, 1, {1, 1, 300}, {1, 1, 5}, {0, 0, 2}, {0, 0, 2}, {1, 1, 1}, {1, 1, 1}, false},
        {1, 3, 18, 1, {1, 1, 99}, {1, 1, 2}, {0, 0, 0}, {0, 0, 0}, {1, 1, 7}, {1, 1, 1}, false},
        {1, 2, 4, 2, {20, 5, 6}, {2, 2, 3}, {1, 0, 1}, {0, 0, 1}, {2, 1, 1}, {2, 1, 1}, false},
        {0, 3, 4, 1, {1, 5, 5}, {1, 3, 3}, {0, 1, 1}, {0, 1, 1}, {1, 1, 1}, {1, 1, 1}, false},
    };
    for (const Row& row : rows)
        for (bool bias : {false, true}) {
            test<float>(row, bias);
            test<double>(row, bias);
        }
    if (failures == 0) std::puts("conv: ok");
    return failures != 0;
}
