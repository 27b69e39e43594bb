// Register tiles of convolutions with few channels per group, beside those of micro.inl.
//
//   window tile  Rows windows of a strip × 2 vectors, panel after panel: the few products of a tile leave
//                no time for tables of pointers and calls
//   window sum   3 × 4 vectors (AVX2; 6 × 4 with AVX-512), or Rows × 2 where columns are few
//   group tile   8 pixels × one vector of one or several groups: a pixel's channel d of every group is spread
//                over the group's lanes and meets the weights [d][lanes]
//   group sum    up to 12 accumulators taps × d likewise
#pragma once

#include "kernels/gemm/epilogue.inl"
#include "kernels/gemm/micro.h"

namespace cc {
namespace {

template <class V, int Rows, int Vectors, class T>
[[gnu::always_inline]] inline void window_panel(const WindowTile<T>& tile, const int64_t* at, const T* b,
                                                T* out, int64_t col) {
    constexpr int64_t lanes = V::lanes;
    const int64_t taps = tile.taps, depth = tile.depth, out_step = tile.out_step,
                  left = tile.cols - col - (Vectors - 1) * lanes, last = left < lanes ? left : lanes;
    V acc[Rows][Vectors];
    CC_UNROLL for (int i = 0; i < Rows; ++i)
        CC_UNROLL for (int v = 0; v < Vectors; ++v) acc[i][v] = V::set(0);
    CC_UNROLL for (int i = 0; i < Rows; ++i) __builtin_prefetch(out + (Rows + i) * out_step, 1);  // the next tile's
    for (int64_t t = 0; t < taps; ++t) {
        const T* rows[Rows];
        CC_UNROLL for (int i = 0; i < Rows; ++i) rows[i] = tile.a[t] + at[i];
        for (int64_t l = 0; l < depth; ++l, b += Vectors * lanes) {
            V bv[Vectors];
            CC_UNROLL for (int v = 0; v < Vectors; ++v) bv[v] = V::load(b + v * lanes);
            CC_UNROLL for (int i = 0; i < Rows; ++i) {
                V av = Vectors == 1 ? V::set(rows[i][l]) : V::broadcast(rows[i] + l);
                CC_UNROLL for (int v = 0; v < Vectors; ++v) acc[i][v] = fma(av, bv[v], acc[i][v]);
            }
        }
    }
    const EpilogueOf<T> end = tile.epilogue ? tile.epilogue->from_column(col) : EpilogueOf<T>{};
    finish_tile(acc, last, tile.bias ? tile.bias + col : nullptr, false, tile.epilogue ? &end : nullptr,
                [=](int i) { return out + i * out_step; });
}

template <class V, int Rows, class T>
[[gnu::noinline]] void window_rows(const WindowTile<T>& tile, int64_t first) {
    constexpr int64_t lanes = V::lanes;
    const int64_t* at = tile.at + first;
    T* out = tile.out + first * tile.out_step;
    const T* b = tile.b;
    int64_t col = 0;
    for (; col + lanes < tile.cols; col += 2 * lanes, b += tile.taps * tile.depth * 2 * lanes)
        window_panel<V, Rows, 2>(tile, at, b, out + col, col);
    if (col < tile.cols) window_panel<V, Rows, 1>(tile, at, b, out + col, col);
}

template <class V, int Rows, class T>
void window_rows_of(const WindowTile<T>& tile, int64_t first, int64_t rows) {
    if (rows == Rows) return window_rows<V, Rows>(tile, first);
    if constexpr (Rows > 1) window_rows_of<V, Rows - 1>(tile, first, rows);
}

// Near-equal parts of at most `Most`.
template <int Most, class F>
void each_part(int64_t total, F f) {
    for (int64_t parts = (total + Most - 1) / Most, first = 0; parts > 0; --parts) {
        const int64_t size = (total - first + parts - 1) / parts;
        f(first, size);
        first += size;
    }
}

template <class V, int MaxRows, class T>
void any_window_tile(const WindowTile<T>& tile) {
    each_part<MaxRows>(tile.pixels, [&](int64_t first, int64_t rows) {
        window_rows_of<V, MaxRows>(tile, first, rows);
    });
}

template <class V, int Rows, int Vectors, bool Ragged, class T>
[[gnu::noinline]] void window_sum(const WindowSum<T>& sum, int64_t row, int64_t col, const T* next, int64_t next_step) {
    constexpr int64_t lanes = V::lanes;
    const int64_t last = sum.cols - col - (Vectors - 1) * lanes, b_step = sum.b_step;
    auto load = [=](const T* p, int v) {
        return Ragged && v == Vectors - 1 ? V::load(p + v * lanes, last) : V::load(p + v * lanes);
    };
    V acc[Rows][Vectors];
    CC_UNROLL for (int i = 0; i < Rows; ++i)
        CC_UNROLL for (int v = 0; v < Vectors; ++v) acc[i][v] = V::set(0);
    const T* a[Rows];
    CC_UNROLL for (int i = 0; i < Rows; ++i) a[i] = sum.a[row + i];
    const T* b = sum.b + col;
    for (const int64_t *at = sum.at, *end = at + sum.depth; at != end; ++at, b += b_step) {
        __builtin_prefetch(next);
        next += next_step;
        V bv[Vectors];
        CC_UNROLL for (int v = 0; v < Vectors; ++v) bv[v] = load(b, v);
        CC_UNROLL for (int i = 0; i < Rows; ++i) {
            V av = Vectors == 1 ? V::set(a[i][*at]) : V::broadcast(a[i] + *at);
            CC_UNROLL for (int v = 0; v < Vectors; ++v) acc[i][v] = fma(av, bv[v], acc[i][v]);
        }
    }
    T* out = sum.out + row * sum.out_step + col;
    CC_UNROLL for (int i = 0; i < Rows; ++i, out += sum.out_step)
        CC_UNROLL for (int v = 0; v < Vectors; ++v) {
            const V all = load(out, v) + acc[i][v];
            if (Ragged && v == Vectors - 1) all.store(out + v * lanes, last);
            else all.store(out + v * lanes);
        }
}

template <class V, int Vectors, bool Ragged, int Rows, class T>
void window_sum_of(const WindowSum<T>& sum, int64_t row, int64_t rows, int64_t col, const T* next,
                   int64_t next_step) {
    if (rows == Rows) return window_sum<V, Rows, Vectors, Ragged>(sum, row, col, next, next_step);
    if constexpr (Rows > 1) window_sum_of<V, Vectors, Ragged, Rows - 1>(sum, row, rows, col, next, next_step);
}

// Meanwhile it fetches what the next call reads of b, if there is one, bit by bit: no hardware prefetcher
// looks so far ahead.
template <class V, int Vectors, int Rows, class T>
void window_columns(const WindowSum<T>& sum, int64_t col) {
    const int64_t cols = Vectors * V::lanes, parts = (sum.rows + Rows - 1) / Rows,
                  step = sum.b_step == sum.cols ? (cols + parts - 1) / parts : 0;
    const T* next = sum.b + (step ? sum.depth * (sum.b_step + col) : 0);
    each_part<Rows>(sum.rows, [&](int64_t row, int64_t rows) {
        if (sum.cols - col < cols) window_sum_of<V, Vectors, true, Rows>(sum, row, rows, col, next, step);
        else window_sum_of<V, Vectors, false, Rows>(sum, row, rows, col, next, step);
        next += step * sum.depth;
    });
}

template <class V, int MaxRows, int WideRows, class T>
void any_window_sum(const WindowSum<T>& sum) {
    constexpr int64_t lanes = V::lanes;
    int64_t col = 0;
    for (; sum.cols - col > 3 * lanes; col += 4 * lanes) window_columns<V, 4, WideRows>(sum, col);
    for (; sum.cols - col > lanes; col += 2 * lanes) window_columns<V, 2, MaxRows>(sum, col);
    if (col < sum.cols) window_columns<V, 1, MaxRows>(sum, col);
}

// Channel d of each lane's group of Depth, of a pixel's channels from group_from(j) on; load(p) is a vector
// or what is left of one.
template <class V, int Depth>
constexpr int64_t group_from(int64_t j) {
    return Depth < V::lanes ? j : j / Depth * Depth;
}
template <class V, int Depth, class T, class Load>
[[gnu::always_inline]] inline V group_channel(const T* pixel, int d, Load load) {
    if constexpr (Depth < V::lanes) return load(pixel).template spread<Depth>(d);
    else return V::broadcast(pixel + d);
}

template <class V, int Depth, class T>
[[gnu::noinline]] void group_tile(const GroupTile<T>& tile) {
    const int64_t taps = tile.taps, w_step = tile.w_step, rows = tile.rows;
    const int64_t* w_at = tile.w_at;
    const T* w = tile.w;
    T* const* out = tile.out;
    const int64_t a_ahead = tile.a_ahead, out_ahead = tile.out_ahead;
    const EpilogueOf<T>* epilogue = tile.epilogue;
    auto vector = [=](const T* bias, const T* const* a, int64_t j, int64_t left, auto load, auto store) {
        if (taps && j * sizeof(T) % 64 == 0)  // the next tile's: no hardware prefetcher follows pixels
            CC_UNROLL for (int i = 0; i < kRunPixels; ++i) {
                __builtin_prefetch(a[(taps - 1) * kRunPixels + i] + a_ahead + j);
                if (i < rows) __builtin_prefetch(out[i] + out_ahead + j, 1);
            }
        V acc[kRunPixels];
        const V start = bias ? load(bias + j) : V::set(0);
        CC_UNROLL for (int i = 0; i < kRunPixels; ++i) acc[i] = start;
        for (int64_t t = 0; t < taps; ++t, a += kRunPixels) {
            const T* from = w + j / V::lanes * w_step + w_at[t];
            const T* pixels[kRunPixels];
            CC_UNROLL for (int i = 0; i < kRunPixels; ++i) pixels[i] = a[i] + group_from<V, Depth>(j);
            CC_UNROLL for (int d = 0; d < Depth; ++d) {
                const V wv = V::load(from + d * V::lanes);
                CC_UNROLL for (int i = 0; i < kRunPixels; ++i)
                    acc[i] = fma(group_channel<V, Depth>(pixels[i], d, load), wv, acc[i]);
            }
        }
        if (epilogue) {
            const ColumnEpilogue<V> end(*epilogue, j, left);
            CC_UNROLL for (int i = 0; i < kRunPixels; ++i)
                if (i < rows) acc[i] = end(acc[i], out[i] + j);
        }
        CC_UNROLL for (int i = 0; i < kRunPixels; ++i)
            if (i < rows) store(acc[i], out[i] + j);
    };
    int64_t j = 0;
    for (; j + V::lanes <= tile.cols; j += V::lanes)
        vector(tile.bias, tile.a, j, V::lanes, [](const T* p) { return V::load(p); },
               [](V v, T* p) { v.store(p); });
    if (const int64_t left = tile.cols - j)
        vector(tile.bias, tile.a, j, left, [=](const T* p) { return V::load(p, left); },
               [=](V v, T* p) { v.store(p, left); });
}

// f.run<Depth>() for the channels that a group may have.
template <int Depth, class F>
void each_depth(int64_t depth, F f) {
    if (depth == Depth) return f.template run<Depth>();
    if constexpr (Depth < kMostGroup) each_depth<2 * Depth>(depth, f);
}

template <class V, class T>
struct GroupTiles {
    const GroupTile<T>& tile;
    template <int Depth> void run() const { group_tile<V, Depth>(tile); }
};

template <class V, class T>
void any_group_tile(const GroupTile<T>& tile) {
    each_depth<2>(tile.depth, GroupTiles<V, T>{tile});
}

template <class V, int Depth, int Taps, class T>
[[gnu::noinline]] void group_sum(const GroupSum<T>& sum, int64_t first) {
    const int64_t pixels = sum.pixels, a_stride = sum.a_stride, w_step = sum.taps * Depth * V::lanes;
    const T *const *a = sum.a + first * a_stride, *const *b = sum.b;
    T* w = sum.w + first * Depth * V::lanes;
    auto vector = [=](int64_t j, auto load) {
        T* to = w + j / V::lanes * w_step;
        V acc[Taps][Depth];
        CC_UNROLL for (int t = 0; t < Taps; ++t)
            CC_UNROLL for (int d = 0; d < Depth; ++d) acc[t][d] = V::load(to + (t * Depth + d) * V::lanes);
        for (int64_t p = 0; p < pixels; ++p) {
            const V grad = load(b[p] + j);
            CC_UNROLL for (int t = 0; t < Taps; ++t) {
                const T* pixel = a[t * a_stride + p] + group_from<V, Depth>(j);
                CC_UNROLL for (int d = 0; d < Depth; ++d)
                    acc[t][d] = fma(group_channel<V, Depth>(pixel, d, load), grad, acc[t][d]);
            }
        }
        CC_UNROLL for (int t = 0; t < Taps; ++t)
            CC_UNROLL for (int d = 0; d < Depth; ++d) acc[t][d].store(to + (t * Depth + d) * V::lanes);
    };
    int64_t j = 0;
    for (; j + V::lanes <= sum.cols; j += V::lanes) vector(j, [](const T* p) { return V::load(p); });
    if (const int64_t left = sum.cols - j) vector(j, [=](const T* p) { return V::load(p, left); });
}

template <class V, int Depth, int Taps, class T>
void group_sum_of(const GroupSum<T>& sum, int64_t first, int64_t taps) {
    if (taps == Taps) return group_sum<V, Depth, Taps>(sum, first);
    if constexpr (Taps > 1) group_sum_of<V, Depth, Taps - 1>(sum, first, taps);
}

template <class V, class T>
struct GroupSums {
    const GroupSum<T>& sum;
    template <int Depth> void run() const {
        constexpr int most = 12 / Depth;
        each_part<most>(sum.taps, [&](int64_t first, int64_t taps) {
            group_sum_of<V, Depth, most>(sum, first, taps);
        });
    }
};

template <class V, class T>
void any_group_sum(const GroupSum<T>& sum) {
    each_depth<2>(sum.depth, GroupSums<V, T>{sum});
}

}  // namespace
}  // namespace cc
