#include "kernels/conv/conv_passes.h"

namespace cc {
namespace {

int64_t weight_tap(const ConvProblem& p, int axis, int64_t t) {
    return p.flip ? p.kernel[axis] - 1 - t : t;
}

PassAxis forward_axis(const ConvProblem& p, int axis) {
    PassAxis result{p.out[axis], 0, 1, p.stride[axis], {}, {}};
    for (int64_t t = 0; t < p.kernel[axis]; ++t) {
        result.taps.push_back(weight_tap(p, axis, t));
        result.offsets.push_back(t * p.dilation[axis] - p.pad_lo[axis]);
    }
    return result;
}

// Input pixels start, start + stride, …: o = (i + pad − t·dilation) / stride wherever that is
// whole.
PassAxis grad_input_axis(const ConvProblem& p, int axis, int64_t start) {
    const int64_t stride = p.stride[axis];
    PassAxis result{(p.in[axis] - start + stride - 1) / stride, start, stride, 1, {}, {}};
    for (int64_t t = 0; t < p.kernel[axis]; ++t) {
        const int64_t offset = start + p.pad_lo[axis] - t * p.dilation[axis];
        if (offset % stride != 0) continue;
        result.taps.push_back(weight_tap(p, axis, t));
        result.offsets.push_back(offset / stride);
    }
    return result;
}

}  // namespace

std::vector<Pass> forward_passes(const ConvProblem& p) {
    return {Pass{{forward_axis(p, 0), forward_axis(p, 1), forward_axis(p, 2)}}};
}

std::vector<Pass> grad_input_passes(const ConvProblem& p) {
    std::vector<Pass> passes;
    for (int64_t i = 0; i < p.stride[0] && i < p.in[0]; ++i)
        for (int64_t j = 0; j < p.stride[1] && j < p.in[1]; ++j)
            for (int64_t l = 0; l < p.stride[2] && l < p.in[2]; ++l)
                passes.push_back(Pass{{grad_input_axis(p, 0, i), grad_input_axis(p, 1, j),
                                       grad_input_axis(p, 2, l)}});
    return passes;
}

std::vector<int64_t> weight_taps(const ConvProblem& p, const Pass& pass) {
    std::vector<int64_t> taps;
    for (int64_t t0 : pass.axes[0].taps)
        for (int64_t t1 : pass.axes[1].taps)
            for (int64_t t2 : pass.axes[2].taps)
                taps.push_back((t0 * p.kernel[1] + t1) * p.kernel[2] + t2);
    return taps;
}

}  // namespace cc
