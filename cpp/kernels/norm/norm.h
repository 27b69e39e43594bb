// Normalisation: statistics over groups of elements, then scale and shift of each channel; forward
// and backward. Batch, layer, group, instance and root-mean-square normalisation are all of them.
#pragma once

#include <cstdint>
#include <string>

#include "base/dtype.h"
#include "kernels/gemm/epilogue.h"

namespace cc {

// x is n images of pixels × channels; a group of an image is channels/groups neighbouring channels at
// all pixels, and has one mean and one variance. Batch normalisation: one image of all pixels, a
// group per channel. Layer normalisation: images of one pixel, one group.
struct NormProblem {
    Dtype dtype;
    bool backward;
    bool given;           // the statistics are given, not taken from x; then n = 1
    bool centred;         // false: the mean is taken as 0
    bool channels_first;  // memory [n][channels][pixels], else [n][pixels][channels]
    int64_t n, pixels, channels, groups;
    double eps;

    int64_t elements() const { return n * pixels * channels; }
    int64_t share() const { return groups ? channels / groups : 0; }  // channels of a group
    // Each channel for itself over neighbouring pixels: one factor and one shift for all of them.
    bool by_channel() const { return n == 1 && share() == 1 && centred && !channels_first && elements() > 0; }
    std::string describe() const;
    double flops() const { return (backward ? 8.0 : 5.0) * elements(); }
    double bytes() const {
        return static_cast<double>(itemsize(dtype)) * elements() * (backward ? 5 : 3);
    }
};

// Everything has the problem's dtype; mean, rstd and var have n·groups elements, weight, bias and
// their gradients `channels`.
struct NormArgs {
    const void* x;       // null where the statistics are given and only scale and shift are wanted
    const void* weight;  // null: ones
    const void* bias;    // null: zeros (forward)
    void* y;             // forward: written, unless scale is wanted instead
    void* mean;          // forward: written; backward: read. given: read by both; not centred: unused
    void* rstd;          // 1/√(biased variance + eps): forward: written; backward: read; given: unused
    void* var;           // forward: written (biased variance) unless null; given: read by both
    const void* grad_y;  // backward
    void* grad_x;        // backward; null when not wanted; by channel it may be grad_y
    void* grad_weight;   // backward; null when not wanted
    void* grad_bias;     // backward; null when not wanted
    void* scale;         // forward of a batch: null, or written in place of y, as shift: the
    void* shift;         // channels' y = x·scale + shift
    // Backward of a batch, null or what its forward said of y: grad_y counts only where low < x·scale + shift < high. A bound
    // that is NaN is none.
    const void *clamp_scale, *clamp_shift;
    double low, high;
};

// Forward: y = (x − mean)·rstd·weight + bias; a variance that is not centred is the mean of x².
// Backward with x̂ = (x − mean)·rstd, h = g·weight and averages E over the group: grad_bias = Σ g,
// grad_weight = Σ g·x̂, grad_x = rstd·(h − E[h] − x̂·E[h·x̂]), without the two averages when the
// statistics are given, and without the first when not centred.
void norm(const NormProblem& problem, const NormArgs& args);

// y = min(high, max(low, x·scale + shift (+ added))) over channels-last [pixels][channels]: what a normalisation ends with, and
// what may come after it, in one pass.
struct AffineProblem {
    Dtype dtype;
    int64_t pixels, channels;
    bool adds;
    double low, high;

    std::string describe() const;
    double flops() const { return (adds ? 5.0 : 4.0) * pixels * channels; }
    double bytes() const { return static_cast<double>(itemsize(dtype)) * pixels * channels * (adds ? 3 : 2); }
};

struct AffineArgs {
    const void *x, *scale, *shift, *added;  // no scale: 1, no shift: 0
    void* y;
};

void affine(const AffineProblem& problem, const AffineArgs& args);

// An epilogue as a pass of its own.
inline void affine(const Epilogue& e, Dtype dtype, int64_t pixels, int64_t channels, const void* x, void* y) {
    affine({dtype, pixels, channels, e.added != nullptr, e.low, e.high}, {x, e.scale, e.shift, e.added, y});
}

}  // namespace cc
