// Winograd's F(5, 2), F(4, 3), F(3, 4), F(2, 5) and F(2, 3), written once over a vector type V and compiled by each
// winograd_<isa>.cpp.
//
//   transforms   one vector of channels at a time: the 1-D form down the columns into vectors on
//                the stack, then along the rows. Each is 12 multiply-adds for 6 values, or 4 sums for
//                4. Windows side by side share 2 of 6 columns, or 4, or 2 of 4.
//   products     MaxRows tiles × two vectors of accumulators; the panel's layout makes every
//                broadcast a constant distance from one pointer
//   outer        lanes/2 channels × three vectors of accumulators, both sides read in place
// Longer sums than kDepth channels are added in parts, which keeps their errors from growing further.
#pragma once

#include "kernels/conv/winograd.h"
#include "kernels/conv/winograd_maps.inl"
#include "kernels/gemm/epilogue.inl"

namespace cc {
namespace {

constexpr int64_t kDepth = 128;  // channels summed in registers
constexpr int64_t kAhead = 32;   // channels further on that a transform fetches
constexpr int64_t kRun = 6;      // tiles side by side that are transformed as one

// Along one axis, or along both of a window of Map::in × Map::in.
template <class Map, int Axes, class V, class Load, class Store>
[[gnu::always_inline]] inline void transform(Load load, Store store) {
    constexpr int in = Map::in, out = Map::out;
    if constexpr (Axes == 1) {
        V x[in], r[out];
        CC_UNROLL for (int i = 0; i < in; ++i) x[i] = load(i);
        Map::apply(x, r);
        CC_UNROLL for (int i = 0; i < out; ++i) store(i, r[i]);
    } else {
        V half[out][in];
        CC_UNROLL for (int j = 0; j < in; ++j) {
            V x[in], r[out];
            CC_UNROLL for (int i = 0; i < in; ++i) x[i] = load(i * in + j);
            Map::apply(x, r);
            CC_UNROLL for (int i = 0; i < out; ++i) half[i][j] = r[i];
        }
        CC_UNROLL for (int i = 0; i < out; ++i) {
            V r[out];
            Map::apply(half[i], r);
            CC_UNROLL for (int j = 0; j < out; ++j) store(i * out + j, r[j]);
        }
    }
}

constexpr int power(int base, int axes) { return axes == 1 ? base : base * base; }

// Whether windows of `side` pixels that stand side by side, `step` pixels apart, share columns.
constexpr bool shares(int side, int axes, int step) { return axes == 2 && side > step; }

// Tiles from one on that stand side by side in a line, kRun at most; moves `place`.
inline int64_t next_run(int64_t tiles, int64_t line, int64_t& place) {
    int64_t count = line - place < tiles ? line - place : tiles;
    if (count > kRun) count = kRun;
    place = place + count < line ? place + count : 0;
    return count;
}

// Shared columns are transformed once. Where there are none, there is one tile.
template <class V, class Map, int Axes, int Step, bool Places, class Load>
[[gnu::always_inline]] inline void gather_run(const float* const* pixels,
                                              const int32_t* places, int64_t tiles, int64_t ahead,
                                              float* base, float* to, int64_t element, Load load) {
    constexpr int in = Map::in, out = Map::out;
    if constexpr (!shares(in, Axes, Step)) {
        for (int i = 0; ahead && i < power(in, Axes); ++i) __builtin_prefetch(pixels[i] + ahead);
        transform<Map, Axes, V>([&](int i) { return load(pixels[i]); },
                                [&](int e, V value) {
                                    const int64_t of = winograd_class(e, Axes, out);
                                    float* at = Places && of ? base + places[of] : to;
                                    value.store(at + e * element);
                                });
    } else {
        V columns[(kRun - 1) * Step + in][out];
        for (int64_t tile = 0; tile < tiles; ++tile, pixels += in * in, to += V::lanes) {
            const int fresh = tile ? in - Step : 0;
            for (int j = fresh; ahead && j < in; ++j)
                for (int i = 0; i < in; ++i) __builtin_prefetch(pixels[i * in + j] + ahead);
            for (int j = fresh; j < in; ++j) {
                V x[in];
                CC_UNROLL for (int i = 0; i < in; ++i) x[i] = load(pixels[i * in + j]);
                Map::apply(x, columns[tile * Step + j]);
            }
            const int32_t* at = places + tile * kWinogradClasses;
            float* line = to;
            for (int i = 0; i < out; ++i, line += out * element) {
                V x[in], r[out];
                CC_UNROLL for (int j = 0; j < in; ++j) x[j] = columns[tile * Step + j][i];
                Map::apply(x, r);
                float* end = line;
                if constexpr (Places) {
                    const bool last = i == out - 1;
                    end = base + at[2 + last] + i * out * element;
                    if (last) line = base + at[1] + i * out * element;
                }
                CC_UNROLL for (int j = 0; j < out - 1; ++j) r[j].store(line + j * element);
                r[out - 1].store(end + (out - 1) * element);
            }
        }
    }
}

// The tiles of a group one after the other for each vector of channels: so lines of the panel are
// written whole, and each line of a pixel is used up while it is in the cache.
template <class V, class Map, int Axes, int Step, bool Places>
void gather_of(const WinogradGather& g) {
    constexpr int64_t lanes = V::lanes, window = power(Map::in, Axes), line = 16;
    const WinogradPanel& panel = g.panel;
    float* group = panel.data + g.skip * panel.group;
    int64_t first_place = g.place;
    for (int64_t first = 0; first < panel.tiles; first += panel.rows, group += panel.group) {
        const int64_t end = first + panel.rows < panel.tiles ? first + panel.rows : panel.tiles;
        for (int64_t c = 0; c < g.channels; c += lanes) {
            const int64_t left = g.channels - c,
                          ahead = c % line == 0 && left > kAhead ? c + kAhead : 0;
            float *base = panel.data + c * panel.rows, *to = group + c * panel.rows;
            int64_t place = first_place, count;
            for (int64_t tile = first; tile < end; tile += count, to += count * lanes) {
                const float* const* pixels = g.pixels + tile * window;
                const int32_t* places = Places ? g.places + tile * kWinogradClasses : nullptr;
                count = shares(Map::in, Axes, Step) ? next_run(end - tile, g.line, place) : 1;
                if (left >= lanes)
                    gather_run<V, Map, Axes, Step, Places>(
                        pixels, places, count, ahead, base, to, panel.element,
                        [c](const float* x) { return V::load(x + c); });
                else
                    gather_run<V, Map, Axes, Step, Places>(
                        pixels, places, count, ahead, base, to, panel.element,
                        [c, left](const float* x) { return V::load(x + c, left); });
            }
        }
        first_place = (first_place + panel.rows) % g.line;
    }
}

template <class V, class Map, int Axes, int Step>
void gather(const WinogradGather& g) {
    if (g.places) gather_of<V, Map, Axes, Step, true>(g);
    else gather_of<V, Map, Axes, Step, false>(g);
}

// What becomes of a pixel: the sum with what is there, or the value with bias, or with bias and
// epilogue. Whole: all lanes are channels. The tables' addresses are members, else they would be
// loaded anew after each store.
template <class V, bool Whole>
struct Channels {
    const float* const* const from;
    float* const* const to;
    const int64_t at, left;
    Channels(const WinogradScatter& s, int64_t c)
        : from(s.from), to(s.to), at(s.offset + c), left(s.channels - c) {}
    V part(const float* p) const { return Whole ? V::load(p) : V::load(p, left); }
    V there(int64_t pixel) const { return part(from[pixel] + at); }
    void store(int64_t pixel, V v) const {
        if (Whole) v.store(to[pixel] + at);
        else v.store(to[pixel] + at, left);
    }
};

template <class V, bool Whole>
struct Add : Channels<V, Whole> {
    using Channels<V, Whole>::Channels;
    void operator()(int64_t pixel, V v) const { this->store(pixel, v + this->there(pixel)); }
};

template <class V, bool Whole>
struct AddBias : Channels<V, Whole> {
    const V bias;
    AddBias(const WinogradScatter& s, int64_t c)
        : Channels<V, Whole>(s, c), bias(s.bias ? this->part(s.bias + c) : V::set(0)) {}
    void operator()(int64_t pixel, V v) const { this->store(pixel, v + bias); }
};

template <class V, bool Whole>
struct Finish : AddBias<V, Whole> {
    const ColumnEpilogue<V> end;
    Finish(const WinogradScatter& s, int64_t c)
        : AddBias<V, Whole>(s, c), end(*s.epilogue, this->at, this->left) {}
    void operator()(int64_t pixel, V v) const {
        v = end.scaled(v + this->bias);
        this->store(pixel, end.clamped(this->from ? v + this->there(pixel) : v));
    }
};

// Shared columns are summed before they are transformed to pixels.
template <class V, class Map, int Axes, int Step, bool Places, class Write>
[[gnu::always_inline]] inline void scatter_run(const float* base, const float* products,
                                               int64_t element, const int32_t* places,
                                               int64_t pixel, int64_t tiles, const Write& write) {
    constexpr int in = Map::in, out = Map::out, shared = out - Step;
    if constexpr (!shares(out, Axes, Step)) {
        transform<Map, Axes, V>(
            [&](int e) {
                const int64_t of = winograd_class(e, Axes, in);
                return V::load((Places && of ? base + places[of] : products) + e * element);
            },
            [&](int i, V v) { write(pixel + i, v); });
    } else {
        V columns[(kRun - 1) * Step + out][in];
        for (int j = 0; j < shared; ++j)
            CC_UNROLL for (int i = 0; i < in; ++i) columns[j][i] = V::set(0);
        for (int64_t tile = 0; tile < tiles; ++tile, products += 2 * V::lanes) {
            const int32_t* at = places + tile * kWinogradClasses;
            const float* line = products;
            for (int i = 0; i < in; ++i, line += in * element) {
                V x[in], r[out];
                const float* end = line;
                if constexpr (Places) {
                    const bool last = i == in - 1;
                    end = base + at[2 + last] + i * in * element;
                    if (last) line = base + at[1] + i * in * element;
                }
                CC_UNROLL for (int j = 0; j < in - 1; ++j) x[j] = V::load(line + j * element);
                x[in - 1] = V::load(end + (in - 1) * element);
                Map::apply(x, r);
                CC_UNROLL for (int j = 0; j < out; ++j) {
                    V& to = columns[tile * Step + j][i];
                    to = j < shared ? to + r[j] : r[j];
                }
            }
        }
        for (int64_t tile = 0; tile < tiles; ++tile, pixel += out * out)
            for (int j = tile ? shared : 0; j < out; ++j) {
                V r[out];
                Map::apply(columns[tile * Step + j], r);
                CC_UNROLL for (int i = 0; i < out; ++i) write(pixel + i * out + j, r[i]);
            }
    }
}

template <class V, class Map, int Axes, int Step, bool Places, template <class, bool> class Write>
void scatter_of(const WinogradScatter& s) {
    constexpr int64_t lanes = V::lanes, window = power(Map::out, Axes);
    int64_t place = s.place, count;
    for (int64_t tile = 0; tile < s.tiles; tile += count) {
        count = shares(Map::out, Axes, Step) ? next_run(s.tiles - tile, s.line, place) : 1;
        for (int64_t c = 0; c < s.channels; c += lanes) {
            const float *base = s.products + c, *products = base + tile * 2 * lanes;
            const int32_t* places = Places ? s.places + tile * kWinogradClasses : nullptr;
            if (s.channels - c >= lanes)
                scatter_run<V, Map, Axes, Step, Places>(base, products, s.element, places,
                                                        tile * window, count, Write<V, true>(s, c));
            else
                scatter_run<V, Map, Axes, Step, Places>(base, products, s.element, places,
                                                        tile * window, count, Write<V, false>(s, c));
        }
    }
}

template <class V, class Map, int Axes, int Step, template <class, bool> class Write>
void scatter(const WinogradScatter& s) {
    if (s.places) scatter_of<V, Map, Axes, Step, true, Write>(s);
    else scatter_of<V, Map, Axes, Step, false, Write>(s);
}

template <class V, class Map, int Axes>
void output(const WinogradScatter& s) {
    if (s.epilogue) scatter<V, Map, Axes, Map::out, Finish>(s);
    else scatter<V, Map, Axes, Map::out, AddBias>(s);
}

template <class V, class Map, int Axes>
void weights(const WinogradWeights& w) {
    for (int64_t v = 0; v < 2 * V::lanes; v += V::lanes)
        transform<Map, Axes, V>([&](int i) { return V::load(w.taps + i * w.tap + v); },
                                [&](int e, V x) { x.store(w.elements + e * w.element + v); });
}

template <class V, class Map, int Axes>
void grad_weights(const WinogradWeights& w) {
    for (int64_t v = 0; v < 2 * V::lanes; v += V::lanes)
        transform<Map, Axes, V>(
            [&](int e) { return V::load(w.elements + e * w.element + v); },
            [&](int i, V x) { x.store(w.taps + i * w.tap + v); });
}

// Lines to fetch, one at a time.
struct Fetch {
    const float* const* next;
    const float* const* end;
    int64_t offset;
    explicit Fetch(const WinogradAhead& a) : next(a.at), end(a.at + a.count), offset(a.offset) {}
    void one() {
        if (next < end) __builtin_prefetch(*next++ + offset);
    }
};

// Meanwhile fetches the weights `ahead`, those of the next element, and pixels.
template <class V, int Rows>
[[gnu::noinline]] void product(const float* a, int64_t step, const float* b, int64_t blocks,
                               float* out, bool accumulate, int64_t ahead, Fetch& source,
                               Fetch& result) {
    constexpr int64_t lanes = V::lanes;
    V acc[Rows][2];
    CC_UNROLL for (int i = 0; i < Rows; ++i) acc[i][0] = acc[i][1] = V::set(0);
    const float* next = b + ahead;
    for (int64_t block = 0; block < blocks; ++block) {
        asm("" : "+r"(a), "+r"(b), "+r"(next));  // distances from three pointers, not many pointers
        source.one();
        result.one();
        CC_UNROLL for (int l = 0; l < lanes; ++l) {
            CC_UNROLL for (int line = 0; line < 2 * lanes; line += 16)
                __builtin_prefetch(next + l * 2 * lanes + line);
            const V b0 = V::load(b + l * 2 * lanes), b1 = V::load(b + (2 * l + 1) * lanes);
            CC_UNROLL for (int i = 0; i < Rows; ++i) {
                const V x = V::broadcast(a + i * lanes + l);
                acc[i][0] = fma(x, b0, acc[i][0]);
                acc[i][1] = fma(x, b1, acc[i][1]);
            }
        }
        a += step;
        b += 2 * lanes * lanes;
        next += 2 * lanes * lanes;
    }
    CC_UNROLL for (int i = 0; i < Rows; ++i)
        CC_UNROLL for (int v = 0; v < 2; ++v) {
            float* to = out + (2 * i + v) * lanes;
            (accumulate ? V::load(to) + acc[i][v] : acc[i][v]).store(to);
        }
}

template <class V, int Rows, class... Args>
void any_product(int64_t rows, Args&&... args) {
    if (rows >= Rows) return product<V, Rows>(args...);
    if constexpr (Rows > 1) any_product<V, Rows - 1>(rows, args...);
}

template <class V, int MaxRows, int Window, int Axes>
void products(const WinogradProducts& p) {
    constexpr int64_t lanes = V::lanes;
    const int64_t rows = p.panel.rows;
    Fetch source(p.source), result(p.result);
    for (int64_t e = 0; e < power(Window, Axes); ++e) {
        const int64_t tiles = p.needed[winograd_class(e, Axes, Window)];
        for (float* to = p.out + e * p.out_element + tiles * 2 * lanes;
             to < p.out + e * p.out_element + p.panel.tiles * 2 * lanes; to += lanes)
            V::set(0).store(to);
        for (int64_t c = 0; c < p.depth; c += kDepth) {
            const float* b = p.weights + e * p.weights_element + c * 2 * lanes;
            const int64_t blocks = (p.depth - c < kDepth ? p.depth - c : kDepth) / lanes;
            const float* group = p.panel.data + e * p.panel.element + c * rows;
            for (int64_t tile = 0; tile < tiles; tile += rows, group += p.panel.group)
                any_product<V, MaxRows>(
                    tiles - tile < rows ? tiles - tile : rows, group, rows * lanes, b, blocks,
                    p.out + e * p.out_element + tile * 2 * lanes, c > 0, p.weights_element, source,
                    result);
        }
    }
}

template <class V, int Vectors>
[[gnu::noinline]] void outer_tile(const WinogradOuter& o, int64_t c, int64_t k) {
    constexpr int64_t lanes = V::lanes;
    constexpr int Rows = lanes / 2;
    V acc[Rows][Vectors];
    CC_UNROLL for (int i = 0; i < Rows; ++i)
        CC_UNROLL for (int v = 0; v < Vectors; ++v) acc[i][v] = V::set(0);
    const int64_t block = o.rows * lanes;
    const float *a_panel = o.a + c / lanes * block + c % lanes, *b_panel = o.b + k / lanes * block;
    for (int64_t panel = 0; panel < o.panels; ++panel, a_panel += o.a_panel, b_panel += o.b_panel) {
        const float *a = a_panel, *b = b_panel;
        const float* end = a + o.needed[panel * kWinogradClasses] * lanes;
        for (; a < end; a += lanes, b += lanes) {
            V bv[Vectors];
            CC_UNROLL for (int v = 0; v < Vectors; ++v) bv[v] = V::load(b + v * block);
            CC_UNROLL for (int i = 0; i < Rows; ++i) {
                const V x = V::broadcast(a + i);
                CC_UNROLL for (int v = 0; v < Vectors; ++v) acc[i][v] = fma(x, bv[v], acc[i][v]);
            }
        }
    }
    float* to = o.sums + c * o.stride + k;
    CC_UNROLL for (int i = 0; i < Rows; ++i, to += o.stride)
        CC_UNROLL for (int v = 0; v < Vectors; ++v)
            (o.accumulate ? V::load(to + v * lanes) + acc[i][v] : acc[i][v]).store(to + v * lanes);
}

template <class V>
void outer(const WinogradOuter& o) {
    constexpr int64_t lanes = V::lanes;
    for (int64_t k = 0; k < o.b_blocks;) {
        const int64_t left = o.b_blocks - k, vectors = left == 4 ? 2 : left < 3 ? left : 3;
        for (int64_t c = 0; c < o.a_blocks * lanes; c += lanes / 2)
            if (vectors == 3) outer_tile<V, 3>(o, c, k * lanes);
            else if (vectors == 2) outer_tile<V, 2>(o, c, k * lanes);
            else outer_tile<V, 1>(o, c, k * lanes);
        k += vectors;
    }
}

template <class V, int MaxRows, int Window, int Taps, int Axes>
constexpr WinogradMaps winograd_maps() {
    using Maps = WinogradMapsOf<Window, Taps>;
    return {gather<V, typename Maps::Input, Axes, Maps::tile>,
            gather<V, typename Maps::GradOutput, Axes, Maps::tile>,
            output<V, typename Maps::Output, Axes>,
            scatter<V, typename Maps::GradInput, Axes, Maps::tile, Add>,
            products<V, MaxRows, Window, Axes>,
            weights<V, typename Maps::Weight, Axes>,
            grad_weights<V, typename Maps::GradWeight, Axes>};
}

template <class V, int MaxRows>
constexpr Winograd winograd_of() {
    return {V::lanes,
            MaxRows,
            {{{}, winograd_maps<V, MaxRows, 6, 2, 2>()},
             {winograd_maps<V, MaxRows, 6, 3, 1>(), winograd_maps<V, MaxRows, 6, 3, 2>()},
             {{}, winograd_maps<V, MaxRows, 6, 4, 2>()},
             {winograd_maps<V, MaxRows, 6, 5, 1>(), winograd_maps<V, MaxRows, 6, 5, 2>()},
             {winograd_maps<V, MaxRows, 4, 3, 1>(), winograd_maps<V, MaxRows, 4, 3, 2>()}},
            outer<V>};
}

}  // namespace
}  // namespace cc
