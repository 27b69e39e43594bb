// Winograd's transforms and products of one instruction set; conv_winograd.cpp says what they are
// for.
#pragma once

#include <stdint.h>

#include "kernels/gemm/epilogue.h"

namespace cc {

// Elements are of four classes: bit 0 of a line's last line of elements (in one dimension the last
// element), bit 1 of the last column. These come from the point ∞, which only the last pixel of a
// tile of y has to do with: so what lies beyond y's border needs none of their products. Where
// tiles stand in a panel is a table for each class, which has the tiles that need none last.
constexpr int kWinogradClasses = 4;
static constexpr int64_t winograd_class(int64_t e, int axes, int64_t window) {
    return axes == 1 ? e == window - 1 : (e / window == window - 1) + 2 * (e % window == window - 1);
}

// `tiles` tiles in the transformed domain: [element][tile/rows][channels/lanes][rows][lanes], zeros
// beyond the last channel. A stride of an odd number of cache lines keeps the elements apart in the
// cache.
struct WinogradPanel {
    float* data;
    int64_t rows, group, element;  // tiles of a group; strides of groups and of elements
    int64_t tiles;
};

// Pixels to a panel, or to its groups from `skip` on: Bᵀ x B of the input's windows, or A y Aᵀ of
// the output's tiles.
struct WinogradGather {
    const float* const* pixels;  // [tiles][window]: channel 0, or a row of zeros
    const int32_t* places;  // null, or [tiles][classes]: in floats
    int64_t channels, skip;
    WinogradPanel panel;  // with so many tiles to gather
    int64_t line, place;  // tiles side by side in a line; where in its line the first one stands
};

// Pixels to bring into the cache while something else is computed: lines at[i] + offset.
struct WinogradAhead {
    const float* const* at;
    int64_t count, offset;
};

// out[e][tile][2 lanes] = Σ panel[e][tile][depth] · weights[e][depth][2 lanes], zeros for tiles that
// need none
struct WinogradProducts {
    WinogradPanel panel;
    const int64_t* needed;  // [classes] tiles
    const float* weights;
    int64_t weights_element;
    float* out;
    int64_t out_element;
    int64_t depth;  // channels of the panel, a multiple of lanes
    WinogradAhead source, result;
};

// Products to pixels: Aᵀ m A for the output, B m Bᵀ for the input's gradient.
struct WinogradScatter {
    const float* products;  // [elements][tiles][2 lanes]
    int64_t element;
    const int32_t* places;     // null, or [tiles][classes]: in floats
    const float* const* from;  // [tiles][window]: what is added to, or a row of zeros; null: none
    float* const* to;          // [tiles][window]: what is written, or a row nobody reads
    int64_t tiles;
    const float* bias;          // null or `channels` values
    int64_t offset, channels;  // channels [offset, offset + channels), at most 2 lanes
    const EpilogueOf<float>* epilogue;  // null, or of all channels
    int64_t line, place;                // as in WinogradGather
};

// sums[c][k] (+)= Σ_tiles a[tile][c] · b[tile][k] of one element, over panels behind each other
struct WinogradOuter {
    const float *a, *b;
    int64_t a_panel, b_panel;  // strides of the panels
    int64_t panels, rows;      // tiles that a panel has room for
    const int64_t* needed;     // tiles of panel i: needed[i · classes]
    float* sums;
    int64_t stride;
    int64_t a_blocks, b_blocks;  // vectors of channels of a and b
    bool accumulate;
};

// G w Gᵀ for two vectors of weights, or Gᵀ u G back. Elements are `element` apart, taps `tap`.
struct WinogradWeights {
    float* taps;
    int64_t tap;
    float* elements;
    int64_t element;
};

// For kernels of `taps` or taps × taps, windows of `window` pixels an axis and tiles of window + 1 − taps.
struct WinogradMaps {
    void (*input)(const WinogradGather&);
    void (*grad_output)(const WinogradGather&);
    void (*output)(const WinogradScatter&);
    void (*grad_input)(const WinogradScatter&);
    void (*products)(const WinogradProducts&);
    void (*weights)(const WinogradWeights&);
    void (*grad_weights)(const WinogradWeights&);
};
struct Winograd {
    int64_t lanes, rows;  // rows: tiles of one register tile
    WinogradMaps maps[5][2];  // [2, 3, 4, 5 taps in windows of 6, 3 in windows of 4][1-D, 2-D]
    const WinogradMaps& maps_of(int64_t window, int64_t taps, int axes) const {
        return maps[window == 4 ? 4 : taps - 2][axes - 1];
    }
    void (*outer)(const WinogradOuter&);
};

// What each winograd_<isa>.cpp exports.
namespace generic {
extern const Winograd winograd;
}
namespace avx2 {
extern const Winograd winograd;
}
namespace avx512 {
extern const Winograd winograd;
}

}  // namespace cc
