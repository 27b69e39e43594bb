// Normalisation: every instruction set against the reference, the references against their
// definitions.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernel_check.h"
#include "kernels/norm/norm.h"
#include "kernels/norm/response_norm.h"

using namespace cc;

namespace {

template <class T>
struct Case {
    NormProblem problem;
    bool affine;
    std::vector<T> x, grad, weight, bias, given_mean, given_var;

    Case(const NormProblem& p, bool affine_, double offset)
        : problem(p),
          affine(affine_),
          x(some_values<T>(p.elements(), 1)),
          grad(some_values<T>(p.elements(), 2)),
          weight(some_values<T>(p.channels, 3)),
          bias(some_values<T>(p.channels, 4)),
          given_mean(some_values<T>(p.n * p.groups, 5)),
          given_var(some_values<T>(p.n * p.groups, 6)) {
        problem.dtype = dtype_of<T>;
        for (auto& value : x) value += static_cast<T>(offset);
        for (auto& value : given_var) value = std::fabs(value) + T(0.1);
    }

    void check_affine(const std::vector<T>& y) const;

    std::vector<std::vector<T>> run() const {
        NormProblem p = problem;
        std::vector<T> y(x.size()), mean = given_mean, rstd(given_mean.size()), var = given_var, grad_x(x.size()),
                                    grad_weight(weight.size()), grad_bias(weight.size());
        const T* w = affine ? weight.data() : nullptr;
        norm(p, {x.data(), w, affine ? bias.data() : nullptr, y.data(), mean.data(), rstd.data(), var.data(), nullptr,
                 nullptr, nullptr, nullptr});
        p.backward = true;
        norm(p, {x.data(), w, nullptr, nullptr, mean.data(), rstd.data(), var.data(), grad.data(), grad_x.data(),
                 grad_weight.data(), grad_bias.data()});
        // Unwanted gradients change nothing in the others.
        std::vector<T> alone(x.size());
        norm(p, {x.data(), w, nullptr, nullptr, mean.data(), rstd.data(), var.data(), grad.data(), alone.data(),
                 nullptr, nullptr});
        EXPECT(close(alone, grad_x, tolerance<T>), p.describe(), " grad_x alone");
        if (p.by_channel()) check_affine(y);
        return {y, mean, rstd, var, grad_x, grad_weight, grad_bias};
    }
};

// The batch's y in two steps: statistics to a scale and a shift, then the pass over x, which also adds and clamps; its backward
// under a clamp is that of the gradient with what the clamp stopped set to zero.
template <class T>
void Case<T>::check_affine(const std::vector<T>& y) const {
    NormProblem p = problem;
    p.backward = false;
    std::vector<T> scale(weight.size()), shift(weight.size()), mean = given_mean, rstd(given_mean.size()), var = given_var;
    const T* w = affine ? weight.data() : nullptr;
    NormArgs args{};
    args.x = x.data(), args.weight = w, args.bias = affine ? bias.data() : nullptr;
    args.mean = mean.data(), args.rstd = rstd.data(), args.var = var.data(), args.scale = scale.data(), args.shift = shift.data();
    norm(p, args);
    const double infinity = std::numeric_limits<double>::infinity(), none = std::numeric_limits<double>::quiet_NaN();
    std::vector<T> got(x.size()), expected(x.size());
    cc::affine({p.dtype, p.pixels, p.channels, false, -infinity, infinity}, {x.data(), scale.data(), shift.data(), nullptr, got.data()});
    double largest = 1;
    for (size_t i = 0; i < x.size(); ++i) largest = std::max({largest, std::fabs(double(x[i]) * scale[i % scale.size()]), std::fabs(double(y[i]))});
    for (size_t i = 0; i < x.size(); ++i)
        EXPECT(std::fabs(got[i] - y[i]) <= 4 * largest * std::numeric_limits<T>::epsilon(), p.describe(), " affine");
    cc::affine({p.dtype, p.pixels, p.channels, true, 0, 0.5}, {x.data(), scale.data(), shift.data(), grad.data(), expected.data()});
    for (size_t i = 0; i < x.size(); ++i)
        EXPECT(expected[i] == std::min(T(0.5), std::max(T(0), static_cast<T>(got[i] + grad[i]))), p.describe(), " added, clamped");

    if (p.given) return;
    std::vector<T> kept = grad, grad_x(x.size()), grad_weight(weight.size()), grad_bias(weight.size()), grad_x2 = grad,
                   grad_weight2 = grad_weight, grad_bias2 = grad_bias;
    for (size_t i = 0; i < x.size(); ++i)
        if (got[i] <= 0) kept[i] = 0;
    p.backward = true;
    NormArgs back{};
    back.x = x.data(), back.weight = w, back.mean = mean.data(), back.rstd = rstd.data();
    back.grad_y = kept.data(), back.grad_x = grad_x.data(), back.grad_weight = grad_weight.data(), back.grad_bias = grad_bias.data();
    norm(p, back);
    back.grad_y = back.grad_x = grad_x2.data(), back.grad_weight = grad_weight2.data(), back.grad_bias = grad_bias2.data();
    back.clamp_scale = scale.data(), back.clamp_shift = shift.data(), back.low = 0, back.high = none;
    norm(p, back);
    EXPECT(grad_x == grad_x2 && grad_weight == grad_weight2 && grad_bias == grad_bias2, p.describe(), " clamped gradient");
}

template <class T>
void compare(const NormProblem& problem, bool affine, double offset) {
    const Case<T> c(problem, affine, offset);
    auto run = [&] { return c.run(); };
    auto expected = by_reference("norm", run);
    // Rounding grows with the factor 1/√var; the gradients of weight and bias are sums over pixels.
    double factor = 1 + offset * offset;
    for (T rstd : expected[2]) factor = std::max(factor, (1 + offset * offset) * rstd);
    const double loose = tolerance<T> * factor,
                 sums = loose * std::sqrt(static_cast<double>(problem.n * problem.pixels) + 1);
    each_isa("norm", run, [&](const auto& got, const std::string& label) {
        for (size_t i = 0; i < got.size(); ++i)
            EXPECT(close(got[i], expected[i], i < 5 ? loose : sums), label, ' ', c.problem.describe(), " offset ", offset,
                   " result ", i);
    });
}

NormProblem batch(int64_t rows, int64_t channels, bool training) {
    return {Dtype::Float32, false, !training, true, false, 1, rows, channels, channels, 1e-5};
}

void definition() {
    // Two channels, four rows: mean 2.5 and 0, biased variance 1.25 and 4.
    Case<double> c(batch(4, 2, true), true, 0);
    c.x = {1, 2, 2, -2, 3, 2, 4, -2};
    c.weight = {2, 1}, c.bias = {0.5, 0};
    auto got = by_reference("norm", [&] { return c.run(); });
    const double r = 1 / std::sqrt(1.25 + 1e-5), s = 1 / std::sqrt(4 + 1e-5);
    EXPECT(close(got[1], {2.5, 0}, 1e-15) && close(got[3], {1.25, 4}, 1e-15), "statistics");
    EXPECT(close(got[0], {0.5 - 3 * r, 2 * s, 0.5 - r, -2 * s, 0.5 + r, 2 * s, 0.5 + 3 * r, -2 * s},
                 1e-14),
           "y");
}

// The gradient of Σ y·g by central differences.
template <class Make>
void slopes(const char* what, Make&& make, size_t y_at, size_t grad_at) {
    const double h = 1e-5;
    auto c = make();
    auto got = c.run();
    for (size_t i = 0; i < c.x.size(); ++i) {
        double value[2];
        for (int side : {0, 1}) {
            auto moved = c;
            moved.x[i] += side ? h : -h;
            auto y = moved.run()[y_at];
            value[side] = 0;
            for (size_t j = 0; j < y.size(); ++j) value[side] += y[j] * c.grad[j];
        }
        EXPECT(std::fabs((value[1] - value[0]) / (2 * h) - got[grad_at][i]) < 1e-7, what, " grad_x ", i);
    }
}

template <class T>
struct Response {
    ResponseNormProblem problem;
    std::vector<T> x, grad;

