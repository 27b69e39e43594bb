// Running sums, products and extremes along one dimension.
#include "kernels/scan/scan.h"

#include "autograd/node.h"
#include "ops/lines.h"
#include "ops/ops.h"
#include "ops/recast.h"

namespace cc {

namespace {

ScanProblem problem_for(const Lines& lines) { return {lines.array.dtype(), lines.outer, lines.dim, lines.inner}; }

Tensor sum_along(const Tensor& x, int axis, bool reverse) {
    Format format = x.array().format();
    Lines lines = lines_along(x.array(), axis, format);
    Array out = Array::empty(x.shape(), x.dtype(), format);
    running_sum(problem_for(lines), reverse, lines.array.raw(), out.raw());
    return record("cumsum", std::move(out), {x}, [=](Backward& g) { g[0] = sum_along(g.grad(), axis, !reverse); });
}

// x one place further along, `first` before it: what is read at k is x[k − 1]; with `reverse` x[k + 1].
Tensor shifted(const Tensor& x, int axis, double first, bool reverse) {
    if (x.shape().numel() == 0) return x;
    Sizes sizes(2 * (x.rank() - axis), 0);
    sizes[sizes.size() - 2] = reverse ? -1 : 1;
    sizes[sizes.size() - 1] = -sizes[sizes.size() - 2];
    return pad(x, sizes, "constant", first);
}

// s[k] = a[k] + b[k] · s[k ∓ 1].
Tensor recurrence_along(const Tensor& a, const Tensor& b, int axis, bool reverse) {
    Format format = a.array().format();
    Lines lines = lines_along(a.array(), axis, format), factors = lines_along(b.array(), axis, format);
    Array out = Array::empty(a.shape(), a.dtype(), format);
    linear_recurrence(problem_for(lines), reverse, lines.array.raw(), factors.array.raw(), out.raw());
    auto backward = [=, b = Saved(b)](Backward& g) {
        // The adjoint runs the other way, each factor read one place later.
        Tensor adjoint = recurrence_along(g.grad(), shifted(b, axis, 0, !reverse), axis, !reverse);
        g[0] = adjoint;
        g[1] = mul(adjoint, shifted(g.output(), axis, 0, reverse));
    };
    return record("linear_recurrence", std::move(out), {a, b}, std::move(backward), kKeepOutput);
}

// ∂y[k]/∂x[j] = (x[0] · … · x[j − 1]) (x[j + 1] · … · x[k]): no division, so zeros need no care.
Tensor product_along(const Tensor& x, int axis) {
    Format format = x.array().format();
    Lines lines = lines_along(x.array(), axis, format);
    Array out = Array::empty(x.shape(), x.dtype(), format);
    running_product(problem_for(lines), lines.array.raw(), out.raw());
    auto backward = [=, x = Saved(x)](Backward& g) {
        Tensor rest = recurrence_along(g.grad(), shifted(x, axis, 0, true), axis, true);
        g[0] = mul(shifted(g.output(), axis, 1, false), rest);
    };
    return record("cumprod", std::move(out), {x}, std::move(backward), kKeepOutput);
}

std::pair<Tensor, Tensor> extreme_along(const char* op, const Tensor& x, int64_t dim, bool greatest) {
    const int axis = normalize_axis(op, "dim", dim, x.rank());
    Format format = x.array().format();
    Lines lines = lines_along(x.array(), axis, format);
    Array values = Array::empty(x.shape(), x.dtype(), format), places = Array::empty(x.shape(), Dtype::Int64, format);
    running_extreme(problem_for(lines), greatest, lines.array.raw(), values.raw(), places.data<int64_t>());
    Tensor indices(places);
    auto backward = [axis, kept = Saved(indices)](Backward& g) {
        g[0] = scatter_add(zeros(g.grad().shape(), g.grad().dtype()), axis, kept.get(), g.grad());
    };
    return {record(op, std::move(values), {x}, std::move(backward)), indices};
}

}  // namespace

Tensor cumsum(const Tensor& input, int64_t dim) {
    if (auto y = recast("cumsum", [&](auto& a) { return cumsum(a, dim); }, input)) return *y;
    int axis = normalize_axis("cumsum", "dim", dim, input.rank());
    return sum_along(is_floating(input.dtype()) ? input : to(input, Dtype::Int64), axis, false);
}

Tensor cumprod(const Tensor& input, int64_t dim) {
    if (auto y = recast("cumprod", [&](auto& a) { return cumprod(a, dim); }, input)) return *y;
    int axis = normalize_axis("cumprod", "dim", dim, input.rank());
    return product_along(is_floating(input.dtype()) ? input : to(input, Dtype::Int64), axis);
}

std::pair<Tensor, Tensor> cummax(const Tensor& input, int64_t dim) {
    if (auto y = recast("cummax", [&](auto& a) { return cummax(a, dim); }, input)) return *y;
    return extreme_along("cummax", input, dim, true);
}
std::pair<Tensor, Tensor> cummin(const Tensor& input, int64_t dim) {
    if (auto y = recast("cummin", [&](auto& a) { return cummin(a, dim); }, input)) return *y;
    return extreme_along("cummin", input, dim, false);
}

}  // namespace cc
