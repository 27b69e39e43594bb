// Depthwise convolution in float32 where the kernel's positions in a line are neighbours, few, and at stride 1 or 2:
// lines of the result go in runs of kRunPixels, so that each pixel is loaded once for all positions of a
// kernel's line that use it. Two lines that share lines of the source go together, half as many pixels at a time:
// then each line of the source comes into the first-level cache once or twice, not three times. What comes from
// memory is read pixel by pixel, all channels of one before the next: hardware prefetchers follow that order but not the
// jumps of a run (measured on busy Zen 3, 128 channels of 28×28: 1.5 to 1.9 times as fast, the kernel's gradient 2.4 times).
#pragma once

#include <algorithm>
#include <cstdlib>
#include <type_traits>
#include <vector>

#include "base/packs.h"
#include "base/parallel.h"
#include "kernels/conv/conv_passes.h"
#include "kernels/gemm/pack.h"

namespace cc {

constexpr int64_t kStreamedFrom = 2 << 20;  // elements of the source: more than a cache is likely to hold

// [channel][tap] to [tap][channel], unless they are so already.
template <class T>
void turn_depthwise_weights(const ConvProblem& p, const Micro<T>& micro, const T* weight, Packed<T>& to) {
    if (to.filled()) return;
    micro.transpose(weight, p.taps(), to.data(), p.c, p.c, p.taps());
    to.keep();
}

template <class T>
struct DepthwiseRuns {
    const ConvProblem& p;
    const Pass& pass;
    const T* source;
    T* result;
    const EpilogueOf<T>* epilogue = nullptr;
    using MadeLines = FunctionRef<const T*(int64_t image, int64_t line)>;
    const MadeLines* made = nullptr;  // where the source's lines come from, if there is no source; asked for from top to bottom

    static bool fit(const Pass& pass) {
        const PassAxis& along = pass.axes[2];
        const int64_t width = along.offsets.size();
        return std::is_same_v<T, float> &&
               (pass.taps() == 0 || (has_run_tile(width, along.source_step) &&
                                     std::abs(along.offsets.back() - along.offsets.front()) == width - 1));
    }

    // From memory, rather than from a cache?
    bool streamed() const {
        return !made && p.n * p.c * (p.map == ConvMap::Forward ? p.in_pixels() : p.out_pixels()) >= kStreamedFrom;
    }

    int64_t lines() const { return p.n * pass.axes[0].count * pass.axes[1].count; }

    // Calls f for the lines [first, last) of the result, channels [channel, channel + cols); weights are [tap][c].
    // The last image comes first: what was written last is more likely in a cache still. In pairs: of two lines where
    // that pays, as it does for whatever is streamed. Every sum runs in the same order.
    template <class F>
    void each_line(int64_t first, int64_t last, int64_t channel, int64_t cols, T* weights, const T* bias, bool in_pairs,
                   F f) const {
        const PassAxis *axes = pass.axes, &down = axes[1], &along = axes[2];
        const bool forward = p.map == ConvMap::Forward;
        const int64_t *in = forward ? p.in : p.out, *out = forward ? p.out : p.in;
        const std::vector<int64_t> order = weight_taps(p, pass);
        const bool any = !order.empty(), upward = any && along.offsets.front() <= along.offsets.back();
        const int64_t width = any ? along.offsets.size() : 1, height = any ? down.offsets.size() : 0,
                      lowest = any ? std::min(along.offsets.front(), along.offsets.back()) : 0,
                      b_step = width > 1 ? (order[1] - order[0]) * (upward ? p.c : -p.c) : 0,
                      shift = (in_pairs || streamed()) && any && has_run_pair(width) ? pair_shift() : 0;
        Scratch<const T*> a(2 * order.size() + 1);
        Scratch<T*> b(4 * order.size() + 1);
        RunLine<T> line{width, along.source_step, 1, 0, 0, 0, a.data(), lowest, in[2], p.c, b.data(), b_step, nullptr,
                        along.step * p.c, 0, bias ? bias + channel : nullptr, along.count, cols, streamed(), epilogue};
        for (int64_t at = first; at < last; at += line.rows) {
            const int64_t q1 = at % down.count, q0 = at / down.count % axes[0].count,
                          image = p.n - 1 - at / down.count / axes[0].count;
            auto result_line = [&](int64_t q) {
                return result + channel +
                       (((image * out[0] + axes[0].start + q0 * axes[0].step) * out[1] + down.start + q * down.step) *
                            out[2] + along.start) * p.c;
            };
            auto source_line = [&](int64_t i0, int64_t i1) -> const T* {
                if (i0 < 0 || i0 >= in[0] || i1 < 0 || i1 >= in[1]) return nullptr;
                return channel + (made ? (*made)(image, i1) : source + ((image * in[0] + i0) * in[1] + i1) * in[2] * p.c);
            };
            auto weights_of = [&](int64_t t0, int64_t t1) {
                const int64_t tap = (t0 * height + t1) * width;
                return weights + order[upward ? tap : tap + width - 1] * p.c + channel;
            };
            line.lines = line.shared = line.shared_end = 0;
            line.rows = shift && at + 1 < last && q1 + 1 < down.count ? 2 : 1;
            if (line.rows == 2) {  // the row that takes the other's first lines, and then its own, comes first
                const int64_t ahead = std::abs(shift), begin = shift > 0 ? q1 : q1 + 1, other = shift > 0 ? q1 + 1 : q1;
                for (int64_t t = 0; t < height + ahead; ++t) {
                    const int64_t offset = down.offsets[0] + t * (down.offsets[1] - down.offsets[0]);
                    a[line.lines] = source_line(q0 * axes[0].source_step + axes[0].offsets[0], begin * down.source_step + offset);
                    if (!a[line.lines]) continue;
                    b[2 * line.lines] = t < height ? weights_of(0, t) : nullptr;
                    b[2 * line.lines + 1] = t >= ahead ? weights_of(0, t - ahead) : nullptr;
                    ++line.lines;
                    if (t < ahead) line.shared = line.lines;
                    if (t < height) line.shared_end = line.lines;
                }
                line.out = result_line(begin);
                line.out_row = result_line(other) - line.out;
            } else {
                for (int64_t t0 = 0; any && t0 < static_cast<int64_t>(axes[0].offsets.size()); ++t0)
                    for (int64_t t1 = 0; t1 < height; ++t1) {
                        a[line.lines] = source_line(q0 * axes[0].source_step + axes[0].offsets[t0],
                                                    q1 * down.source_step + down.offsets[t1]);
                        if (a[line.lines]) b[line.lines++] = weights_of(t0, t1);
                    }
                line.out = result_line(q1);
            }
            f(line);
        }
    }

private:
    // A line of the kernel meets, in the next line of the result, what the one so many further on meets in this. 0: none does.
    int64_t pair_shift() const {
        const PassAxis& down = pass.axes[1];
        const int64_t height = down.offsets.size();
        if (p.kernel[0] > 1 || height < 2 || down.source_step % (down.offsets[1] - down.offsets[0])) return 0;
        const int64_t shift = down.source_step / (down.offsets[1] - down.offsets[0]);
        return std::abs(shift) < height ? shift : 0;
    }
};

}  // namespace cc
