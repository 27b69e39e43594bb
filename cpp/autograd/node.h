// A node of the tape and how operators put one there.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "autograd/tensor.h"
#include "base/few.h"

namespace cc {

struct Edge {
    Ref<Node> node;  // null: no gradient is wanted
    int slot = 0;
};

// The gradients that a walk has summed up so far.
class Sums {
public:
    virtual const Array* changeable(const Edge& edge) = 0;

protected:
    ~Sums() = default;
};

// What a node's backward sees: gradients of its outputs, which inputs want one, and where to put them.
class Backward {
public:
    Backward(Node& node, Tensors grads, std::vector<bool> wanted, Sums* sums = nullptr)
        : node_(node), grads_(std::move(grads)), wanted_(std::move(wanted)), results_(wanted_.size()), sums_(sums) {}

    const Tensor& grad(int output = 0) const { return grads_[output]; }  // zeros were filled in where none came
    Tensor take_grad(int output = 0) { return std::move(grads_[output]); }  // to write over where nobody else has it
    bool wants(int input) const { return wanted_[input]; }
    Tensor& operator[](int input) { return results_[input]; }
    Tensor output(int i = 0) const;  // the forward's result, saved without a reference cycle
    // The gradient of that input as summed up so far, where there is one that may be changed in place, else null: a gradient
    // that is zero but for a part can be added there and need not be given.
    const Array* sum(int input) const;

    Tensors& grads() { return grads_; }
    Tensors& results() { return results_; }

private:
    Node& node_;
    Tensors grads_;
    std::vector<bool> wanted_;
    Tensors results_;
    Sums* sums_;
};

class Node : public Counted {
public:
    explicit Node(const char* name);  // a literal

    virtual const char* name() const { return name_; }
    uint64_t sequence() const { return sequence_; }
    const Few<Edge, 3>& edges() const { return edges_; }
    int outputs() const { return static_cast<int>(outputs_.size()); }

    virtual void backward(Backward& g) = 0;
    // Drops what was saved.
    virtual void release() {
        released_ = true;
        for (OutputInfo& output : outputs_) output.kept = nullptr;
    }
    bool released() const { return released_; }

    struct SavedHook {
        int slot;
        Ref<Hook> hook;
    };
    std::vector<SavedHook> hooks;            // on the gradient of one output, in order of registration
    std::vector<Ref<Foreign>> foreign;       // what Python parts of the node own
    std::vector<TensorImpl*> retains;        // per output: who keeps .grad (weak; cleared by the tensor)

    void connect(const Operands& inputs);
    void add_output(const Array& array, bool keep);

    struct OutputInfo {
        Shape shape, strides;
        int64_t offset = 0;
        Dtype dtype = Dtype::Float32;
        uint32_t version = 0;
        Ref<Storage> kept;  // only when backward asks for it
        Array array() const { return {kept, shape, strides, offset, dtype}; }
    };
    const OutputInfo& output_info(int i) const { return outputs_[i]; }

protected:
    void destroy() const override;  // iteratively: a recurrence of 100,000 steps must not overflow the stack

