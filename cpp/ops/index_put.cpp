// x[i, j, …] with index tensors: the indexed axes go first, their places become offsets of rows of the rest. take_rows, add_rows
// and put_rows on that form are one another's gradients.
#include "array/compute.h"
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

Tensor sum_of_rows(const Rows& rows, const Tensor& value);

Tensor take_rows(const Tensor& x, const Rows& rows) {
    Array from = x.array().contiguous(), out = Array::empty(rows.picked(), x.dtype());
    take(x.dtype(), from.raw(), rows.offsets.data<int64_t>(), rows.offsets.numel(), rows.rest.numel(), out.raw());
    return record("index", std::move(out), {x}, [rows](Backward& g) {
        g[0] = sum_of_rows(rows, g.grad());
    });
}

Array row_major_copy(const Array& x) {
    Array out = Array::empty(x.shape(), x.dtype());
    out.copy_from(x);
    return out;
}

// out, which nobody else holds, with value's rows added.
Array with_rows_added(Array out, const Rows& rows, const Array& value) {
    if (out.dtype() == Dtype::BFloat16)
        return with_rows_added(out.to(Dtype::Float32), rows, value.to(Dtype::Float32)).to(out.dtype());
    Array from = value.contiguous();
    put_add(out.dtype(), out.raw(), out.numel(), rows.offsets.data<int64_t>(), rows.offsets.numel(), rows.rest.numel(), from.raw());
    return out;
}

Tensor sum_of_rows(const Rows& rows, const Tensor& value) {
    Array out = with_rows_added(Array::zeros(rows.base(), value.dtype()), rows, value.array());
    return record("index_put", std::move(out), {value}, [rows](Backward& g) { g[0] = take_rows(g.grad(), rows); });
}

Tensor add_rows(const Tensor& x, const Rows& rows, const Tensor& value) {
    return record("index_put", with_rows_added(row_major_copy(x.array()), rows, value.array()), {x, value}, [rows](Backward& g) {
        g[0] = g.grad();
        if (g.wants(1)) g[1] = take_rows(g.grad(), rows);
    });
}

Tensor put_rows(const Tensor& x, const Rows& rows, const Tensor& value) {
    Array out = row_major_copy(x.array()), from = value.array().contiguous();
    put(x.dtype(), out.raw(), out.numel(), rows.offsets.data<int64_t>(), rows.offsets.numel(), rows.rest.numel(), from.raw());
    return record("index_put", std::move(out), {x, value}, [rows](Backward& g) {
        if (g.wants(0)) g[0] = put_rows(g.grad(), rows, zeros(rows.picked(), g.grad().dtype()));
        if (g.wants(1)) g[1] = take_rows(g.grad(), rows);
    });
}

void check_mask(const Tensor& x, const Tensor& mask, int axis) {
    check_index(mask.rank() > 0 && axis + mask.rank() <= x.rank(), "index: mask of shape ", mask.shape(),
                " has too many dimensions for a tensor of shape ", x.shape());
    for (int i = 0; i < mask.rank(); ++i)
        check_index(mask.size(i) == x.size(axis + i), "index: mask of shape ", mask.shape(), " does not match the tensor's shape ",
                    x.shape(), " at dimension ", axis + i);
}

