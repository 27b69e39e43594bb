// What forward and input gradient have in common: pixels of one image summed over kernel positions of the other.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/conv/conv.h"

namespace cc {

// Along one axis, pixel q of a pass is pixel start + q·step of the result; kernel position taps[i] reads source pixel q·source_step + offsets[i].
struct PassAxis {
    int64_t count, start, step, source_step;
    std::vector<int64_t> taps, offsets;
};

// The pixels of the result that use the same kernel positions: all of them in the forward direction; for the input gradient one
// pass per residue modulo the stride, so that no multiplication by an inserted zero is ever made.
struct Pass {
    PassAxis axes[3];
    int64_t pixels() const { return axes[0].count * axes[1].count * axes[2].count; }
    int64_t taps() const { return static_cast<int64_t>(axes[0].taps.size() * axes[1].taps.size() * axes[2].taps.size()); }
};

std::vector<Pass> forward_passes(const ConvProblem& problem);
std::vector<Pass> grad_input_passes(const ConvProblem& problem);

}  // namespace cc
