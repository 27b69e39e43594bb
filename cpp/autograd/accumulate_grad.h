// The end of a walk at a leaf: adds the gradient that arrives to the leaf's .grad.
#pragma once

#include "autograd/node.h"

namespace cc {

class AccumulateGrad : public Node {
public:
    explicit AccumulateGrad(TensorImpl* leaf);
    void backward(Backward& g) override;
    void release() override {}          // a leaf takes part in many walks
    void forget_leaf() { leaf_ = nullptr; }
    TensorImpl* leaf() const { return leaf_; }

private:
    std::atomic<TensorImpl*> leaf_;  // weak: the leaf owns this node
};

}  // namespace cc
