// Depthwise convolution where the kernel's positions in a line are neighbours, few, and at stride 1 or 2:
// lines of the result go in runs of kRunPixels, so that each pixel is loaded once for all positions of a
// kernel's line that use it.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "base/allocator.h"
#include "kernels/conv/conv_passes.h"
#include "kernels/gemm/pack.h"

namespace cc {

template <class T>
struct DepthwiseRuns {
    const ConvProblem& p;
    const Pass& pass;
    const T* source;
    T* result;
    const T* zeros;  // as many as there are channels
    const EpilogueOf<T>* epilogue = nullptr;

    static bool fit(const Pass& pass) {
        const PassAxis& along = pass.axes[2];
        const int64_t width = along.offsets.size();
        return pass.taps() == 0 || (has_run_tile(width, along.source_step) &&
                                    std::abs(along.offsets.back() - along.offsets.front()) == width - 1);
    }

    int64_t lines() const { return p.n * pass.axes[0].count * pass.axes[1].count; }

    // Calls f(tile) for the runs of the lines [first, last), channels [channel, channel + cols); weights are [tap][c].
    template <class F>
    void each_tile(int64_t first, int64_t last, int64_t channel, int64_t cols, T* weights, const T* bias, F f) const {
        const PassAxis *axes = pass.axes, &along = axes[2];
        const bool forward = p.map == ConvMap::Forward;
        const int64_t *in = forward ? p.in : p.out, *out = forward ? p.out : p.in;
        const std::vector<int64_t> order = weight_taps(p, pass);
        const bool any = !order.empty(), upward = any && along.offsets.front() <= along.offsets.back();
        const int64_t width = any ? along.offsets.size() : 1,
                      lowest = any ? std::min(along.offsets.front(), along.offsets.back()) : 0,
                      b_step = width > 1 ? (order[1] - order[0]) * (upward ? p.c : -p.c) : 0,
                      extent = run_extent(width, along.source_step);
        Scratch<const T*> a_lines(order.size() + 1), a((order.size() + 1) * extent);
        Scratch<T*> b(order.size() + 1);
        const Parts runs = Parts::at_most(along.count, kRunPixels);
        RunTile<T> tile{width, along.source_step, 0, a.data(), b.data(), b_step, nullptr,
                        along.step * p.c, bias ? bias + channel : nullptr, 0, cols, epilogue};
        for (int64_t line = first; line < last; ++line) {
            const int64_t q1 = line % axes[1].count, q0 = line / axes[1].count % axes[0].count,
                          image = line / axes[1].count / axes[0].count;
            const T* lowest_line = source;
            tile.lines = 0;
            for (size_t t0 = 0; any && t0 < axes[0].offsets.size(); ++t0)
                for (size_t t1 = 0; t1 < axes[1].offsets.size(); ++t1) {
                    const int64_t i0 = q0 * axes[0].source_step + axes[0].offsets[t0],
                                  i1 = q1 * axes[1].source_step + axes[1].offsets[t1];
                    if (i0 < 0 || i0 >= in[0] || i1 < 0 || i1 >= in[1]) continue;
                    const int64_t tap = (t0 * axes[1].offsets.size() + t1) * width;
                    a_lines[tile.lines] = source + ((image * in[0] + i0) * in[1] + i1) * in[2] * p.c + channel;
                    lowest_line = std::max(lowest_line, a_lines[tile.lines]);
                    b[tile.lines++] = weights + order[upward ? tap : tap + width - 1] * p.c + channel;
                }
            T* to = result + channel +
                    ((image * out[0] + axes[0].start + q0 * axes[0].step) * out[1] + axes[1].start + q1 * axes[1].step) *
                        out[2] * p.c;
            for (int64_t i = 0; i < runs.count; ++i) {
                tile.pixels = runs.size(i);
                const int64_t q = runs.begin(i), from = q * along.source_step + lowest,
                              used = (tile.pixels - 1) * along.source_step + width,
                              begin = std::clamp<int64_t>(-from, 0, used),
                              end = std::clamp<int64_t>(in[2] - from, begin, used);
                for (int64_t l = 0; l < tile.lines; ++l) {
                    const T** pixels = a.data() + l * extent;
                    std::fill(pixels, pixels + begin, zeros);
                    for (int64_t at = begin; at < end; ++at) pixels[at] = a_lines[l] + (from + at) * p.c;
                    std::fill(pixels + end, pixels + extent, zeros);
                }
                tile.out = to + (along.start + q * along.step) * p.c;
                for (int64_t below = 1; tile.lines && below <= axes[1].source_step; ++below)
                    fetch_pixels(lowest_line + (below * in[2] + from + begin) * p.c, end - begin, p.c, cols);
                fetch_pixels(tile.out + along.step * tile.pixels * p.c, tile.pixels, along.step * p.c, cols);
                f(tile);
            }
        }
    }

private:
    // A tile's loads and stores jump from pixel to pixel, which no hardware prefetcher follows: what the tiles of the line
    // below read first, and what the next tile writes, is asked for here.
    static void fetch_pixels(const T* pixel, int64_t count, int64_t step, int64_t cols) {
        for (int64_t i = 0; i < count; ++i, pixel += step) fetch(pixel, cols);
    }
};

}  // namespace cc
