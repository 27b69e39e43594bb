// Every implementation and instruction set of gemm against the reference, and 1 against n threads
// bit by bit.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/cpu.h"
#include "base/parallel.h"
#include "isas.h"
#include "kernels/gemm/gemm.h"
#include "kernels/impl.h"

using namespace cc;

namespace {

int failures = 0;

struct Row {
    int64_t batch, m, n, k;
    bool a_transposed, b_transposed, shared_b, accumulate, bias;
};

// Small whole numbers: every sum is exact, so equal means equal.
template <class T>
std::vector<T> whole_numbers(int64_t count, unsigned seed) {
    std::vector<T> values(count);
    for (auto& value : values) {
        seed = seed * 1664525u + 1013904223u;
        value = static_cast<T>(static_cast<int>(seed >> 24) % 9 - 4);
    }
    return values;
}

template <class T>
void test(const Row& row, int64_t gap) {
    GemmProblem p{dtype_of<T>, row.batch, row.m, row.n, row.k, 0, 0,
                  0,           0,         0,     0,     0,     0, row.accumulate};
    p.a_row = row.a_transposed ? 1 : row.k + gap;
    p.a_col = row.a_transposed ? row.m + gap : 1;
    p.a_batch = (row.k + gap) * (row.m + gap);
    p.b_row = row.b_transposed ? 1 : row.n + gap;
    p.b_col = row.b_transposed ? row.k + gap : 1;
    p.b_batch = row.shared_b ? 0 : (row.k + gap) * (row.n + gap);
    p.c_row = row.n + gap;
    p.c_batch = row.m * p.c_row;
    auto a = whole_numbers<T>(row.batch * p.a_batch, 1),
         b = whole_numbers<T>(row.batch * (row.k + gap) * (row.n + gap), 2);
    auto bias = whole_numbers<T>(row.n, 3), start = whole_numbers<T>(row.batch * p.c_batch, 4);
    auto run = [&](const char* impl) {
        force_impl("gemm", impl);
        auto c = start;
        gemm(p, {a.data(), b.data(), c.data(), row.bias ? bias.data() : nullptr});
        force_impl("gemm", "");
        return c;
    };
    const auto expected = run("reference");
    for (Isa set : tested_isas()) {
        set_isa(set);
        for (int threads : {1, 2, 3, 8}) {
            ThreadsScope scope(threads);
            if (run("gemm") == expected) continue;
            std::printf("gemm: %s, %d threads: wrong for %s\n", name(set), threads,
                        p.describe().c_str());
            ++failures;
        }
        set_isa(machine_isa());
    }
}

// Rounding happens: the order of every sum must not depend on threads.
void test_same_bits() {
    const int64_t m = 301, n = 203, k = 1001;
    std::vector<float> a(m * k), b(k * n), c(m * n), first;
    unsigned seed = 7;
    for (auto* values : {&a, &b})
        for (auto& value : *values)
            value = static_cast<float>((seed = seed * 1664525u + 1013904223u) >> 8) / 16777216.0f -
                    0.5f;
    for (int threads : {1, 2, 3, 8}) {
        ThreadsScope scope(threads);
        gemm({Dtype::Float32, 1, m, n, k, k, 1, 0, n, 1, 0, n, 0, false},
             {a.data(), b.data(), c.data(), nullptr});
        if (first.empty()) first = c;
        if (std::memcmp(first.data(), c.data(), c.size() * sizeof(float)) != 0) {
            std::printf("gemm: bits change with %d threads\n", threads);
            ++failures;
        }
    }
}

}  // namespace

int main() {
    const Row rows[] = {
        {1, 1, 1, 1, false, false, false, false, false},
        {1, 14, 32, 16, false, false, false, false, false},
        {1, 13, 31, 17, false, false, false, true, true},
        {1, 64, 10, 84, false, true, false, false, true},
        {1, 64, 120, 400, false, true, false, false, true},
        {1, 120, 400, 64, true, false, false, false, false},
        {1, 33, 65, 130, true, true, false, true, false},
        {1, 1, 1000, 300, false, true, false, false, true},
        {1, 300, 1, 70, false, false, false, false, false},
        {1, 300, 1, 70, true, false, false, true, false},
        {3, 37, 1, 300, true, true, false, false, false},
        {1, 1, 300, 90, false, false, false, true, false},
        {1, 1, 1, 70001, false, false, false, true, true},
        {1, 2, 2, 65600, false, true, false, false, true},
        {1, 171, 97, 801, false, false, false, false, true},
        {1, 171, 97, 801, true, false, false, true, false},
        {1, 171, 151, 801, true, false, false, true, false},
        {3, 20, 21, 22, false, false, false, false, false},
        {17, 5, 7, 9, true, true, false, false, true},
        {4, 6, 40, 11, false, true, true, false, true},
        {20, 30, 31, 29, false, false, true, true, false},
        {1, 4, 5, 0, false, false, false, false, true},
        {1, 4, 5, 0, true, false, false, true, false},
        {2, 0, 5, 3, false, false, false, false, false},
        {0, 4, 5, 3, false, false, false, false, false},
        {1, 4, 0, 3, false, false, false, false, false},
        {1, 5, 300, 77, false, true, false, true, true},
        {1, 301, 3, 140, false, true, false, false, true},
        {1, 260, 300, 256, false, false, false, false, false},
        {1, 100, 600, 1024, false, false, false, true, false},
        {1, 50, 24, 17, false, true, false, false, true},
        {1, 61, 47, 9, false, false, false, true, true},
    };
    for (const Row& row : rows)
        for (int64_t gap : {0, 3}) {
            test<float>(row, gap);
            test<double>(row, gap);
        }
    test_same_bits();
    if (failures == 0) std::puts("gemm: ok");
    return failures != 0;
}
