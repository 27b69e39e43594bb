#include "kernels/conv/conv_fft_plan.h"

#include <algorithm>
#include <limits>

namespace cc {
namespace {

constexpr int64_t kSizes[] = {8, 16, 32, 64, 128, 256};
constexpr int64_t kMostPixels = 4096;  // of a tile: two spectra of a vector of channels fill L2
constexpr int64_t kMostAxisPixels = 64;  // of an axis among several

// Vector operations of one complex transform, loads and stores included.
double line_cost(int64_t size) {
    switch (size) {
        case 1: return 0;
        case 8: return 60;
        case 16: return 180;
        case 32: return 420;
        case 64: return 1000;
        case 128: return 2600;
        default: return 5600;
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

FftPlan plan_fft(const ConvProblem& p, int64_t lanes, int64_t rows) {
    FftPlan plan{};
    int64_t count = 0;
    for (bool transformed : {false, true})
        for (int axis = 0; axis < 3; ++axis)
            if ((p.kernel[axis] > 1) == transformed) plan.axes[count++] = axis_of(p, axis);
    plan.cost = std::numeric_limits<double>::infinity();

    const bool depthwise = p.groups > 1 && p.groups == p.c && p.k == p.c;
    const int64_t c = p.c / p.groups, k = p.k / p.groups;
    const int64_t c_lines = depthwise ? ceil_div(p.c, lanes) : p.groups * ceil_div(c, lanes),
                  k_lines = depthwise ? c_lines : p.groups * ceil_div(k, lanes);
    const bool kernel = p.map == ConvMap::GradWeight;
    // What is transformed: lines of channels per tile, and lines of kernels.
    const double kernels = depthwise ? c_lines
                           : kernel  ? static_cast<double>(c_lines) * k
                           : p.map == ConvMap::Forward ? static_cast<double>(k_lines) * c
                                                       : static_cast<double>(c_lines) * k;
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
        // Rows that hold something, or are wanted.
        auto transform = [&](double part_0, double part_1) {
            const double row_count = size_0 * size_1 == 1 ? 2 : part_0 * part_1;
            const double columns = tried.shape.columns;
            return row_count / 2 * (line_cost(size_2) + 8.0 * size_2) +
                   part_0 * columns * line_cost(size_1) + size_1 * columns * line_cost(size_0) +
                   4 * frequencies;
        };
        const FftAxis *a = tried.axes, *b = a + 1;
        const double whole = transform(size_0, size_1) / per_job,
                     valid = transform(std::min(a->valid, size_0), std::min(b->valid, size_1)) /
                             per_job,
                     taps = transform(a->taps, b->taps) / per_job;
        double cost = kernels * taps + tiles * (c_lines + k_lines) / 2.0 * (whole + valid);
        if (depthwise) {
            cost += tiles * c_lines * frequencies * 10;
        } else {
            const double panels = ceil_div(static_cast<int64_t>(tiles), rows);
            const double tile_rows = kernel ? tiles : (tiles + panels * rows) / 2;
            cost += 4.0 * frequencies * tile_rows *
                    (kernel ? static_cast<double>(c_lines) * k
                            : (p.map == ConvMap::Forward ? static_cast<double>(k_lines) * c
                                                         : static_cast<double>(c_lines) * k));
            // The spectra of kernels pass through memory.
            cost += kernels * frequencies * 4;
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

const char* conv_fft_decline(const ConvProblem& p, int64_t lanes, int64_t rows) {
    if (p.n * p.out_pixels() == 0 || p.c == 0 || p.k == 0) return "a tensor is empty";
    if (p.taps() < 9) return "the kernel is small";
    const bool depthwise = p.groups > 1 && p.groups == p.c;
    if (depthwise && p.k != p.c) return "several outputs per channel";
    const FftPlan plan = plan_fft(p, lanes, rows);
    if (plan.cost > std::numeric_limits<double>::max()) return "the kernel is longer than a tile";
    if (plan.cost > p.flops() / (2 * lanes)) return "direct convolution costs less";
    return nullptr;
}

}  // namespace cc
