#include "autograd/node.h"
#include "kernels/copy/copy.h"
#include "ops/ops.h"

namespace cc {

namespace {

Axes distinct_axes(const char* op, const Tensor& x, const Axes& given) {
    Axes axes;
    for (int64_t dim : given) {
        int64_t axis = normalize_axis(op, "dims", dim, x.rank());
        for (int64_t other : axes) check(other != axis, op, ": dims names dimension ", axis, " twice");
        axes.push_back(axis);
    }
    return axes;
}

Tensor kept_triangle(const char* op, const Tensor& x, int64_t diagonal, bool lower) {
    check(x.rank() >= 2, op, ": input must have at least 2 dimensions, got shape ", x.shape());
    int64_t rows = x.size(x.rank() - 2), columns = x.size(x.rank() - 1);
    Array from = x.array().contiguous(), out = Array::empty(x.shape(), x.dtype());
    if (out.numel()) triangle({x.dtype(), out.numel() / (rows * columns), rows, columns, diagonal, lower}, from.raw(), out.raw());
    return record(op, std::move(out), {x},
                  [=](Backward& g) { g[0] = kept_triangle(op, g.grad(), diagonal, lower); });
}

// Copies `from`, rolled along the axes from k on, to `to`.
void copy_rolled(const Array& from, const Array& to, const Shape& shifts, int k) {
    while (k < shifts.rank() && shifts[k] == 0) ++k;
    if (k == shifts.rank()) return to.copy_from(from);
    int64_t size = from.size(k), shift = shifts[k];
    copy_rolled(from.slice(k, 0, size - shift, 1), to.slice(k, shift, size - shift, 1), shifts, k + 1);
    copy_rolled(from.slice(k, size - shift, shift, 1), to.slice(k, 0, shift, 1), shifts, k + 1);
}

Tensor rolled(const Tensor& x, const Shape& shifts) {
    Array out = Array::empty(x.shape(), x.dtype(), x.array().format());
    copy_rolled(x.array(), out, shifts, 0);
    return record("roll", std::move(out), {x}, [shifts](Backward& g) {
        Shape back = shifts;
        for (int i = 0; i < back.rank(); ++i) back[i] = back[i] ? g.grad().size(i) - back[i] : 0;
        g[0] = rolled(g.grad(), back);
    });
}

}  // namespace

Tensor flip(const Tensor& x, const Axes& dims) {
    Axes axes = distinct_axes("flip", x, dims);
    Array reversed = x.array(), out = Array::empty(x.shape(), x.dtype(), x.array().format());
    for (int64_t axis : axes) {
        int i = static_cast<int>(axis);
        if (x.rank() && x.size(i) > 1) reversed = reversed.slice(i, x.size(i) - 1, x.size(i), -1);
    }
    out.copy_from(reversed);
    return record("flip", std::move(out), {x}, [axes](Backward& g) { g[0] = flip(g.grad(), axes); });
}

// Without dims the elements are rolled in row-major order.
Tensor roll(const Tensor& x, const Sizes& shifts, const Axes& dims) {
    if (dims.empty() && shifts.size() == 1) return reshape(roll(flatten(x), shifts, {0}), x.shape());
    check(shifts.size() == dims.size() && !shifts.empty(), "roll: shifts and dims must have one length, got ",
          shifts.size(), " and ", dims.size());
    Shape by(x.rank(), 0);
    for (size_t k = 0; k < dims.size(); ++k) {
        int axis = normalize_axis("roll", "dims", dims[k], x.rank());
        int64_t size = x.rank() ? x.size(axis) : 0;
        if (size) by[axis] = (by[axis] + shifts[k] % size + size) % size;
    }
    return rolled(x, by);
}

Tensor tril(const Tensor& x, int64_t diagonal) { return kept_triangle("tril", x, diagonal, true); }
Tensor triu(const Tensor& x, int64_t diagonal) { return kept_triangle("triu", x, diagonal, false); }

}  // namespace cc
