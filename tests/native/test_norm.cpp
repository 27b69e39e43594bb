// Batch normalisation: every instruction set against the reference, the reference against its
// definition.
#include <algorithm>

#include "kernel_check.h"
#include "kernels/norm/batch_norm.h"

using namespace cc;

namespace {

template <class T>
struct Case {
    BatchNormProblem problem;
    bool affine;
    std::vector<T> x, grad, weight, bias, running_mean, running_var;

    Case(int64_t rows, int64_t channels, bool training, bool affine_, double offset)
        : problem{dtype_of<T>, false, training, rows, channels, 1e-5},
          affine(affine_),
          x(some_values<T>(rows * channels, 1)),
          grad(some_values<T>(rows * channels, 2)),
          weight(some_values<T>(channels, 3)),
          bias(some_values<T>(channels, 4)),
          running_mean(some_values<T>(channels, 5)),
          running_var(some_values<T>(channels, 6)) {
        for (auto& value : x) value += static_cast<T>(offset);
        for (auto& value : running_var) value = std::fabs(value) + T(0.1);
    }

    std::vector<std::vector<T>> run() const {
        BatchNormProblem p = problem;
        const size_t channels = weight.size();
        std::vector<T> y(x.size()), mean = running_mean, rstd(channels), var = running_var,
                                    grad_x(x.size()), grad_weight(channels), grad_bias(channels);
        batch_norm(p, {x.data(), affine ? weight.data() : nullptr, affine ? bias.data() : nullptr,
                       y.data(), mean.data(), rstd.data(), var.data(), nullptr, nullptr, nullptr,
                       nullptr});
        p.backward = true;
        batch_norm(p, {x.data(), affine ? weight.data() : nullptr, nullptr, nullptr, mean.data(),
                       rstd.data(), var.data(), grad.data(), grad_x.data(), grad_weight.data(),
                       grad_bias.data()});
        // Unwanted gradients change nothing in the others.
        std::vector<T> alone(x.size());
        batch_norm(p, {x.data(), affine ? weight.data() : nullptr, nullptr, nullptr, mean.data(),
                       rstd.data(), var.data(), grad.data(), alone.data(), nullptr, nullptr});
        EXPECT(same_bits(alone, grad_x), p.describe(), " grad_x alone");
        return {y, mean, rstd, var, grad_x, grad_weight, grad_bias};
    }
};

template <class T>
void compare(int64_t rows, int64_t channels, bool training, bool affine, double offset) {
    const Case<T> c(rows, channels, training, affine, offset);
    auto run = [&] { return c.run(); };
    auto expected = by_reference("batch_norm", run);
    // Rounding grows with the factor 1/√var; the gradients of weight and bias are sums over rows.
    double factor = 1 + offset * offset;
    for (T rstd : expected[2]) factor = std::max(factor, (1 + offset * offset) * rstd);
    const double loose = tolerance<T> * factor,
                 sums = loose * std::sqrt(static_cast<double>(rows) + 1);
    each_isa("batch_norm", run, [&](const auto& got, const std::string& label) {
        for (size_t i = 0; i < got.size(); ++i)
            EXPECT(close(got[i], expected[i], i < 5 ? loose : sums), label, ' ',
                   c.problem.describe(), " offset ", offset, " result ", i);
    });
}

void definition() {
    // Two channels, four rows: mean 2.5 and 0, biased variance 1.25 and 4.
    Case<double> c(4, 2, true, true, 0);
    c.x = {1, 2, 2, -2, 3, 2, 4, -2};
    c.weight = {2, 1}, c.bias = {0.5, 0};
    auto got = by_reference("batch_norm", [&] { return c.run(); });
    const double r = 1 / std::sqrt(1.25 + 1e-5), s = 1 / std::sqrt(4 + 1e-5);
    EXPECT(close(got[1], {2.5, 0}, 1e-15) && close(got[3], {1.25, 4}, 1e-15), "statistics");
    EXPECT(close(got[0], {0.5 - 3 * r, 2 * s, 0.5 - r, -2 * s, 0.5 + r, 2 * s, 0.5 + 3 * r, -2 * s},
                 1e-14),
           "y");

    // The gradient of Σ y·g by central differences.
    const double h = 1e-5;
    for (size_t i = 0; i < c.x.size(); ++i) {
        double value[2];
        for (int side : {0, 1}) {
            Case<double> moved = c;
            moved.x[i] += side ? h : -h;
            auto y = by_reference("batch_norm", [&] { return moved.run(); })[0];
            value[side] = 0;
            for (size_t j = 0; j < y.size(); ++j) value[side] += y[j] * c.grad[j];
        }
        EXPECT(std::fabs((value[1] - value[0]) / (2 * h) - got[4][i]) < 1e-7, "grad_x ", i);
    }
}

}  // namespace

int main() {
    definition();
    for (int64_t channels : {1, 3, 6, 20, 64, 65, 257, 512})
        for (int64_t rows : {1, 7, 130, 3000}) {
            if (rows * channels > 200000) continue;
            for (bool training : {false, true})
                for (bool affine : {false, true}) {
                    compare<float>(rows, channels, training, affine, 0);
                    compare<double>(rows, channels, training, affine, 0);
                }
            compare<double>(rows, channels, true, true, 100);
        }
    compare<float>(40000, 3, true, true, 0);
    compare<float>(40000, 3, true, true, 30);
    compare<float>(0, 4, false, true, 0);
    compare<float>(5, 0, true, true, 0);
    return finish("norm");
}
