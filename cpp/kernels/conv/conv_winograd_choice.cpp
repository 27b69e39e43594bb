// Which problems Winograd convolution can compute, and for which of them it pays (conv_winograd.cpp).
#include <algorithm>

#include "kernels/conv/conv_winograd_tiles.h"

namespace cc {
namespace {

// What pays for the transforms, at least: with windows of 6,
constexpr int64_t kChannels = 8, kChannelsGradWeight = 16, kChannels1d = 24;
constexpr int64_t kTiles = 6, kTilesGradWeight = 24, kTiles1d = 16, kTiles5 = 8, kTiles5Kept = 4;
constexpr int64_t kTilesStrided = 36, kTileChannels = 300;  // the latter times channels
// with windows of 4,
constexpr int64_t kSmallChannels = 24, kSmallChannels1d = 32;
constexpr int64_t kSmallTiles = 4, kSmallTilesGradient = 16, kSmallTileChannelsGradWeight = 1536;
constexpr double kSaving = 1.2, kSavingStrided = 1.6;  // with both,
constexpr double kSavingChannels = 8;                  // more where channels are few
constexpr int64_t kMostBytes = 64 << 20;  // of transformed weights
constexpr int64_t kGroupChannels = 16, kGroupChannels5 = 24, kGroupTileChannels = 800;  // of each of several groups
// In the unit of conv_fft_plan.cpp.
constexpr double kProductCost = 1.3;    // of a multiply-add of a product
constexpr double kTransformCost = 450;  // of a line of channels of a tile, there or back
constexpr double kWeightCost = 1100;    // of a line of weights

// The products of direct convolution, which leaves out those beyond the border, over those of the tiles.
double saving(const ConvProblem& p, const WinogradTiles& tiles) {
    double products = static_cast<double>(tiles.images * tiles.sources() * tiles.phases());
    for (int a = 0; a < tiles.axes; ++a)
        products *= tiles.tiles[a] * tiles.window - WinogradOrder::pays(p, tiles, a);
    return p.inside() * p.taps() * p.n * p.out_pixels() / products;
}

bool saves_enough(const ConvProblem& p, const WinogradTiles& tiles) {
    const double few = tiles.axes == 1 ? 0 : kSavingChannels / static_cast<double>(std::min(p.c, p.k));
    return saving(p, tiles) >= (p.stride[2] == 2 ? kSavingStrided : kSaving) * (1 + few);
}

// They run one after the other.
bool small_groups(const ConvProblem& problem, const WinogradTiles& tiles) {
    const int64_t channels = std::min(problem.c, problem.k) / problem.groups;
    return problem.groups > 1 && (channels < (tiles.taps == 5 ? kGroupChannels5 : kGroupChannels) ||
                                  channels * tiles.count() < kGroupTileChannels);
}

}  // namespace

const char* conv_winograd_decline(const ConvProblem& p, int64_t window) {
    if (p.dtype != Dtype::Float32) return "dtype is not float32";
    const bool small = window == 4;
    if (conv_precision() == ConvPrecision::Strict) return "conv_precision is strict";
    const bool by_two = p.stride[2] == 2 && p.stride[1] == 2 && p.kernel[1] != 1 && !small;
    if ((p.kernel[1] != p.kernel[2] && p.kernel[0] * p.kernel[1] != 1) ||
        (p.kernel[2] != 3 && (small || p.kernel[2] != 5) && !(by_two && p.kernel[2] > 3 && p.kernel[2] < 9)))
        return small ? "kernel is not 3, 3x3 or nx3x3"
                     : "kernel is not 3, 5, 3x3, 5x5, nx3x3, nx5x5 or, with a stride of 2, of 3 to 8";
    if (by_two && p.groups != 1) return "stride is 2, and groups is not 1";
    for (int a = 0; a < 3; ++a) {
        if (p.stride[a] != (by_two && a > 0 ? 2 : 1)) return "stride is not 1, or 2 along both of two axes";
        if (by_two && a > 0 && p.dilation[a] != 1) return "stride is 2, and dilation is not 1";
        if (p.kernel[a] == 1 && (p.pad_lo[a] || p.pad_hi[a])) return "an axis is padded only";
        if (p.pad_lo[a] < 0 || p.pad_hi[a] < 0 ||
            p.out[a] != (p.in[a] + p.pad_lo[a] + p.pad_hi[a] - p.dilation[a] * (p.kernel[a] - 1) - 1) / p.stride[a] + 1)
            return "sizes are not those of a whole convolution";
    }
    const WinogradTiles tiles(p, window);
    if (p.c * p.k * tiles.count() == 0) return "a tensor is empty";
    for (int a = 0; by_two && p.map == ConvMap::GradInput && a < 2; ++a)
        if ((p.in[a + 1] - 1 + p.pad_lo[a + 1]) / 2 > tiles.tiles[a] * tiles.tile + tiles.taps - 2)
            return "stride is 2, and the last pixel in no window";
    if (tiles.sources() * tiles.pixels(true) * p.c * (p.k / p.groups) > kMostBytes / static_cast<int64_t>(sizeof(float)))
        return "transformed weights are large";
    return nullptr;
}

// Measured on two cores with AVX2, 2-D and 3 × 3, as multiples of the speed of direct or strip.
// Windows of 6: forward and the input's gradient 1.1 to 3, 0.8 at worst with 8 and 12 channels, the
// kernel's 1.0 to 3 from 16 channels on. Of fewer tiles than kTiles the transformed weights cost more
// than the tiles save, in the kernel's gradient sooner than in the others; windows of 4, whose
// weights are 16 numbers and not 36, then run at 1.0 to 1.5 times the speed of direct, at 1.1 to 1.5
// times that of windows of 6. Whether the weights are kept makes little difference to that.
// 1-D, which saves half the multiplications and not three quarters: 1.4 to 3 from 32 channels on, 0.5 to
// 1.8 with 8 and 16. 3 × 3 × 3: 1.7 to 2.9 from 16 channels on. 5 taps: 1.0 to 2.0 in 1-D from 24
// channels on, 0.9 to 2.9 in 2-D, 0.75 for one gradient of 12 channels. Groups: 0.9 to 1.6 with 16
// channels each, 1.1 to 2.4 with 24 and more. Dilated: 1.0 to 3; planes of few pixels fill their tiles
// badly, which saves_enough() sees. A stride of 2: 1.0 to 2.7 with kernels of 4 × 4 to 8 × 8, 0.7 to
// 1.0 with 3 × 3.
const char* conv_winograd_lose(const ConvProblem& problem) {
    const ConvProblem p = group_of(problem);
    const WinogradTiles tiles(p, 6);
    const int64_t count = tiles.count(), channels = std::min(p.c, p.k);
    const bool one_axis = tiles.axes == 1, of_weight = p.map == ConvMap::GradWeight;
    if (channels < (one_axis ? kChannels1d : of_weight ? kChannelsGradWeight : kChannels)) return "few channels";
    if (small_groups(problem, tiles)) return "groups are small";
    if (!saves_enough(p, tiles)) return "few products are saved";
    const int64_t least = one_axis           ? kTiles1d
                          : p.stride[2] == 2 ? kTilesStrided
                          : tiles.taps == 5  ? (p.kept ? kTiles5Kept : kTiles5)
                          : of_weight        ? kTilesGradWeight
                                             : kTiles;
    const bool few = !one_axis && tiles.taps == 3 && count * channels < kTileChannels;
    return few || count < least ? "few tiles" : nullptr;
}

// Where windows of 6 are too few, or their weights too large: 1.0 to 2.2.
const char* conv_winograd2_lose(const ConvProblem& problem) {
    const ConvProblem p = group_of(problem);
    const WinogradTiles tiles(p, 4);
    const int64_t count = tiles.count(), channels = std::min(p.c, p.k);
    if (channels < (tiles.axes == 1 ? kSmallChannels1d : kSmallChannels)) return "few channels";
    if (small_groups(problem, tiles)) return "groups are small";
    if (!saves_enough(p, tiles)) return "few products are saved";
    const bool few = p.map == ConvMap::GradWeight && count * channels < kSmallTileChannelsGradWeight;
    return few || count < (p.map == ConvMap::Forward ? kSmallTiles : kSmallTilesGradient) ? "few tiles" : nullptr;
}

// Found for 5 × 5 taps with AVX2, one thread: with these costs beside those of conv_fft_plan.cpp what
// is picked takes 1 % longer than the faster of the two on average of 126 maps (8 × 8 to 64 × 64
// pixels, 16 to 128 channels, 1 to 64 images), 1.3 times as long at worst. Direct convolution takes 1.3
// to 2.8 times as long as this from 16 channels on.
double conv_winograd_cost(const ConvProblem& problem, int64_t lanes) {
    const ConvProblem p = group_of(problem);
    const WinogradTiles tiles(p, 6);
    const double c = (p.c + lanes - 1) / lanes, k = (p.k + lanes - 1) / lanes, weights = c * k * lanes;
    const double parts = tiles.sources() * tiles.phases(),
                 lines = tiles.of_input ? tiles.phases() * c + parts * k : parts * c + k,
                 of_tile = kProductCost * tiles.pixels(true) * parts * weights + kTransformCost * lines,
                 of_group = tiles.count() * of_tile + (p.kept ? 0 : kWeightCost * parts * weights);
    return problem.groups * of_group;
}

}  // namespace cc
