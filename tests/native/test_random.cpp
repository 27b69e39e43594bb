// Random numbers: moments, ranges, independence of thread count and of how a stream is cut into
// calls.
#include <algorithm>

#include "kernel_check.h"
#include "kernels/random/random.h"

using namespace cc;

namespace {

const Philox kState{0x123456789ABCDEFull, 1000};

template <class T, class Fill>
std::vector<T> fill(int64_t count, Fill&& f) {
    std::vector<T> values(static_cast<size_t>(count));
    f(values.data());
    return values;
}

struct Moments {
    double mean, variance, third, fourth;
};

template <class T>
Moments moments(const std::vector<T>& values) {
    Moments m{};
    for (T v : values) m.mean += v / static_cast<double>(values.size());
    for (T v : values) {
        const double d = v - m.mean, n = static_cast<double>(values.size());
        m.variance += d * d / n, m.third += d * d * d / n, m.fourth += d * d * d * d / n;
    }
    return m;
}

bool near(double a, double b, double tolerance) { return std::fabs(a - b) < tolerance; }

void philox_itself() {
    // Known answers of the Random123 library for Philox 4x32-10 with counter and key zero.
    const Philox4 zero = philox(0, 0);
    EXPECT(zero.v[0] == 0x6627e8d5 && zero.v[1] == 0xe169c58d && zero.v[2] == 0xbc57ac4c &&
               zero.v[3] == 0x9b00dbd8,
           "philox");
}

template <class T>
void continuous() {
    const int64_t n = 400001;
    auto uniform = fill<T>(n, [&](T* out) {
        EXPECT(
            random_uniform(dtype_of<T>, kState, n, out) == random_blocks(n, sizeof(T) == 4 ? 4 : 2),
            "blocks");
    });
    Moments m = moments(uniform);
    EXPECT(near(m.mean, 0.5, 0.002) && near(m.variance, 1 / 12.0, 0.001), "uniform moments ",
           m.mean, ' ', m.variance);
    EXPECT(*std::min_element(uniform.begin(), uniform.end()) >= 0, "uniform");
    EXPECT(*std::max_element(uniform.begin(), uniform.end()) < 1, "uniform");

    auto normal = fill<T>(n, [&](T* out) {
        EXPECT(
            random_normal(dtype_of<T>, kState, n, out) == random_blocks(n, sizeof(T) == 4 ? 4 : 2),
            "blocks");
    });
    m = moments(normal);
    EXPECT(near(m.mean, 0, 0.006) && near(m.variance, 1, 0.01), "normal moments ", m.mean, ' ',
           m.variance);
    EXPECT(near(m.third, 0, 0.02) && near(m.fourth, 3, 0.08), "normal moments ", m.third, ' ',
           m.fourth);
    const double beyond = static_cast<double>(
        std::count_if(normal.begin(), normal.end(), [](T v) { return v > 1.959964; }));
    EXPECT(near(beyond / static_cast<double>(n), 0.025, 0.001), "normal tail ", beyond);
    // Against the C library: the first block's pair.
    const Philox4 w = philox(kState.seed, kState.offset);
    const double u = sizeof(T) == 4 ? (w.v[0] + 1.0) * 0x1p-32 : 1 - uniform_double(w.v[0], w.v[1]);
    const double v = sizeof(T) == 4 ? w.v[1] * 0x1p-32 : uniform_double(w.v[2], w.v[3]);
    const double radius = std::sqrt(-2 * std::log(u)), angle = 6.283185307179586 * v;
    EXPECT(near(normal[0], radius * std::cos(angle), tolerance<T>), "Box-Muller");
    EXPECT(near(normal[1], radius * std::sin(angle), tolerance<T>), "Box-Muller");
}

void discrete() {
    const int64_t n = 300000;
    auto integers = fill<int64_t>(
        n, [&](int64_t* out) { random_integers(Dtype::Int64, kState, -3, 7, n, out); });
    int64_t counts[10] = {};
    for (int64_t v : integers) {
        EXPECT(v >= -3 && v < 7, "integer ", v);
        ++counts[v + 3];
    }
    for (int64_t count : counts)
        EXPECT(near(static_cast<double>(count), 30000, 700), "integer frequency ", count);
    const int64_t lo = std::numeric_limits<int64_t>::min(),
                  hi = std::numeric_limits<int64_t>::max();
    random_integers(Dtype::Int64, kState, lo, hi, n, integers.data());
    EXPECT(near(moments(integers).mean / 9.2e18, 0, 0.01), "the whole range");
    auto bytes = fill<uint8_t>(
        n, [&](uint8_t* out) { random_integers(Dtype::UInt8, kState, 0, 256, n, out); });
    EXPECT(near(moments(bytes).mean, 127.5, 0.8), "bytes");

    for (double p : {0.0, 0.25, 1.0}) {
        auto mask = fill<float>(
            n, [&](float* out) { random_bernoulli(Dtype::Float32, kState, p, n, out); });
        EXPECT(near(moments(mask).mean, p, p == 0.25 ? 0.004 : 1e-9), "bernoulli ", p);
    }

    for (int64_t count : {0, 1, 2, 1000}) {
        std::vector<int64_t> order(static_cast<size_t>(count));
        random_permutation(kState, count, order.data());
        int64_t displaced = 0;
        for (int64_t i = 0; i < count; ++i) displaced += order[static_cast<size_t>(i)] != i;
        EXPECT(count < 1000 || displaced > 980, "permutation is random");
        std::sort(order.begin(), order.end());
        for (int64_t i = 0; i < count; ++i)
            EXPECT(order[static_cast<size_t>(i)] == i, "permutation");
    }
}

template <class T>
void dropping() {
    const int64_t n = 100003;
    auto x = some_values<T>(n, 1);
    for (double p : {0.0, 0.3, 1.0}) {
        auto out = x;
        EXPECT(dropout(dtype_of<T>, kState, p, n, x.data(), out.data()) == random_blocks(n, 4),
               "blocks");
        int64_t kept = 0;
        for (size_t i = 0; i < x.size(); ++i) {
            kept += out[i] != 0;
            EXPECT(out[i] == 0 || near(out[i] * (1 - p), x[i], 1e-5), "dropout scales");
        }
        EXPECT(near(static_cast<double>(kept) / static_cast<double>(n), 1 - p, 0.005),
               "dropout keeps ", kept);
        auto mask = fill<T>(n, [&](T* m) { random_bernoulli(dtype_of<T>, kState, p, n, m); });
        bool same = true;
        for (size_t i = 0; i < x.size(); ++i) same = same && (mask[i] == 1) == (out[i] == 0);
        EXPECT(same, "dropout drops where bernoulli gives one");
        auto in_place = x;
        dropout(dtype_of<T>, kState, p, n, in_place.data(), in_place.data());
        EXPECT(same_bits(in_place, out), "dropout in place");
    }
}

template <class T>
std::vector<std::vector<T>> draw(int64_t n) {
    std::vector<std::vector<T>> all(5, std::vector<T>(static_cast<size_t>(n)));
    random_uniform(dtype_of<T>, kState, n, all[0].data());
    random_normal(dtype_of<T>, kState, n, all[1].data());
    random_integers(dtype_of<T>, kState, 0, 1000, n, all[2].data());
    random_bernoulli(dtype_of<T>, kState, 0.5, n, all[3].data());
    auto x = some_values<T>(n, 1);
    dropout(dtype_of<T>, kState, 0.5, n, x.data(), all[4].data());
    return all;
}

template <class T>
void same_everywhere() {
    const auto expected = draw<T>(100003);
    each_isa(
        "random", [] { return draw<T>(100003); },
        [&](const auto& got, const std::string& label) {
            for (size_t i = 0; i < got.size(); ++i)
                EXPECT(same_bits(got[i], expected[i]), label, ' ', i);
        });
    for (int64_t n : {0, 1, 2, 3, 5, 63, 64, 65, 127}) {
        auto some = draw<T>(n);
        for (size_t i = 0; i < some.size(); ++i)
            EXPECT(std::equal(some[i].begin(), some[i].end(), expected[i].begin()), "first ", n,
                   " of ", i);
    }
}

}  // namespace

int main() {
    philox_itself();
    continuous<float>();
    continuous<double>();
    discrete();
    dropping<float>();
    dropping<double>();
    same_everywhere<float>();
    same_everywhere<double>();
    return finish("random");
}
