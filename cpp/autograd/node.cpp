#include "autograd/node.h"

#include <atomic>

#include "array/compute.h"
#include "autograd/accumulate_grad.h"
#include "autograd/backward.h"
#include "autograd/region.h"

namespace cc {

namespace {

std::atomic<uint64_t> next_sequence{1};

// Nodes whose count reached zero while another one was being deleted.
struct Graveyard {
    std::vector<const Node*> waiting;
    bool busy = false;
};
thread_local Graveyard graveyard;

}  // namespace

Node::Node(const char* name) : name_(name), sequence_(next_sequence.fetch_add(1, std::memory_order_relaxed)) {}

void Node::destroy() const {
    graveyard.waiting.push_back(this);
    if (graveyard.busy) return;
    graveyard.busy = true;
    while (!graveyard.waiting.empty()) {
        const Node* node = graveyard.waiting.back();
        graveyard.waiting.pop_back();
        delete node;
    }
    graveyard.busy = false;
}

void Node::connect(const Operands& inputs) {
    for (size_t i = 0; i < inputs.size(); ++i) {
        Edge& edge = edges_.add();
        if (inputs[i].defined()) edge = edge_of(inputs[i]);
    }
}

void Node::add_output(const Array& array, bool keep) {
    OutputInfo& output = outputs_.add();
    output.shape = array.shape();
    output.strides = array.strides();
    output.offset = array.offset();
    output.dtype = array.dtype();
    output.version = array.storage().version();
    if (keep) output.kept = array.storage_ref();
}

Edge edge_of(const Tensor& tensor) {
    TensorImpl& impl = tensor.impl();
    if (impl.stale()) refresh_view(impl);
    if (impl.grad_fn) return {impl.grad_fn, impl.slot};
    if (!impl.requires_grad) return {};
    if (!impl.accumulator) impl.accumulator = make_ref<AccumulateGrad>(&impl);
    return {Ref<Node>(impl.accumulator.get()), 0};
}

// Stale views are refreshed here, before the node that reads them takes its sequence number.
bool recorded(const Operands& inputs) {
    if (!grad_enabled()) return false;
    bool any = false;
    for (size_t i = 0; i < inputs.size(); ++i) {
        const Tensor& input = inputs[i];
        if (!input.defined() || !input.requires_grad()) continue;
        if (input.impl().stale()) refresh_view(input.impl());
        any = true;
    }
    return any;
}

Tensor next_output(const Ref<Node>& node, Array&& output, bool keep) {
    node->add_output(output, keep);
    Tensor result(std::move(output));
    if (is_floating(result.dtype())) {
        result.impl().grad_fn = node;
        result.impl().slot = node->outputs() - 1;
    }
    return result;
}

const Array* Backward::sum(int input) const { return sums_ ? sums_->changeable(node_.edges()[input]) : nullptr; }

Tensor Backward::output(int i) const {
    const Node::OutputInfo& info = node_.output_info(i);
    check(info.kept->version() == info.version, node_.name(),
          ": its result, needed for the gradient, was changed in place (version ", info.kept->version(), ", expected ",
          info.version, ")");
    Tensor result(info.array());
    if (grad_enabled()) {
        result.impl().grad_fn = Ref<Node>(&node_);
        result.impl().slot = i;
    }
    return result;
}

// Only a leaf that requires a gradient is kept itself. Anything else may be changed in place by a recorded op, which gives it
// another place on the tape: what is kept has the memory and the place of now, and no cycle through the changed tensor arises.
Saved::Saved(const Tensor& tensor, bool needed) {
    if (!needed || !tensor.defined() || !grad_enabled()) return;
    const TensorImpl& impl = tensor.impl();
    if (tensor.is_leaf() && impl.requires_grad) {
        tensor_ = tensor;
        storage_ = tensor_.array().storage_ref();  // what is kept below has its own share in it
    } else {
        Edge edge = edge_of(tensor);
        widened_ = bool(impl.stored);
        tensor_ = Tensor(widened_ ? *impl.stored : tensor.array());
        tensor_.impl().grad_fn = std::move(edge.node);
        tensor_.impl().slot = edge.slot;
    }
    version_ = tensor_.array().storage().version();
}

namespace {

void check_unchanged(const Storage& storage, uint32_t version, const Shape& shape) {
    check(storage.version() == version, "backward: a tensor of shape ", shape,
          ", needed for a gradient, was changed in place (version ", storage.version(), ", expected ", version, ")");
}

}  // namespace

const Array& SavedArray::get() const {
    if (array_.defined()) check_unchanged(array_.storage(), version_, array_.shape());
    return array_;
}

Tensor Saved::get() const {
    if (!tensor_.defined()) return tensor_;
    check_unchanged(storage_ ? *storage_ : tensor_.array().storage(), version_, tensor_.shape());
    if (!widened_) return tensor_;
    Tensor wide(tensor_.array().to(Dtype::Float32));
    wide.impl().stored = std::make_unique<const Array>(tensor_.array());
    wide.impl().grad_fn = tensor_.grad_fn();
    wide.impl().slot = tensor_.impl().slot;
    return wide;
}

Tensors aliases_of(const Tensors& tensors) {
    Tensors aliases;
    for (const Tensor& tensor : tensors)
        aliases.push_back(!tensor.defined() ? tensor : record("alias", tensor.array(), {tensor}, [](Backward& g) {
            g[0] = g.grad();
        }));
    return aliases;
}

void gradients_of_replay(const Tensor& output, const Tensors& aliases, Backward& g) {
    Tensors inputs;
    std::vector<int> places;
    for (size_t i = 0; i < aliases.size(); ++i) {
        if (!g.wants(static_cast<int>(i))) continue;
        inputs.push_back(aliases[i]);
        places.push_back(static_cast<int>(i));
    }
    Tensors results = gradients({output}, inputs, {g.grad()}, true, true, true);
    for (size_t i = 0; i < places.size(); ++i) g[places[i]] = results[i];
}

AccumulateGrad::AccumulateGrad(TensorImpl* leaf) : Node("AccumulateGrad"), leaf_(leaf) {
    add_output(leaf->array, false);
}

void AccumulateGrad::backward(Backward& g) {
    TensorImpl* leaf = leaf_;
    if (!leaf) return;
    Tensor grad = std::move(g.grads()[0]);
    if (leaf->grad) {
        Tensor sum(leaf->grad);
        if (grad_enabled()) {
            leaf->grad = accumulate(sum, grad).ref();
        } else {
            Array target = sum.array();
            compute_into(target, Binary::Add, target, grad.array());
        }
        return;
    }
    if (grad_enabled()) {
        leaf->grad = grad.ref();
        return;
    }
    // .grad has the leaf's format and memory of its own.
    bool unshared = grad.ref()->use_count() == 1 && grad.array().storage().use_count() == 1 &&
                    !grad.array().storage().foreign();
    Array array = grad.array().to(leaf->array.format());
    if (array.storage_ref() == grad.array().storage_ref() && !unshared) array = array.clone();
    leaf->grad = make_ref<TensorImpl>(std::move(array));
}

}  // namespace cc
