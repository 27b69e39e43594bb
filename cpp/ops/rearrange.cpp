#include "autograd/node.h"
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

// True where column − row ≤ diagonal (lower) or ≥ diagonal.
Tensor triangle(const char* op, const Tensor& x, int64_t diagonal, bool lower) {
    check(x.rank() >= 2, op, ": input must have at least 2 dimensions, got shape ", x.shape());
    int64_t rows = x.size(x.rank() - 2), columns = x.size(x.rank() - 1);
    Array mask = Array::empty({rows, columns}, Dtype::Bool);
    for (int64_t i = 0; i < rows; ++i)
        for (int64_t j = 0; j < columns; ++j)
            mask.data<bool>()[i * columns + j] = lower ? j - i <= diagonal : j - i >= diagonal;
    return where(Tensor(mask), x, number(0, x.dtype() == Dtype::Bool ? Dtype::Bool : Dtype::Int64));
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
    Tensor out = x;
    for (size_t k = 0; k < dims.size(); ++k) {
        int axis = normalize_axis("roll", "dims", dims[k], x.rank());
        int64_t size = x.rank() ? x.size(axis) : 1;
        int64_t shift = size ? (shifts[k] % size + size) % size : 0;
        if (shift == 0) continue;
        out = cat({slice(out, axis, size - shift, shift, 1), slice(out, axis, 0, size - shift, 1)}, axis);
    }
    return out == x ? clone(x) : out;
}

Tensor tril(const Tensor& x, int64_t diagonal) { return triangle("tril", x, diagonal, true); }
Tensor triu(const Tensor& x, int64_t diagonal) { return triangle("triu", x, diagonal, false); }

}  // namespace cc
