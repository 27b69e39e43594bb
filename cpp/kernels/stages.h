// Loops and stages that stay on this thread where there is little to do.
#pragma once

#include "base/parallel.h"

namespace cc {

constexpr double kSerialFlops = 1e6;  // below, waking a team costs more than it gives

inline void run_stages(double flops, std::initializer_list<Stage> stages) {
    if (flops >= kSerialFlops) return parallel_stages(stages);
    for (const Stage& stage : stages)
        for (int64_t task = 0; task < stage.tasks; ++task) stage.f(task);
}

}  // namespace cc
