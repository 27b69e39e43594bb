// What forward and input gradient have in common: pixels of one image summed over kernel positions
// of the other.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/conv/conv.h"

namespace cc {

// Along one axis, pixel q of a pass is pixel start + q·step of the result; kernel position taps[i]
// reads source pixel q·source_step + offsets[i].
struct PassAxis {
    int64_t count, start, step, source_step;
    std::vector<int64_t> taps, offsets;
};

// The pixels of the result that use the same kernel positions: all of them in the forward
// direction; for the input gradient one pass per residue modulo the stride, so that no
// multiplication by an inserted zero is ever made.
struct Pass {
    PassAxis axes[3];
    int64_t pixels() const { return axes[0].count * axes[1].count * axes[2].count; }
    int64_t taps() const {
        return static_cast<int64_t>(axes[0].taps.size() * axes[1].taps.size() *
                                    axes[2].taps.size());
    }
};

std::vector<Pass> forward_passes(const ConvProblem& problem);
std::vector<Pass> grad_input_passes(const ConvProblem& problem);
// The kernel positions of a pass, flattened.
std::vector<int64_t> weight_taps(const ConvProblem& problem, const Pass& pass);

// For tiles of pixels of a pass: where their source pixels lie.
template <class T>
class PixelTable {
public:
    // Pixels are numbered image by image, or lines_first: one line of all images before the next
    // line. Then the pixels of a tile agree more often on which kernel positions fall outside.
    PixelTable(const ConvProblem& p, const Pass& pass, const T* source, T* result, int64_t stride,
               bool lines_first = false)
        : pass_(pass), source_(source), result_(result), stride_(stride),
          order_(lines_first ? kLinesFirst : kImagesFirst) {
        for (int a = 0; a < 3; ++a) counts_[a] = pass.axes[a].count;
        counts_[3] = p.n;
        const bool forward = p.map == ConvMap::Forward;
        source_size_ = forward ? p.in : p.out;
        result_size_ = forward ? p.out : p.in;
        source_channels_ = forward ? p.c : p.k;
        result_channels_ = forward ? p.k : p.c;
        for (int64_t o0 : pass.axes[0].offsets)
            for (int64_t o1 : pass.axes[1].offsets)
                for (int64_t o2 : pass.axes[2].offsets)
                    steps_.push_back(((o0 * source_size_[1] + o1) * source_size_[2] + o2) *
                                     source_channels_);
    }

    int64_t taps() const { return static_cast<int64_t>(steps_.size()); }

    // sources[tap][stride]: channel 0 of the source pixels of count pixels from `first` on, or
    // zeros outside the image, moved by source_channel; results[i]: their own channel
    // result_channel.
    void look_up(int64_t first, int64_t count, int64_t source_channel, int64_t result_channel,
                 const T* zeros, const T** sources, T** results) const {
        const PassAxis* axes = pass_.axes;
        int64_t q[4], rest = first;
        for (int i = 3; i >= 0; --i) {
            q[order_[i]] = rest % counts_[order_[i]];
            rest /= counts_[order_[i]];
        }
        for (int64_t row = 0; row < count; ++row) {
            int64_t from = q[3], to = q[3];
            for (int a = 0; a < 3; ++a) {
                from = from * source_size_[a] + q[a] * axes[a].source_step;
                to = to * result_size_[a] + axes[a].start + q[a] * axes[a].step;
            }
            const T* pixel = source_ + from * source_channels_ + source_channel;
            results[row] = result_ + to * result_channels_ + result_channel;
            if (interior(q))
                for (int64_t tap = 0; tap < taps(); ++tap)
                    sources[tap * stride_ + row] = pixel + steps_[tap];
            else
                look_up_edge(q, pixel, zeros, sources + row);
            for (int i = 3; i >= 0 && ++q[order_[i]] == counts_[order_[i]]; --i) q[order_[i]] = 0;
        }
    }

