// The walk over the tape.
#pragma once

#include "autograd/node.h"

namespace cc {

// Accumulates d(Σ grads·roots)/d(leaf) into .grad of every leaf reached. An undefined entry of grads means one (scalar roots only).
void backward(const Tensors& roots, const Tensors& grads, bool retain_graph, bool create_graph);

// The gradients with respect to inputs, touching no .grad. Undefined where an input is not reached (allow_unused), else ValueError.
Tensors gradients(const Tensors& roots, const Tensors& inputs, const Tensors& grads, bool retain_graph, bool create_graph,
                  bool allow_unused);

// Called now and then during a walk; may throw to stop it (Ctrl-C).
void set_interrupt_check(void (*check)());

// a + b on the tape; reuses a's memory when nothing else can see it.
Tensor accumulate(Tensor a, const Tensor& b);

}  // namespace cc
