// Reading maps at the points of a grid, and the grid of an affine map (Jaderberg et al., "Spatial transformer networks", 2015).
#include "kernels/grid_sample/grid_sample.h"

#include "autograd/node.h"
#include "ops/ops.h"
#include "ops/recast.h"

namespace cc {

namespace {

constexpr const char* kOp = "grid_sample";

template <class Word, size_t N>
Word word(const char* argument, const std::string& text, const std::pair<const char*, Word> (&words)[N]) {
    for (auto [name, value] : words)
        if (text == name) return value;
    std::string names;
    for (auto [name, value] : words) names += str(names.empty() ? "" : ", ", name);
    fail(ErrorKind::Value, kOp, ": ", argument, " must be one of ", names, ", got \"", text, "\"");
}

GridSampleProblem problem_for(const Tensor& x, const Tensor& grid, const std::string& mode, const std::string& padding,
                              bool align_corners) {
    GridSampleProblem p{};
    p.rank = x.rank() - 2;
    check(p.rank == 2 || p.rank == 3, kOp, ": input must have 4 or 5 dimensions (batch, channels, …), got shape ", x.shape());
    check_type(is_floating(x.dtype()), kOp, ": input must have a floating-point dtype, got ", x.dtype());
    check_type(grid.dtype() == x.dtype(), kOp, ": input has dtype ", x.dtype(), ", grid ", grid.dtype());
    check(grid.rank() == x.rank() && grid.size(p.rank + 1) == p.rank && grid.size(0) == x.size(0), kOp,
          ": grid must have shape (", x.size(0), ", ", p.rank == 2 ? "H, W, 2" : "D, H, W, 3", ") for input of shape ", x.shape(),
          ", got ", grid.shape());
    p.dtype = x.dtype();
    p.mode = word<GridMode>("mode", mode, {{"bilinear", GridMode::Linear}, {"nearest", GridMode::Nearest}, {"bicubic", GridMode::Cubic}});
    check(p.mode != GridMode::Cubic || p.rank == 2, kOp, ": mode \"bicubic\" takes an input of 4 dimensions, got ", x.rank());
    p.padding = word<GridPadding>("padding_mode", padding, {{"zeros", GridPadding::Zeros}, {"border", GridPadding::Border},
                                                            {"reflection", GridPadding::Reflection}});
    p.align_corners = align_corners;
    p.n = x.size(0);
    p.c = x.size(1);
    p.points = 1;
    for (int i = 0; i < 3; ++i) p.in[i] = 1;
    for (int i = 0; i < p.rank; ++i) {
        p.in[3 - p.rank + i] = x.size(2 + i);
        p.points *= grid.size(1 + i);
        check(x.size(2 + i) > 0, kOp, ": input must have places to read, got shape ", x.shape());
    }
    return p;
}

Shape result_shape(const Tensor& x, const Tensor& grid) {
    Shape shape{x.size(0), x.size(1)};
    for (int i = 1; i + 1 < grid.rank(); ++i) shape.push_back(grid.size(i));
    return shape;
}

Array input_gradient(GridSampleProblem p, const Tensor& x, const Array& grid, const Array& grad) {
    p.pass = GridPass::GradInput;
    Array out = Array::zeros(x.shape(), p.dtype, Format::ChannelsLast);
    grid_sample(p, {nullptr, grid.raw(), grad.raw(), out.raw(), nullptr});
    return out;
}

Array grid_gradient(GridSampleProblem p, const Tensor& x, const Array& grid, const Array& grad) {
    p.pass = GridPass::GradGrid;
    Array out = Array::empty(grid.shape(), p.dtype);
    if (p.mode == GridMode::Nearest || p.c == 0) out.fill(0);
    else grid_sample(p, {x.array().to(Format::ChannelsLast).raw(), grid.raw(), grad.raw(), nullptr, out.raw()});
    return out;
}

// The taps of one axis as tensors: weights [n, points] differentiable in the grid, places [n, points] where something is read.
struct AxisTensors {
    Tensors weights;
    std::vector<Array> places;
};

Tensor plus(const Tensor& x, double value) { return add(x, number(value, Dtype::Float64)); }

Tensor polynomial(const Tensor& x, std::initializer_list<double> coefficients) {
    Tensor sum;
    for (double c : coefficients) sum = sum.defined() ? plus(mul(sum, x), c) : scale(plus(scale(x, 0), 1), c);
    return sum;
}

AxisTensors axis_tensors(const GridSampleProblem& p, int axis, const Tensor& grid) {
    const Shape flat{p.n, p.points};
    Array from = grid.array().contiguous(), fraction = Array::empty(flat, p.dtype), slope = Array::empty(flat, p.dtype);
    Array places = Array::empty({4, p.n, p.points}, Dtype::Int64);
    int count = grid_axis_taps(p, axis, from.raw(), places.data<int64_t>(), fraction.raw(), slope.raw());
    Tensor coordinate = reshape(select(grid, grid.rank() - 1, 2 - axis), flat);
    // The fraction as a function of the coordinate: equal here, of the same slope.
    Tensor f = add(mul(sub(coordinate, coordinate.detach()), Tensor(slope)), Tensor(fraction));
    AxisTensors out;
    for (int k = 0; k < count; ++k) {
        out.places.push_back(places.select(0, k));
        Tensor x = count == 4 && k > 1 ? plus(neg(f), k - 1.0) : count == 4 && k == 0 ? plus(f, 1) : f;
        if (count == 1) out.weights.push_back(polynomial(f, {1}));
        else if (count == 2) out.weights.push_back(k ? f : plus(neg(f), 1));
        else out.weights.push_back(k == 1 || k == 2 ? polynomial(x, {1.25, -2.25, 0, 1}) : polynomial(x, {-0.75, 3.75, -6, 3}));
    }
    return out;
}

// Σ over the taps of weight·value, the values gathered.
Tensor expression(const GridSampleProblem& p, const Tensor& x, const Tensor& grid) {
    const Tensor maps = reshape(x, {p.n, p.c, p.in_pixels()});
    std::vector<AxisTensors> axes;
    for (int axis = 3 - p.rank; axis < 3; ++axis) axes.push_back(axis_tensors(p, axis, grid));
    int64_t combinations = 1;
    for (const AxisTensors& axis : axes) combinations *= static_cast<int64_t>(axis.weights.size());
    Tensor total;
    for (int64_t t = 0; t < combinations; ++t) {
        Tensor weight;
        Array place = Array::zeros({p.n, p.points}, Dtype::Int64), read = Array::full({p.n, p.points}, p.dtype, 1);
        int64_t rest = t;
        for (size_t a = 0; a < axes.size(); ++a) {
            const size_t k = rest % axes[a].weights.size();
            rest /= static_cast<int64_t>(axes[a].weights.size());
            weight = weight.defined() ? mul(weight, axes[a].weights[k]) : axes[a].weights[k];
            const int64_t* along = axes[a].places[k].data<int64_t>();
            for (int64_t i = 0; i < p.n * p.points; ++i) {
                int64_t& at = place.data<int64_t>()[i];
                at = at < 0 || along[i] < 0 ? -1 : at * p.in[3 - p.rank + static_cast<int>(a)] + along[i];
            }
        }
        for (int64_t i = 0; i < p.n * p.points; ++i) {
            int64_t& at = place.data<int64_t>()[i];
            if (at >= 0) continue;
            at = 0;
            read.select(0, i / p.points).select(0, i % p.points).fill(0);
        }
        Tensor index = expand(unsqueeze(Tensor(place), 1), {p.n, p.c, p.points});
        Tensor term = mul(gather(maps, 2, index), unsqueeze(mul(weight, Tensor(read)), 1));
        total = total.defined() ? add(total, term) : term;
    }
    return reshape(total, result_shape(x, grid));
}

}  // namespace

Tensor grid_sample(const Tensor& x, const Tensor& grid, const std::string& mode, const std::string& padding_mode,
                   bool align_corners) {
    auto here = [&](auto& a, auto& b) { return grid_sample(a, b, mode, padding_mode, align_corners); };
    if (auto y = recast("grid_sample", here, x, grid)) return *y;
    GridSampleProblem p = problem_for(x, grid, mode, padding_mode, align_corners);
    Array from = x.array().to(Format::ChannelsLast), at = grid.array().contiguous();
    Array y = Array::empty(result_shape(x, grid), p.dtype, Format::ChannelsLast);
    if (p.c > 0) grid_sample(p, {from.raw(), at.raw(), y.raw(), nullptr, nullptr});
    auto backward = [p](Backward& g, const SavedInputs& in) {
        const Tensor x = in[0];
        Array at = in[1].get().array().contiguous(), grad = g.grad().array().to(Format::ChannelsLast);
        if (g.wants(0)) g[0] = Tensor(input_gradient(p, x, at, grad));
        if (g.wants(1)) g[1] = Tensor(grid_gradient(p, x, at, grad));
    };
    return record_composite(kOp, std::move(y), {x, grid}, std::move(backward),
                            [p](const Tensors& in) { return expression(p, in[0], in[1]); });
}

Tensor affine_grid(const Tensor& theta, const Shape& size, bool align_corners) {
    if (auto y = recast("affine_grid", [&](auto& a) { return affine_grid(a, size, align_corners); }, theta)) return *y;
    const int rank = size.rank() - 2;
    check_type(is_floating(theta.dtype()), "affine_grid: theta must have a floating-point dtype, got ", theta.dtype());
    check(rank == 2 || rank == 3, "affine_grid: size must have 4 or 5 numbers (batch, channels, …), got ", size);
    check(theta.rank() == 3 && theta.size(0) == size[0] && theta.size(1) == rank && theta.size(2) == rank + 1,
          "affine_grid: theta must have shape ", Shape{size[0], rank, rank + 1}, " for size ", size, ", got ", theta.shape());
    for (int64_t n : size) check(n > 0, "affine_grid: sizes must be positive, got ", size);
    Shape shape{size[0]};
    int64_t points = 1;
    for (int i = 0; i < rank; ++i) {
        shape.push_back(size[2 + i]);
        points *= size[2 + i];
    }
    shape.push_back(rank);
    // The homogeneous coordinates of every point, the last axis' first.
    Array base = Array::empty({points, rank + 1}, theta.dtype());
    visit_floating("affine_grid", theta.dtype(), [&](auto zero) {
        using T = decltype(zero);
        T* row = base.data<T>();
        for (int64_t i = 0; i < points; ++i, row += rank + 1) {
            int64_t rest = i;
            for (int a = 0; a < rank; ++a) {
                const int64_t n = size[size.rank() - 1 - a], o = rest % n;
                rest /= n;
                double at = align_corners ? (n > 1 ? 2.0 * static_cast<double>(o) / static_cast<double>(n - 1) - 1 : 0)
                                          : (2.0 * static_cast<double>(o) + 1) / static_cast<double>(n) - 1;
                row[a] = static_cast<T>(at);
            }
            row[rank] = 1;
        }
    });
    return reshape(matmul(Tensor(base), transpose(theta, 1, 2)), shape);
}

}  // namespace cc
