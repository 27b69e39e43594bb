// Softmax and cross entropy: every instruction set against the references, the references by finite
// differences.
#include "kernel_check.h"
#include "kernels/cross_entropy/cross_entropy.h"
#include "kernels/softmax/softmax.h"

using namespace cc;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <class T>
void compare_softmax(int64_t outer, int64_t dim, int64_t inner, bool log, double spread, bool odd) {
    SoftmaxProblem p{dtype_of<T>, log, false, outer, dim, inner};
    auto x = some_values<T>(outer * dim * inner, 1), grad = some_values<T>(outer * dim * inner, 2);
    for (auto& value : x) value *= static_cast<T>(spread);
    if (odd)
        for (size_t i = 0; i < x.size(); i += 5)
            x[i] = static_cast<T>(i % 3 ? -kInfinity : std::numeric_limits<double>::quiet_NaN());
    auto run = [&]() -> std::vector<std::vector<T>> {
        std::vector<T> y(x.size()), grad_x(x.size()), in_place = x;
        SoftmaxProblem q = p;
        softmax(q, {x.data(), nullptr, y.data()});
        softmax(q, {in_place.data(), nullptr, in_place.data()});
        EXPECT(same_bits(in_place, y), p.describe(), " in place");
        q.backward = true;
        softmax(q, {grad.data(), y.data(), grad_x.data()});
        return {y, grad_x};
    };
    auto expected = by_reference("softmax", run);
    each_isa("softmax", run, [&](const auto& got, const std::string& label) {
        EXPECT(close(got[0], expected[0], tolerance<T> * spread), label, ' ', p.describe());
        EXPECT(close(got[1], expected[1], tolerance<T> * spread * 10), label, ' ', p.describe(),
               " backward");
    });
}

template <class T>
struct Loss {
    CrossEntropyProblem problem;
    std::vector<T> logits, weight, grad_loss;
    std::vector<int64_t> target;

    Loss(int64_t n, int64_t c, int64_t inner, LossReduction reduction, bool weighted,
         double smoothing, double spread)
        : problem{dtype_of<T>, false, reduction, n, c, inner, -100, smoothing},
          logits(some_values<T>(n * c * inner, 1)),
          weight(weighted ? some_values<T>(c, 2) : std::vector<T>()),
          grad_loss(some_values<T>(reduction == LossReduction::None ? n * inner : 1, 3)) {
        for (auto& value : logits) value *= static_cast<T>(spread);
        for (auto& value : weight) value += T(2.5);
        for (int64_t i = 0; i < n * inner; ++i) target.push_back(i % 6 == 4 ? -100 : i * 7919 % c);
    }

    std::vector<std::vector<T>> run() const {
        CrossEntropyProblem p = problem;
        const size_t count = target.size();
        std::vector<T> loss(p.reduction == LossReduction::None ? count : 1),
            grad(logits.size(), T{7}), saved;
        std::vector<double> log_sum(count);
        double total_weight = 0;
        CrossEntropyArgs args{};
        args.logits = logits.data();
        args.target = target.data();
        args.weight = weight.empty() ? nullptr : weight.data();
        args.loss = loss.data();
        args.log_sum = log_sum.data();
        args.total_weight = &total_weight;
        args.grad_loss = grad_loss.data();
        args.grad_logits = grad.data();
        cross_entropy(p, args);
        p.backward = true;
        cross_entropy(p, args);
        for (double value : log_sum) saved.push_back(static_cast<T>(value));
        return {loss, saved, grad, {static_cast<T>(total_weight)}};
    }
};

template <class T>
void compare_loss(const Loss<T>& loss, double spread) {
    auto run = [&] { return loss.run(); };
    auto expected = by_reference("cross_entropy", run);
    each_isa("cross_entropy", run, [&](const auto& got, const std::string& label) {
        for (size_t i = 0; i < got.size(); ++i)
            EXPECT(close(got[i], expected[i], tolerance<T> * spread), label, ' ',
                   loss.problem.describe(), " result ", i);
    });
}

void definition(LossReduction reduction, double smoothing) {
    Loss<double> loss(3, 4, 2, reduction, true, smoothing, 1);
    auto base = by_reference("cross_entropy", [&] { return loss.run(); });
    const double h = 1e-5;
    for (size_t i = 0; i < loss.logits.size(); ++i) {
        double value[2];
        for (int side : {0, 1}) {
            auto moved = loss;
            moved.logits[i] += side ? h : -h;
            auto l = by_reference("cross_entropy", [&] { return moved.run(); })[0];
            value[side] = 0;
            for (size_t j = 0; j < l.size(); ++j) value[side] += l[j] * loss.grad_loss[j];
        }
        EXPECT(std::fabs((value[1] - value[0]) / (2 * h) - base[2][i]) < 1e-8, "gradient ", i);
    }
}

}  // namespace

int main() {
    for (int64_t dim : {1, 2, 3, 10, 16, 17, 100, 1001})
        for (int64_t inner : {1, 2, 16, 19, 300})
            for (int64_t outer : {0, 1, 5})
                for (bool log : {false, true}) {
                    if (outer * dim * inner > 60000) continue;
                    compare_softmax<float>(outer, dim, inner, log, 1, false);
                    compare_softmax<float>(outer, dim, inner, log, 20, false);
                    compare_softmax<float>(outer, dim, inner, log, 1, true);
                    compare_softmax<double>(outer, dim, inner, log, 1, false);
                }
    compare_softmax<float>(2000, 10, 1, true, 1, false);
    for (auto reduction : {LossReduction::None, LossReduction::Mean, LossReduction::Sum}) {
        definition(reduction, 0);
        definition(reduction, 0.1);
        for (int64_t c : {2, 10, 150})
            for (int64_t inner : {1, 5, 70})
                for (int64_t n : {1, 7})
                    for (bool weighted : {false, true})
                        for (double smoothing : {0.0, 0.1})
                            for (double spread : {1.0, 30.0}) {
                                compare_loss(Loss<float>(n, c, inner, reduction, weighted,
                                                         smoothing, spread),
                                             spread);
                                compare_loss(Loss<double>(n, c, inner, reduction, weighted,
                                                          smoothing, spread),
                                             spread);
                            }
        compare_loss(Loss<float>(3000, 10, 1, reduction, false, 0, 1), 30);
        compare_loss(Loss<float>(0, 10, 1, reduction, false, 0, 1), 1);
    }
    Loss<float> loss(4, 3, 2, LossReduction::Mean, false, 0, 1);
    EXPECT(first_bad_target(loss.problem, loss.target.data()) == -1, "all targets are good");
    loss.target[5] = 3;
    EXPECT(first_bad_target(loss.problem, loss.target.data()) == 5, "a target beyond the classes");
    return finish("softmax");
}