    // Removes the taps for which all `count` pixels lie outside; numbers[i] says which tap stays
    // i-th. Returns how many stay.
    int64_t drop_outside(int64_t count, const T* zeros, const T** sources, int64_t* numbers) const {
        int64_t kept = 0;
        for (int64_t tap = 0; tap < taps(); ++tap) {
            const T** from = sources + tap * stride_;
            if (std::all_of(from, from + count, [&](const T* pixel) { return pixel == zeros; }))
                continue;
            if (kept < tap) std::copy_n(from, count, sources + kept * stride_);
            numbers[kept++] = tap;
        }
        return kept;
    }

private:
    static constexpr int kImagesFirst[] = {3, 0, 1, 2}, kLinesFirst[] = {0, 1, 3, 2};

    bool inside(const int64_t* q, int a, int64_t offset) const {
        return static_cast<uint64_t>(q[a] * pass_.axes[a].source_step + offset) <
               static_cast<uint64_t>(source_size_[a]);
    }
    bool interior(const int64_t* q) const {
        for (int a = 0; a < 3; ++a) {
            const auto& offsets = pass_.axes[a].offsets;
            if (offsets.empty() || !inside(q, a, offsets.front()) || !inside(q, a, offsets.back()))
                return false;
        }
        return true;
    }
    void look_up_edge(const int64_t* q, const T* pixel, const T* zeros, const T** to) const {
        const int64_t* step = steps_.data();
        for (int64_t o0 : pass_.axes[0].offsets)
            for (int64_t o1 : pass_.axes[1].offsets) {
                const bool inside_01 = inside(q, 0, o0) && inside(q, 1, o1);
                for (int64_t o2 : pass_.axes[2].offsets) {
                    *to = inside_01 && inside(q, 2, o2) ? pixel + *step : zeros;
                    to += stride_;
                    ++step;
                }
            }
    }

    const Pass& pass_;
    const T* source_;
    T* result_;
    int64_t stride_;
    const int* order_;  // axes from slowest to fastest, 3 for the image
    int64_t counts_[4];
    const int64_t *source_size_, *result_size_;
    int64_t source_channels_, result_channels_;
    std::vector<int64_t> steps_;
};

// The pairs (row of y, row of x) that kernel position t multiplies, among output pixels [first,
// first + count). Returns their number.
template <class T>
int64_t list_pairs(const ConvProblem& p, int64_t tap, int64_t first, int64_t count, const T* x,
                   const T* y, const T** y_rows, const T** x_rows) {
    const int64_t t[3] = {tap / p.kernel[2] / p.kernel[1], tap / p.kernel[2] % p.kernel[1],
                          tap % p.kernel[2]};
    int64_t o[3], image = first, found = 0;
    for (int a = 2; a >= 0; --a) {
        o[a] = image % p.out[a];
        image /= p.out[a];
    }
    auto source = [&](int a) { return o[a] * p.stride[a] - p.pad_lo[a] + t[a] * p.dilation[a]; };
    auto inside = [&](int64_t i, int a) {
        return static_cast<uint64_t>(i) < static_cast<uint64_t>(p.in[a]);
    };
    for (int64_t pixel = first; pixel < first + count;) {
        const int64_t i0 = source(0), i1 = source(1),
                      run = std::min(p.out[2] - o[2], first + count - pixel);
        if (inside(i0, 0) && inside(i1, 1)) {
            const T* line = x + ((image * p.in[0] + i0) * p.in[1] + i1) * p.in[2] * p.c;
            int64_t i2 = source(2);
            for (int64_t j = 0; j < run; ++j, i2 += p.stride[2])
                if (inside(i2, 2)) {
                    y_rows[found] = y + (pixel + j) * p.k;
                    x_rows[found++] = line + i2 * p.c;
                }
        }
        pixel += run;
        o[2] = 0;
        for (int a = 1; a >= 0 && ++o[a] == p.out[a]; --a) {
            o[a] = 0;
            if (a == 0) ++image;
        }
    }
    return found;
}

}  // namespace cc
