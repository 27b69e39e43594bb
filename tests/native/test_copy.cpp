// Copies and fills over random layouts and dtypes against plain loops; transpositions; what lies
// outside stays untouched.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "base/cpu.h"
#include "base/parallel.h"
#include "isas.h"
#include "kernels/copy/copy.h"

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

std::mt19937 rng(5);
int pick(int from, int to) { return from + static_cast<int>(rng() % (to - from + 1)); }

struct Strides {
    Shape strides;
    int64_t offset = 0, size = 1;
};

Strides random_strides(const Shape& shape, bool source) {
    Strides s;
    std::vector<int> order(shape.rank());
    for (int i = 0; i < shape.rank(); ++i) order[i] = i;
    if (pick(0, 2)) std::shuffle(order.begin(), order.end(), rng);
    else std::reverse(order.begin(), order.end());
    s.strides = Shape(shape.rank(), 0);
    for (int i : order) {
        if (source && pick(0, 5) == 0) continue;
        s.strides[i] = s.size;
        s.size *= shape[i] + (pick(0, 5) == 0);
        if (pick(0, 6) == 0 && shape[i] > 0) {
            s.offset += s.strides[i] * (shape[i] - 1);
            s.strides[i] = -s.strides[i];
        }
    }
    return s;
}

template <class From, class To> void test_pair(int rounds) {
    for (int round = 0; round < rounds; ++round) {
        Shape shape;
        const int rank = pick(0, 5), most = round % 5 ? 7 : 70;
        for (int i = 0; i < rank; ++i) shape.push_back(pick(0, 40) ? pick(1, most) : 0);
        if (shape.numel() > 100000) continue;
        const Strides from = random_strides(shape, true), to = random_strides(shape, false);
        std::vector<uint8_t> src((from.size + 1) * sizeof(From)),
            dst((to.size + 1) * sizeof(To), 3);
        From* s = reinterpret_cast<From*>(src.data());
        for (int64_t i = 0; i <= from.size; ++i)
            s[i] = static_cast<From>(is_floating(dtype_of<From>) ? pick(0, 200) / 4.0f : pick(0, 200));
        std::vector<uint8_t> want = dst;
        for (int64_t k = 0, n = shape.numel(); k < n; ++k) {
            int64_t a = from.offset, b = to.offset, rest = k;
            for (int i = rank - 1; i >= 0; --i) {
                const int64_t j = rest % shape[i];
                rest /= shape[i];
                a += j * from.strides[i], b += j * to.strides[i];
            }
            reinterpret_cast<To*>(want.data())[b] = static_cast<To>(s[a]);
        }
        copy({shape, dtype_of<From>, dtype_of<To>, from.strides, to.strides}, s + from.offset,
             reinterpret_cast<To*>(dst.data()) + to.offset);
        EXPECT(dst == want, "%s to %s, round %d", name(dtype_of<From>), name(dtype_of<To>), round);

        std::vector<uint8_t> filled((to.size + 1) * sizeof(To), 3);
        want = filled;
        const To value = static_cast<To>(1);
        for (int64_t k = 0, n = shape.numel(); k < n; ++k) {
            int64_t b = to.offset, rest = k;
            for (int i = rank - 1; i >= 0; --i)
                b += rest % shape[i] * to.strides[i], rest /= shape[i];
            reinterpret_cast<To*>(want.data())[b] = value;
        }
        fill(shape, to.strides, dtype_of<To>, reinterpret_cast<To*>(filled.data()) + to.offset,
             &value);
        EXPECT(filled == want, "fill, round %d", round);
    }
}

template <class T> void test_transpose() {
    for (int64_t c : {1, 3, 4, 8, 17, 64, 130})
        for (int64_t hw : {1, 7, 16, 65, 200}) {
            std::vector<T> x(2 * c * hw), y(x.size()), back(x.size());
            for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(i * 7 % 251);
            const Shape shape = {2, c, hw}, rows = {c * hw, hw, 1}, last = {c * hw, 1, c};
            for (int threads : {1, 3}) {
                ThreadsScope scope(threads);
                copy({shape, dtype_of<T>, dtype_of<T>, rows, last}, x.data(), y.data());
                for (int64_t n = 0; n < 2; ++n)
                    for (int64_t i = 0; i < c; ++i)
                        for (int64_t j = 0; j < hw; ++j)
                            EXPECT(y[n * c * hw + j * c + i] == x[n * c * hw + i * hw + j],
                                   "transpose %d × %d", int(c), int(hw));
                copy({shape, dtype_of<T>, dtype_of<T>, last, rows}, y.data(), back.data());
                EXPECT(back == x, "transpose %d × %d and back", int(c), int(hw));
            }
        }
}

void test_values() {
    const float x[] = {-1.7f, 2.9f, 0.25f, 300.0f};
    int32_t whole[4];
    copy({{4}, Dtype::Float32, Dtype::Int32, {1}, {1}}, x, whole);
    EXPECT(whole[0] == -1 && whole[1] == 2 && whole[2] == 0 && whole[3] == 300,
           "float to int truncates");
    bool truth[4];
    copy({{4}, Dtype::Float32, Dtype::Bool, {1}, {1}}, x, truth);
    EXPECT(truth[0] && truth[1] && truth[2] && truth[3], "to bool tests against zero");
}

// The last byte of the whole number, whatever its size; 0 of what is none.
void test_bytes_of_floats() {
    const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    const std::pair<float, int> known[] = {{255.9f, 255}, {256.5f, 0},  {-1.5f, 255}, {-0.5f, 0}, {3e9f, 0}, {-0x1p31f, 0},
                                           {0x1p40f, 0},  {65793, 1},   {1e30f, 0},   {inf, 0},   {-inf, 0}, {nan, 0}};
    for (const auto& [value, want] : known) {
        const std::vector<float> src(37, value);
        std::vector<uint8_t> dst(37, 7);
        copy({{37}, Dtype::Float32, Dtype::UInt8, {1}, {1}}, src.data(), dst.data());
        for (uint8_t got : dst) EXPECT(got == want, "%g to uint8: %d, expected %d", value, got, want);
    }
}

template <class From> void test_from() {
    test_pair<From, bool>(60);
    test_pair<From, uint8_t>(60);
    test_pair<From, int32_t>(60);
    test_pair<From, int64_t>(60);
    test_pair<From, BFloat16>(60);
    test_pair<From, float>(200);
    test_pair<From, double>(60);
}

}  // namespace

int main() {
    for (Isa i : tested_isas()) {
        set_isa(i);
        test_pair<float, float>(1000);
        test_pair<uint8_t, uint8_t>(500);
        test_pair<BFloat16, BFloat16>(500);
        test_pair<float, BFloat16>(500);
        test_pair<BFloat16, float>(500);
        test_pair<float, uint8_t>(500);
        test_bytes_of_floats();
        test_pair<double, double>(500);
        test_transpose<float>();
        test_transpose<uint8_t>();
        test_transpose<BFloat16>();
        test_transpose<int64_t>();
    }
    test_from<bool>();
    test_from<uint8_t>();
    test_from<int32_t>();
    test_from<int64_t>();
    test_from<BFloat16>();
    test_from<float>();
    test_from<double>();
    test_values();
    std::puts("copy: ok");
}
