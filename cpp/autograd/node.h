// A node of the tape and how operators put one there.
#pragma once

#include <optional>
#include <string>
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
    explicit Node(std::string name);

    const std::string& name() const { return name_; }
    uint64_t sequence() const { return sequence_; }
    const Few<Edge, 3>& edges() const { return edges_; }
    int outputs() const { return static_cast<int>(outputs_.size()); }

    virtual void backward(Backward& g) = 0;
    // Drops what was saved.
    virtual void release() {
        released_ = true;
        for (OutputInfo& output : outputs_) output.kept = Array();
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
        Shape shape;
        Dtype dtype = Dtype::Float32;
        Array kept;        // only when backward asks for it
        uint32_t version = 0;
    };
    const OutputInfo& output_info(int i) const { return outputs_[i]; }

protected:
    void destroy() const override;  // iteratively: a recurrence of 100,000 steps must not overflow the stack

    Few<Edge, 3> edges_;
    Few<OutputInfo, 1> outputs_;
    bool released_ = false;

private:
    std::string name_;
    uint64_t sequence_;
};

// An input kept for backward; reading it back checks that it was not changed in place meanwhile.
class Saved {
public:
    Saved() = default;
    Saved(const Tensor& tensor, bool needed = true);
    explicit Saved(const Array& constant);  // off the tape
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

Edge edge_of(const Tensor& tensor);
bool recorded(const Operands& inputs);  // whether an op of them goes on the tape

// Puts a result of the operator that the node stands for on the tape.
Tensor next_output(const Ref<Node>& node, Array output, bool keep);

template <class F>
class ClosedNode : public Node {
public:
    ClosedNode(const char* name, F f) : Node(name), f_(std::move(f)) {}
    void backward(Backward& g) override { (*f_)(g); }
    void release() override {
        Node::release();
        f_.reset();
    }

private:
    std::optional<F> f_;
};

// A fast backward for first gradients, and expr: the same function in closed ops, replayed when the backward itself is recorded.
template <class F, class E>
class CompositeNode : public Node {
public:
    CompositeNode(const char* name, F f, E expr, const Operands& inputs)
        : Node(name), saved_(State{std::move(f), std::move(expr), {}}) {
        for (size_t i = 0; i < inputs.size(); ++i) saved_->inputs.add() = Saved(inputs[i]);
    }
    void backward(Backward& g) override {
        if (grad_enabled())
            replay(g);
        else
            saved_->f(g, saved_->inputs);
    }
    void release() override {
        Node::release();
        saved_.reset();
    }

private:
    void replay(Backward& g);
    struct State {
        F f;
        E expr;
        SavedInputs inputs;
    };
    std::optional<State> saved_;
};

// With KeepOutput, backward may read g.output().
enum KeepOutput : bool { kDropOutput = false, kKeepOutput = true };

// record("mul", out, {a, b}, [a = Saved(a), b = Saved(b)](Backward& g) { if (g.wants(0)) g[0] = …; … })
template <class F>
Tensor record(const char* name, Array out, const Operands& inputs, F backward, KeepOutput keep = kDropOutput) {
    if (!recorded(inputs)) return Tensor(std::move(out));
    Ref<Node> node(new ClosedNode<F>(name, std::move(backward)));
    node->connect(inputs);
    return next_output(node, std::move(out), keep);
}

// expr(inputs) gives the same single output in closed ops; backward(g, inputs) reads them as saved.
template <class F, class E>
Tensor record_composite(const char* name, Array out, const Operands& inputs, F backward, E expr,
                        KeepOutput keep = kDropOutput) {
    if (!recorded(inputs)) return Tensor(std::move(out));
    Ref<Node> node(new CompositeNode<F, E>(name, std::move(backward), std::move(expr), inputs));
    node->connect(inputs);
    return next_output(node, std::move(out), keep);
}

// Stand-ins for tensors that the tape tells apart from them: a gradient with respect to an alias counts only paths from it.
Tensors aliases_of(const Tensors& tensors);
void gradients_of_replay(const Tensor& output, const Tensors& aliases, Backward& g);

template <class F, class E>
void CompositeNode<F, E>::replay(Backward& g) {
    Tensors aliases = aliases_of(Tensors(saved_->inputs.begin(), saved_->inputs.end()));
    gradients_of_replay(saved_->expr(aliases), aliases, g);
}

}  // namespace cc
