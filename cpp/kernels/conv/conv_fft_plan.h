// Convolution by Fourier transforms of tiles: how the images are cut, and what that costs.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/fft/fft.h"

namespace cc {

// result[u] = Σ_t source[u + shift + t·dilation] · w[t] along one axis, in positions of the finer
// grid: element m of the source stands at m·source_step, likewise the results. A tile of `size`
// source positions gives the `valid` results from tile·pitch on.
struct FftAxis {
    int64_t size, pitch, valid, tiles;
    int64_t shift, source_count, source_step, source_stride;
    int64_t result_count, result_step, result_stride;
    int64_t taps, dilation, tap_stride;
    bool reversed;
};

struct FftPlan {
    FftAxis axes[3];  // the transformed ones last
    FftShape shape;
    double cost;  // in vector multiply-adds

    int64_t tiles() const { return axes[0].tiles * axes[1].tiles * axes[2].tiles; }
    int64_t frequencies() const { return shape.size[0] * shape.size[1] * shape.columns; }
};

// The register tile of the products: channels in a vector, rows.
struct FftTile {
    int64_t lanes, rows;
};

// The cheapest plan; cost is infinite where no transform is long enough. GradWeight shares the plan
// of Forward: its source is x, its results are where y is read.
FftPlan plan_fft(const ConvProblem& problem, FftTile tile);

const char* conv_fft_decline(const ConvProblem& problem);
const char* conv_fft_lose(const ConvProblem& problem, FftTile tile);  // why it would not pay

}  // namespace cc
