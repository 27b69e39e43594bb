// Running sums and extremes along one dimension.
#include "kernels/scan/scan.h"

#include "autograd/node.h"
#include "ops/lines.h"
#include "ops/ops.h"

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
    int axis = normalize_axis("cumsum", "dim", dim, input.rank());
    return sum_along(is_floating(input.dtype()) ? input : to(input, Dtype::Int64), axis, false);
}

std::pair<Tensor, Tensor> cummax(const Tensor& input, int64_t dim) { return extreme_along("cummax", input, dim, true); }
std::pair<Tensor, Tensor> cummin(const Tensor& input, int64_t dim) { return extreme_along("cummin", input, dim, false); }

}  // namespace cc
