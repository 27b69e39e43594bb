// Unfolding and folding: row by row against the reference, the reference against answers worked out by hand.
#include "kernel_check.h"
#include "kernels/fold/fold.h"

using namespace cc;

namespace {

struct Axis {
    int64_t in, kernel, stride, pad, dilation;
};

FoldProblem problem(Dtype dtype, int64_t n, Axis first, Axis second) {
    FoldProblem p{};
    p.dtype = dtype;
    p.n = n;
    for (int a = 0; a < 2; ++a) {
        const Axis& x = a ? second : first;
        p.in[a] = x.in, p.kernel[a] = x.kernel, p.stride[a] = x.stride, p.pad[a] = x.pad, p.dilation[a] = x.dilation;
        p.out[a] = (x.in + 2 * x.pad - x.dilation * (x.kernel - 1) - 1) / x.stride + 1;
    }
    return p;
}

template <class T>
std::vector<std::vector<T>> run_all(FoldProblem p) {
    auto planes = some_values<T>(p.n * p.in[0] * p.in[1], 1), from = some_values<T>(p.n * p.taps() * p.out[0] * p.out[1], 2);
    std::vector<T> columns(from.size(), T{77}), sums(planes.size(), T{77});
    fold(p, {planes.data(), columns.data()});
    p.backward = true;
    fold(p, {sums.data(), from.data()});
    return {columns, sums};
}

template <class T>
void compare(const FoldProblem& p) {
    auto run = [&] { return run_all<T>(p); };
    auto expected = by_reference("fold", run);
    each_isa("fold", run, [&](const auto& got, const std::string& label) {
        EXPECT(same_bits(got[0], expected[0]), label, ' ', p.describe());
        EXPECT(close(got[1], expected[1], tolerance<T>), label, ' ', p.describe());
    });
}

void against_reference() {
    const std::vector<std::pair<Axis, Axis>> cases = {
        {{6, 3, 1, 0, 1}, {7, 3, 1, 0, 1}},   {{6, 3, 1, 1, 1}, {7, 2, 1, 1, 1}},  {{9, 2, 3, 1, 1}, {8, 3, 2, 2, 2}},
        {{1, 1, 1, 3, 1}, {2, 1, 1, 4, 1}},   {{5, 5, 1, 0, 1}, {4, 4, 1, 0, 1}},  {{3, 2, 1, 2, 4}, {4, 3, 5, 3, 2}},
        {{64, 4, 2, 1, 1}, {300, 4, 2, 1, 1}}, {{1, 1, 1, 0, 1}, {500, 16, 4, 0, 1}},
    };
    for (const auto& [first, second] : cases)
        for (int64_t n : {0, 1, 5}) {
            compare<float>(problem(Dtype::Float32, n, first, second));
            compare<double>(problem(Dtype::Float64, n, first, second));
        }
}

void by_hand() {
    FoldProblem p = problem(Dtype::Float64, 1, {1, 1, 1, 0, 1}, {3, 2, 1, 1, 1});
    std::vector<double> planes{1, 2, 3}, columns(8);
    fold(p, {planes.data(), columns.data()});
    EXPECT(same_bits(columns, {0, 1, 2, 3, 1, 2, 3, 0}), "by hand");
    p.backward = true;
    fold(p, {planes.data(), columns.data()});
    EXPECT(same_bits(planes, {2, 4, 6}), "by hand");
}

}  // namespace

int main() {
    against_reference();
    by_hand();
    return finish("fold");
}
