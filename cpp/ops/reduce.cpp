#include "array/compute.h"
#include "autograd/node.h"
#include "ops/ops.h"
#include "ops/recast.h"

namespace cc {

namespace {

uint32_t axis_mask(const char* op, const Tensor& x, const Axes& axes) {
    if (axes.empty()) return x.rank() == 0 ? 0 : (uint32_t{1} << x.rank()) - 1;
    uint32_t mask = 0;
    for (int64_t axis : axes) {
        int i = normalize_axis(op, "dim", axis, x.rank());
        if (x.rank() == 0) continue;
        check(!(mask >> i & 1), op, ": dim names dimension ", i, " twice");
        mask |= uint32_t{1} << i;
    }
    return mask;
}

int64_t reduced_count(const Tensor& x, uint32_t mask) {
    int64_t count = 1;
    for (int i = 0; i < x.rank(); ++i)
        if (mask >> i & 1) count *= x.size(i);
    return count;
}

Shape kept_shape(const Shape& shape, uint32_t mask) {
    Shape kept = shape;
    for (int i = 0; i < shape.rank(); ++i)
        if (mask >> i & 1) kept[i] = 1;
    return kept;
}

// A reduced gradient (or value) laid out again over the input's shape.
Tensor spread(const Tensor& reduced, const Shape& shape, uint32_t mask) {
    return expand(reshape(reduced, kept_shape(shape, mask)), shape);
}

Tensor sum_axes(const Tensor& x, uint32_t mask, bool keepdim) {
    return record("sum", compute(Reduction::Sum, x.array(), mask, keepdim), {x},
                  [mask, shape = x.shape()](Backward& g) { g[0] = spread(g.grad(), shape, mask); });
}

// Ties share the gradient equally, as PyTorch's amax does.
Tensor extremum(const char* name, Reduction op, const Tensor& x, const Axes& axes, bool keepdim) {
    uint32_t mask = axis_mask(name, x, axes);
    check(x.numel() > 0 || reduced_count(x, mask) > 0, name, ": cannot reduce an empty dimension of shape ", x.shape());
    return record(name, compute(op, x.array(), mask, keepdim), {x},
                  [mask, x = Saved(x)](Backward& g) {
                      Tensor at = x.get().detach();
                      Tensor best = spread(g.output().detach(), at.shape(), mask);
                      Tensor hits = to(binary(Binary::Equal, at, best), at.dtype());
                      Tensor share = div(hits, spread(sum_axes(hits, mask, true), at.shape(), mask));
                      g[0] = mul(spread(g.grad(), at.shape(), mask), share);
                  },
                  kKeepOutput);
}

uint32_t checked_extremum(const char* name, const Tensor& x, std::optional<int64_t> dim) {
    check_type(x.dtype() != Dtype::Bool, name, ": input must not have dtype bool");
    uint32_t mask = dim ? axis_mask(name, x, {*dim}) : axis_mask(name, x, {});
    check(reduced_count(x, mask) > 0, name, ": cannot reduce an empty dimension of shape ", x.shape());
    return mask;
}

Tensor arg_extremum(const char* name, Reduction op, const Tensor& x, std::optional<int64_t> dim, bool keepdim) {
    return Tensor(compute(op, x.array(), checked_extremum(name, x, dim), keepdim));
}

// 0, 1, … along `axis`, shaped to broadcast.
Tensor positions(const Shape& shape, int axis) {
    Array out = Array::empty({shape[axis]}, Dtype::Int64);
    for (int64_t i = 0; i < shape[axis]; ++i) out.data<int64_t>()[i] = i;
    Shape sizes(shape.rank(), 1);
    sizes[axis] = shape[axis];
    return Tensor(out.reshape(sizes));
}

std::pair<Tensor, Tensor> along(const char* name, Reduction op, const Tensor& x, int64_t dim, bool keepdim) {
    if (x.rank() == 0) return {clone(x), arg_extremum(name, op, x, dim, keepdim)};
    uint32_t mask = checked_extremum(name, x, dim);
    auto [best, at] = compute_extremes(op, x.array(), mask, keepdim);
    Tensor indices(std::move(at));
    int axis = normalize_axis(name, "dim", dim, x.rank());
    Tensor values = record(name, std::move(best), {x},
                           [mask, axis, indices = Saved(indices), shape = x.shape()](Backward& g) {
                               Tensor place = reshape(indices, kept_shape(shape, mask));
                               Tensor chosen = binary(Binary::Equal, positions(shape, axis), place);
                               g[0] = where(chosen, spread(g.grad(), shape, mask), number(0, Dtype::Float64));
                           });
    return {values, indices};
}

Tensor truth(const Tensor& x) {
    if (x.dtype() == Dtype::Bool) return x;
    return binary(Binary::NotEqual, x, number(0, Dtype::Int64));
}

}  // namespace

Tensor sum(const Tensor& x, const Axes& axes, bool keepdim) {
    return sum_axes(x, axis_mask("sum", x, axes), keepdim);
}

Tensor nansum(const Tensor& x, const Axes& axes, bool keepdim) {
    if (!is_floating(x.dtype())) return sum(x, axes, keepdim);
    uint32_t mask = axis_mask("nansum", x, axes);
    return record("nansum", compute(Reduction::NanSum, x.array(), mask, keepdim), {x}, [mask, x = Saved(x)](Backward& g) {
        Tensor at = x.get().detach();
        g[0] = where(binary(Binary::Equal, at, at), spread(g.grad(), at.shape(), mask), number(0, Dtype::Float64));
    });
}

Tensor sum_to(const Tensor& x, const Shape& shape) {
    if (x.shape() == shape) return x;
    int lead = x.rank() - shape.rank();
    uint32_t mask = 0;
    for (int i = 0; i < x.rank(); ++i)
        if (i < lead || (shape[i - lead] == 1 && x.size(i) != 1)) mask |= uint32_t{1} << i;
    return reshape(sum_axes(x, mask, true), shape);
}

Tensor mean(const Tensor& x, const Axes& axes, bool keepdim) {
    if (auto y = recast("mean", [&](auto& a) { return mean(a, axes, keepdim); }, x)) return *y;
    check_type(is_floating(x.dtype()), "mean: input must have a floating-point dtype, got ", x.dtype());
    uint32_t mask = axis_mask("mean", x, axes);
    const double share = 1.0 / static_cast<double>(reduced_count(x, mask));
    return record("mean", compute_over(compute(Reduction::Sum, x.array(), mask, keepdim), Unary::MulScalar, share), {x},
                  [mask, share, shape = x.shape()](Backward& g) { g[0] = spread(scale(g.grad(), share), shape, mask); });
}

namespace {

// d(Πx)/dx_i = Π_{j≠i} x_j: with one zero only its own place has a gradient, with two none.
Tensor slope_of_product(const Tensor& at, const Axes& axes, uint32_t mask) {
    Tensor zero = number(0, Dtype::Float64), is_zero = binary(Binary::Equal, at.detach(), zero);
    Tensor filled = where(is_zero, number(1, Dtype::Float64), at);
    Tensor rest = spread(prod(filled, axes, true), at.shape(), mask);
    Tensor zeros = spread(sum(is_zero, axes, true), at.shape(), mask);
    Tensor own = sub(zeros, to(is_zero, Dtype::Int64));
    Tensor others = div(rest, filled);
    // Beside one other zero the slope is 0, but it moves with that zero.
    Tensor zero_part = where(is_zero, at, zero);
    Tensor other_zero = sub(spread(sum(zero_part, axes, true), at.shape(), mask), zero_part);
    Tensor beside = where(binary(Binary::Equal, own, number(1, Dtype::Int64)), mul(others, other_zero), zero);
    return where(binary(Binary::Equal, own, number(0, Dtype::Int64)), others, beside);
}

bool has_zero(const Tensor& x) {
    return any(binary(Binary::Equal, x.detach(), number(0, Dtype::Float64)), {}, false).array().item() != 0;
}

}  // namespace

Tensor prod(const Tensor& x, const Axes& axes, bool keepdim) {
    if (auto y = recast("prod", [&](auto& a) { return prod(a, axes, keepdim); }, x)) return *y;
    uint32_t mask = axis_mask("prod", x, axes);
    return record("prod", compute(Reduction::Prod, x.array(), mask, keepdim), {x},
                  [mask, axes, x = Saved(x)](Backward& g) {
                      Tensor at = x.get();
                      if (has_zero(at)) {
                          g[0] = mul(spread(g.grad(), at.shape(), mask), slope_of_product(at, axes, mask));
                      } else {
                          Tensor whole = reshape(prod(at, axes, true), g.grad().shape());
                          g[0] = div(spread(mul(g.grad(), whole), at.shape(), mask), at);
                      }
                  });
}

Tensor var(const Tensor& x, const Axes& axes, double correction, bool keepdim) {
    if (auto y = recast("var", [&](auto& a) { return var(a, axes, correction, keepdim); }, x)) return *y;
    check_type(is_floating(x.dtype()), "var: input must have a floating-point dtype, got ", x.dtype());
    uint32_t mask = axis_mask("var", x, axes);
    Tensor centred = sub(x, mean(x, axes, true));
    double degrees = std::max(0.0, static_cast<double>(reduced_count(x, mask)) - correction);
    return scale(sum_axes(mul(centred, centred), mask, keepdim), 1 / degrees);
}

Tensor amax(const Tensor& x, const Axes& axes, bool keepdim) {
    return extremum("amax", Reduction::Max, x, axes, keepdim);
}

Tensor amin(const Tensor& x, const Axes& axes, bool keepdim) {
    return extremum("amin", Reduction::Min, x, axes, keepdim);
}

std::pair<Tensor, Tensor> max(const Tensor& x, int64_t axis, bool keepdim) {
    return along("max", Reduction::ArgMax, x, axis, keepdim);
}

std::pair<Tensor, Tensor> min(const Tensor& x, int64_t axis, bool keepdim) {
    return along("min", Reduction::ArgMin, x, axis, keepdim);
}

Tensor argmax(const Tensor& x, std::optional<int64_t> axis, bool keepdim) {
    return arg_extremum("argmax", Reduction::ArgMax, x, axis, keepdim);
}

Tensor argmin(const Tensor& x, std::optional<int64_t> axis, bool keepdim) {
    return arg_extremum("argmin", Reduction::ArgMin, x, axis, keepdim);
}

Tensor any(const Tensor& x, const Axes& axes, bool keepdim) {
    return Tensor(compute(Reduction::Any, truth(x).array(), axis_mask("any", x, axes), keepdim));
}

Tensor all(const Tensor& x, const Axes& axes, bool keepdim) {
    return Tensor(compute(Reduction::All, truth(x).array(), axis_mask("all", x, axes), keepdim));
}

}  // namespace cc
