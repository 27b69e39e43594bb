// One register tile of a product: the inner loops of GEMM and of direct convolution, one table per
// instruction set.
#pragma once

#include <stdint.h>

#include "kernels/gemm/epilogue.h"

namespace cc {

// out[i][j] (+)= bias[j] + Σ_t Σ_l a[t][i][l] · b[t][l][j]. A matrix product has one tap; a
// convolution one per kernel position, and its rows are pixels that lie anywhere.
template <class T>
struct RowTile {
    int64_t taps, depth;
    const T* const* a;  // [taps][Micro::rows] first elements of the rows, which run along l
    const T* const* b;  // [taps] panels [depth][width], padded with zeros
    int64_t width;      // one to three times the lanes
    T* const* out;      // [rows]
    const T* bias;      // null or cols values
    int64_t rows, cols;
    bool accumulate;
    const EpilogueOf<T>* epilogue;  // null or of cols columns; wants rows of out that do not overlap
};

// out[i][j] (+)= Σ_p a[p][i] · b[p][j]: rows of pixels on both sides, as in the kernel's gradient.
template <class T>
struct OuterTile {
    int64_t depth;
    const T* const* a;  // [depth], read from a_offset on
    const T* const* b;
    int64_t a_offset, b_offset;
    T* out;
    int64_t out_stride;
    int64_t rows, cols;  // at most Micro::rows and 2 lanes
    bool accumulate;
};

// The same of rows that lie a_step and b_step apart.
template <class T>
struct StepTile {
    int64_t depth;
    const T* a;
    int64_t a_step;
    const T* b;
    int64_t b_step;
    T* out;
    int64_t out_stride;
    int64_t rows, cols;
    bool accumulate;
    T* kept = nullptr;  // where b goes for the next tiles, [depth][2 lanes]; of as many columns
};

// out[i][j] (+)= bias[j] + Σ_l a[i][l] · b[j][l]: both sides run along l, and there are too few
// rows to rearrange b for.
template <class T>
struct DotTile {
    int64_t depth;
    const T* a;
    int64_t a_stride;
    const T* b;
    int64_t b_stride;
    T* out;
    int64_t out_stride;
    const T* bias;       // null or cols values
    int64_t rows, cols;  // at most 2 and 4
    bool accumulate;
};

// out[i][j] = bias[j] + Σ_t a[t][i][j] · b[b_at[t] + j]: depthwise convolution of some pixels.
template <class T>
struct ColumnTile {
    int64_t taps;
    const T* const* a;  // [taps][Micro::rows]
    const T* b;
    const int64_t* b_at;
    T* const* out;  // [rows]
    const T* bias;  // null or cols values
    int64_t rows, cols;
    const EpilogueOf<T>* epilogue;  // null or of cols columns
};

// out[r][i][j] = bias[j] + Σ_l Σ_t a[l][first + i·stride + t][j] · b[l][r][t][j]: depthwise convolution of the pixels of
// a line, or of two that share lines of a. Pixels of a that are not in [0, size) are zeros. Of two rows the first takes
// lines [0, shared_end), the other [shared, lines), in order. The kernel's gradient, from one row, is
// b[l][t][j] += Σ_i a[l][first + i·stride + t][j] · out[i][j].
template <class T>
struct RunLine {
    int64_t width, stride;  // has_run_tile() of both
    int64_t rows;           // 1, or 2 where has_run_pair(width)
    int64_t lines, shared, shared_end;
    const T* const* a;  // [lines] pixel 0, pixels a_step apart
    int64_t first, size, a_step;
    T* const* b;  // [lines][rows] position 0, positions b_step apart
    int64_t b_step;
    T* out;
    int64_t out_step, out_row;
    const T* bias;  // null or cols values
    int64_t pixels, cols;
    bool streamed;  // a and out come from memory: they are read in order, in pairs pixel by pixel
    const EpilogueOf<T>* epilogue;  // null or of cols columns
};
constexpr int kRunPixels = 8;
constexpr bool has_run_tile(int64_t width, int64_t stride) {
    return stride == 1 ? width >= 1 && width <= 7 : stride == 2 && (width == 3 || width == 5 || width == 7);
}
constexpr bool has_run_pair(int64_t width) { return width == 3; }  // enough is shared, and all weights stay in registers

// out[t][j] += Σ_p a[t][p][j] · b[p][j]: its kernel's gradient.
template <class T>
struct ColumnSum {
    int64_t taps, depth;
    const T* const* a;  // [taps][a_stride], read from `offset` on, as b
    int64_t a_stride;
    const T* const* b;  // [depth]
    int64_t offset;
    T* const* out;  // [taps]
    int64_t cols;
};

// out[i][j] = bias[j] + Σ_t Σ_l a[t][at[i] + l] · b[t·depth + l][j]: any number of windows into a strip
// (conv_strip.cpp).
template <class T>
struct WindowTile {
    int64_t taps, depth;
    const T* const* a;  // [taps]
    const int64_t* at;  // [pixels]
    const T* b;         // Panels of cols columns
    T* out;             // [pixels], out_step apart
    int64_t out_step;
    const T* bias;  // null or cols values
    int64_t pixels, cols;
    const EpilogueOf<T>* epilogue;  // null or of cols columns
};

// out[i][j] += Σ_p a[i][at[p]] · b[p·b_step + j]: its kernel's gradient, all rows and columns.
template <class T>
struct WindowSum {
    int64_t depth;
    const T* const* a;  // [rows]
    const int64_t* at;  // [depth]
    const T* b;
    int64_t b_step;
    T* out;
    int64_t out_step;
    int64_t rows, cols;
};

// out[i][j] = bias[j] + Σ_t Σ_d a[t][i][g(j) + d] · w[t][d][j], where g(j) is the first channel of j's group of
// `depth`, 2, 4 or 8 channels. Of a tile's kRunPixels pixels `rows` are stored.
constexpr int kMostGroup = 8;
template <class T>
struct GroupTile {
    int64_t depth, taps;
    const T* const* a;  // [taps][kRunPixels]
    const T* w;         // [cols / lanes][kernel positions][depth][lanes], vectors w_step apart
    int64_t w_step;
    const int64_t* w_at;  // [taps] where the position stands in a vector's
    T* const* out;        // [rows]
    const T* bias;        // null or cols values
    int64_t rows, cols;
    int64_t a_ahead, out_ahead;  // from pixels of this tile to those of the next, more or less
    const EpilogueOf<T>* epilogue;  // null or of cols columns
};

// w[t][d][j] += Σ_p a[t][p][g(j) + d] · b[p][j]: its kernel's gradient.
template <class T>
struct GroupSum {
    int64_t depth, taps, pixels;
    const T* const* a;  // [taps][a_stride]
    int64_t a_stride;
    const T* const* b;  // [pixels]
    T* w;               // as in GroupTile, of `taps` positions
    int64_t cols;
};

template <class T>
struct Micro {
    int64_t rows, lanes;
    int64_t single_rows;  // the tallest tile that pays where one vector holds all columns
    int64_t triple_rows;  // the tallest row tile of three vectors; taller ones are computed as two
    int64_t rows_for(int64_t cols) const { return cols <= lanes ? single_rows : rows; }
    int64_t rows_for_panel(int64_t width) const { return width > 2 * lanes ? triple_rows : rows_for(width); }
    void (*row_tile)(const RowTile<T>&);
    void (*outer_tile)(const OuterTile<T>&);
    void (*step_tile)(const StepTile<T>&);
    void (*dot_tile)(const DotTile<T>&);
    void (*column_tile)(const ColumnTile<T>&);
    void (*run_line)(const RunLine<T>&);  // null but for float: these tiles are a third of all code
    void (*run_sum)(const RunLine<T>&);
    void (*column_sum)(const ColumnSum<T>&);
    void (*window_tile)(const WindowTile<T>&);
    void (*window_sum)(const WindowSum<T>&);
    void (*group_tile)(const GroupTile<T>&);
    void (*group_sum)(const GroupSum<T>&);
    // to[j][i] = from[i][j] for i < rows, j < cols
    void (*transpose)(const T* from, int64_t from_stride, T* to, int64_t to_stride, int64_t rows,
                      int64_t cols);
};

// What each micro_<isa>.cpp exports.
struct MicroSet {
    Micro<float> f32;
    Micro<double> f64;
};
namespace generic {
extern const MicroSet micro;
}
namespace avx2 {
extern const MicroSet micro;
}
namespace avx512 {
extern const MicroSet micro;
}

inline const Micro<float>& micro_for(const MicroSet& set, float) { return set.f32; }
inline const Micro<double>& micro_for(const MicroSet& set, double) { return set.f64; }

}  // namespace cc
