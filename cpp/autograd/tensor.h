// Tensor: an Array on the tape. A cheap handle; copies share the tensor.
#pragma once

#include <initializer_list>
#include <memory>
#include <vector>

#include "array/array.h"

namespace cc {

class Node;
class Tensor;
class AccumulateGrad;

// Something of another language that a tensor, node or module owns: shown to cycle collectors, otherwise opaque.
class Foreign : public Counted {};

// Called with a gradient; returns a replacement or an undefined tensor to keep it.
class Hook : public Foreign {
public:
    virtual Tensor operator()(const Tensor& grad) = 0;
};

class TensorImpl : public Counted {
public:
    explicit TensorImpl(Array&& array);
    ~TensorImpl() override;

    Array array;
    std::unique_ptr<const Array> stored;  // of a widened bfloat16: what it came from, which is what backward keeps
    bool requires_grad = false;   // of a leaf; of a result, true with grad_fn
    bool retains_grad = false;    // a non-leaf that keeps .grad
    bool wrapped_number = false;  // a Python number: takes part in promotion as PyTorch's do
    bool parameter = false;       // Python sees it as a Parameter
    bool view_copy = false;       // view() had to copy: in-place writes would be lost, so they raise
    Ref<Node> grad_fn;
    int slot = 0;                 // which output of grad_fn
    Ref<TensorImpl> view_of;      // the tensor this differentiable view was taken from
    uint32_t rebases = 0;         // times an in-place op gave this tensor a new grad_fn
    uint32_t view_rebases = 0;    // view_of's count when the view was taken
    bool stale() const {  // grad_fn leads to what the base was before
        return view_of && view_of->rebases != view_rebases;
    }
    Ref<TensorImpl> grad;
    Ref<AccumulateGrad> accumulator;
    std::atomic<void*> wrapper{nullptr};  // weak: the Python object that stands for this tensor, if one lives
};

class Tensor {
public:
    Tensor() = default;
    explicit Tensor(Array&& array) : impl_(make_ref<TensorImpl>(std::move(array))) {}
    explicit Tensor(const Array& array) : Tensor(Array(array)) {}
    explicit Tensor(Ref<TensorImpl> impl) : impl_(std::move(impl)) {}

    bool defined() const { return static_cast<bool>(impl_); }
    TensorImpl& impl() const { return *impl_; }
    const Ref<TensorImpl>& ref() const { return impl_; }
    const Array& array() const { return impl_->array; }
    const Shape& shape() const { return impl_->array.shape(); }
    int64_t size(int axis) const { return impl_->array.size(axis); }
    int rank() const { return impl_->array.rank(); }
    int64_t numel() const { return impl_->array.numel(); }
    Dtype dtype() const { return impl_->array.dtype(); }

    bool requires_grad() const { return impl_->requires_grad || impl_->grad_fn || impl_->stale(); }
    bool is_leaf() const { return !impl_->grad_fn && !impl_->stale(); }
    const Ref<Node>& grad_fn() const { return impl_->grad_fn; }
    Tensor grad() const { return Tensor(impl_->grad); }
    Tensor& set_requires_grad(bool value);
    Tensor detach() const;  // the same memory off the tape
    void register_hook(Ref<Hook> hook) const;
    void retain_grad() const;

    bool operator==(const Tensor& other) const { return impl_ == other.impl_; }

private:
    Ref<TensorImpl> impl_;
};

using Tensors = std::vector<Tensor>;

// The operands of an op for the time of a call, which takes no share in them: {x, weight, bias} or a list of tensors.
class Operands {
public:
    struct One {
        const Tensor* tensor;
        One(const Tensor& x) : tensor(&x) {}
    };
    Operands(std::initializer_list<One> some) : some_(some), size_(some.size()) {}
    Operands(const Tensors& all) : all_(all.data()), size_(all.size()) {}

    size_t size() const { return size_; }
    const Tensor& operator[](size_t i) const { return all_ ? all_[i] : *some_.begin()[i].tensor; }

private:
    const Tensor* all_ = nullptr;
    std::initializer_list<One> some_;
    size_t size_;
};

bool grad_enabled();
class GradMode {  // while it lives, recording is on or off in this thread
public:
    explicit GradMode(bool enabled);
    ~GradMode();
    GradMode(const GradMode&) = delete;
    GradMode& operator=(const GradMode&) = delete;

private:
    bool previous_;
};
void set_grad_enabled(bool enabled);

bool in_backward();
class BackwardScope {  // while it lives, this thread walks a graph backwards
public:
    BackwardScope();
    ~BackwardScope();
    BackwardScope(const BackwardScope&) = delete;
    BackwardScope& operator=(const BackwardScope&) = delete;

private:
    bool previous_;
};

}  // namespace cc
