// x[i, j, …] with index tensors: the indexed axes go first, their places become offsets of rows of the rest. take_rows, add_rows
// and put_rows on that form are one another's gradients.
#include "autograd/node.h"
#include "kernels/index/index.h"
#include "ops/ops.h"

namespace cc {

namespace {

struct Rows {
    Array offsets;   // int64, in elements, of the rows an index names
    Shape indexed;   // sizes of the indexed axes
    Shape rest;      // sizes of a row

    Shape base() const { return joined(indexed); }
    Shape picked() const { return joined(offsets.shape()); }

private:
    Shape joined(Shape shape) const {
        for (int64_t size : rest) shape.push_back(size);
        return shape;
    }
};

Tensor add_rows(const Tensor& x, const Rows& rows, const Tensor& value);

Tensor take_rows(const Tensor& x, const Rows& rows) {
    Array from = x.array().contiguous(), out = Array::empty(rows.picked(), x.dtype());
    take(x.dtype(), from.raw(), rows.offsets.data<int64_t>(), rows.offsets.numel(), rows.rest.numel(), out.raw());
    return record("index", std::move(out), {x}, [rows](Backward& g) {
        g[0] = add_rows(zeros(rows.base(), g.grad().dtype()), rows, g.grad());
    });
}

Array row_major_copy(const Array& x) {
    Array out = Array::empty(x.shape(), x.dtype());
    out.copy_from(x);
    return out;
}

Tensor add_rows(const Tensor& x, const Rows& rows, const Tensor& value) {
    Array out = row_major_copy(x.array()), from = value.array().contiguous();
    put_add(x.dtype(), out.raw(), out.numel(), rows.offsets.data<int64_t>(), rows.offsets.numel(), rows.rest.numel(),
            from.raw());
    return record("index_put", std::move(out), {x, value}, [rows](Backward& g) {
        g[0] = g.grad();
        if (g.wants(1)) g[1] = take_rows(g.grad(), rows);
    });
}

Tensor put_rows(const Tensor& x, const Rows& rows, const Tensor& value) {
    Array out = row_major_copy(x.array()), from = value.array().contiguous();
    put(x.dtype(), out.raw(), rows.offsets.data<int64_t>(), rows.offsets.numel(), rows.rest.numel(), from.raw());
    return record("index_put", std::move(out), {x, value}, [rows](Backward& g) {
        if (g.wants(0)) g[0] = put_rows(g.grad(), rows, zeros(rows.picked(), g.grad().dtype()));
        if (g.wants(1)) g[1] = take_rows(g.grad(), rows);
    });
}

// One int64 index or nothing per axis of x; a mask stands for the coordinates of its true elements.
Tensors index_per_axis(const Tensor& x, const Tensors& indices) {
    Tensors out;
    for (const Tensor& entry : indices) {
        if (!entry.defined() || entry.dtype() != Dtype::Bool) {
            check_type(!entry.defined() || is_integral(entry.dtype()),
                       "index: index tensors must have dtype int64 or bool, got ", entry.defined() ? entry.dtype() : x.dtype());
            out.push_back(entry.defined() ? to(entry, Dtype::Int64) : entry);
            continue;
        }
        int axis = static_cast<int>(out.size());
        check_index(entry.rank() > 0 && axis + entry.rank() <= x.rank(), "index: mask of shape ", entry.shape(),
                    " has too many dimensions for a tensor of shape ", x.shape());
        for (int i = 0; i < entry.rank(); ++i)
            check_index(entry.size(i) == x.size(axis + i), "index: mask of shape ", entry.shape(),
                        " does not match the tensor's shape ", x.shape(), " at dimension ", axis + i);
        Tensor places = nonzero(entry);
        for (int i = 0; i < entry.rank(); ++i) out.push_back(select(places, 1, i));
    }
    check_index(static_cast<int>(out.size()) <= x.rank(), "index: too many indices for a tensor of shape ", x.shape());
    out.resize(x.rank());
    return out;
}

struct Plan {
    Rows rows;
    Axes forward;    // x's axes with the indexed ones first
    Axes backward;   // its inverse
    Axes result;     // order of the result's axes, where the index's go to the place of the indexed axes
    Axes unresult;
};

Axes inverse(const Axes& order) {
    Axes out(order.size());
    for (size_t i = 0; i < order.size(); ++i) out[order[i]] = static_cast<int64_t>(i);
    return out;
}

// offsets += index·stride, index wrapped at the end.
void add_offsets(const Array& offsets, const Tensor& index, int64_t size, int64_t stride, int axis) {
    Array at = index.array().expand(offsets.shape()).contiguous();
    const int64_t* values = at.data<int64_t>();
    int64_t bad = find_out_of_range(values, at.numel(), -size, size);
    check_index(bad < 0, "index: index ", bad < 0 ? 0 : values[bad], " is out of range for dimension ", axis, " with size ",
                size);
    for (int64_t i = 0; i < at.numel(); ++i)
        offsets.data<int64_t>()[i] += (values[i] < 0 ? values[i] + size : values[i]) * stride;
}

Plan plan_for(const Tensor& x, const Tensors& given) {
    Tensors indices = index_per_axis(x, given);
    Plan plan;
    Axes rest;
    Shape places;
    for (int i = 0; i < x.rank(); ++i) {
        if (!indices[i].defined()) {
            rest.push_back(i);
            plan.rows.rest.push_back(x.size(i));
            continue;
        }
        places = plan.forward.empty() ? indices[i].shape() : broadcast_shapes("index", places, indices[i].shape());
        plan.forward.push_back(i);
        plan.rows.indexed.push_back(x.size(i));
    }
    check_index(!plan.forward.empty(), "index: no index tensor given");
    Axes indexed = plan.forward;
    plan.rows.offsets = Array::zeros(places, Dtype::Int64);
    int64_t stride = plan.rows.rest.numel();
    for (size_t k = indexed.size(); k-- > 0;) {
        int axis = static_cast<int>(indexed[k]);
        add_offsets(plan.rows.offsets, indices[axis], x.size(axis), stride, axis);
        stride *= x.size(axis);
    }
    plan.forward.insert(plan.forward.end(), rest.begin(), rest.end());
    plan.backward = inverse(plan.forward);
    // numpy's rule: the index's axes stand where the indexed axes stood when those are neighbours, else first.
    bool neighbours = indexed.back() - indexed.front() + 1 == static_cast<int64_t>(indexed.size());
    int64_t before = neighbours ? indexed.front() : 0, width = places.rank();
    for (int64_t i = 0; i < before; ++i) plan.result.push_back(width + i);
    for (int64_t i = 0; i < width; ++i) plan.result.push_back(i);
    for (int64_t i = before; i < static_cast<int64_t>(rest.size()); ++i) plan.result.push_back(width + i);
    plan.unresult = inverse(plan.result);
    return plan;
}

bool ascending(const Axes& order) {
    for (size_t i = 0; i < order.size(); ++i)
        if (order[i] != static_cast<int64_t>(i)) return false;
    return true;
}

Tensor reordered(const Tensor& x, const Axes& order) { return ascending(order) ? x : permute(x, order); }

}  // namespace

Tensor index(const Tensor& x, const Tensors& indices) {
    Plan plan = plan_for(x, indices);
    return contiguous(reordered(take_rows(reordered(x, plan.forward), plan.rows), plan.result));
}

Tensor index_put(const Tensor& x, const Tensors& indices, const Tensor& value, bool accumulate) {
    Plan plan = plan_for(x, indices);
    Shape picked = plan.rows.picked(), shape = picked;
    for (int i = 0; i < picked.rank(); ++i) shape[i] = picked[static_cast<int>(plan.result[i])];
    bool fits = value.rank() <= shape.rank();
    for (int i = 1; fits && i <= value.rank(); ++i)
        fits = value.size(value.rank() - i) == 1 || value.size(value.rank() - i) == shape[shape.rank() - i];
    check(fits, "index_put: value of shape ", value.shape(), " does not broadcast to the indexed shape ", shape);
    Tensor wide = reordered(expand(to(value, x.dtype()), shape), plan.unresult), base = reordered(x, plan.forward);
    Tensor out = accumulate ? add_rows(base, plan.rows, wide) : put_rows(base, plan.rows, wide);
    return reordered(out, plan.backward);
}

Tensor masked_select(const Tensor& input, const Tensor& mask) {
    check_type(mask.dtype() == Dtype::Bool, "masked_select: mask must have dtype bool, got ", mask.dtype());
    Shape shape = broadcast_shapes("masked_select", input.shape(), mask.shape());
    if (shape.rank() == 0) return index(reshape(input, {1}), {reshape(mask, {1})});
    return index(expand(input, shape), {expand(mask, shape)});
}

Tensor masked_fill(const Tensor& input, const Tensor& mask, const Tensor& value) {
    check_type(mask.dtype() == Dtype::Bool, "masked_fill: mask must have dtype bool, got ", mask.dtype());
    check(value.rank() == 0, "masked_fill: value must be a number or a 0-d tensor, got shape ", value.shape());
    check_type(is_floating(input.dtype()) || !is_floating(value.dtype()), "masked_fill: value has dtype ", value.dtype(),
               ", input ", input.dtype());
    return where(mask, to(value, input.dtype()), input);
}

Tensor nonzero(const Tensor& input) {
    Array x = input.rank() ? input.array() : input.array().unsqueeze(0);
    Array mask = x.to(Dtype::Bool).contiguous();
    int64_t count = count_true(mask.data<bool>(), mask.numel());
    Array positions = Array::empty({count}, Dtype::Int64), out = Array::empty({count, x.rank()}, Dtype::Int64);
    true_positions(mask.data<bool>(), mask.numel(), positions.data<int64_t>());
    unravel(positions.data<int64_t>(), count, x.shape(), out.data<int64_t>());
    return Tensor(input.rank() ? out : out.slice(1, 0, 0, 1));
}

Tensor one_hot(const Tensor& input, int64_t num_classes) {
    check_type(is_integral(input.dtype()), "one_hot: input must have dtype int64, got ", input.dtype());
    check(num_classes >= -1 && num_classes != 0, "one_hot: num_classes must be positive or -1, got ", num_classes);
    Tensor x = to(input, Dtype::Int64);
    int64_t least = x.numel() ? static_cast<int64_t>(amin(x).array().item()) : 0;
    int64_t greatest = x.numel() ? static_cast<int64_t>(amax(x).array().item()) : -1;
    check(least >= 0, "one_hot: input must not be negative, got ", least);
    check(num_classes > 0 || x.numel() > 0, "one_hot: num_classes must be given for an empty input");
    if (num_classes < 0) num_classes = greatest + 1;
    check(greatest < num_classes, "one_hot: input must be below num_classes=", num_classes, ", got ", greatest);
    Tensor classes = arange(0, static_cast<double>(num_classes), 1, Dtype::Int64);
    return to(binary(Binary::Equal, unsqueeze(x, -1), classes), Dtype::Int64);
}

}  // namespace cc
