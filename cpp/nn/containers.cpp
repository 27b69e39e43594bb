#include "nn/containers.h"

namespace cc {

bool Sequential::native() const {
    if (!Layer::native()) return false;
    for (const Child& child : own_children())
        if (!child.module || !child.module->native()) return false;
    return true;
}

Tensor Sequential::forward(const Tensor& input) {
    Tensor x = input;
    for (const Child& child : own_children()) x = call(child, x);
    return x;
}

}  // namespace cc