    explicit Response(const ResponseNormProblem& p)
        : problem(p), x(some_values<T>(p.n * p.pixels * p.channels, 1)), grad(some_values<T>(p.n * p.pixels * p.channels, 2)) {
        problem.dtype = dtype_of<T>;
    }

    std::vector<std::vector<T>> run() const {
        std::vector<T> y(x.size()), grad_x(x.size());
        ResponseNormProblem p = problem;
        response_norm(p, {x.data(), nullptr, y.data()});
        p.backward = true;
        response_norm(p, {x.data(), grad.data(), grad_x.data()});
        return {y, grad_x};
    }
};

template <class T>
void compare_response(const ResponseNormProblem& problem) {
    const Response<T> c(problem);
    auto run = [&] { return c.run(); };
    auto expected = by_reference("response_norm", run);
    each_isa("response_norm", run, [&](const auto& got, const std::string& label) {
        for (size_t i = 0; i < got.size(); ++i)
            EXPECT(close(got[i], expected[i], 4 * tolerance<T>), label, ' ', problem.describe(), " result ", i);
    });
}

}  // namespace

int main() {
    definition();
    slopes("batch", [] { return Case<double>(batch(4, 2, true), true, 0); }, 0, 4);
    for (int64_t channels : {1, 3, 6, 20, 64, 65, 257, 512})
        for (int64_t rows : {1, 7, 130, 3000}) {
            if (rows * channels > 200000) continue;
            for (bool training : {false, true})
                for (bool affine : {false, true}) {
                    compare<float>(batch(rows, channels, training), affine, 0);
                    compare<double>(batch(rows, channels, training), affine, 0);
                }
            compare<double>(batch(rows, channels, true), true, 100);
        }
    compare<float>(batch(40000, 3, true), true, 0);
    compare<float>(batch(40000, 3, true), true, 30);
    compare<float>(batch(0, 4, false), true, 0);
    compare<float>(batch(5, 0, true), true, 0);

    for (bool first : {false, true})
        for (bool centred : {true, false})
            for (bool affine : {false, true}) {
                auto of_groups = [&](int64_t n, int64_t pixels, int64_t channels, int64_t groups) {
                    NormProblem p{Dtype::Float32, false, false, centred, first, n, pixels, channels, groups, 1e-3};
                    compare<float>(p, affine, 0);
                    compare<double>(p, affine, 3);
                };
                slopes("groups", [&] {
                    return Case<double>({Dtype::Float64, false, false, centred, first, 2, 3, 4, 2, 1e-3}, affine, 0);
                }, 0, 4);
                of_groups(3, 20, 6, 2);
                of_groups(2, 7, 70, 1);
                of_groups(40, 1, 33, 1);
                of_groups(40, 1, 96, 3);
                of_groups(2, 1, 9000, 1);
                of_groups(2, 5000, 3, 3);
                of_groups(3, 900, 8, 2);
                of_groups(1, 9000, 4, 2);
            }
    for (bool first : {false, true}) {
        slopes("response", [&] { return Response<double>({Dtype::Float64, false, first, 1, 2, 7, 4, 2.0, 0.6, 0.7}); }, 0, 1);
        for (int64_t channels : {1, 5, 70, 5000})
            for (int64_t size : {1, 4, 5, 11}) {
                compare_response<float>({Dtype::Float32, false, first, 2, 75, channels, size, 1.5, 0.75, 1});
                compare_response<double>({Dtype::Float64, false, first, 2, 75, channels, size, 1.5, 0.75, 1});
            }
    }
    return finish("norm");
}
