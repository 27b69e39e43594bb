// Ops in place: the result is computed beside the target, then the target takes its numbers and its place on the tape. A write
// through a view gives the view's base a new node, in which the view's part comes from the value and the rest from the old base.
#include "array/affine_pass.h"
#include "array/compute.h"
#include "autograd/region.h"
#include "ops/ops.h"

namespace cc {

namespace {

bool fills_its_storage(const Array& a) {
    return a.offset() == 0 && !a.storage().foreign() &&
           a.storage().bytes() == static_cast<size_t>(a.numel()) * itemsize(a.dtype());
}

// Only the value and the node that keeps its output can see the value's memory.
bool only_owner(const Tensor& value) {
    const TensorImpl& impl = value.impl();
    const Storage& storage = impl.array.storage();
    bool kept = impl.grad_fn && impl.grad_fn->output_info(impl.slot).kept == impl.array.storage_ref();
    return value.ref()->use_count() == 1 && storage.use_count() == (kept ? 2 : 1);
}

// The target's memory is exchanged for the value's where nobody can tell, else overwritten. More than two holders (the caller's
// handle and the Python object) may be an op of another thread that reads the old memory now.
void write(const Tensor& to, const Tensor& value) {
    Array& target = to.impl().array;
    const Array& from = value.array();
    bool exchange = from.dtype() == target.dtype() && from.shape() == target.shape() && from.strides() == target.strides() &&
                    to.ref()->use_count() <= 2 && target.storage().use_count() == 1 + waits_for(from, target) && fills_its_storage(target) && fills_its_storage(from) &&
                    only_owner(value);
    if (exchange)
        target = from;
    else
        target.copy_from(from);
}

void check_target(const Tensor& target, const Tensor& value) {
    const Array& t = target.array();
    check(!target.impl().view_copy, "in-place: this tensor of shape ", t.shape(),
          " is a copy that view() made of a channels-last tensor, so the change would be lost; use reshape instead of view");
    for (int i = 0; i < t.rank(); ++i)
        check(t.strides()[i] != 0 || t.size(i) <= 1 || t.numel() == 0, "in-place: elements of the target of shape ", t.shape(),
              " share memory along dimension ", i, " (expand); clone() it first");
    check(!t.overlaps(), "in-place: elements of the target of shape ", t.shape(), " share memory (unfold); clone() it first");
    const Shape& v = value.shape();
    int lead = t.rank() - v.rank();
    bool fits = lead >= 0;
    for (int i = 0; fits && i < v.rank(); ++i) fits = v[i] == 1 || v[i] == t.size(lead + i);
    check(fits, "in-place: a value of shape ", v, " does not broadcast to the target's shape ", t.shape());
}

void check_leaf(const Tensor& target) {
    check(!(target.is_leaf() && target.requires_grad()),
          "in-place: a leaf that requires grad is used in an in-place operation; do it under no_grad()");
    const TensorImpl* base = target.impl().view_of.get();
    check(!base || base->grad_fn || !base->requires_grad,
          "in-place: a view of a leaf that requires grad is used in an in-place operation; do it under no_grad()");
}

// PyTorch's can_cast: a result in place may not change its kind downwards.
void check_cast(const char* op, Dtype from, Dtype to) {
    bool ok = !(is_floating(from) && !is_floating(to)) && !(from != Dtype::Bool && to == Dtype::Bool);
    check_type(ok, op, ": result has dtype ", from, ", which cannot be cast to the target's dtype ", to, " in place");
}

bool recorded(const Tensor& target, const Tensor& value) {
    return grad_enabled() && is_floating(target.dtype()) && (target.requires_grad() || value.requires_grad());
}

void assign_through_view(const Tensor& target, const Tensor& value) {
    TensorImpl& view = target.impl();
    TensorImpl& base = *view.view_of;
    Region region = region_of(view.array, base.array);
    view.array.copy_from(value.array());
    Tensor changed = record("copy_slices", base.array, {Tensor(view.view_of), value}, [region](Backward& g) {
        if (g.wants(0)) g[0] = clear_region(g.grad(), region);
        if (g.wants(1)) g[1] = take_region(g.grad(), region);
    });
    take_place(base, changed);
    refresh_view(view);
}

}  // namespace

void assign(const Tensor& target, Tensor value) {
    check_target(target, value);
    if (!recorded(target, value)) {
        write(target, value);
        return;
    }
    check_leaf(target);
    if (value.dtype() != target.dtype()) value = to(value, target.dtype());
    if (value.shape() != target.shape()) value = expand(value, target.shape());
    if (target.impl().view_of) {
        assign_through_view(target, value);
        return;
    }
    // A value that is somebody's tensor, or is not on the tape, needs a node of its own.
    if (!value.grad_fn() || value.ref()->use_count() > 1)
        value = record("copy_", value.array(), {target, value}, [](Backward& g) {
            if (g.wants(0)) g[0] = full_like(g.grad(), 0, g.grad().dtype());
            if (g.wants(1)) g[1] = g.grad();
        });
    write(target, value);
    take_place(target.impl(), value);
}

void binary_(Binary op, const Tensor& target, const Tensor& other) {
    bool overwritten = grad_enabled() && (target.requires_grad() || other.requires_grad());
    Tensor self = overwritten && op != Binary::Add && op != Binary::Sub ? clone(target) : target;
    Tensor value = binary(op, self, other);
    check_cast(name(op), value.dtype(), target.dtype());
    assign(target, std::move(value));
}

void unary_(Unary op, const Tensor& target, double p, double q) {
    bool overwritten = grad_enabled() && target.requires_grad();
    Tensor value = unary(op, overwritten && saves_input(op, p, q) ? clone(target) : target, p, q);
    check_cast(name(op), value.dtype(), target.dtype());
    assign(target, std::move(value));
}

void fill_(const Tensor& target, double value) { assign(target, number(value, Dtype::Float64)); }

}  // namespace cc
