// The register tiles, written once over a vector type V and compiled by each micro_<isa>.cpp.
//
//   row tile     Rows × (2, 3 or 1) vectors of accumulators; per l so many loads of b and one
//                broadcast per row, used for each. Rows are pointers, so packed panels, matrices in
//                place and pixels of a convolution run the same code.
//   outer tile   Rows × (2 or 1) vectors; per pixel the same loads, both operands in place, by pointers or,
//                in the step tile, by steps: then b may be stored densely on the way, for the tiles that follow
//   dot tile     2 × 4 vectors along the summed index, folded at the end
//   column tile  Rows pixels × one vector of channels at a time, Σ over taps; loads bound it
//   run tile     8 neighbouring pixels, or 4 of each of two lines (what comes from memory: one of each), × one
//                vector of channels: a line's kernel stays in registers and each of its pixels is loaded once for
//                every position that uses it
//   column sum   nine taps × one vector at a time: b is loaded once for nine multiply-adds
//
// AVX-512 14×32: 28 accumulators + 2 + 1 of 32 registers and 16 loads per 28 multiply-adds; AVX2
// 6×16: 12 + 2 + 1 of 16. Alone, a vector that pairs leave over would take half as long again (AVX2 6×8:
// six chains of four cycles, seven loads per six multiply-adds), so the last three go together: 8×48, 4×24.
// Every number of rows has its own code, so that ragged edges do no idle work. A value used twice is
// broadcast by one load (folded into the multiply-adds it would be loaded twice); a value used once is
// folded, and as every row then costs an address, tiles of one vector stop at eight or so rows.
#pragma once

#include "kernels/gemm/epilogue.inl"
#include "kernels/gemm/micro.h"

#define CC_UNROLL _Pragma("GCC unroll 32")

