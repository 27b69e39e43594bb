// Sampling over one vector type, included into cc::<isa>'s anonymous namespace after simd/<isa>.h and simd/blocks.inl. The places
// and weights of a block's taps are found with the points as lanes; then each point meets its taps with the channels as lanes, or,
// where they are one to four, gathers them. Places are held as floating numbers (the caller sees to it that they are exact).

constexpr int kMostTaps = 16;

template <class T>
struct BlockTaps {
    int count;                                // of every point
    T weight[kMostTaps][kGridBlock];
    T slope[3][kMostTaps][kGridBlock];        // of the weight, in each coordinate
    int32_t place[kMostTaps][kGridBlock];     // flat; −1: outside, reads nothing
};

template <class V>
struct Tap {
    typename V::Mask reads;
    V place, weight, slope[3];
};

template <class V>
struct AxisTaps {
    int count;
    V place[4], weight[4], slope[4];
};

// Where a position beyond the border reads, and the sign of its way there.
template <class V>
inline V inside(const GridBlock& b, const GridAxis& axis, V at, V& slope) {
    using T = typename V::Scalar;
    if (b.padding == GridPadding::Zeros) return at;
    const V zero = V::set(0), last = V::set(static_cast<T>(axis.size - 1));
    if (b.padding == GridPadding::Reflection) {
        if (axis.span == 0) {
            slope = zero;
            return zero;
        }
        const V low = V::set(static_cast<T>(axis.low)), span = V::set(static_cast<T>(axis.span)), x = at - low;
        const V flips = floor(abs(x) / span), extra = abs(x) - flips * span;
        const auto odd = flips != V::set(2) * floor(flips * V::set(T(0.5)));
        at = select(odd, span - extra, extra) + low;
        slope = select((x < zero) ^ odd, -slope, slope);
    }
    slope = select((at > zero) & (at < last), slope, zero);
    return min(max(at, zero), last);
}

template <class V>
inline void cubic_taps(V f, V slope, AxisTaps<V>& taps) {
    using T = typename V::Scalar;
    const V a = V::set(T(-0.75)), one = V::set(1), two = V::set(2), three = V::set(3);
    for (int k = 0; k < 4; ++k) {
        const bool far = k == 0 || k == 3;
        const V x = k == 0 ? f + one : k == 1 ? f : k == 2 ? one - f : two - f;
        const V sign = k < 2 ? slope : -slope;
        if (far) {
            taps.weight[k] = ((a * x - V::set(5) * a) * x + V::set(8) * a) * x - V::set(4) * a;
            taps.slope[k] = sign * ((three * a * x - V::set(10) * a) * x + V::set(8) * a);
        } else {
            taps.weight[k] = ((a + two) * x - (a + three)) * x * x + one;
            taps.slope[k] = sign * ((three * (a + two) * x - two * (a + three)) * x);
        }
    }
}

template <class V>
inline AxisTaps<V> axis_taps(const GridBlock& b, const GridAxis& axis, V coordinate) {
    using T = typename V::Scalar;
    AxisTaps<V> taps;
    V slope = V::set(static_cast<T>(axis.scale));
    V at = (coordinate + V::set(1)) * slope + V::set(static_cast<T>(axis.shift));
    if (b.mode == GridMode::Cubic) {
        const V first = floor(at);
        cubic_taps(at - first, slope, taps);
        V none = slope;
        for (int k = 0; k < 4; ++k) taps.place[k] = inside(b, axis, first + V::set(static_cast<T>(k - 1)), none);
        taps.count = 4;
        return taps;
    }
    at = inside(b, axis, at, slope);
    if (b.mode == GridMode::Nearest) {
        taps.count = 1;
        taps.place[0] = round(at);
        taps.weight[0] = V::set(1);
        taps.slope[0] = V::set(0);
        return taps;
    }
    taps.count = 2;
    taps.place[0] = floor(at);
    taps.place[1] = taps.place[0] + V::set(1);
    taps.weight[1] = at - taps.place[0];
    taps.weight[0] = V::set(1) - taps.weight[1];
    taps.slope[0] = -slope;
    taps.slope[1] = slope;
    return taps;
}

