#include "autograd/autocast.h"

#include <unordered_map>

#include "autograd/node.h"

namespace cc {

namespace {

struct Cast {
    Tensor leaf, result;  // the leaf is held: its address is the key
    Ref<Storage> storage;
    uint32_t version;
};

struct State {
    bool enabled = false;
    int depth = 0;
    std::unordered_map<const TensorImpl*, Cast> casts;
};
thread_local State state;

}  // namespace

bool autocast_enabled() { return state.enabled; }

AutocastMode::AutocastMode(bool enabled) : previous_(state.enabled) {
    state.enabled = enabled;
    ++state.depth;
}

AutocastMode::~AutocastMode() {
    state.enabled = previous_;
    if (--state.depth == 0) state.casts.clear();
}

Tensor cast_once(const Tensor& leaf, Tensor (*cast)(const Tensor& x)) {
    const Ref<Storage>& storage = leaf.array().storage_ref();
    auto found = state.casts.find(leaf.ref().get());
    if (found != state.casts.end() && found->second.storage == storage && found->second.version == storage->version() &&
        !found->second.result.grad_fn()->released())
        return found->second.result;
    Tensor result = cast(leaf);
    state.casts[leaf.ref().get()] = {leaf, result, storage, storage->version()};
    return result;
}

}  // namespace cc
