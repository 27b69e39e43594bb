// Tiles of any pixels of some passes, whose kernel positions are looked up.
#pragma once

#include <algorithm>
#include <vector>

#include "base/allocator.h"
#include "base/parallel.h"
#include "kernels/conv/conv_passes.h"
#include "kernels/gemm/pack.h"

namespace cc {

// At most `stride` pixels of a pass; beyond rows sources are zeros.
template <class T>
struct PixelTile {
    int64_t taps;
    const T* const* sources;  // [taps][stride]
    const int64_t* weights;   // [taps] kernel position · weight_step
    T* const* results;        // [rows]
    int64_t rows;
    int64_t source_ahead, result_ahead;  // from its pixels to those of the next tile on the line
};

// f(tile) for all of them in parallel, in grains of so much work.
template <class T, class F>
void each_pixel_tile(const ConvProblem& p, const std::vector<Pass>& passes, const T* source, T* result,
                     const T* zeros, int64_t stride, int64_t weight_step, double grain_flops, F f) {
    struct PassTiles {
        Parts tiles;
        PixelTable<T> table;
        std::vector<int64_t> order;
        int64_t end;  // tiles of this pass and those before it
    };
    std::vector<PassTiles> all;
    int64_t end = 0, most_taps = 0;
    for (const Pass& pass : passes) {
        const Parts tiles = Parts::at_most(p.n * pass.pixels(), stride);
        end += tiles.count;
        most_taps = std::max(most_taps, pass.taps());
        all.push_back({tiles, {p, pass, source, result, stride}, weight_taps(p, pass), end});
    }
    const double tile_flops = p.flops() / (end + 1) + 2.0 * stride * std::max(p.c, p.k);
    parallel_for(end, static_cast<int64_t>(grain_flops / tile_flops) + 1, [&](int64_t first, int64_t last) {
        Scratch<const T*> sources(most_taps * stride + 1);
        Scratch<T*> results(stride);
        Scratch<int64_t> weights(most_taps + 1);
        size_t pass = 0;
        for (int64_t i = first; i < last; ++i) {
            while (i >= all[pass].end) ++pass;
            const PassTiles& of = all[pass];
            const int64_t tile = i - (of.end - of.tiles.count), rows = of.tiles.size(tile);
            of.table.look_up(of.tiles.begin(tile), rows, 0, 0, zeros, sources.data(), results.data());
            const int64_t taps = of.table.drop_outside(rows, zeros, sources.data(), weights.data());
            for (int64_t t = 0; t < taps; ++t) {
                weights[t] = of.order[weights[t]] * weight_step;
                std::fill(&sources[t * stride + rows], &sources[(t + 1) * stride], zeros);
            }
            const PassAxis& line = passes[pass].axes[2];
            const bool forward = p.map == ConvMap::Forward;
            f(PixelTile<T>{taps, sources.data(), weights.data(), results.data(), rows,
                           stride * line.source_step * (forward ? p.c : p.k),
                           stride * line.step * (forward ? p.k : p.c)});
        }
    });
}

}  // namespace cc
