// Layers that resample and rearrange maps.
#pragma once

#include "nn/module.h"
#include "ops/ops.h"

namespace cc {

class Upsample : public Layer {
public:
    Upsample(std::optional<Sizes> size, std::optional<std::vector<double>> scale_factor, std::string mode,
             std::optional<bool> align_corners, std::optional<bool> recompute_scale_factor)
        : size(std::move(size)), scale_factor(std::move(scale_factor)), mode(std::move(mode)), align_corners(align_corners),
          recompute_scale_factor(recompute_scale_factor) {}
    const char* kind() const override { return "Upsample"; }
    Tensor forward(const Tensor& input) override {
        return interpolate(input, {size, scale_factor, mode, align_corners, recompute_scale_factor, false});
    }
    std::optional<Sizes> size;
    std::optional<std::vector<double>> scale_factor;
    std::string mode;
    std::optional<bool> align_corners, recompute_scale_factor;
};

}  // namespace cc