// The axis at which a mask stands that is the only index, −1 otherwise.
int lone_mask(const Tensor& x, const Tensors& indices) {
    int found = -1;
    for (size_t i = 0; i < indices.size(); ++i) {
        if (!indices[i].defined()) continue;
        if (found >= 0 || indices[i].dtype() != Dtype::Bool) return -1;
        found = static_cast<int>(i);
    }
    if (found >= 0) check_mask(x, indices[found], found);
    return found;
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
        check_mask(x, entry, static_cast<int>(out.size()));
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

// Where the places that int64 indices name begin.
Array offsets_of(const Tensor& x, const Tensors& indices, const Axes& indexed, int64_t stride) {
    Shape places = indices[indexed[0]].shape();
    for (int64_t axis : indexed) places = broadcast_shapes("index", places, indices[axis].shape());
    Array offsets = Array::zeros(places, Dtype::Int64);
    for (size_t k = indexed.size(); k-- > 0;) {
        int64_t axis = indexed[k], size = x.size(static_cast<int>(axis));
        Array at = indices[axis].array().expand(places).contiguous();
        const int64_t* index = at.data<int64_t>();
        if (!add_offsets(offsets.data<int64_t>(), index, at.numel(), size, stride)) {
            int64_t bad = std::max<int64_t>(0, find_out_of_range(index, at.numel(), -size, size));
            check_index(false, "index: index ", index[bad], " is out of range for dimension ", axis, " with size ", size);
        }
        stride *= size;
    }
    return offsets;
}

Array offsets_of_mask(const Tensor& mask, int64_t stride) {
    Array dense = mask.array().contiguous();
    int64_t found = count_true(dense.data<bool>(), dense.numel());
    Array offsets = Array::zeros({found}, Dtype::Int64);
    true_positions(dense.data<bool>(), dense.numel(), stride, found, offsets.data<int64_t>());
    return offsets;
}

Plan plan_for(const Tensor& x, const Tensors& given) {
    check_index(static_cast<int>(given.size()) <= x.rank(), "index: too many indices for a tensor of shape ", x.shape());
    const int mask_axis = lone_mask(x, given);
    Tensors indices = mask_axis >= 0 ? Tensors(x.rank()) : index_per_axis(x, given);
    Plan plan;
    Axes rest;
    for (int i = 0; i < x.rank(); ++i) {
        bool masked = mask_axis >= 0 && i >= mask_axis && i < mask_axis + given[mask_axis].rank();
        if (masked || indices[i].defined()) {
            plan.forward.push_back(i);
            plan.rows.indexed.push_back(x.size(i));
        } else {
            rest.push_back(i);
            plan.rows.rest.push_back(x.size(i));
        }
    }
    check_index(!plan.forward.empty(), "index: no index tensor given");
    Axes indexed = plan.forward;
    int64_t stride = plan.rows.rest.numel();
    plan.rows.offsets = mask_axis >= 0 ? offsets_of_mask(given[mask_axis], stride) : offsets_of(x, indices, indexed, stride);
    plan.forward.insert(plan.forward.end(), rest.begin(), rest.end());
    plan.backward = inverse(plan.forward);
    // numpy's rule: the index's axes stand where the indexed axes stood when those are neighbours, else first.
    bool neighbours = indexed.back() - indexed.front() + 1 == static_cast<int64_t>(indexed.size());
    int64_t before = neighbours ? indexed.front() : 0, width = plan.rows.offsets.rank();
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
    if (int axis = lone_mask(x, indices); axis >= 0 && value.rank() == 0 && !accumulate) {
        const Tensor& mask = indices[axis];
        Shape wide(x.rank(), 1);
        for (int i = 0; i < mask.rank(); ++i) wide[axis + i] = mask.size(i);
        return where(reshape(mask, wide), to(value, x.dtype()), x);
    }
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
    int64_t found = count_true(mask.data<bool>(), mask.numel());
    Array out = Array::zeros({found, x.rank()}, Dtype::Int64);
    true_coordinates(mask.data<bool>(), x.shape(), found, out.data<int64_t>());
    return Tensor(input.rank() ? out : out.slice(1, 0, 0, 1));
}

Tensor one_hot(const Tensor& input, int64_t num_classes) {
    check_type(is_integral(input.dtype()), "one_hot: input must have dtype int64, got ", input.dtype());
    check(num_classes >= -1 && num_classes != 0, "one_hot: num_classes must be positive or -1, got ", num_classes);
    Array x = to(input, Dtype::Int64).array().contiguous();
    auto limit = [&](Reduction op) { return static_cast<int64_t>(compute(op, x, (1u << x.rank()) - 1, false).item()); };
    check(num_classes > 0 || x.numel() > 0, "one_hot: num_classes must be given for an empty input");
    int64_t classes = num_classes > 0 ? num_classes : std::max<int64_t>(0, limit(Reduction::Max) + 1);
    Shape shape = x.shape();
    shape.push_back(classes);
    Array out = Array::zeros(shape, Dtype::Int64), ones = Array::full(x.shape(), Dtype::Int64, 1);
    if (!scatter({Dtype::Int64, x.numel(), classes, 1, 1}, out.raw(), x.data<int64_t>(), ones.raw())) {
        check(limit(Reduction::Min) >= 0, "one_hot: input must not be negative, got ", limit(Reduction::Min));
        check(false, "one_hot: input must be below num_classes=", num_classes, ", got ", limit(Reduction::Max));
    }
    return Tensor(out);
}

}  // namespace cc
