// Pooling: every instruction set against the reference, the reference against answers worked out by
// hand.
#include "kernel_check.h"
#include "kernels/pool/pool.h"

using namespace cc;

namespace {

struct Axis {
    int64_t in, kernel, stride, lo, hi, dilation;
    int64_t extra;  // outputs beyond the last whole window (ceil_mode)
};

PoolProblem problem(Dtype dtype, PoolMode mode, int64_t n, int64_t c, std::vector<Axis> axes) {
    PoolProblem p{};
    p.dtype = dtype;
    p.mode = mode;
    p.n = n;
    p.c = c;
    axes.insert(axes.begin(), 3 - axes.size(), Axis{1, 1, 1, 0, 0, 1, 0});
    for (int a = 0; a < 3; ++a) {
        const Axis& x = axes[static_cast<size_t>(a)];
        p.in[a] = x.in, p.kernel[a] = x.kernel, p.stride[a] = x.stride, p.dilation[a] = x.dilation;
        p.pad_lo[a] = x.lo, p.pad_hi[a] = x.hi;
        p.out[a] = (x.in + x.lo + x.hi - x.dilation * (x.kernel - 1) - 1) / x.stride + 1 + x.extra;
    }
    return p;
}

PoolProblem adaptive(PoolMode mode, int64_t n, int64_t c, std::vector<std::pair<int64_t, int64_t>> in_out) {
    PoolProblem p{};
    p.dtype = Dtype::Float32;
    p.mode = mode;
    p.adaptive = true;
    p.n = n;
    p.c = c;
    in_out.insert(in_out.begin(), 3 - in_out.size(), {1, 1});
    for (int a = 0; a < 3; ++a) {
        p.in[a] = in_out[static_cast<size_t>(a)].first, p.out[a] = in_out[static_cast<size_t>(a)].second;
        p.kernel[a] = p.stride[a] = p.dilation[a] = 1;
        for (int64_t o = 0; o < p.out[a]; ++o) p.kernel[a] = std::max(p.kernel[a], window(p, a, o).count);
    }
    return p;
}

template <class T>
std::vector<std::vector<T>> run_all(PoolProblem p, const std::vector<T>& x,
                                    const std::vector<T>& grad,
                                    std::vector<int32_t>* indices_out = nullptr) {
    std::vector<T> y(grad.size(), T{77}), grad_x(x.size(), T{77}), index_values;
    std::vector<int32_t> indices(grad.size(), 77);
    auto* x_data = const_cast<T*>(x.data());
    pool(p, {x_data, y.data(), indices.data()});
    if (p.mode == PoolMode::Max) {
        std::vector<T> without(grad.size());
        pool(p, {x_data, without.data(), nullptr});
        EXPECT(same_bits(without, y), p.describe(), " without indices");
    }
    p.backward = true;
    pool(p, {grad_x.data(), const_cast<T*>(grad.data()), indices.data()});
    for (int32_t index : indices) index_values.push_back(static_cast<T>(index));
    if (indices_out) *indices_out = indices;
    return {y, grad_x, index_values};
}

template <class T>
void compare(const PoolProblem& p, bool with_nan) {
    auto x = some_values<T>(p.n * p.c * p.in_pixels(), 1),
         grad = some_values<T>(p.n * p.c * p.out_pixels(), 2);
    for (size_t i = 0; i < x.size(); ++i) {
        if (i % 3 == 0) x[i] = T{1};  // ties
        if (with_nan && i % 7 == 0) x[i] = std::numeric_limits<T>::quiet_NaN();
        if (i % 11 == 0) x[i] = -std::numeric_limits<T>::infinity();
    }
    if (p.mode == PoolMode::Average)
        for (auto& value : x)
            if (std::isinf(value)) value = 0;
    auto run = [&] { return run_all<T>(p, x, grad); };
    auto expected = by_reference("pool", run);
    each_isa("pool", run, [&](const auto& got, const std::string& label) {
        for (size_t i = 0; i < got.size(); ++i)
            EXPECT(close(got[i], expected[i], p.mode == PoolMode::Max && i != 1 ? 0 : tolerance<T>),
                   label, ' ', p.describe(), " result ", i);
    });
}

void against_reference() {
    const std::vector<std::vector<Axis>> cases = {
        {{8, 2, 2, 0, 0, 1, 0}, {8, 2, 2, 0, 0, 1, 0}},
        {{7, 3, 2, 1, 1, 1, 0}, {9, 3, 2, 1, 1, 1, 0}},
        {{7, 3, 1, 1, 0, 1, 0}, {6, 2, 3, 0, 1, 1, 0}},   // stride > kernel, uneven pads
        {{9, 3, 2, 2, 2, 2, 0}, {11, 3, 1, 1, 1, 3, 0}},  // dilation
        {{6, 3, 2, 1, 1, 1, 1}, {5, 2, 2, 1, 0, 1, 1}},   // ceil_mode
        {{1, 2, 1, 5, 5, 10, 0}, {4, 4, 4, 0, 0, 1, 0}},  // windows wholly outside
        {{13, 13, 13, 0, 0, 1, 0}, {13, 13, 13, 0, 0, 1, 0}},
        {{37, 3, 2, 1, 1, 1, 0}},
        {{64, 3, 2, 1, 1, 1, 0}, {40, 2, 1, 0, 0, 1, 0}},  // stripes of one image
        {{3000, 5, 2, 1, 1, 2, 0}},
        {{5, 2, 2, 0, 0, 1, 0}, {6, 3, 1, 1, 1, 1, 0}, {7, 2, 1, 1, 1, 2, 0}},
    };
    for (const auto& axes : cases)
        for (int64_t c : {1, 6, 16, 33})
            for (int64_t n : {1, 3}) {
                for (bool with_nan : {false, true}) {
                    compare<float>(problem(Dtype::Float32, PoolMode::Max, n, c, axes), with_nan);
                    compare<double>(problem(Dtype::Float64, PoolMode::Max, n, c, axes), with_nan);
                }
                for (bool count_include_pad : {false, true})
                    for (int64_t divisor : {0, 5}) {
                        auto p = problem(Dtype::Float32, PoolMode::Average, n, c, axes);
                        p.count_include_pad = count_include_pad;
                        p.divisor_override = divisor;
                        compare<float>(p, false);
                        p.dtype = Dtype::Float64;
                        compare<double>(p, false);
                    }
            }
}

void adapted() {
    for (int64_t c : {1, 6, 33})
        for (PoolMode mode : {PoolMode::Max, PoolMode::Average}) {
            compare<float>(adaptive(mode, 2, c, {{7, 3}, {9, 4}}), false);
            compare<float>(adaptive(mode, 1, c, {{3, 5}, {4, 9}}), false);
            compare<float>(adaptive(mode, 3, c, {{40, 1}, {30, 30}}), false);
            compare<float>(adaptive(mode, 1, c, {{5, 2}, {6, 4}, {7, 3}}), false);
            compare<float>(adaptive(mode, 1, c, {{3000, 7}}), false);
            compare<float>(adaptive(mode, 1, c, {{5, 0}, {6, 4}}), false);
        }
}

void by_hand() {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    auto p = problem(Dtype::Float32, PoolMode::Max, 1, 1, {{6, 3, 2, 1, 1, 1, 0}});
    std::vector<int32_t> indices;
    auto got = run_all<float>(p, {1, 3, 3, 2, nan, nan}, {1, 2, 4}, &indices);
    EXPECT(close(got[0], std::vector<float>{3, 3, nan}, 0), "by hand");
    EXPECT(indices == (std::vector<int32_t>{1, 1, 5}), "by hand");
    EXPECT(close(got[1], std::vector<float>{0, 3, 0, 0, 0, 4}, 0), "by hand");

    p = problem(Dtype::Float32, PoolMode::Average, 1, 1, {{4, 3, 2, 1, 1, 1, 1}});
    p.count_include_pad = true;  // the last window has one tap in the padding and two beyond it
    got = run_all<float>(p, {3, 6, 9, 12}, {3, 3, 3});
    EXPECT(close(got[0], std::vector<float>{3, 9, 12 / 2.0f}, 1e-6), "by hand");
    p.count_include_pad = false;
    got = run_all<float>(p, {3, 6, 9, 12}, {3, 3, 3});
    EXPECT(close(got[0], std::vector<float>{4.5f, 9, 12}, 1e-6), "by hand");
}

}  // namespace

int main() {
    by_hand();
    against_reference();
    adapted();
    compare<float>(problem(Dtype::Float32, PoolMode::Max, 0, 4, {{8, 2, 2, 0, 0, 1, 0}}), false);
    compare<float>(problem(Dtype::Float32, PoolMode::Average, 2, 0, {{8, 2, 2, 0, 0, 1, 0}}),
                   false);
    return finish("pool");
}
