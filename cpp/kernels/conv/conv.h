// Convolution in one to three dimensions: the three maps of training over one problem.
#pragma once

#include <cstdint>
#include <string>

#include "base/dtype.h"
#include "base/packs.h"
#include "kernels/gemm/epilogue.h"

namespace cc {

// Which of the three tensors is computed from the other two.
enum class ConvMap { Forward, GradInput, GradWeight };

// x [n][in0][in1][in2][c] and y [n][out0][out1][out2][k] are dense channels-last; weight
// [k][c/groups][kernel0][kernel1][kernel2] is dense. Unused leading axes have size 1.
// y[o] = Σ x[o·stride − pad_lo + t·dilation] · weight[t]; with flip, weight[kernel−1−t].
// Sizes, pads, strides and dilations are independent: none may be derived from the others.
struct ConvProblem {
    Dtype dtype;
    ConvMap map;
    int64_t n, c, k, groups;
    int64_t in[3], out[3], kernel[3];
    int64_t pad_lo[3], pad_hi[3], stride[3], dilation[3];
    bool flip;
    bool kept;  // the weight stays from call to call, and with it what is computed from it (ConvArgs::packs)

    int64_t in_pixels() const { return in[0] * in[1] * in[2]; }
    int64_t out_pixels() const { return out[0] * out[1] * out[2]; }
    int64_t taps() const { return kernel[0] * kernel[1] * kernel[2]; }
    // Every output pixel sees the input pixel at its own place, and no other.
    bool pixels_match() const;
    std::string describe() const;
    // All of the problem that a pack of the weight at `from` may depend on.
    PackKey weight_key(const char* what, int64_t lanes, const void* from) const {
        const int64_t kind = static_cast<int64_t>(dtype) * 8 + static_cast<int64_t>(map) * 2 + flip;
        return {what, from, {kind, lanes, c, k, groups, kernel[0], kernel[1], kernel[2]}};
    }
    // The share of the kernel's positions, over all outputs, that lie inside the image.
    double inside() const;
    double flops() const { return 2.0 * n * k * (c / groups) * taps() * out_pixels(); }
    double bytes() const {
        return static_cast<double>(itemsize(dtype)) *
               (n * c * in_pixels() + n * k * out_pixels() + k * (c / groups) * taps());
    }
};

// problem.map says which of x, weight, y is written; the other two are read.
struct ConvArgs {
    void* x;
    void* weight;
    void* y;
    const void* bias;  // Forward only: null or k values
    Packs* packs = nullptr;  // where to keep what is computed from the weight alone
    const Epilogue* epilogue = nullptr;  // Forward only, after the bias
};

void conv(const ConvProblem& problem, const ConvArgs& args);
const char* conv_choice(const ConvProblem& problem);  // the name of the implementation that conv() takes

// Strict leaves out algorithms that save multiplications at the price of accuracy (Winograd's).
// One setting for all threads.
enum class ConvPrecision { Fast, Strict };
ConvPrecision conv_precision();
void set_conv_precision(ConvPrecision precision);

}  // namespace cc
