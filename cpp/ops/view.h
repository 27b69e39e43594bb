// How an op that returns a view of its input puts it on the tape.
#pragma once

#include "autograd/node.h"

namespace cc {

// Remembers the tensor the view was taken from, so that an in-place write through the view can be put on the tape.
template <class F>
Tensor record_view(const char* name, Array out, const Tensor& x, F backward) {
    Tensor result = record(name, std::move(out), {x}, std::move(backward));
    if (x.impl().view_copy) result.impl().view_copy = true;
    if (grad_enabled() && is_floating(x.dtype())) {
        const Ref<TensorImpl>& base = x.impl().view_of ? x.impl().view_of : x.ref();
        result.impl().view_of = base;
        result.impl().view_rebases = base->rebases;
    }
    return result;
}

}  // namespace cc
