#include "autograd/tensor.h"

#include "autograd/accumulate_grad.h"

namespace cc {

namespace {
thread_local bool grad_mode = true, backward = false;
}

bool grad_enabled() { return grad_mode; }
void set_grad_enabled(bool enabled) { grad_mode = enabled; }
GradMode::GradMode(bool enabled) : previous_(grad_mode) { grad_mode = enabled; }
GradMode::~GradMode() { grad_mode = previous_; }

bool in_backward() { return backward; }
BackwardScope::BackwardScope() : previous_(backward) { backward = true; }
BackwardScope::~BackwardScope() { backward = previous_; }

TensorImpl::TensorImpl(Array&& array) : array(std::move(array)) {}

TensorImpl::~TensorImpl() {
    if (accumulator) accumulator->forget_leaf();
    if (retains_grad && grad_fn && grad_fn->retains[slot] == this) grad_fn->retains[slot] = nullptr;
}

Tensor& Tensor::set_requires_grad(bool value) {
    check(is_leaf() || value, "requires_grad_: only a leaf can stop requiring a gradient; use detach()");
    check(!value || is_floating(dtype()), "requires_grad_: only floating-point tensors can require a gradient, got ",
          dtype());
    if (is_leaf()) impl_->requires_grad = value;
    return *this;
}

Tensor Tensor::detach() const { return Tensor(array()); }

void Tensor::register_hook(Ref<Hook> hook) const {
    check(requires_grad(), "register_hook: the tensor does not require a gradient");
    Edge edge = edge_of(*this);
    edge.node->hooks.push_back({edge.slot, std::move(hook)});
}

void Tensor::retain_grad() const {
    check(requires_grad(), "retain_grad: the tensor does not require a gradient");
    if (is_leaf()) return;
    impl_->retains_grad = true;
    impl_->grad_fn->retains.resize(impl_->grad_fn->outputs());
    impl_->grad_fn->retains[impl_->slot] = impl_.get();
}

}  // namespace cc
