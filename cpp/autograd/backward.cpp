#include "autograd/backward.h"

#include <algorithm>
#include <chrono>
#include <unordered_map>

#include "array/compute.h"
#include "autograd/accumulate_grad.h"
#include "autograd/autocast.h"

namespace cc {

namespace {

void (*interrupt_check)() = nullptr;

// Nobody else can see the sum, nor will its making be differentiated.
bool may_change(const Tensor& sum) {
    const Array& array = sum.array();
    return !grad_enabled() && sum.ref()->use_count() == 1 && array.storage().use_count() == 1 && !array.storage().foreign() &&
           (array.is(Format::RowMajor) || array.is(Format::ChannelsLast));
}

struct Capture {
    int slot, result;
};

struct Visit {
    Ref<Node> node;
    Tensors grads;                  // per output, summed so far
    std::vector<Capture> captures;
    bool needed = true;             // leads to an input that is asked for
};

// Every edge goes from a later node to an earlier one, so a sweep in falling order of sequence sees each node once, with all its
// gradients summed, in an order that the program alone decides. Leaves come last.
class Walk : private Sums {
public:
    Walk(const Tensors& roots, const Tensors& grads, bool create_graph) : create_graph_(create_graph) {
        check(grads.size() == roots.size(), "backward: got ", grads.size(), " gradients for ", roots.size(), " tensors");
        for (size_t i = 0; i < roots.size(); ++i) {
            check(roots[i].requires_grad(), "backward: tensor ", i, " does not require grad and does not have a grad_fn");
            Edge edge = edge_of(roots[i]);
            discover(edge.node);
            add(edge, seed(roots[i], grads[i]));
        }
        order_.reserve(visits_.size());
        for (auto& entry : visits_) order_.push_back(&entry.second);
        std::sort(order_.begin(), order_.end(), [](const Visit* a, const Visit* b) { return rank(*a) > rank(*b); });
    }

    void ask_for(const Tensors& inputs) {
        for (auto& entry : visits_) entry.second.needed = false;
        for (size_t i = 0; i < inputs.size(); ++i) {
            check(inputs[i].requires_grad(), "grad: input ", i, " does not require grad");
            Edge edge = edge_of(inputs[i]);
            auto found = visits_.find(edge.node.get());
            if (found == visits_.end()) continue;
            found->second.captures.push_back({edge.slot, static_cast<int>(i)});
        }
        // From the leaves up: a node is needed when an edge of it leads to a capture.
        for (auto visit = order_.rbegin(); visit != order_.rend(); ++visit)
            for (const Edge& edge : (*visit)->node->edges())
                if (edge.node && reaches(edge)) (*visit)->needed = true;
        results_.resize(inputs.size());
        captures_only_ = true;
    }

    Tensors run(bool retain_graph) {
        GradMode mode(create_graph_);
        BackwardScope scope;
        AutocastMode off(false);  // each gradient is computed as the op's result was
        auto checked = std::chrono::steady_clock::now();
        for (Visit* visit : order_) {
            auto now = std::chrono::steady_clock::now();
            if (interrupt_check && now - checked > std::chrono::milliseconds(20)) {
                interrupt_check();
                checked = now;
            }
            visit_node(*visit);
            if (!retain_graph && visit->needed) visit->node->release();
        }
        return std::move(results_);
    }

private:
    static uint64_t rank(const Visit& visit) {
        bool leaf = dynamic_cast<AccumulateGrad*>(visit.node.get()) != nullptr;
        return leaf ? visit.node->sequence() : visit.node->sequence() + (uint64_t{1} << 62);
    }

    void discover(const Ref<Node>& root) {
        std::vector<Ref<Node>> stack{root};
        while (!stack.empty()) {
            Ref<Node> node = std::move(stack.back());
            stack.pop_back();
            auto [entry, fresh] = visits_.try_emplace(node.get());
            if (!fresh) continue;
            entry->second.node = node;
            entry->second.grads.resize(node->outputs());
            for (const Edge& edge : node->edges())
                if (edge.node && !visits_.count(edge.node.get())) stack.push_back(edge.node);
        }
    }

    static Tensor seed(const Tensor& root, const Tensor& grad) {
        if (!grad.defined()) {
            check(root.numel() == 1, "backward: a gradient is needed for a tensor of shape ", root.shape(),
                  "; without one the tensor must have one element");
            return Tensor(Array::full(root.shape(), root.dtype(), 1));
        }
        check(grad.shape() == root.shape(), "backward: gradient has shape ", grad.shape(), ", the tensor ", root.shape());
        check_type(grad.dtype() == root.dtype(), "backward: gradient has dtype ", grad.dtype(), ", the tensor ",
                   root.dtype());
        return grad;
    }

