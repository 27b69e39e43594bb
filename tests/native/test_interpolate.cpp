// Interpolation: every instruction set against the reference, the reference against answers worked out by hand, and the adjoint
// against the map.
#include "kernel_check.h"
#include "kernels/interpolate/interpolate.h"

using namespace cc;

namespace {

AxisMap axis(InterpolateMode mode, int64_t in, int64_t out, bool align_corners = false, bool antialias = false) {
    return {mode, in, out, 0, align_corners, antialias, false};
}

struct Map {
    InterpolateProblem problem{};
    std::vector<Taps> taps;

    Map(Dtype dtype, int64_t n, int64_t c, std::vector<AxisMap> axes, bool adjoint = false) {
        axes.insert(axes.begin(), 3 - axes.size(), axis(InterpolateMode::Nearest, 1, 1));
        problem.dtype = dtype;
        problem.n = n, problem.c = c;
        for (int a = 0; a < 3; ++a) {
            Taps one = interpolation_taps(axes[static_cast<size_t>(a)]);
            taps.push_back(adjoint ? transposed(one) : one);
            problem.in[a] = taps.back().in, problem.out[a] = taps.back().out, problem.taps[a] = taps.back().total();
        }
    }
    int64_t inputs() const { return problem.n * problem.c * problem.in[0] * problem.in[1] * problem.in[2]; }
    int64_t outputs() const { return problem.n * problem.c * problem.out[0] * problem.out[1] * problem.out[2]; }

    template <class T>
    std::vector<T> of(const std::vector<T>& x) const {
        std::vector<T> y(static_cast<size_t>(outputs()), T{77});
        interpolate(problem, {x.data(), y.data(), taps.data()});
        return y;
    }
};

template <class T>
void compare(Dtype dtype, int64_t n, int64_t c, const std::vector<AxisMap>& axes) {
    for (bool adjoint : {false, true}) {
        Map map(dtype, n, c, axes, adjoint);
        auto x = some_values<T>(map.inputs(), 1);
        auto run = [&] { return std::vector<std::vector<T>>{map.of(x)}; };
        auto expected = by_reference("interpolate", run);
        each_isa("interpolate", run, [&](const auto& got, const std::string& label) {
            EXPECT(close(got[0], expected[0], tolerance<T>), label, ' ', map.problem.describe(), adjoint ? " adjoint" : "");
        });
    }
}

void against_reference() {
    using M = InterpolateMode;
    const std::vector<std::vector<AxisMap>> cases = {
        {axis(M::Linear, 7, 14), axis(M::Linear, 9, 4)},
        {axis(M::Linear, 5, 11, true), axis(M::Linear, 6, 1, true)},
        {axis(M::Cubic, 8, 5), axis(M::Cubic, 3, 20)},
        {axis(M::Cubic, 1, 4), axis(M::Cubic, 2, 2)},
        {axis(M::Nearest, 4, 9), axis(M::NearestExact, 9, 4)},
        {axis(M::Area, 10, 3), axis(M::Area, 3, 10)},
        {axis(M::Linear, 33, 7, false, true), axis(M::Cubic, 40, 9, false, true)},
        {axis(M::Linear, 3000, 4500)},
        {axis(M::Linear, 4, 7), axis(M::Linear, 5, 3), axis(M::Linear, 6, 12)},
        {axis(M::Linear, 60, 120), axis(M::Linear, 50, 100)},
    };
    for (const auto& axes : cases)
        for (int64_t c : {1, 3, 8, 37})
            for (int64_t n : {1, 3}) {
                compare<float>(Dtype::Float32, n, c, axes);
                compare<double>(Dtype::Float64, n, c, axes);
            }
}

void by_hand() {
    using M = InterpolateMode;
    auto line = [](AxisMap map, std::vector<double> x) { return Map(Dtype::Float64, 1, 1, {map}).of(x); };
    EXPECT(close(line(axis(M::Linear, 2, 4), {0, 4}), {0, 1, 3, 4}, 0), "by hand");
    EXPECT(close(line(axis(M::Linear, 3, 5, true), {0, 2, 8}), {0, 1, 2, 5, 8}, 1e-15), "by hand");
    EXPECT(close(line(axis(M::Nearest, 3, 5), {1, 2, 3}), {1, 1, 2, 2, 3}, 0), "by hand");
    EXPECT(close(line(axis(M::NearestExact, 3, 5), {1, 2, 3}), {1, 1, 2, 3, 3}, 0), "by hand");
    EXPECT(close(line(axis(M::Area, 5, 2), {1, 2, 3, 4, 5}), {2, 4}, 1e-15), "by hand");
    // Cubic weights half-way with a = -3/4: -3/32, 19/32, 19/32, -3/32.
    EXPECT(close(line(axis(M::Cubic, 4, 7, true), {0, 0, 1, 0}), {0, -3.0 / 32, 0, 19.0 / 32, 1, 19.0 / 32, 0}, 1e-15), "by hand");
    // Twice as few places: a triangle two places wide on either side, cut off at the borders.
    EXPECT(close(line(axis(M::Linear, 4, 2, false, true), {7, 0, 0, 0}), {3, 0}, 1e-15), "by hand");
    // An infinite neighbour of weight zero at the border is not read.
    EXPECT(line(axis(M::Linear, 2, 4), {INFINITY, 1})[3] == 1, "by hand");
}

void nothing() {
    std::vector<float> none;
    EXPECT(Map(Dtype::Float32, 0, 3, {axis(InterpolateMode::Linear, 4, 8)}).of(none).empty(), "by hand");
}

}  // namespace

int main() {
    against_reference();
    by_hand();
    nothing();
    return finish("interpolate");
}
