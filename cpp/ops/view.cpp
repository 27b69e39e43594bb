#include "ops/view.h"

#include "array/compute.h"
#include "ops/ops.h"

namespace cc {

namespace {

// The adjoint of slice: zeros of `shape` with x at the slice's places.
Tensor unslice(const Tensor& x, const Shape& shape, int axis, int64_t start, int64_t step) {
    Array out = Array::zeros(shape, x.dtype(), x.array().format());
    out.slice(axis, start, x.size(axis), step).copy_from(x.array());
    int64_t count = x.size(axis);
    return record("unslice", std::move(out), {x},
                  [=](Backward& g) { g[0] = slice(g.grad(), axis, start, count, step); });
}

// Whether x could be added to the part of the input's gradient that `part` gives.
template <class Part>
bool added(Backward& g, Part part) {
    const Array* sum = g.sum(0);
    if (!sum) return false;
    Array there = part(*sum);
    compute_into(there, Binary::Add, there, g.grad().array());
    return true;
}

}  // namespace

Tensor view(const Tensor& x, const Shape& sizes) {
    Shape shape = resolve_shape("view", sizes, x.numel());
    auto back = [from = x.shape()](Backward& g) { g[0] = reshape(g.grad(), from); };
    if (auto alias = x.array().try_view(shape)) return record_view("view", *alias, x, back);
    // PyTorch's tensor would be row-major here: only our channels-last format stands in the way, so the view is a copy.
    check(x.array().is(Format::ChannelsLast), "view: shape ", shape, " is not a view of a tensor with shape ",
          x.shape(), " and strides ", x.array().strides(), "; use reshape");
    Tensor copy = record("view", x.array().reshape(shape), {x}, back);
    copy.impl().view_copy = true;
    return copy;
}

Tensor reshape(const Tensor& x, const Shape& sizes) {
    Shape shape = resolve_shape("reshape", sizes, x.numel());
    auto back = [from = x.shape()](Backward& g) { g[0] = reshape(g.grad(), from); };
    if (auto alias = x.array().try_view(shape)) return record_view("reshape", *alias, x, back);
    return record("reshape", x.array().reshape(shape), {x}, back);
}

Tensor flatten(const Tensor& x, int64_t start_dim, int64_t end_dim) {
    int start = normalize_axis("flatten", "start_dim", start_dim, x.rank());
    int end = normalize_axis("flatten", "end_dim", end_dim, x.rank());
    check(start <= end, "flatten: start_dim (", start_dim, ") must not come after end_dim (", end_dim, ")");
    if (x.rank() == 0) return reshape(x, {1});
    Shape shape;
    for (int i = 0; i < x.rank(); ++i) {
        if (i > start && i <= end)
            shape[shape.rank() - 1] *= x.size(i);
        else
            shape.push_back(x.size(i));
    }
    return reshape(x, shape);
}

Tensor permute(const Tensor& x, const Axes& order) {
    check(static_cast<int>(order.size()) == x.rank(), "permute: dims must name all ", x.rank(), " dimensions, got ",
          order.size());
    Shape axes(x.rank(), 0), inverse(x.rank(), -1);
    for (int i = 0; i < x.rank(); ++i) {
        int axis = normalize_axis("permute", "dims", order[i], x.rank());
        check(inverse[axis] < 0, "permute: dims names dimension ", axis, " twice");
        axes[i] = axis;
        inverse[axis] = i;
    }
    return record_view("permute", x.array().permute(axes), x, [inverse](Backward& g) {
        g[0] = permute(g.grad(), Axes(inverse.begin(), inverse.end()));
    });
}

Tensor transpose(const Tensor& x, int64_t dim0, int64_t dim1) {
    int a = normalize_axis("transpose", "dim0", dim0, x.rank()), b = normalize_axis("transpose", "dim1", dim1, x.rank());
    if (x.rank() == 0) return x;
    return record_view("transpose", x.array().transpose(a, b), x, [a, b](Backward& g) { g[0] = transpose(g.grad(), a, b); });
}

Tensor expand(const Tensor& x, const Shape& sizes) {
    Shape shape = sizes;
    int lead = sizes.rank() - x.rank();
    for (int i = 0; i < sizes.rank(); ++i) {
        if (sizes[i] != -1) continue;
        check(i >= lead && lead >= 0, "expand: size -1 is not allowed in a new leading dimension, got shape ", sizes);
        shape[i] = x.size(i - lead);
    }
    if (shape == x.shape()) return x;
    return record_view("expand", x.array().expand(shape), x,
                       [from = x.shape()](Backward& g) { g[0] = sum_to(g.grad(), from); });
}

Tensor squeeze(const Tensor& x, std::optional<int64_t> dim) {
    if (!dim) {
        Shape shape;
        for (int64_t size : x.shape())
            if (size != 1) shape.push_back(size);
        return reshape(x, shape);
    }
    int axis = normalize_axis("squeeze", "dim", *dim, x.rank());
    if (x.rank() == 0 || x.size(axis) != 1) return x;
    return record_view("squeeze", x.array().squeeze(axis), x, [axis](Backward& g) { g[0] = unsqueeze(g.grad(), axis); });
}

Tensor unsqueeze(const Tensor& x, int64_t dim) {
    int axis = normalize_axis("unsqueeze", "dim", dim, x.rank() + 1);
    return record_view("unsqueeze", x.array().unsqueeze(axis), x, [axis](Backward& g) { g[0] = squeeze(g.grad(), axis); });
}

Tensor slice(const Tensor& x, int64_t dim, int64_t start, int64_t count, int64_t step) {
    int axis = static_cast<int>(dim);
    return record_view("slice", x.array().slice(axis, start, count, step), x, [=, shape = x.shape()](Backward& g) {
        if (!added(g, [&](const Array& sum) { return sum.slice(axis, start, g.grad().size(axis), step); }))
            g[0] = unslice(g.grad(), shape, axis, start, step);
    });
}

Tensor select(const Tensor& x, int64_t dim, int64_t index) {
    int axis = normalize_axis("select", "dim", dim, x.rank());
    check_index(x.rank() > 0, "select: a 0-d tensor has no dimension to index");
    int64_t size = x.size(axis);
    check_index(index >= -size && index < size, "select: index ", index, " is out of range for dimension ", axis,
                " with size ", size);
    if (index < 0) index += size;
    return record_view("select", x.array().select(axis, index), x, [axis, index, shape = x.shape()](Backward& g) {
        if (!added(g, [&](const Array& sum) { return sum.select(axis, index); }))
            g[0] = unslice(unsqueeze(g.grad(), axis), shape, axis, index, 1);
    });
}

Tensor contiguous(const Tensor& x, Format format) {
    if (x.array().is(format)) return x;
    return record("contiguous", x.array().to(format), {x}, [](Backward& g) { g[0] = g.grad(); });
}

Tensor clone(const Tensor& x) {
    return record("clone", x.array().clone(), {x}, [](Backward& g) { g[0] = g.grad(); });
}

}  // namespace cc
