// Windows as columns (unfold) and the adjoint, columns added up (fold): each is the other's gradient. Windows along one dimension
// are a view.
#include "kernels/fold/fold.h"

#include "ops/recast.h"
#include "ops/view.h"
#include "ops/window.h"

namespace cc {

namespace {

// The problem but for n, and how the maps of one batch look.
FoldProblem problem_for(const char* op, Dtype dtype, int64_t height, int64_t width, const FoldOptions& options) {
    check_type(is_floating(dtype), op, ": input must have a floating-point dtype, got ", dtype);
    Triple kernel = triple(op, "kernel_size", options.kernel_size, 2, 1, 1), stride = triple(op, "stride", options.stride, 2, 1, 1);
    Triple pad = triple(op, "padding", options.padding, 2, 0, 0), dilation = triple(op, "dilation", options.dilation, 2, 1, 1);
    FoldProblem p{};
    p.dtype = dtype;
    p.in[0] = height, p.in[1] = width;
    for (int i = 0; i < 2; ++i) {
        p.kernel[i] = kernel[i + 1], p.stride[i] = stride[i + 1], p.pad[i] = pad[i + 1], p.dilation[i] = dilation[i + 1];
        int64_t room = p.in[i] + 2 * p.pad[i] - p.dilation[i] * (p.kernel[i] - 1) - 1;
        check(room >= 0, op, ": kernel_size ", p.kernel[i], " with dilation ", p.dilation[i],
              " is larger than the padded size ", p.in[i] + 2 * p.pad[i]);
        p.out[i] = room / p.stride[i] + 1;
    }
    return p;
}

Tensor folded(const FoldProblem& p, const Tensor& columns, const Shape& planes);

Tensor unfolded(const FoldProblem& p, const Tensor& planes, const Shape& columns) {
    Array from = planes.array().contiguous(), to = Array::empty(columns, p.dtype);
    fold(p, {from.raw(), to.raw()});
    return record("unfold", std::move(to), {planes},
                  [p, shape = planes.shape()](Backward& g) { g[0] = folded(p, g.grad(), shape); });
}

Tensor folded(const FoldProblem& problem, const Tensor& columns, const Shape& planes) {
    FoldProblem p = problem;
    p.backward = true;
    Array from = columns.array().contiguous(), to = Array::empty(planes, p.dtype);
    fold(p, {to.raw(), from.raw()});
    return record("fold", std::move(to), {columns},
                  [problem, shape = columns.shape()](Backward& g) { g[0] = unfolded(problem, g.grad(), shape); });
}

// The adjoint of windows along one dimension: as columns of planes [dim][what follows it], or of single lines.
Tensor fold_dim(const Tensor& grad, const Shape& shape, int axis, int64_t size, int64_t step) {
    if (auto x = recast("fold", [&](auto& a) { return fold_dim(a, shape, axis, size, step); }, grad)) return *x;
    FoldProblem p{};
    p.dtype = grad.dtype();
    p.n = 1;
    for (int i = 0; i < axis; ++i) p.n *= shape[i];
    for (int i = 0; i < 2; ++i) p.in[i] = p.out[i] = p.kernel[i] = p.stride[i] = p.dilation[i] = 1;
    for (int i = axis + 1; i < shape.rank(); ++i) p.in[1] *= shape[i];
    p.out[1] = p.in[1];
    const int along = p.in[1] == 1 ? 1 : 0;
    p.in[along] = shape[axis];
    p.out[along] = (shape[axis] - size) / step + 1;
    p.kernel[along] = size;
    p.stride[along] = step;
    Axes order;
    for (int i = 0; i < axis; ++i) order.push_back(i);
    order.push_back(shape.rank());
    for (int i = axis; i < shape.rank(); ++i) order.push_back(i);
    return folded(p, permute(grad, order), shape);
}

}  // namespace

Tensor unfold(const Tensor& x, const FoldOptions& options) {
    if (auto y = recast("unfold", [&](auto& a) { return unfold(a, options); }, x)) return *y;
    const char* op = "unfold";
    check(x.rank() == 3 || x.rank() == 4, op, ": input must have 4 dimensions (or 3 without a batch), got shape ", x.shape());
    const int lead = x.rank() - 3;
    for (int i = lead; i < x.rank(); ++i) check(x.size(i) > 0, op, ": only the batch may be empty, got shape ", x.shape());
    FoldProblem p = problem_for(op, x.dtype(), x.size(lead + 1), x.size(lead + 2), options);
    p.n = x.size(lead) * (lead ? x.size(0) : 1);
    Shape columns{x.size(lead) * p.taps(), p.out[0] * p.out[1]};
    if (lead) columns.insert(0, x.size(0));
    return unfolded(p, x, columns);
}

Tensor fold(const Tensor& x, const Sizes& output_size, const FoldOptions& options) {
    if (auto y = recast("fold", [&](auto& a) { return fold(a, output_size, options); }, x)) return *y;
    const char* op = "fold";
    check(x.rank() == 2 || x.rank() == 3, op, ": input must have 3 dimensions (or 2 without a batch), got shape ", x.shape());
    const int lead = x.rank() - 2;
    Triple size = triple(op, "output_size", output_size, 2, 1, 1);
    FoldProblem p = problem_for(op, x.dtype(), size[1], size[2], options);
    check(x.size(lead) > 0 && x.size(lead) % p.taps() == 0, op, ": input of shape ", x.shape(),
          " must have a multiple of ", p.taps(), " rows, the places of a window");
    check(x.size(lead + 1) == p.out[0] * p.out[1], op, ": input of shape ", x.shape(), " must have ", p.out[0], "·", p.out[1], " = ",
          p.out[0] * p.out[1], " columns, the windows of a map of ", size[1], "x", size[2]);
    int64_t channels = x.size(lead) / p.taps();
    p.n = channels * (lead ? x.size(0) : 1);
    Shape planes{channels, size[1], size[2]};
    if (lead) planes.insert(0, x.size(0));
    return folded(p, x, planes);
}

Tensor unfold(const Tensor& x, int64_t dim, int64_t size, int64_t step) {
    int axis = normalize_axis("unfold", "dimension", dim, x.rank());
    if (x.rank() == 0) return squeeze(unfold(unsqueeze(x, 0), 0, size, step), 0);
    int64_t most = x.size(axis);
    check(size >= 0 && size <= most, "unfold: size must be between 0 and the dimension's ", most, ", got ", size);
    check(step > 0, "unfold: step must be positive, got ", step);
    Shape shape = x.shape(), strides = x.array().strides();
    shape[axis] = (most - size) / step + 1;
    shape.push_back(size);
    strides.push_back(strides[axis]);
    strides[axis] *= step;
    return record_view("unfold", x.array().as_strided(shape, strides, x.array().offset()), x,
                       [=, from = x.shape()](Backward& g) { g[0] = fold_dim(g.grad(), from, axis, size, step); });
}

}  // namespace cc