    bool reaches(const Edge& edge) {
        const Visit& target = visits_.at(edge.node.get());
        if (target.needed) return true;
        for (const Capture& capture : target.captures)
            if (capture.slot == edge.slot) return true;
        return false;
    }

    const Array* changeable(const Edge& edge) override {
        const Tensor& sum = visits_.at(edge.node.get()).grads[edge.slot];
        return sum.defined() && may_change(sum) ? &sum.array() : nullptr;
    }

    void add(const Edge& edge, Tensor grad) {
        Tensor& sum = visits_.at(edge.node.get()).grads[edge.slot];
        sum = sum.defined() ? accumulate(std::move(sum), grad) : std::move(grad);
    }

    void visit_node(Visit& visit) {
        Node& node = *visit.node;
        Tensors grads = std::move(visit.grads);
        if (std::none_of(grads.begin(), grads.end(), [](const Tensor& grad) { return grad.defined(); })) return;
        for (const auto& [slot, hook] : node.hooks) {
            if (!grads[slot].defined()) continue;
            Tensor replaced = (*hook)(grads[slot]);
            if (!replaced.defined()) continue;
            const Node::OutputInfo& info = node.output_info(slot);
            check(replaced.shape() == info.shape && replaced.dtype() == info.dtype, "hook: returned a gradient of shape ",
                  replaced.shape(), " and dtype ", replaced.dtype(), ", expected ", info.shape, " and ", info.dtype);
            grads[slot] = replaced;
        }
        for (size_t slot = 0; slot < node.retains.size(); ++slot)
            if (node.retains[slot] && grads[slot].defined()) node.retains[slot]->grad = grads[slot].ref();
        for (const Capture& capture : visit.captures) results_[capture.result] = grads[capture.slot];
        if (!visit.needed) return;
        check(!node.released(), node.name(),
              ": backward a second time through a graph whose saved values were freed; pass retain_graph=True the first time");
        if (captures_only_ && node.edges().empty()) return;

        std::vector<bool> wanted;
        for (const Edge& edge : node.edges()) wanted.push_back(edge.node && (!captures_only_ || reaches(edge)));
        for (int i = 0; i < node.outputs(); ++i)
            if (!grads[i].defined() && is_floating(node.output_info(i).dtype))
                grads[i] = Tensor(Array::zeros(node.output_info(i).shape, node.output_info(i).dtype));
        Backward g(node, std::move(grads), std::move(wanted), this);
        node.backward(g);
        for (size_t i = 0; i < node.edges().size(); ++i) {
            const Edge& edge = node.edges()[i];
            if (!g.wants(static_cast<int>(i)) || !g.results()[i].defined()) continue;
            const Node::OutputInfo& info = edge.node->output_info(edge.slot);
            const Tensor& grad = g.results()[i];
            check(grad.shape() == info.shape && grad.dtype() == info.dtype, node.name(), ": gradient ", i,
                  " has shape ", grad.shape(), " and dtype ", grad.dtype(), ", expected ", info.shape, " and ", info.dtype);
            add(edge, std::move(g.results()[i]));
        }
    }

    bool create_graph_;
    bool captures_only_ = false;
    std::unordered_map<Node*, Visit> visits_;
    std::vector<Visit*> order_;
    Tensors results_;
};

}  // namespace

void set_interrupt_check(void (*check)()) { interrupt_check = check; }

Tensor accumulate(Tensor a, const Tensor& b) {
    if (may_change(a)) {
        compute_into(a.array(), Binary::Add, a.array(), b.array());
        return a;
    }
    return record("accumulate", compute(Binary::Add, a.array(), b.array()), {a, b}, [](Backward& g) {
        g[0] = g.grad();
        g[1] = g.grad();
    });
}

void backward(const Tensors& roots, const Tensors& grads, bool retain_graph, bool create_graph) {
    Walk(roots, grads, create_graph).run(retain_graph || create_graph);
}

Tensors gradients(const Tensors& roots, const Tensors& inputs, const Tensors& grads, bool retain_graph, bool create_graph,
                  bool allow_unused) {
    Walk walk(roots, grads, create_graph);
    walk.ask_for(inputs);
    Tensors results = walk.run(retain_graph || create_graph);
    for (size_t i = 0; i < results.size(); ++i)
        check(results[i].defined() || allow_unused, "grad: input ", i,
              " was not used in the graph; pass allow_unused=True to get None for it");
    return results;
}

}  // namespace cc