template <class V>
inline auto within(const GridAxis& axis, V place) {
    return (place >= V::set(0)) & (place <= V::set(static_cast<typename V::Scalar>(axis.size - 1)));
}

template <class V>
inline void store_places(V v, int32_t* p) {
    typename V::Scalar values[V::lanes];
    v.store(values);
    for (int i = 0; i < V::lanes; ++i) p[i] = static_cast<int32_t>(values[i]);
}

// The lanes that have a point.
template <class V>
inline V counting() {
    using T = typename V::Scalar;
    static const T numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return V::load(numbers);
}

template <class V>
inline typename V::Mask filled(const GridBlock& b, int64_t i) {
    return counting<V>() < V::set(static_cast<typename V::Scalar>(b.points - i));
}

// Element k of the rows of C that the points from i on have.
template <class V>
inline V of_rows(const void* rows, const GridBlock& b, int64_t i, int c, int k) {
    using T = typename V::Scalar;
    return gather(filled<V>(b, i), static_cast<const T*>(rows) + i * c + k, counting<V>() * V::set(static_cast<T>(c)));
}

template <class V>
inline void load_coordinates(const GridBlock& b, int64_t i, V (&along)[3]) {
    using T = typename V::Scalar;
    if (b.rank == 3) {
        for (int a = 0; a < 3; ++a) along[a] = of_rows<V>(b.coordinates, b, i, 3, 2 - a);
        return;
    }
    const T* from = static_cast<const T*>(b.coordinates) + 2 * i;
    const int64_t n = 2 * (b.points - i), rest = n > V::lanes ? n - V::lanes : 0;
    unzip(load_block<V>(from, n), load_block<V>(from + V::lanes, rest), along[2], along[1]);
}

// f(tap, its number) for all taps of the points from i on, as many as there are lanes.
template <class V, class F>
inline void each_tap(const GridBlock& b, int64_t i, F&& f) {
    using T = typename V::Scalar;
    const auto points = filled<V>(b, i);
    const V height = V::set(static_cast<T>(b.axes[1].size)), width = V::set(static_cast<T>(b.axes[2].size));
    AxisTaps<V> taps[3];
    taps[0].count = 1;
    taps[0].place[0] = taps[0].slope[0] = V::set(0);
    taps[0].weight[0] = V::set(1);
    V along[3];
    load_coordinates(b, i, along);
    for (int a = 3 - b.rank; a < 3; ++a) taps[a] = axis_taps(b, b.axes[a], along[a]);
    int t = 0;
    for (int k0 = 0; k0 < taps[0].count; ++k0)
        for (int k1 = 0; k1 < taps[1].count; ++k1)
            for (int k2 = 0; k2 < taps[2].count; ++k2) {
                const V p0 = taps[0].place[k0], p1 = taps[1].place[k1], p2 = taps[2].place[k2];
                const V w0 = taps[0].weight[k0], w1 = taps[1].weight[k1], w2 = taps[2].weight[k2];
                const auto reads = points & within(b.axes[0], p0) & within(b.axes[1], p1) & within(b.axes[2], p2);
                const V s0 = taps[0].slope[k0], s1 = taps[1].slope[k1], s2 = taps[2].slope[k2];
                f(Tap<V>{reads, (p0 * height + p1) * width + p2, w0 * w1 * w2, {s0 * w1 * w2, w0 * s1 * w2, w0 * w1 * s2}}, t++);
            }
}

