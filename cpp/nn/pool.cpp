#include "nn/pool.h"

namespace cc {

SpatialPyramidPool2d::SpatialPyramidPool2d(Sizes levels, std::string mode) : levels(std::move(levels)), mode(std::move(mode)) {
    check(!this->levels.empty(), kind(), ": levels must not be empty");
    for (int64_t level : this->levels) check(level >= 1, kind(), ": levels must be at least 1, got ", level);
    check(this->mode == "max" || this->mode == "avg", kind(), ": mode must be \"max\" or \"avg\", got \"", this->mode, "\"");
}

Tensor SpatialPyramidPool2d::forward(const Tensor& input) {
    check(input.rank() == 4, "spatial_pyramid_pool2d: input must have 4 dimensions, got shape ", input.shape());
    Tensors parts;
    for (int64_t level : levels) {
        Tensor part = mode == "max" ? adaptive_max_pool(2, input, {level, level}, false).first
                                    : adaptive_avg_pool(2, input, {level, level});
        parts.push_back(flatten(part, 1));
    }
    return cat(parts, 1);
}

}  // namespace cc
