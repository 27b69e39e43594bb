// Fourier transforms of small real tiles, many channels at once, and products of their spectra: one
// table of functions per instruction set.
#pragma once

#include <stdint.h>

namespace cc {

// Tiles of size[0] × size[1] × size[2] real numbers per channel. Sizes are 1, 8, 16, 32, 64, 128 or
// 256; size[2] > 1, and size[1] > 1 where size[0] > 1. A spectrum has size[0] · size[1] · columns
// frequencies, those of the last axis up to the middle: the rest are their conjugates.
struct FftShape {
    int64_t size[3];
    int64_t columns;  // size[2] / 2 + 1
    int64_t tiles;    // how many are transformed together: 2 in one dimension, else 1
};

// The pixels of an image that lie in a tile: along each axis element m < count stands at position
// first + m·step of the tile and at data + m·stride. The rest of the tile is zero, or unwanted.
template <class T>
struct FftBox {
    T* data;
    int64_t first[3], step[3], count[3], stride[3];
};

// y[f][block][tile] = Σ_c x[f][tile][c] · w[f][block][c] over complex numbers, for f in [begin,
// end). A line is a vector of real parts and one of imaginary parts. x lies in panels of `rows`
// tiles, [panel][line of channels][row]; w [block][w_items] and y [block][y_items] in lines. Group
// g has the lines of x from g · group_lines on and the blocks from g · group_blocks on.
template <class T>
struct FftProduct {
    int64_t begin, end;
    const T* x;
    int64_t x_step, rows, x_lines;  // step: from one frequency to the next
    const T* w;
    int64_t w_step, w_items;
    T* y;
    int64_t y_step, y_items;
    int64_t depth, tiles, first_block, end_block;
    int64_t group_lines, group_blocks;
};

// sum[f][line][block · lanes + i] (+)= Σ_tiles y[f][block][tile](i) · x[f][line][tile]: the same
// reduced over tiles, for the lines of the block's group.
template <class T>
struct FftCorrelation {
    int64_t begin, end;
    const T* x;
    int64_t x_step;
    const T* y;
    int64_t y_step;
    T* sum;
    int64_t sum_step, sum_items;
    int64_t tiles, items, first_block, end_block;
    int64_t group_lines, group_blocks, group_rows;  // rows: channels of y in a group
    bool accumulate;
};

template <class T>
struct Fft {
    int64_t lanes, rows;  // rows: of a full panel of FftProduct
    // Boxes of shape.tiles tiles, `used` channels each, to to[tile] + f·step; of the results the
    // conjugates where asked, and always twice the transform. scratch: fft_scratch() numbers.
    void (*forward)(const FftShape& shape, const FftBox<T>* boxes, int64_t used, bool conjugate,
                    T* const* to, int64_t step, T* scratch);
    // box = scale · the inverse transform + bias.
    void (*inverse)(const FftShape& shape, const T* const* from, int64_t step,
                    const FftBox<T>* boxes, int64_t used, T scale, const T* bias, T* scratch);
    void (*product)(const FftProduct<T>&);
    void (*correlation)(const FftCorrelation<T>&);
    // One channel per group: a[f] = a[f] · b[f], and sum[f] += a[f] · b[f], in lines.
    void (*multiply)(int64_t lines, T* a, const T* b);
    void (*multiply_add)(int64_t lines, const T* a, const T* b, T* sum);
};

// Lines of scratch; rows lie one line further apart than a power of two.
inline int64_t fft_scratch_lines(const FftShape& shape) {
    return shape.size[0] * shape.size[1] * shape.tiles * (shape.columns + 1) + 2 * shape.size[2];
}

// What each fft_<isa>.cpp exports.
struct FftSet {
    Fft<float> f32;
    Fft<double> f64;
};
namespace generic {
extern const FftSet fft;
}
namespace avx2 {
extern const FftSet fft;
}
namespace avx512 {
extern const FftSet fft;
}

inline const Fft<float>& fft_for(const FftSet& set, float) { return set.f32; }
inline const Fft<double>& fft_for(const FftSet& set, double) { return set.f64; }

}  // namespace cc
