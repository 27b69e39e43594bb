#include "kernels/conv/conv_fft_plan.h"

#include <algorithm>
#include <limits>

#include "kernels/conv/conv_depthwise.h"
#include "kernels/conv/conv_grouped.h"
#include "kernels/conv/conv_strip.h"

namespace cc {
namespace {

constexpr int64_t kSizes[] = {8, 16, 32, 64, 128, 256};
constexpr int64_t kMostPixels = 4096;  // of a tile: two spectra of a vector of channels fill L2
constexpr int64_t kMostAxisPixels = 64;  // of an axis among several

// The unit of cost is a vector multiply-add of a product that runs at full speed, 0.18 ns on two
// cores of Zen 3, where all of this was measured. It is compared with the other algorithms,
// which need one or more per product (direct_cost). What was found there, forward, for
// 64 channels (ratio of times, direct / transforms): 64×64 pixels k = 5 2.7, 7 4.4, 11 11; 32×32
// k = 5 2.7; 16×16 with 128 channels k = 5 1.7; 32 channels 128×128 k = 31 38; 3 channels 112×112
// k = 7 1.1, 11 1.5; depthwise k = 7 1.2, 13 2.9, 17 4.3, 31 10; 1-D of 1024 k = 9 2.2, 17 4.2,
// 65 12, depthwise 33 1.1, 65 1.4; 3-D k = 5 4.8, 7 5.3.
constexpr double kMemoryCost = 60;  // of a line of a spectrum to or from memory
constexpr double kCacheCost = 40;   // of one that stays in the cache
constexpr double kDepthwiseCost = 2, kDepthwiseTableCost = 5, kGroupedCost = 1.5;  // per product
// A transform is taken where its cost times this is lower: what few taps save on paper, a busy machine takes back (measured, 3×3).
constexpr double kMargin = 0.8, kSmallMargin = 1.2;
constexpr int64_t kSmallTaps = 24;
constexpr double kLeastFlops = 5e5;

// A complex transform with its loads and stores.
double line_cost(int64_t size) {
    switch (size) {
        case 1: return 0;
        case 8: return 160;
        case 16: return 360;
        case 32: return 680;
        case 64: return 1800;
        case 128: return 5000;
        default: return 11500;
    }
}

FftAxis axis_of(const ConvProblem& p, int axis) {
    const int64_t reach = (p.kernel[axis] - 1) * p.dilation[axis];
    FftAxis a{};
    a.taps = p.kernel[axis];
    a.dilation = p.dilation[axis];
    a.source_count = p.in[axis];
    a.source_step = 1;
    a.source_stride = p.c;
    a.result_count = p.out[axis];
    a.result_step = p.stride[axis];
    a.result_stride = p.k;
    a.tap_stride = 1;
    for (int i = axis + 1; i < 3; ++i) {
        a.source_stride *= p.in[i];
        a.result_stride *= p.out[i];
        a.tap_stride *= p.kernel[i];
    }
    a.shift = -p.pad_lo[axis];
    a.reversed = p.flip;
    if (p.map == ConvMap::GradInput) {
        std::swap(a.source_count, a.result_count);
        std::swap(a.source_step, a.result_step);
        std::swap(a.source_stride, a.result_stride);
        a.shift = p.pad_lo[axis] - reach;
        a.reversed = !p.flip;
    }
    return a;
}

// False where the kernel does not fit into a tile of this size.
bool cut(FftAxis& a, int64_t size) {
    a.size = size;
    a.valid = size - (a.taps - 1) * a.dilation;
    if (a.valid < 1) return false;
    a.pitch = size == 1 ? a.result_step : a.valid;
    a.tiles = ((a.result_count - 1) * a.result_step) / a.pitch + 1;
    return true;
}

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace

FftPlan plan_fft(const ConvProblem& p, FftTile tile) {
    const auto [lanes, rows] = tile;
    FftPlan plan{};
    int64_t count = 0;
    for (bool transformed : {false, true})
        for (int axis = 0; axis < 3; ++axis)
            if ((p.kernel[axis] > 1) == transformed) plan.axes[count++] = axis_of(p, axis);
    plan.cost = std::numeric_limits<double>::infinity();

    const bool depthwise = p.groups > 1 && p.groups == p.c && p.k == p.c;
    const int64_t c = p.c / p.groups, k = p.k / p.groups;
    const double c_lines = depthwise ? ceil_div(p.c, lanes) : p.groups * ceil_div(c, lanes),
                 k_lines = depthwise ? c_lines : p.groups * ceil_div(k, lanes);
    const bool kernel = p.map == ConvMap::GradWeight;
    // Lines of kernels: as many vector products meet at a frequency of a tile.
    const double kernels =
        depthwise ? c_lines : p.map == ConvMap::Forward ? k_lines * c : c_lines * k;
    FftPlan tried = plan;
    auto try_sizes = [&](int64_t size_0, int64_t size_1, int64_t size_2) {
        const int64_t sizes[] = {size_0, size_1, size_2};
        int64_t pixels = 1;
        for (int i = 0; i < 3; ++i) {
            if (!cut(tried.axes[i], sizes[i])) return;
            tried.shape.size[i] = sizes[i];
            pixels *= sizes[i];
        }
        if (pixels > kMostPixels || pixels == 1) return;
        tried.shape.columns = size_2 / 2 + 1;
        tried.shape.tiles = size_0 * size_1 == 1 ? 2 : 1;
        const double per_job = tried.shape.tiles, frequencies = tried.frequencies();
        const double tiles = static_cast<double>(p.n) * ceil_div(tried.tiles(), per_job) * per_job;
        // Of the rows those that hold something, or are wanted.
        auto transform = [&](int64_t part_0, int64_t part_1) {
            const double row_pairs =
                size_0 * size_1 == 1 ? 0.5 : static_cast<double>(part_0 * part_1) / 2;
            return row_pairs * line_cost(size_2) +
                   tried.shape.columns * (static_cast<double>(part_0) * line_cost(size_1) +
                                          static_cast<double>(size_1) * line_cost(size_0));
        };
        const FftAxis *a = tried.axes, *b = a + 1;
        const double whole = transform(size_0, size_1), valid = transform(a->valid, b->valid),
                     taps = transform(a->taps, b->taps);
        double cost = kernels * taps;
        if (depthwise) {
            cost += tiles * c_lines * (whole + (kernel ? whole : valid) + kCacheCost * frequencies);
        } else {
            // A ragged panel of tiles takes as long as a full one at worst.
            const double ragged = kernel ? 0 : rows / 2.0;
            cost += tiles * (c_lines * whole + k_lines * (kernel ? whole : valid));
            cost += frequencies * (4 * (tiles + ragged) * kernels +
                                   kMemoryCost * (kernels + tiles * (c_lines + k_lines)));
        }
        tried.cost = cost;
        if (cost < plan.cost) plan = tried;
    };
    constexpr int64_t one[] = {1};
    auto candidates = [&](int i, bool alone) {
        struct Range {
            const int64_t *first, *last;
        };
        if (plan.axes[i].taps == 1) return Range{one, one + 1};
        const int64_t* last = std::end(kSizes);
        while (!alone && last[-1] > kMostAxisPixels) --last;
        return Range{std::begin(kSizes), last};
    };
    const bool alone = plan.axes[1].taps == 1;
    for (auto r0 = candidates(0, false); r0.first != r0.last; ++r0.first)
        for (auto r1 = candidates(1, false); r1.first != r1.last; ++r1.first)
            for (auto r2 = candidates(2, alone); r2.first != r2.last; ++r2.first)
                try_sizes(*r0.first, *r1.first, *r2.first);
    return plan;
}

namespace {

bool has_lone_channels(const ConvProblem& p) { return p.groups > 1 && p.groups == p.c; }

// Whether some tile holds the kernel: asked of every call, so without a plan.
bool fits(const ConvProblem& p) {
    int64_t pixels = 1, axes = 0;
    for (int64_t taps : p.kernel) axes += taps > 1;
    for (int a = 0; a < 3; ++a) {
        if (p.kernel[a] == 1) continue;
        const int64_t reach = (p.kernel[a] - 1) * p.dilation[a] + 1;
        const int64_t* size = std::lower_bound(std::begin(kSizes), std::end(kSizes), reach);
        if (size == std::end(kSizes) || (axes > 1 && *size > kMostAxisPixels)) return false;
        pixels *= *size;
    }
    return pixels <= kMostPixels;
}

}  // namespace

const char* conv_fft_decline(const ConvProblem& p) {
    if (p.n * p.out_pixels() == 0 || p.c == 0) return "a tensor is empty";
    if (p.taps() == 1) return "the kernel has one tap";
    if (has_lone_channels(p) && p.k != p.c) return "several outputs per channel";
    return fits(p) ? nullptr : "the kernel is longer than a tile";
}

namespace {

// What the fastest of the others costs, from what was measured: register tiles of few columns idle, and
// so do those of few rows.
double direct_cost(const ConvProblem& p, int64_t lanes) {
    const double products = p.flops() / (2 * lanes);
    const int64_t c = p.c / p.groups, k = p.k / p.groups;
    auto idle = [&](int64_t columns) { return static_cast<double>(lanes * ceil_div(columns, lanes)) / columns; };
    if (has_lone_channels(p)) {
        const double cost = conv_depthwise_in_runs(p) ? kDepthwiseCost : kDepthwiseTableCost * (p.c < lanes ? 2 : 1);
        return products * cost * idle(p.k);
    }
    if (!conv_grouped_decline(p)) return products * kGroupedCost;
    const int64_t columns = p.map == ConvMap::Forward ? k : c;
    double cost = idle(columns) * (columns <= lanes ? 1.6 : 1);
    const bool strip = c <= 16 && p.kernel[2] > 1;
    if (p.map == ConvMap::GradInput && strip)
        cost = std::min(cost, 1.5 * idle(c * p.kernel[2])) * (strip_runs_forward(p) ? 1 : 1 + 11.0 / k);
    if (p.map == ConvMap::GradWeight)
        cost = strip ? std::min({1.3 * cost, idle(c * p.kernel[2]), 1.1 * idle(k)}) * (1 + 7.0 / k)
                     : 1.4 * cost * std::clamp(8.0 / k, 1.0, 4.0);
    return products * cost;
}

}  // namespace

const char* conv_fft_lose(const ConvProblem& p, FftTile tile) {
    if (p.taps() < 9) return "the kernel is small";
    if (p.flops() < kLeastFlops) return "there is little work";
    const double margin = p.taps() <= kSmallTaps ? kSmallMargin : kMargin;
    return plan_fft(p, tile).cost * margin > direct_cost(p, tile.lanes) ? "direct convolution costs less" : nullptr;
}

}  // namespace cc
