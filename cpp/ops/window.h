// Stride, padding, dilation and kernel sizes as users give them, spread over the three axes kernels know.
#pragma once

#include "ops/ops.h"

namespace cc {

struct Triple {
    int64_t v[3];
    int64_t operator[](int i) const { return v[i]; }
};

// One value, or one per spatial axis; unused leading axes get `unused`. Values below `least` are refused.
Triple triple(const char* op, const char* argument, const Sizes& values, int rank, int64_t unused, int64_t least);

// Sizes of the spatial axes of x (after batch and channels), unused leading ones 1.
Triple spatial(const Shape& shape, int rank);

// An operator's name in 1, 2 and 3 dimensions: kConv[2] is "conv2d".
struct RankedName {
    const char* names[3];
    const char* operator[](int rank) const {
        check(rank >= 1 && rank <= 3, names[0], ", ", names[1], " and ", names[2],
              ": expected 1 to 3 spatial dimensions, got ", rank);
        return names[rank - 1];
    }
};
constexpr RankedName kConv{{"conv1d", "conv2d", "conv3d"}};
constexpr RankedName kConvGradInput{{"conv_grad_input1d", "conv_grad_input2d", "conv_grad_input3d"}};
constexpr RankedName kConvGradWeight{{"conv_grad_weight1d", "conv_grad_weight2d", "conv_grad_weight3d"}};
constexpr RankedName kConvTranspose{{"conv_transpose1d", "conv_transpose2d", "conv_transpose3d"}};
constexpr RankedName kMaxPool{{"max_pool1d", "max_pool2d", "max_pool3d"}};
constexpr RankedName kAvgPool{{"avg_pool1d", "avg_pool2d", "avg_pool3d"}};
constexpr RankedName kAdaptiveMaxPool{{"adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d"}};
constexpr RankedName kAdaptiveAvgPool{{"adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"}};
constexpr RankedName kLpPool{{"lp_pool1d", "lp_pool2d", "lp_pool3d"}};
constexpr RankedName kGaussianPool{{"gaussian_pool1d", "gaussian_pool2d", "gaussian_pool3d"}};
constexpr RankedName kMaxUnpool{{"max_unpool1d", "max_unpool2d", "max_unpool3d"}};
constexpr RankedName kFractionalMaxPool{{"fractional_max_pool1d", "fractional_max_pool2d", "fractional_max_pool3d"}};

// Whether the input comes without its batch axis; add_batch() gives it one for the time of the op.
bool lacks_batch(const char* op, int rank, const Tensor& x);
bool add_batch(const char* op, int rank, Tensor& x);

}  // namespace cc