namespace cc {
namespace {

// The ends of tiles are inlined early, all of them: sums that a function once took by reference would stay in memory.
template <int Vectors, class V, class T>
[[gnu::always_inline]] inline void add_row(V (&acc)[Vectors], const T* row, int64_t last) {
    CC_UNROLL for (int v = 0; v < Vectors; ++v) {
        const T* p = row + v * V::lanes;
        acc[v] = (v < Vectors - 1 ? V::load(p) : V::load(p, last)) + acc[v];
    }
}

template <bool Whole, class V, int Rows, int Vectors, class Out>
[[gnu::always_inline]] inline void store_rows(V (&acc)[Rows][Vectors], int64_t last, bool accumulate, Out out) {
    CC_UNROLL for (int i = 0; i < Rows; ++i) {
        typename V::Scalar* row = out(i);
        if (accumulate) add_row(acc[i], row, last);
        CC_UNROLL for (int v = 0; v < Vectors; ++v)
            if (Whole || v < Vectors - 1) acc[i][v].store(row + v * V::lanes);
            else acc[i][v].store(row + v * V::lanes, last);
    }
}

// out(i)[j] = end(bias[j] + sum[i][j] (+ out(i)[j])), of the last vector `last` columns. Without an epilogue rows may overlap:
// they are stored one after the other.
template <class V, int Rows, int Vectors, class T, class Out>
[[gnu::always_inline]] inline void finish_tile(V (&acc)[Rows][Vectors], int64_t last, const T* bias, bool accumulate,
                                               const EpilogueOf<T>* epilogue, Out out) {
    constexpr int64_t lanes = V::lanes;
    if (bias)
        CC_UNROLL for (int i = 0; i < Rows; ++i) add_row(acc[i], bias, last);
    if (epilogue) {
        if (accumulate)
            CC_UNROLL for (int i = 0; i < Rows; ++i) add_row(acc[i], out(i), last);
        accumulate = false;
        CC_UNROLL for (int v = 0; v < Vectors; ++v) {
            const ColumnEpilogue<V> end(*epilogue, v * lanes, v < Vectors - 1 ? lanes : last);
            CC_UNROLL for (int i = 0; i < Rows; ++i) acc[i][v] = end.scaled(acc[i][v]);
        }
        if (const T* added = epilogue->added)
            CC_UNROLL for (int i = 0; i < Rows; ++i) add_row(acc[i], added + (out(i) - epilogue->result), last);
        const V low = V::set(epilogue->low), high = V::set(epilogue->high);
        CC_UNROLL for (int i = 0; i < Rows; ++i)
            CC_UNROLL for (int v = 0; v < Vectors; ++v) acc[i][v] = min(high, max(low, acc[i][v]));
    }
    if (last == lanes) store_rows<true>(acc, last, accumulate, out);
    else store_rows<false>(acc, last, accumulate, out);
}

template <class V, int MaxRows, int Rows, int Vectors, class T>
[[gnu::noinline]] void row_tile(const RowTile<T>& tile, int64_t first) {
    constexpr int64_t lanes = V::lanes;
    const int64_t depth = tile.depth;
    V acc[Rows][Vectors];
    CC_UNROLL for (int i = 0; i < Rows; ++i)
        CC_UNROLL for (int v = 0; v < Vectors; ++v) acc[i][v] = V::set(0);
    for (int64_t t = 0; t < tile.taps; ++t) {
        const T* const* a = tile.a + t * MaxRows + first;
        const T* b = tile.b[t];
        const T* rows[Rows];
        CC_UNROLL for (int i = 0; i < Rows; ++i) rows[i] = a[i];
        _Pragma("GCC unroll 4") for (int64_t l = 0; l < depth; ++l, b += Vectors * lanes) {
            V bv[Vectors];
            CC_UNROLL for (int v = 0; v < Vectors; ++v) bv[v] = V::load(b + v * lanes);
            CC_UNROLL for (int i = 0; i < Rows; ++i) {
                V av = Vectors == 1 ? V::set(rows[i][l]) : V::broadcast(rows[i] + l);
                CC_UNROLL for (int v = 0; v < Vectors; ++v) acc[i][v] = fma(av, bv[v], acc[i][v]);
            }
        }
    }
    // Stores may touch anything, so what the tile says is read before them.
    T* const* out = tile.out + first;
    finish_tile(acc, tile.cols - (Vectors - 1) * lanes, tile.bias, tile.accumulate, tile.epilogue, [=](int i) { return out[i]; });
}

template <class T>
struct RowPair {
    const T *a, *b;
};
template <class T>
auto row_pairs(const OuterTile<T>& tile) {
    return [a = tile.a, b = tile.b, a_offset = tile.a_offset, b_offset = tile.b_offset](int64_t p) {
        return RowPair<T>{a[p] + a_offset, b[p] + b_offset};
    };
}
template <class T>
auto row_pairs(const StepTile<T>& tile) {
    return [a = tile.a, b = tile.b, a_step = tile.a_step, b_step = tile.b_step](int64_t p) {
        return RowPair<T>{a + p * a_step, b + p * b_step};
    };
}

template <class V, int Rows, int Vectors, bool Ragged, bool Keeps, class Tile>
[[gnu::noinline]] void outer_tile(const Tile& tile) {
    constexpr int64_t lanes = V::lanes;
    const int64_t last = tile.cols - (Vectors - 1) * lanes, depth = tile.depth;
    V acc[Rows][Vectors];
    CC_UNROLL for (int i = 0; i < Rows; ++i)
        CC_UNROLL for (int v = 0; v < Vectors; ++v) acc[i][v] = V::set(0);
    const auto pairs = row_pairs(tile);
    auto* kept = tile.out;
    if constexpr (Keeps) kept = tile.kept;
    for (int64_t p = 0; p < depth; ++p) {
        const auto [a, b] = pairs(p);
        V bv[Vectors];
        CC_UNROLL for (int v = 0; v < Vectors; ++v)
            bv[v] = Ragged && v == Vectors - 1 ? V::load(b + v * lanes, last)
                                               : V::load(b + v * lanes);
        if constexpr (Keeps) {
            CC_UNROLL for (int v = 0; v < Vectors; ++v) bv[v].store(kept + v * lanes);
            kept += Vectors * lanes;
        }
        CC_UNROLL for (int i = 0; i < Rows; ++i) {
            V av = Vectors == 1 ? V::set(a[i]) : V::broadcast(a + i);
            CC_UNROLL for (int v = 0; v < Vectors; ++v) acc[i][v] = fma(av, bv[v], acc[i][v]);
        }
    }
    auto* out = tile.out;
    CC_UNROLL for (int i = 0; i < Rows; ++i, out += tile.out_stride)
        CC_UNROLL for (int v = 0; v < Vectors; ++v) {
            auto* to = out + v * lanes;
            if (Ragged && v == Vectors - 1)
                (tile.accumulate ? V::load(to, last) + acc[i][v] : acc[i][v]).store(to, last);
            else
                (tile.accumulate ? V::load(to) + acc[i][v] : acc[i][v]).store(to);
        }
}

template <class V, int MaxRows, int Vectors, int Rows, class T>
void row_tile_of(const RowTile<T>& tile, int64_t first, int64_t rows) {
    if (rows == Rows) return row_tile<V, MaxRows, Rows, Vectors>(tile, first);
    if constexpr (Rows > 1) row_tile_of<V, MaxRows, Vectors, Rows - 1>(tile, first, rows);
}

template <class V, int MaxRows, int SingleRows, int TripleRows, class T>
void any_row_tile(const RowTile<T>& tile) {
    static_assert(MaxRows <= 2 * TripleRows);
    if (tile.width == 2 * V::lanes) return row_tile_of<V, MaxRows, 2, MaxRows>(tile, 0, tile.rows);
    if (tile.width == V::lanes) return row_tile_of<V, MaxRows, 1, SingleRows>(tile, 0, tile.rows);
    const int64_t half = tile.rows > TripleRows ? tile.rows / 2 : 0;
    if (half) row_tile_of<V, MaxRows, 3, TripleRows>(tile, 0, half);
    row_tile_of<V, MaxRows, 3, TripleRows>(tile, half, tile.rows - half);
}

template <class V, int Vectors, bool Ragged, int Rows, bool Keeps = false, class Tile>
void outer_tile_of(const Tile& tile) {
    if (tile.rows == Rows) return outer_tile<V, Rows, Vectors, Ragged, Keeps>(tile);
    if constexpr (Rows > 1) outer_tile_of<V, Vectors, Ragged, Rows - 1, Keeps>(tile);
}

template <class V, int MaxRows, class Tile>
void any_outer_tile(const Tile& tile) {
    if (tile.cols < V::lanes) outer_tile_of<V, 1, true, MaxRows>(tile);
    else if (tile.cols == V::lanes) outer_tile_of<V, 1, false, MaxRows>(tile);
    else if (tile.cols < 2 * V::lanes) outer_tile_of<V, 2, true, MaxRows>(tile);
    else outer_tile_of<V, 2, false, MaxRows>(tile);
}

template <class V, int MaxRows, class T>
void any_step_tile(const StepTile<T>& tile) {
    if (tile.kept) outer_tile_of<V, 2, false, MaxRows, true>(tile);
    else any_outer_tile<V, MaxRows>(tile);
}

template <class V, int Rows, int Cols, class T>
[[gnu::noinline]] void dot_tile(const DotTile<T>& tile) {
    V acc[Rows][Cols];
    CC_UNROLL for (int i = 0; i < Rows; ++i)
        CC_UNROLL for (int j = 0; j < Cols; ++j) acc[i][j] = V::set(0);
    auto add = [&](auto load) {
        V b[Cols];
        CC_UNROLL for (int j = 0; j < Cols; ++j) b[j] = load(tile.b + j * tile.b_stride);
        CC_UNROLL for (int i = 0; i < Rows; ++i) {
            const V a = load(tile.a + i * tile.a_stride);
            CC_UNROLL for (int j = 0; j < Cols; ++j) acc[i][j] = fma(a, b[j], acc[i][j]);
        }
    };
    int64_t l = 0;
    for (; l + V::lanes <= tile.depth; l += V::lanes)
        add([&](const T* p) { return V::load(p + l); });
    if (l < tile.depth) add([&](const T* p) { return V::load(p + l, tile.depth - l); });
    CC_UNROLL for (int i = 0; i < Rows; ++i)
        CC_UNROLL for (int j = 0; j < Cols; ++j) {
            T& out = tile.out[i * tile.out_stride + j];
            T sum = fold_lanes([](V x, V y) { return x + y; }, acc[i][j]);
            if (tile.bias) sum += tile.bias[j];
            out = tile.accumulate ? out + sum : sum;
        }
}

template <class V, int Cols = 4, class T>
void any_dot_tile(const DotTile<T>& tile) {
    if (tile.cols == Cols)
        return tile.rows == 1 ? dot_tile<V, 1, Cols>(tile) : dot_tile<V, 2, Cols>(tile);
    if constexpr (Cols > 1) any_dot_tile<V, Cols - 1>(tile);
}

template <class V, int MaxRows, int Rows, class T>
[[gnu::noinline]] void column_tile(const ColumnTile<T>& tile) {
    for (int64_t j = 0; j < tile.cols; j += V::lanes) {
        const int64_t left = tile.cols - j;
        const bool whole = left >= V::lanes;
        const V start = !tile.bias ? V::set(0)
                        : whole    ? V::load(tile.bias + j)
                                   : V::load(tile.bias + j, left);
        V acc[Rows];
        CC_UNROLL for (int i = 0; i < Rows; ++i) acc[i] = start;
        auto finish = [&] {
            if (!tile.epilogue) return;
            const ColumnEpilogue<V> end(*tile.epilogue, j, left);
            CC_UNROLL for (int i = 0; i < Rows; ++i) acc[i] = end(acc[i], tile.out[i] + j);
        };
        const T* const* a = tile.a;
        const T* b = tile.b + j;
        if (whole) {
            for (int64_t t = 0; t < tile.taps; ++t, a += MaxRows) {
                const V w = V::load(b + tile.b_at[t]);
                CC_UNROLL for (int i = 0; i < Rows; ++i) acc[i] = fma(V::load(a[i] + j), w, acc[i]);
            }
            finish();
            CC_UNROLL for (int i = 0; i < Rows; ++i) acc[i].store(tile.out[i] + j);
        } else {
            for (int64_t t = 0; t < tile.taps; ++t, a += MaxRows) {
                const V w = V::load(b + tile.b_at[t], left);
                CC_UNROLL for (int i = 0; i < Rows; ++i)
                    acc[i] = fma(V::load(a[i] + j, left), w, acc[i]);
            }
            finish();
            CC_UNROLL for (int i = 0; i < Rows; ++i) acc[i].store(tile.out[i] + j, left);
        }
    }
}

template <class V, int MaxRows, int Rows = MaxRows, class T>
void any_column_tile(const ColumnTile<T>& tile) {
    if (tile.rows == Rows) return column_tile<V, MaxRows, Rows>(tile);
    if constexpr (Rows > 1) any_column_tile<V, MaxRows, Rows - 1>(tile);
}

// Some neighbouring pixels of a line; bit i of `inside`: a's pixel i from the first of a row's on is there, and wanted.
struct Run {
    int64_t begin, pixels;
    uint32_t inside;
};

template <int I>
struct Index {
    static constexpr int value = I;
};

constexpr int64_t kLongPixel = 64;  // channels: shorter ones cost more to begin than memory's order saves
constexpr int run_extent(int width, int stride, int pixels) { return (pixels - 1) * stride + width; }

// Asks for what the runs to come read first, kRunPixels further on: columns j of those lines of a that the rows before
// these have not read, and of out. A run's own loads jump from pixel to pixel, which no hardware prefetcher follows.
template <int Stride, int Rows, int Pixels, class T>
struct Ahead {
    static constexpr int64_t columns = 64 / static_cast<int64_t>(sizeof(T));
    const T *a = nullptr, *out = nullptr;
    int64_t a_step, a_line, out_step, out_row;

