#include "autograd/region.h"

#include "array/compute.h"
#include "kernels/index/index.h"

namespace cc {

namespace {

// x, if need be converted to the base's format, seen through the region.
Array seen(const Array& base, const Region& region) {
    return base.as_strided(region.shape, region.strides, base.offset() + region.offset);
}

// Windows: several elements of the region lie at one place.
void add_to_places(const Array& out, const Region& region, const Array& values) {
    if (out.dtype() == Dtype::BFloat16) {
        Array wide = out.to(Dtype::Float32);
        add_to_places(wide, region, values.to(Dtype::Float32));
        return out.copy_from(wide);
    }
    Array from = values.contiguous(), offsets = Array::empty(region.shape, Dtype::Int64);
    for (int64_t i = 0; i < from.numel(); ++i) {
        int64_t rest = i, offset = region.offset;
        for (int a = region.shape.rank(); a-- > 0; rest /= region.shape[a]) offset += rest % region.shape[a] * region.strides[a];
        offsets.data<int64_t>()[i] = offset;
    }
    put_add(out.dtype(), out.raw(), out.numel(), offsets.data<int64_t>(), from.numel(), 1, from.raw());
}

void move_retained(TensorImpl& impl, Ref<Node> node, int slot) {
    if (impl.retains_grad && impl.grad_fn) impl.grad_fn->retains[impl.slot] = nullptr;
    impl.grad_fn = std::move(node);
    impl.slot = slot;
    if (!impl.retains_grad || !impl.grad_fn) return;
    impl.grad_fn->retains.resize(impl.grad_fn->outputs());
    impl.grad_fn->retains[slot] = &impl;
}

}  // namespace

Region region_of(const Array& view, const Array& base) {
    bool dense = base.is(Format::RowMajor) || base.is(Format::ChannelsLast);
    if (!dense || view.dtype() != base.dtype())
        fail(ErrorKind::NotImplemented, "in-place: a view of a tensor with shape ", base.shape(), " and strides ",
             base.strides(), " cannot be changed in place while gradients are recorded; clone() the tensor first");
    return {base.shape(), base.format(), view.shape(), view.strides(), view.offset() - base.offset()};
}

Tensor take_region(const Tensor& base, const Region& region) {
    return record("as_strided", seen(base.array().to(region.format), region), {base},
                  [region](Backward& g) { g[0] = put_region(g.grad(), region); });
}

Tensor put_region(const Tensor& view, const Region& region) {
    Array out = Array::zeros(region.base, view.dtype(), region.format);
    // Elements that share a place add up there.
    Region once = region;
    uint32_t shared = 0;
    for (int i = 0; i < region.shape.rank(); ++i) {
        if (region.strides[i] != 0 || region.shape[i] == 1) continue;
        shared |= uint32_t{1} << i;
        once.shape[i] = 1;
    }
    Array part = shared ? compute(Reduction::Sum, view.array(), shared, true) : view.array();
    Array target = seen(out, once);
    if (target.overlaps()) add_to_places(out, once, part);
    else target.copy_from(part);
    return record("put_region", std::move(out), {view},
                  [region](Backward& g) { g[0] = take_region(g.grad(), region); });
}

Tensor clear_region(const Tensor& base, const Region& region) {
    Array out = Array::empty(region.base, base.dtype(), region.format);
    out.copy_from(base.array());
    seen(out, region).fill(0);
    return record("clear_region", std::move(out), {base},
                  [region](Backward& g) { g[0] = clear_region(g.grad(), region); });
}

void refresh_view(TensorImpl& view) {
    GradMode recording(true);
    Tensor base(view.view_of);
    Region region = region_of(view.array, base.array());
    Tensor fresh = record("as_strided", view.array, {base}, [region](Backward& g) {
        g[0] = put_region(g.grad(), region);
    });
    move_retained(view, fresh.grad_fn(), fresh.impl().slot);
    view.view_rebases = view.view_of->rebases;
}

void take_place(TensorImpl& impl, const Tensor& source) {
    move_retained(impl, source.grad_fn(), source.impl().slot);
    ++impl.rebases;
}

}  // namespace cc
