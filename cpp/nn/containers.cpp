#include "nn/containers.h"

namespace cc {

bool Sequential::native() const {
    static thread_local int depth = 0;
    if (!Layer::native() || depth > kMaxDepth) return false;
    ++depth;
    bool native = true;
    for (const Child& child : own_children()) native = native && child.module && child.module->native();
    --depth;
    return native;
}

Tensor Sequential::forward(const Tensor& input) {
    Tensor x = input;
    for (const Child& child : own_children()) x = call(child, x);
    return x;
}

}  // namespace cc
