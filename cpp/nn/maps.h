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

class PixelShuffle : public Layer {
public:
    explicit PixelShuffle(int64_t upscale_factor) : upscale_factor(upscale_factor) {}
    const char* kind() const override { return "PixelShuffle"; }
    Tensor forward(const Tensor& input) override { return pixel_shuffle(input, upscale_factor); }
    int64_t upscale_factor;
};

class PixelUnshuffle : public Layer {
public:
    explicit PixelUnshuffle(int64_t downscale_factor) : downscale_factor(downscale_factor) {}
    const char* kind() const override { return "PixelUnshuffle"; }
    Tensor forward(const Tensor& input) override { return pixel_unshuffle(input, downscale_factor); }
    int64_t downscale_factor;
};

class ChannelShuffle : public Layer {
public:
    explicit ChannelShuffle(int64_t groups) : groups(groups) {}
    const char* kind() const override { return "ChannelShuffle"; }
    Tensor forward(const Tensor& input) override { return channel_shuffle(input, groups); }
    int64_t groups;
};

class Unfold : public Layer {
public:
    Unfold(Sizes kernel_size, Sizes dilation, Sizes padding, Sizes stride)
        : kernel_size(std::move(kernel_size)), dilation(std::move(dilation)), padding(std::move(padding)),
          stride(std::move(stride)) {}
    const char* kind() const override { return "Unfold"; }
    Tensor forward(const Tensor& input) override { return unfold(input, {kernel_size, dilation, padding, stride}); }
    Sizes kernel_size, dilation, padding, stride;
};

class Fold : public Layer {
public:
    Fold(Sizes output_size, Sizes kernel_size, Sizes dilation, Sizes padding, Sizes stride)
        : output_size(std::move(output_size)), kernel_size(std::move(kernel_size)), dilation(std::move(dilation)),
          padding(std::move(padding)), stride(std::move(stride)) {}
    const char* kind() const override { return "Fold"; }
    Tensor forward(const Tensor& input) override { return fold(input, output_size, {kernel_size, dilation, padding, stride}); }
    Sizes output_size, kernel_size, dilation, padding, stride;
};

}  // namespace cc