    Ahead(const RunLine<T>& line, const Run& run)
        : a_step(line.a_step), a_line(line.size * line.a_step), out_step(line.out_step), out_row(line.out_row) {
        if (!line.streamed || !line.lines) return;
        for (int64_t l = 0; l < line.lines; ++l) a = line.a[l] > a ? line.a[l] : a;  // the lowest
        a += (line.first + line.width - Stride + (run.begin + kRunPixels) * Stride) * a_step;
        out = line.out + (run.begin + kRunPixels) * out_step;
    }
    void ask(int64_t j) const {
        if (!a || j % columns) return;
        CC_UNROLL for (int r = 0; r < Rows; ++r)
            CC_UNROLL for (int i = 0; i < Pixels; ++i) __builtin_prefetch(out + j + r * out_row + i * out_step, 1);
        CC_UNROLL for (int l = 0; l < Rows * Stride; ++l)
            CC_UNROLL for (int i = 0; i < Pixels * Stride; ++i) __builtin_prefetch(a + j - l * a_line + i * a_step);
    }
};

// Square: of two rows, all lines of a kernel as high as it is wide are there. Whole: all pixels are inside; others are
// skipped one by one, which costs a branch that is the same for all columns.
template <class V, int Width, int Stride, int Rows, int Pixels, bool Square, bool Whole, class T>
[[gnu::noinline]] void run_tile(const RunLine<T>& line, const Run& run) {
    constexpr int extent = run_extent(Width, Stride, Pixels);
    const Ahead<Stride, Rows, Pixels, T> ahead(line, run);
    const int64_t lines = line.lines, shared = line.shared, shared_end = line.shared_end, a_step = line.a_step,
                  b_step = line.b_step, out_step = line.out_step, out_row = line.out_row, pixels = run.pixels,
                  first = (line.first + run.begin * Stride) * a_step;
    const uint32_t inside = run.inside;
    const T *const *a_lines = line.a, *bias = line.bias;
    T* const* b_lines = line.b;
    const EpilogueOf<T>* epilogue = line.epilogue;
    auto vector = [=](int64_t j, int64_t left, T* out, auto load, auto store) {
        ahead.ask(j);
        V acc[Rows][Pixels];
        const V start = bias ? load(bias + j) : V::set(0);
        CC_UNROLL for (int r = 0; r < Rows; ++r)
            CC_UNROLL for (int i = 0; i < Pixels; ++i) acc[r][i] = start;
        auto add = [&](int64_t l, auto from, auto to) {  // a line, to these rows
            constexpr int row = decltype(from)::value, rows = decltype(to)::value - row;
            const T* a = a_lines[l] + first + j;
            V b[rows][Width];
            CC_UNROLL for (int r = 0; r < rows; ++r)
                CC_UNROLL for (int t = 0; t < Width; ++t) b[r][t] = load(b_lines[l * Rows + row + r] + j + t * b_step);
            CC_UNROLL for (int i = 0; i < extent; ++i) {
                if (!Whole && !(inside >> i & 1)) continue;
                const V pixel = load(a + i * a_step);
                CC_UNROLL for (int r = 0; r < rows; ++r)
                    CC_UNROLL for (int t = i % Stride; t < Width && t <= i; t += Stride)
                        if (i - t < Pixels * Stride)
                            acc[row + r][(i - t) / Stride] = fma(pixel, b[r][t], acc[row + r][(i - t) / Stride]);
            }
        };
        if constexpr (Rows == 1) {
            for (int64_t l = 0; l < lines; ++l) add(l, Index<0>{}, Index<1>{});
        } else if constexpr (Square) {
            CC_UNROLL for (int l = 0; l < Stride; ++l) add(l, Index<0>{}, Index<1>{});
            CC_UNROLL for (int l = Stride; l < Width; ++l) add(l, Index<0>{}, Index<2>{});
            CC_UNROLL for (int l = Width; l < Width + Stride; ++l) add(l, Index<1>{}, Index<2>{});
        } else {
            for (int64_t l = 0; l < shared; ++l) add(l, Index<0>{}, Index<1>{});
            for (int64_t l = shared; l < shared_end; ++l) add(l, Index<0>{}, Index<2>{});
            for (int64_t l = shared_end; l < lines; ++l) add(l, Index<1>{}, Index<2>{});
        }
        if (epilogue) {
            const ColumnEpilogue<V> end(*epilogue, j, left);
            CC_UNROLL for (int r = 0; r < Rows; ++r)
                CC_UNROLL for (int i = 0; i < Pixels; ++i)
                    if (Whole || i < pixels) acc[r][i] = end(acc[r][i], out + r * out_row + i * out_step);
        }
        CC_UNROLL for (int r = 0; r < Rows; ++r)
            CC_UNROLL for (int i = 0; i < Pixels; ++i)
                if (Whole || i < pixels) store(acc[r][i], out + r * out_row + i * out_step);
    };
    T* out = line.out + run.begin * out_step;
    int64_t j = 0;
    for (; j + V::lanes <= line.cols; j += V::lanes)
        vector(j, V::lanes, out + j, [](const T* p) { return V::load(p); }, [](V v, T* p) { v.store(p); });
    if (const int64_t left = line.cols - j)
        vector(j, left, out + j, [=](const T* p) { return V::load(p, left); }, [=](V v, T* p) { v.store(p, left); });
}

template <class V, int Width, int Stride, int Rows, int Pixels, bool Square, bool Whole, class T>
[[gnu::noinline]] void run_sum(const RunLine<T>& line, const Run& run) {
    constexpr int extent = run_extent(Width, Stride, Pixels);
    const Ahead<Stride, Rows, Pixels, T> ahead(line, run);
    const int64_t lines = line.lines, shared = line.shared, shared_end = line.shared_end, a_step = line.a_step,
                  b_step = line.b_step, out_step = line.out_step, out_row = line.out_row, pixels = run.pixels,
                  first = (line.first + run.begin * Stride) * a_step;
    const uint32_t inside = run.inside;
    const T* const* a_lines = line.a;
    T* const* b_lines = line.b;
    auto vector = [=](int64_t j, const T* out, auto load, auto store) {
        ahead.ask(j);
        V grad[Rows][Pixels];
        CC_UNROLL for (int r = 0; r < Rows; ++r)
            CC_UNROLL for (int i = 0; i < Pixels; ++i)
                grad[r][i] = Whole || i < pixels ? load(out + r * out_row + i * out_step) : V::set(0);
        // sums[t] += the pixels of line l times the gradients of a row
        auto add = [&](int64_t l, auto of, V* sums) {
            const T* a = a_lines[l] + first + j;
            CC_UNROLL for (int i = 0; i < extent; ++i) {
                if (!Whole && !(inside >> i & 1)) continue;
                const V pixel = load(a + i * a_step);
                CC_UNROLL for (int t = i % Stride; t < Width && t <= i; t += Stride)
                    if (i - t < Pixels * Stride) sums[t] = fma(pixel, grad[decltype(of)::value][(i - t) / Stride], sums[t]);
            }
        };
        auto add_line = [&](int64_t l, auto of) {
            T* b = b_lines[l * Rows + decltype(of)::value] + j;
            V sums[Width];
            CC_UNROLL for (int t = 0; t < Width; ++t) sums[t] = load(b + t * b_step);
            add(l, of, sums);
            CC_UNROLL for (int t = 0; t < Width; ++t) store(sums[t], b + t * b_step);
        };
        if constexpr (Rows == 1) {
            for (int64_t l = 0; l < lines; ++l) add_line(l, Index<0>{});
        } else if constexpr (Square) {
            V sums[Width][Width];
            CC_UNROLL for (int l = 0; l < Width; ++l)
                CC_UNROLL for (int t = 0; t < Width; ++t) sums[l][t] = load(b_lines[l * Rows] + j + t * b_step);
            CC_UNROLL for (int l = 0; l < Width + Stride; ++l) {
                if (l < Width) add(l, Index<0>{}, sums[l]);
                if (l >= Stride) add(l, Index<1>{}, sums[l - Stride]);
            }
            CC_UNROLL for (int l = 0; l < Width; ++l)
                CC_UNROLL for (int t = 0; t < Width; ++t) store(sums[l][t], b_lines[l * Rows] + j + t * b_step);
        } else {
            for (int64_t l = 0; l < shared_end; ++l) add_line(l, Index<0>{});
            for (int64_t l = shared; l < lines; ++l) add_line(l, Index<1>{});
        }
    };
    const T* out = line.out + run.begin * out_step;
    int64_t j = 0;
    for (; j + V::lanes <= line.cols; j += V::lanes)
        vector(j, out + j, [](const T* p) { return V::load(p); }, [](V v, T* p) { v.store(p); });
    if (const int64_t left = line.cols - j)
        vector(j, out + j, [=](const T* p) { return V::load(p, left); }, [=](V v, T* p) { v.store(p, left); });
}

// F::run<Width, Stride, Rows, Pixels, Square, Whole>(line, run) for the runs of a line.
template <class F, int Width, int Stride, int Rows, int Pixels, class T>
void each_run(const RunLine<T>& line) {
    constexpr uint32_t all = (uint32_t{1} << run_extent(Width, Stride, Pixels)) - 1;
    const bool square = line.lines == Width + Stride && line.shared == Stride && line.shared_end == Width;
    for (int64_t begin = 0; begin < line.pixels; begin += Pixels) {
        const int64_t pixels = line.pixels - begin < Pixels ? line.pixels - begin : Pixels, first = line.first + begin * Stride,
                      used = (pixels - 1) * Stride + Width, end = line.size - first < used ? line.size - first : used;
        const int64_t outside = first < 0 ? (-first < used ? -first : used) : 0;
        const Run run{begin, pixels, end > outside ? (uint32_t{1} << end) - (uint32_t{1} << outside) : 0};
        const bool whole = run.inside == all;
        if constexpr (Rows == 2) {
            if (!square) F::template run<Width, Stride, Rows, Pixels, false, false>(line, run);
            else if (whole) F::template run<Width, Stride, Rows, Pixels, true, true>(line, run);
            else F::template run<Width, Stride, Rows, Pixels, true, false>(line, run);
        } else {
            if (whole) F::template run<Width, Stride, Rows, Pixels, false, true>(line, run);
            else F::template run<Width, Stride, Rows, Pixels, false, false>(line, run);
        }
    }
}
template <class F, int Width, int Stride, class T>
void run_rows(const RunLine<T>& line) {
    if constexpr (has_run_pair(Width)) {
        if (line.rows == 2 && (F::sums || (line.streamed && line.cols >= kLongPixel))) return each_run<F, Width, Stride, 2, 1>(line);
        if (line.rows == 2) return each_run<F, Width, Stride, 2, kRunPixels / 2>(line);
    }
    each_run<F, Width, Stride, 1, kRunPixels>(line);
}
template <class F, int Width = 7, class T>
void any_run(const RunLine<T>& line) {
    if (line.width == Width) {
        if (line.stride == 1) return run_rows<F, Width, 1>(line);
        if constexpr (has_run_tile(Width, 2)) return run_rows<F, Width, 2>(line);
    }
    if constexpr (Width > 1) any_run<F, Width - 1>(line);
}

template <class V>
struct RunTiles {
    static constexpr bool sums = false;
    template <int Width, int Stride, int Rows, int Pixels, bool Square, bool Whole, class T>
    static void run(const RunLine<T>& line, const Run& run) {
        run_tile<V, Width, Stride, Rows, Pixels, Square, Whole>(line, run);
    }
};

template <class V>
struct RunSums {
    static constexpr bool sums = true;
    template <int Width, int Stride, int Rows, int Pixels, bool Square, bool Whole, class T>
    static void run(const RunLine<T>& line, const Run& run) {
        if constexpr (Rows == 1 || Pixels == 1) run_sum<V, Width, Stride, Rows, Pixels, Square, Whole>(line, run);
    }
};

template <class V, int Taps, class T>
[[gnu::noinline]] void column_sum(const ColumnSum<T>& sum, int64_t first) {
    const T* const* a = sum.a + first * sum.a_stride;
    T* const* out = sum.out + first;
    for (int64_t j = 0; j < sum.cols; j += V::lanes) {
        const int64_t left = sum.cols - j, at = sum.offset + j;
        V acc[Taps];
        if (left >= V::lanes) {
            CC_UNROLL for (int t = 0; t < Taps; ++t) acc[t] = V::load(out[t] + j);
            for (int64_t p = 0; p < sum.depth; ++p) {
                const V b = V::load(sum.b[p] + at);
                CC_UNROLL for (int t = 0; t < Taps; ++t)
                    acc[t] = fma(V::load(a[t * sum.a_stride + p] + at), b, acc[t]);
            }
            CC_UNROLL for (int t = 0; t < Taps; ++t) acc[t].store(out[t] + j);
        } else {
            CC_UNROLL for (int t = 0; t < Taps; ++t) acc[t] = V::load(out[t] + j, left);
            for (int64_t p = 0; p < sum.depth; ++p) {
                const V b = V::load(sum.b[p] + at, left);
                CC_UNROLL for (int t = 0; t < Taps; ++t)
                    acc[t] = fma(V::load(a[t * sum.a_stride + p] + at, left), b, acc[t]);
            }
            CC_UNROLL for (int t = 0; t < Taps; ++t) acc[t].store(out[t] + j, left);
        }
    }
}

template <class V, class T>
void any_column_sum(const ColumnSum<T>& sum) {
    int64_t t = 0;
    for (; t + 9 <= sum.taps; t += 9) column_sum<V, 9>(sum, t);
    for (; t + 3 <= sum.taps; t += 3) column_sum<V, 3>(sum, t);
    for (; t < sum.taps; ++t) column_sum<V, 1>(sum, t);
}

}  // namespace
}  // namespace cc
