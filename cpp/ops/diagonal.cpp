// Diagonals as views, and the matrices they come from: each is the other's adjoint.
#include "ops/ops.h"
#include "ops/view.h"

namespace cc {

namespace {

// A diagonal of axes a and b of arrays of one shape.
struct Place {
    Shape shape;
    int a, b;
    int64_t row, column, length;
};

Place place(const char* op, const Shape& shape, int64_t offset, int64_t dim1, int64_t dim2) {
    int a = normalize_axis(op, "dim1", dim1, shape.rank()), b = normalize_axis(op, "dim2", dim2, shape.rank());
    check(a != b, op, ": dim1 and dim2 must differ, got ", dim1, " and ", dim2);
    int64_t row = std::max<int64_t>(-offset, 0), column = std::max<int64_t>(offset, 0);
    int64_t length = std::max<int64_t>(std::min(shape[a] - row, shape[b] - column), 0);
    if (length == 0) row = column = 0;
    return {shape, a, b, row, column, length};
}

Array seen(const Array& x, const Place& at) {
    Shape shape, strides;
    for (int i = 0; i < x.rank(); ++i) {
        if (i == at.a || i == at.b) continue;
        shape.push_back(x.size(i));
        strides.push_back(x.strides()[i]);
    }
    int64_t down = x.strides()[at.a], right = x.strides()[at.b];
    shape.push_back(at.length);
    strides.push_back(down + right);
    return x.as_strided(shape, strides, x.offset() + at.row * down + at.column * right);
}

Tensor take(const Tensor& x, const Place& at);

// Zeros with x on the diagonal.
Tensor put(const Tensor& x, const Place& at) {
    Array out = Array::zeros(at.shape, x.dtype());
    seen(out, at).copy_from(x.array());
    return record("diag_embed", std::move(out), {x}, [at](Backward& g) { g[0] = take(g.grad(), at); });
}

Tensor take(const Tensor& x, const Place& at) {
    return record_view("diagonal", seen(x.array(), at), x, [at](Backward& g) { g[0] = put(g.grad(), at); });
}

}  // namespace

Tensor diagonal(const Tensor& input, int64_t offset, int64_t dim1, int64_t dim2) {
    return take(input, place("diagonal", input.shape(), offset, dim1, dim2));
}

Tensor diag_embed(const Tensor& input, int64_t offset, int64_t dim1, int64_t dim2) {
    check(input.rank() > 0, "diag_embed: input must have at least 1 dimension, got shape ", input.shape());
    int rank = input.rank() + 1;
    int a = normalize_axis("diag_embed", "dim1", dim1, rank), b = normalize_axis("diag_embed", "dim2", dim2, rank);
    Shape shape;
    for (int i = 0, from = 0; i < rank; ++i)
        shape.push_back(i == a || i == b ? input.size(input.rank() - 1) + std::abs(offset) : input.size(from++));
    return put(input, place("diag_embed", shape, offset, a, b));
}

}  // namespace cc