template <class V>
void find_taps(const GridBlock& b, BlockTaps<typename V::Scalar>& out, bool with_slopes) {
    for (int64_t i = 0; i < b.points; i += V::lanes)
        each_tap<V>(b, i, [&](const Tap<V>& tap, int t) {
            store_places(select(tap.reads, tap.place, V::set(-1)), out.place[t] + i);
            tap.weight.store(out.weight[t] + i);
            for (int a = 0; with_slopes && a < 3; ++a) tap.slope[a].store(out.slope[a][t] + i);
            out.count = t + 1;
        });
}

// The taps of one point that read.
template <class T>
struct PointTaps {
    int count = 0;
    int64_t at[kMostTaps];  // first element of the place
    T weight[kMostTaps];
    int tap[kMostTaps];

    PointTaps(const BlockTaps<T>& taps, int64_t point, int64_t c) {
        for (int t = 0; t < taps.count; ++t) {
            if (taps.place[t][point] < 0) continue;
            at[count] = taps.place[t][point] * c;
            weight[count] = taps.weight[t][point];
            tap[count++] = t;
        }
    }
};

template <class V>
void forward_lanes(const GridBlock& b) {
    using T = typename V::Scalar;
    BlockTaps<T> taps;
    find_taps<V>(b, taps, false);
    const T* x = static_cast<const T*>(b.x);
    for (int64_t i = 0; i < b.points; ++i) {
        const PointTaps<T> point(taps, i, b.c);
        T* y = static_cast<T*>(b.y) + i * b.c;
        for (int64_t c = b.begin; c < b.end; c += V::lanes) {
            V sum = V::set(0);
            for (int t = 0; t < point.count; ++t)
                sum = fma(V::set(point.weight[t]), load_block<V>(x + point.at[t] + c, b.end - c), sum);
            store_block(sum, y + c, b.end - c);
        }
    }
}

// Lanes as rows of C.
template <class V, int C>
inline void store_rows(const V (&values)[C], const GridBlock& b, int64_t i, void* rows) {
    using T = typename V::Scalar;
    T* to = static_cast<T*>(rows) + i * C;
    if (C == 1) return store_block(values[0], to, b.points - i);
    T apart[C][V::lanes];
    for (int c = 0; c < C; ++c) values[c].store(apart[c]);
    for (int64_t l = 0; l < V::lanes && i + l < b.points; ++l)
        for (int c = 0; c < C; ++c) to[l * C + c] = apart[c][l];
}

template <class V, int C>
void forward_few(const GridBlock& b) {
    using T = typename V::Scalar;
    const T* x = static_cast<const T*>(b.x);
    for (int64_t i = 0; i < b.points; i += V::lanes) {
        V sum[C];
        for (int c = 0; c < C; ++c) sum[c] = V::set(0);
        each_tap<V>(b, i, [&](const Tap<V>& tap, int) {
            const V at = tap.place * V::set(C);
            // Where nothing is read the weight may be no number.
            for (int c = 0; c < C; ++c)
                sum[c] = select(tap.reads, fma(tap.weight, gather(tap.reads, x + c, at), sum[c]), sum[c]);
        });
        store_rows(sum, b, i, b.y);
    }
}

template <class V>
void grad_input_lanes(const GridBlock& b) {
    using T = typename V::Scalar;
    BlockTaps<T> taps;
    find_taps<V>(b, taps, false);
    for (int64_t i = 0; i < b.points; ++i) {
        const PointTaps<T> point(taps, i, b.c);
        const T* grad = static_cast<const T*>(b.y) + i * b.c;
        for (int t = 0; t < point.count; ++t) {
            T* to = static_cast<T*>(b.grad_x) + point.at[t];
            const V weight = V::set(point.weight[t]);
            for (int64_t c = b.begin; c < b.end; c += V::lanes) {
                const int64_t n = b.end - c;
                store_block(fma(weight, load_block<V>(grad + c, n), load_block<V>(to + c, n)), to + c, n);
            }
        }
    }
}

