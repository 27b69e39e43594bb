// Whether the ops of this thread take bfloat16 where it pays; which do what says ops/recast.h.
#pragma once

#include "autograd/tensor.h"

namespace cc {

bool autocast_enabled();
class AutocastMode {  // while it lives, autocast is on or off in this thread
public:
    explicit AutocastMode(bool enabled);
    ~AutocastMode();
    AutocastMode(const AutocastMode&) = delete;
    AutocastMode& operator=(const AutocastMode&) = delete;

private:
    bool previous_;
};

// What a leaf that requires a gradient was last converted to; cast(x) where it was not yet, has changed, or a backward walk has
// used the conversion up. Forgotten at the end of the outermost mode.
Tensor cast_once(const Tensor& leaf, Tensor (*cast)(const Tensor& x));

}  // namespace cc