    Few<Edge, 3> edges_;
    Few<OutputInfo, 1> outputs_;
    bool released_ = false;

private:
    const char* name_;
    uint64_t sequence_;
};

// An input kept for backward; reading it back checks that it was not changed in place meanwhile.
class Saved {
public:
    Saved() = default;
    Saved(const Tensor& tensor, bool needed = true);
    Tensor get() const;
    operator Tensor() const { return get(); }
    bool defined() const { return tensor_.defined(); }

private:
    Tensor tensor_;
    bool widened_ = false;  // tensor_ is the bfloat16 that it came from, at its place on the tape
    Ref<Storage> storage_;  // held, so that an in-place op cannot exchange it unseen
    uint32_t version_ = 0;
};

using SavedInputs = Few<Saved, 3>;

// The same of an array, which has no place on the tape.
class SavedArray {
public:
    SavedArray() = default;
    explicit SavedArray(const Array& array) : array_(array), version_(array.defined() ? array.storage().version() : 0) {}
    const Array& get() const;
    bool defined() const { return array_.defined(); }

private:
    Array array_;
    uint32_t version_ = 0;
};

Edge edge_of(const Tensor& tensor);
bool recorded(const Operands& inputs);  // whether an op of them goes on the tape

// Puts a result of the operator that the node stands for on the tape.
Tensor next_output(const Ref<Node>& node, Array&& output, bool keep);

template <class F>
class ClosedNode : public Node {
public:
    template <class G>
    ClosedNode(const char* name, G&& f) : Node(name), f_(std::forward<G>(f)) {}
    void backward(Backward& g) override { (*f_)(g); }
    void release() override {
        Node::release();
        f_.reset();
    }

private:
    std::optional<F> f_;
};

// What F keeps for a fast backward of first gradients, F::backward(g, inputs), and for F::expr(inputs): the same function in closed
// ops, replayed when the backward itself is recorded.
template <class F>
class CompositeNode : public Node {
public:
    template <class... A>
    CompositeNode(const char* name, const Operands& inputs, A&&... kept) : Node(name) {
        kept_.emplace(std::forward<A>(kept)...);
        for (size_t i = 0; i < inputs.size(); ++i) inputs_.add() = Saved(inputs[i]);
    }
    void backward(Backward& g) override {
        if (grad_enabled())
            replay(g);
        else
            kept_->backward(g, inputs_);
    }
    void release() override {
        Node::release();
        kept_.reset();
        inputs_ = {};
    }

private:
    void replay(Backward& g);
    std::optional<F> kept_;
    SavedInputs inputs_;
};

// With KeepOutput, backward may read g.output().
enum KeepOutput : bool { kDropOutput = false, kKeepOutput = true };

// record("mul", out, {a, b}, [a = Saved(a), b = Saved(b)](Backward& g) { if (g.wants(0)) g[0] = …; … })
template <class F>
Tensor record(const char* name, Array out, const Operands& inputs, F&& backward, KeepOutput keep = kDropOutput) {
    if (!recorded(inputs)) return Tensor(std::move(out));
    const Ref<Node> node = make_ref<ClosedNode<std::decay_t<F>>>(name, std::forward<F>(backward));
    node->connect(inputs);
    return next_output(node, std::move(out), keep);
}

// F(kept…) as CompositeNode wants it, for inputs that are recorded.
template <class F, class... A>
Tensor record_kept(const char* name, Array&& out, const Operands& inputs, KeepOutput keep, A&&... kept) {
    const Ref<Node> node = make_ref<CompositeNode<F>>(name, inputs, std::forward<A>(kept)...);
    node->connect(inputs);
    return next_output(node, std::move(out), keep);
}

// expr(inputs) gives the same single output in closed ops; backward(g, inputs) reads them as saved.
template <class F, class E>
Tensor record_composite(const char* name, Array out, const Operands& inputs, F backward, E expr,
                        KeepOutput keep = kDropOutput) {
    struct Both {
        Both(F&& f, E&& e) : f(std::move(f)), e(std::move(e)) {}
        void backward(Backward& g, const SavedInputs& in) const { f(g, in); }
        Tensor expr(const Tensors& in) const { return e(in); }
        const F f;
        const E e;
    };
    if (!recorded(inputs)) return Tensor(std::move(out));
    return record_kept<Both>(name, std::move(out), inputs, keep, std::move(backward), std::move(expr));
}

// Stand-ins for tensors that the tape tells apart from them: a gradient with respect to an alias counts only paths from it.
Tensors aliases_of(const Tensors& tensors);
void gradients_of_replay(const Tensor& output, const Tensors& aliases, Backward& g);

template <class F>
void CompositeNode<F>::replay(Backward& g) {
    Tensors aliases = aliases_of(Tensors(inputs_.begin(), inputs_.end()));
    gradients_of_replay(kept_->expr(aliases), aliases, g);
}

}  // namespace cc
