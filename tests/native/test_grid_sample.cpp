// Sampling: every instruction set against the reference, the reference against answers worked out by hand.
#include "kernel_check.h"
#include "kernels/grid_sample/grid_sample.h"

using namespace cc;

namespace {

GridSampleProblem problem(Dtype dtype, GridMode mode, GridPadding padding, bool align_corners, int64_t n, int64_t c,
                          std::vector<int64_t> in, int64_t points) {
    GridSampleProblem p{};
    p.dtype = dtype;
    p.mode = mode;
    p.padding = padding;
    p.align_corners = align_corners;
    p.rank = static_cast<int>(in.size());
    p.n = n, p.c = c, p.points = points;
    in.insert(in.begin(), 3 - in.size(), 1);
    for (int a = 0; a < 3; ++a) p.in[a] = in[static_cast<size_t>(a)];
    return p;
}

// Results, and the gradients to the maps and to the points.
template <class T>
std::vector<std::vector<T>> run_all(GridSampleProblem p, const std::vector<T>& x, const std::vector<T>& grid,
                                    const std::vector<T>& grad) {
    std::vector<T> y(grad.size(), T{77}), grad_x(x.size()), grad_grid(grid.size(), T{77});
    p.pass = GridPass::Forward;
    grid_sample(p, {x.data(), grid.data(), y.data(), nullptr, nullptr});
    auto* from = const_cast<T*>(grad.data());
    p.pass = GridPass::GradInput;
    grid_sample(p, {nullptr, grid.data(), from, grad_x.data(), nullptr});
    p.pass = GridPass::GradGrid;
    grid_sample(p, {x.data(), grid.data(), from, nullptr, grad_grid.data()});
    return {y, grad_x, grad_grid};
}

template <class T>
void compare(const GridSampleProblem& p) {
    auto x = some_values<T>(p.n * p.c * p.in_pixels(), 1), grad = some_values<T>(p.n * p.c * p.points, 2);
    auto grid = some_values<T>(p.n * p.points * p.rank, 3);
    for (size_t i = 0; i < grid.size(); ++i) {
        if (i % 13 == 0) grid[i] = std::numeric_limits<T>::quiet_NaN();
        if (i % 17 == 0) grid[i] = std::numeric_limits<T>::infinity();
    }
    // What a NaN coordinate gives is not promised beyond zeros outside: only that nothing is read out of bounds.
    auto run = [&] { return run_all<T>(p, x, grid, grad); };
    if (p.padding != GridPadding::Zeros) {
        each_isa("grid_sample", run, [](const auto&, const std::string&) {});
        for (auto& u : grid)
            if (!std::isfinite(u)) u = T{0.25};
    }
    auto expected = by_reference("grid_sample", run);
    each_isa("grid_sample", run, [&](const auto& got, const std::string& label) {
        for (size_t i = 0; i < got.size(); ++i)
            EXPECT(close(got[i], expected[i], 20 * tolerance<T>), label, ' ', p.describe(), " result ", i);
    });
}

void against_reference() {
    for (GridMode mode : {GridMode::Nearest, GridMode::Linear, GridMode::Cubic})
        for (GridPadding padding : {GridPadding::Zeros, GridPadding::Border, GridPadding::Reflection})
            for (bool corners : {false, true})
                for (int64_t c : {1, 2, 3, 4, 5, 40}) {
                    compare<float>(problem(Dtype::Float32, mode, padding, corners, 2, c, {5, 7}, 83));
                    compare<double>(problem(Dtype::Float64, mode, padding, corners, 1, c, {1, 6}, 64));
                    if (mode != GridMode::Cubic)
                        compare<float>(problem(Dtype::Float32, mode, padding, corners, 1, c, {3, 4, 5}, 70));
                }
}

void by_hand() {
    const std::vector<double> x{1, 2, 3, 4};  // 2 × 2
    auto at = [&](GridMode mode, GridPadding padding, bool corners, double u, double v) {
        return run_all<double>(problem(Dtype::Float64, mode, padding, corners, 1, 1, {2, 2}, 1), x, {u, v}, {1})[0][0];
    };
    EXPECT(at(GridMode::Linear, GridPadding::Zeros, true, 0, 0) == 2.5, "by hand");
    EXPECT(at(GridMode::Linear, GridPadding::Zeros, true, 1, -1) == 2, "by hand");
    EXPECT(at(GridMode::Linear, GridPadding::Zeros, false, 1, -0.5) == 1, "by hand");   // on the edge half of it is outside
    EXPECT(at(GridMode::Linear, GridPadding::Border, false, 1, -0.5) == 2, "by hand");
    EXPECT(at(GridMode::Linear, GridPadding::Reflection, true, 3, -1) == 1, "by hand");
    EXPECT(at(GridMode::Nearest, GridPadding::Zeros, true, 0.9, 0.9) == 4, "by hand");
    EXPECT(at(GridMode::Nearest, GridPadding::Zeros, true, 4, 0) == 0, "by hand");
    EXPECT(at(GridMode::Cubic, GridPadding::Border, true, -1, 1) == 3, "by hand");
}

}  // namespace

int main() {
    against_reference();
    by_hand();
    return finish("grid_sample");
}
