// Reductions of every kind over random layouts against plain loops, NaN and tie rules, accuracy,
// threads, instruction sets.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "base/cpu.h"
#include "base/parallel.h"
#include "isas.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/reduce/reduce.h"

using namespace cc;

namespace {

#define EXPECT(ok, ...)                                          \
    do {                                                         \
        if (!(ok)) {                                             \
            std::fprintf(stderr, "%s:%d: ", __FILE__, __LINE__); \
            std::fprintf(stderr, __VA_ARGS__);                   \
            std::fprintf(stderr, "\n");                          \
            std::exit(1);                                        \
        }                                                        \
    } while (0)

constexpr Reduction kAll[] = {Reduction::Sum,    Reduction::Prod,   Reduction::Max,
                              Reduction::Min,    Reduction::Any,    Reduction::All,
                              Reduction::ArgMax, Reduction::ArgMin, Reduction::SumSquares};

std::mt19937 rng(11);
int pick(int from, int to) { return from + static_cast<int>(rng() % (to - from + 1)); }

// Offsets of all elements of a strided shape in order.
std::vector<int64_t> offsets(const Shape& shape, const Shape& strides) {
    std::vector<int64_t> at = {0};
    for (int i = 0; i < shape.rank(); ++i) {
        std::vector<int64_t> next;
        for (int64_t a : at)
            for (int64_t j = 0; j < shape[i]; ++j) next.push_back(a + j * strides[i]);
        at = next;
    }
    return at;
}

template <class T> double reference(Reduction op, const T* x, const std::vector<int64_t>& at) {
    const bool greatest = op == Reduction::Max || op == Reduction::ArgMax;
    double acc = op == Reduction::Prod || op == Reduction::All ? 1 : 0;
    size_t best = 0;
    for (size_t i = 0; i < at.size(); ++i) {
        const double v = static_cast<double>(x[at[i]]), b = static_cast<double>(x[at[best]]);
        if (op == Reduction::Sum) acc += v;
        if (op == Reduction::SumSquares) acc += v * v;
        if (op == Reduction::Prod) acc *= v;
        if (op == Reduction::Any) acc = acc != 0 || v != 0;
        if (op == Reduction::All) acc = acc != 0 && v != 0;
        if (b == b && (v != v || (greatest ? v > b : v < b))) best = i;
    }
    if (op == Reduction::Max || op == Reduction::Min) return static_cast<double>(x[at[best]]);
    if (op == Reduction::ArgMax || op == Reduction::ArgMin) return static_cast<double>(best);
    return acc;
}

template <class T> void test_layouts(int rounds) {
    for (int round = 0; round < rounds; ++round) {
        const int rank = pick(0, 5), most = round % 8 ? 6 : 50;
        std::vector<int64_t> size(rank), stride(rank);
        std::vector<int> order(rank);
        for (int i = 0; i < rank; ++i) size[i] = pick(1, most), order[i] = i;
        if (pick(0, 1)) std::shuffle(order.begin(), order.end(), rng);
        int64_t step = 1, offset = 0;
        for (int i : order) {
            if (pick(0, 9) == 0) continue;
            stride[i] = step;
            step *= size[i] + (pick(0, 5) == 0);
            if (pick(0, 5) == 0) offset += stride[i] * (size[i] - 1), stride[i] = -stride[i];
        }
        if (step > 400000) continue;
        ReduceProblem p{dtype_of<T>, {}, {}, {}, {}};
        for (int i = 0; i < rank; ++i) {
            const bool keep = pick(0, 1);
            (keep ? p.kept : p.reduced).push_back(size[i]);
            (keep ? p.kept_strides : p.reduced_strides).push_back(stride[i]);
        }
        if (p.kept.numel() * p.reduced.numel() > 400000) continue;
        // Small whole numbers: sums are exact in any order. Products use ±1 and a rare 2.
        std::vector<uint8_t> memory((step + 1) * sizeof(T));
        T* x = reinterpret_cast<T*>(memory.data());
        for (int64_t i = 0; i <= step; ++i)
            x[i] = static_cast<T>(std::is_same_v<T, uint8_t> ? pick(0, 9) : pick(-9, 9));
        const std::vector<int64_t> outer = offsets(p.kept, p.kept_strides),
                                   inner = offsets(p.reduced, p.reduced_strides);
        for (Reduction op : kAll) {
            if ((op == Reduction::Any || op == Reduction::All) != std::is_same_v<T, bool> &&
                !(std::is_same_v<T, bool> && op >= Reduction::Max))
                continue;
            if (std::is_same_v<T, bool> && op == Reduction::SumSquares) continue;
            if (op == Reduction::Prod)
                for (int64_t i = 0; i <= step; ++i)
                    x[i] = static_cast<T>(std::is_same_v<T, uint8_t> || pick(0, 3) ? 1
                                          : pick(0, 9)                             ? -1
                                                                                   : 2);
            const bool position = op == Reduction::ArgMax || op == Reduction::ArgMin;
            const bool wide = result_dtype(op, p.dtype) == Dtype::Int64;
            std::vector<uint8_t> result(outer.size() * 8), best(outer.size() * 8);
            if (position)
                reduce_positions(op, p, x + offset, best.data(),
                                 reinterpret_cast<int64_t*>(result.data()));
            else reduce(op, p, x + offset, result.data());
            for (size_t o = 0; o < outer.size(); ++o) {
                std::vector<int64_t> at = inner;
                for (int64_t& a : at) a += offset + outer[o];
                const double want = reference(op, x, at);
                double got;
                if (wide) got = static_cast<double>(reinterpret_cast<int64_t*>(result.data())[o]);
                else got = static_cast<double>(reinterpret_cast<T*>(result.data())[o]);
                if (std::abs(want) < 9e15)
                    EXPECT(got == want, "%s op %d round %d: %g, expected %g", name(dtype_of<T>),
                           int(op), round, got, want);
                if (position)
                    EXPECT(reinterpret_cast<T*>(best.data())[o] == x[at[static_cast<size_t>(got)]],
                           "%s op %d round %d: the value found", name(dtype_of<T>), int(op), round);
            }
        }
    }
}

template <class T> T reduce_all(Reduction op, const std::vector<T>& x) {
    T out;
    reduce(op, {dtype_of<T>, {}, {}, {static_cast<int64_t>(x.size())}, {1}}, x.data(), &out);
    return out;
}

// A sum of terms has the bits of the sum over an array of them.
template <class T> void test_sum_of() {
    for (int64_t n : {0, 1, 7, 4096, 4097, 20000, 40001, 300007}) {
        std::vector<T> a(n + 1), b(n + 1), terms(n + 1);
        for (int64_t i = 0; i < n; ++i) {
            a[i] = static_cast<T>(i * 7919 % 1013) / 97;
            b[i] = static_cast<T>(i * 104729 % 997) / 89;
        }
        loop_of(Binary::MseLoss, dtype_of<T>)(a.data(), b.data(), terms.data(), n, 0, 0);
        T want;
        reduce(Reduction::Sum, {dtype_of<T>, {}, {}, {n}, {1}}, terms.data(), &want);
        for (int threads : {1, 2, 5}) {
            ThreadsScope scope(threads);
            const T got = static_cast<T>(sum_of(Binary::MseLoss, dtype_of<T>, n, a.data(), b.data()));
            EXPECT(got == want, "%s, %d terms: %.9g, expected %.9g", name(dtype_of<T>), int(n), double(got), double(want));
        }
    }
}

template <class T> void test_special() {
    const T nan = std::numeric_limits<T>::quiet_NaN(), inf = std::numeric_limits<T>::infinity();
    for (int n : {1, 2, 15, 16, 17, 63, 64, 65, 1000, 5000})
        for (int at : {0, n / 2, n - 1}) {
            std::vector<T> x(n, T(-1));
            x[at] = nan;
            EXPECT(std::isnan(reduce_all(Reduction::Max, x)) &&
                       std::isnan(reduce_all(Reduction::Min, x)),
                   "NaN at %d of %d", at, n);
            int64_t where;
            for (Reduction op : {Reduction::ArgMax, Reduction::ArgMin}) {
                reduce(op, {dtype_of<T>, {}, {}, {n}, {1}}, x.data(), &where);
                EXPECT(where == at, "argmax of NaN at %d of %d: %d", at, n, int(where));
            }
            x[at] = -inf;
            EXPECT(reduce_all(Reduction::Min, x) == -inf &&
                       reduce_all(Reduction::Max, x) == (n > 1 ? T(-1) : -inf),
                   "-inf");
            // The same as a column of three.
            std::vector<T> columns(3 * n, T(0)), out(3);
            columns[3 * at + 1] = nan;
            reduce(Reduction::Max, {dtype_of<T>, {3}, {1}, {n}, {3}}, columns.data(), out.data());
            EXPECT(out[0] == 0 && std::isnan(out[1]) && out[2] == 0, "NaN in a column");
            int64_t positions[3];
            reduce(Reduction::ArgMin, {dtype_of<T>, {3}, {1}, {n}, {3}}, columns.data(), positions);
            EXPECT(positions[0] == 0 && positions[1] == at && positions[2] == 0,
                   "NaN's place in a column");
        }
    const T none[1] = {};
    T out[2] = {7, 7};
    reduce(Reduction::Sum, {dtype_of<T>, {2}, {0}, {0}, {1}}, none, out);
    EXPECT(out[0] == 0 && out[1] == 0, "empty sum");
    reduce(Reduction::Prod, {dtype_of<T>, {2}, {0}, {0}, {1}}, none, out);
    EXPECT(out[0] == 1 && out[1] == 1, "empty product");
    out[0] = 5;
    reduce(Reduction::Sum, {dtype_of<T>, {0}, {1}, {3}, {1}}, none, out);
    EXPECT(out[0] == 5, "no outputs");
}

// Rounding errors of a long sum of one sign, and that threads change no bit.
void test_sums() {
    const int64_t n = 3 * 1000 * 1000 + 7;
    std::vector<float> x(n);
    long double total = 0, squares = 0;
    for (float& v : x) {
        v = static_cast<float>(rng() % 100000) * 1e-5f;
        total += v;
        squares += static_cast<long double>(v) * v;
    }
    float first[3][70], out[70];
    for (int threads : {1, 2, 3, 8}) {
        ThreadsScope scope(threads);
        const float sum = reduce_all(Reduction::Sum, x),
                    square = reduce_all(Reduction::SumSquares, x);
        EXPECT(std::abs(sum - total) < 2e-7 * total, "%s sum %.9g, expected %.9Lg", name(isa()),
               sum, total);
        EXPECT(std::abs(square - squares) < 2e-7 * squares, "sum of squares %.9g, expected %.9Lg",
               square, squares);
        const ReduceProblem problems[] = {{Dtype::Float32, {64}, {1}, {n / 64}, {64}},
                                          {Dtype::Float32, {7}, {1}, {40, 1000}, {70000, 7}},
                                          {Dtype::Float32, {40}, {70000}, {60000}, {1}}};
        for (int i = 0; i < 3; ++i) {
            reduce(Reduction::Sum, problems[i], x.data(), threads == 1 ? first[i] : out);
            if (threads > 1)
                EXPECT(std::memcmp(first[i], out, problems[i].kept.numel() * sizeof(float)) == 0,
                       "%d threads differ in problem %d", threads, i);
        }
    }
}

}  // namespace

int main() {
    for (Isa i : tested_isas()) {
        set_isa(i);
        test_layouts<float>(1500);
        test_layouts<double>(500);
        test_layouts<bool>(300);
        test_layouts<uint8_t>(300);
        test_layouts<int32_t>(300);
        test_layouts<int64_t>(300);
        test_special<float>();
        test_sum_of<float>();
        test_sum_of<double>();
        test_special<double>();
        test_sums();
    }
    std::puts("reduce: ok");
}