template <class V, int C>
void grad_input_few(const GridBlock& b) {
    using T = typename V::Scalar;
    BlockTaps<T> taps;
    find_taps<V>(b, taps, false);
    const T* grad = static_cast<const T*>(b.y);
    for (int64_t i = 0; i < b.points; ++i, grad += C)
        for (int t = 0; t < taps.count; ++t) {
            if (taps.place[t][i] < 0) continue;
            T* to = static_cast<T*>(b.grad_x) + int64_t{taps.place[t][i]} * C;
            for (int c = 0; c < C; ++c) to[c] += taps.weight[t][i] * grad[c];
        }
}

template <class V>
void grad_grid_lanes(const GridBlock& b) {
    using T = typename V::Scalar;
    BlockTaps<T> taps;
    find_taps<V>(b, taps, true);
    for (int64_t i = 0; i < b.points; ++i) {
        const PointTaps<T> point(taps, i, b.c);
        const T* grad = static_cast<const T*>(b.y) + i * b.c;
        T total[3] = {};
        for (int t = 0; t < point.count; ++t) {
            const T* x = static_cast<const T*>(b.x) + point.at[t];
            V products = V::set(0);
            for (int64_t c = 0; c < b.c; c += V::lanes)
                products = fma(load_block<V>(x + c, b.c - c), load_block<V>(grad + c, b.c - c), products);
            const T dot = sum(products);
            for (int a = 0; a < 3; ++a) total[a] += dot * taps.slope[a][point.tap[t]][i];
        }
        for (int a = 0; a < b.rank; ++a) static_cast<T*>(b.grad_grid)[i * b.rank + a] = total[2 - a];
    }
}

template <class V, int C>
void grad_grid_few(const GridBlock& b) {
    using T = typename V::Scalar;
    const T* x = static_cast<const T*>(b.x);
    for (int64_t i = 0; i < b.points; i += V::lanes) {
        V grad[C], total[3] = {V::set(0), V::set(0), V::set(0)};
        for (int c = 0; c < C; ++c) grad[c] = of_rows<V>(b.y, b, i, C, c);
        each_tap<V>(b, i, [&](const Tap<V>& tap, int) {
            const V at = tap.place * V::set(C);
            V dot = V::set(0);
            for (int c = 0; c < C; ++c) dot = fma(gather(tap.reads, x + c, at), grad[c], dot);
            for (int a = 0; a < 3; ++a) total[a] = select(tap.reads, fma(dot, tap.slope[a], total[a]), total[a]);
        });
        if (b.rank == 2) store_rows<V, 2>({total[2], total[1]}, b, i, b.grad_grid);
        else store_rows<V, 3>({total[2], total[1], total[0]}, b, i, b.grad_grid);
    }
}

using OfBlock = void (*)(const GridBlock&);

// The functions for one to four channels, whose elements can be counted exactly, and for more.
inline void choose(const GridBlock& b, const OfBlock (&few)[4], OfBlock more) {
    const int64_t elements = b.axes[0].size * b.axes[1].size * b.axes[2].size * b.c;
    (b.c <= 4 && elements < int64_t{1} << 24 ? few[b.c - 1] : more)(b);
}

template <class V>
void forward(const GridBlock& b) {
    choose(b, {forward_few<V, 1>, forward_few<V, 2>, forward_few<V, 3>, forward_few<V, 4>}, forward_lanes<V>);
}

template <class V>
void grad_input(const GridBlock& b) {
    choose(b, {grad_input_few<V, 1>, grad_input_few<V, 2>, grad_input_few<V, 3>, grad_input_few<V, 4>}, grad_input_lanes<V>);
}

template <class V>
void grad_grid(const GridBlock& b) {
    choose(b, {grad_grid_few<V, 1>, grad_grid_few<V, 2>, grad_grid_few<V, 3>, grad_grid_few<V, 4>}, grad_grid_lanes<V>);
}

template <class V>
constexpr GridFunctions functions_of = {forward<V>, grad_input<V>, grad_grid<V>};
