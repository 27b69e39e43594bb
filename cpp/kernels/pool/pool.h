// Max and average pooling in one to three dimensions, dense channels-last, forward and backward.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/dtype.h"

namespace cc {

enum class PoolMode { Max, Average };

// x [n][in0][in1][in2][c], y and indices [n][out0][out1][out2][c]. Unused leading axes have size 1.
// Window o covers inputs o·stride − pad_lo + t·dilation; parts outside the input are ignored (Max)
// or count as PyTorch says (Average). Adaptive windows follow from the sizes alone: from ⌊o·in/out⌋
// to ⌈(o + 1)·in/out⌉.
struct PoolProblem {
    Dtype dtype;
    PoolMode mode;
    bool backward;
    int64_t n, c;
    bool adaptive;  // then kernel is the largest window, pads are 0 and dilation 1
    int64_t in[3], out[3], kernel[3];
    int64_t pad_lo[3], pad_hi[3], stride[3], dilation[3];
    bool count_include_pad;    // Average: padding counts in the divisor, what lies beyond never
    int64_t divisor_override;  // Average: 0 for none

    int64_t in_pixels() const { return in[0] * in[1] * in[2]; }
    int64_t out_pixels() const { return out[0] * out[1] * out[2]; }
    std::string describe() const;
    double flops() const { return 1.0 * n * c * out_pixels() * kernel[0] * kernel[1] * kernel[2]; }
    double bytes() const {
        return static_cast<double>(itemsize(dtype)) * n * c * (in_pixels() + out_pixels());
    }
};

// The inputs of a window along one axis, all inside: first, first + step, …, count of them.
struct PoolWindow {
    int64_t first, count, step;
    int64_t divisor;  // Average: what the axis contributes to it
};

inline PoolWindow window(const PoolProblem& p, int a, int64_t o) {
    if (p.adaptive) {
        int64_t first = o * p.in[a] / p.out[a], end = ((o + 1) * p.in[a] + p.out[a] - 1) / p.out[a];
        return {first, end - first, 1, end - first};
    }
    const int64_t start = o * p.stride[a] - p.pad_lo[a], step = p.dilation[a];
    // Taps that lie below `limit`.
    auto below = [&](int64_t limit) {
        const int64_t taps = step == 1 ? limit - start : (limit - start + step - 1) / step;
        return std::clamp<int64_t>(taps, 0, p.kernel[a]);
    };
    int64_t outside = start < 0 ? below(0) : 0, count = std::max<int64_t>(0, below(p.in[a]) - outside);
    int64_t taps = p.count_include_pad ? below(p.in[a] + p.pad_hi[a]) : count;
    return {start + outside * step, count, step, std::max<int64_t>(taps, 1)};
}

struct PoolArgs {
    void* x;           // read forward, written backward (as gradient)
    void* y;           // written forward, read backward (as gradient)
    int32_t* indices;  // Max: see below; may be null forward
};

// An index is the maximum's flat position in the input's pixels: the first of equal maxima in
// raster order; a NaN is a maximum, and the last one wins, as in PyTorch. A window that lies wholly
// outside the input gives −∞ and index −1 (Max) or 0 (Average), and no gradient. Images whose indices are
// asked for have fewer than 2³¹ pixels: an index takes no more memory than its maximum. With x as
// [n][in_pixels][c] and indices, widened, as [n][out_pixels][c], gather and scatter_add of index/index.h
// are the maps for the second gradient and for unpooling.
void pool(const PoolProblem& problem, const PoolArgs& args);

}  // namespace cc
