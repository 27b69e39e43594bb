// Rows of pooling over one vector type, included into cc::<isa>'s anonymous namespace after
// simd/<isa>.h and simd/blocks.inl. Channels are the vector's lanes; a block of channels meets all
// its sources before the next, so the running result stays in registers. Positions in the image are
// held as floating numbers (the caller sees to it that they are exact), so that one select moves
// value and position alike.

template <class V>
inline void store_positions(V v, int32_t* p, int64_t n) {
    if (n >= V::lanes) return v.store_whole(p);
    int32_t some[V::lanes];
    v.store_whole(some);
    for (int64_t i = 0; i < n; ++i) p[i] = some[i];
}

template <class V>
inline V load_positions(const int32_t* p, int64_t n) {
    if (n >= V::lanes) return V::whole(p);
    int32_t some[V::lanes] = {};
    for (int64_t i = 0; i < n; ++i) some[i] = p[i];
    return V::whole(some);
}

// Calls f(channel, channels left, Count<N>) for blocks of N vectors of channels: four as long as they
// are whole, whose sums wait for each other less, then one by one.
template <int N>
struct Count {
    static constexpr int value = N;
};
template <class V, class F>
inline void each_block(int64_t channels, F&& f) {
    int64_t c = 0;
    for (; c + 4 * V::lanes <= channels; c += 4 * V::lanes) f(c, V::lanes, Count<4>{});
    for (; c < channels; c += V::lanes) f(c, channels - c, Count<1>{});
}

template <class V, bool Positions, int N>
inline void max_block(const PoolRow& row, int64_t o, int64_t c, int64_t left) {
    using T = typename V::Scalar;
    const T* source = static_cast<const T*>(row.source) + c;
    const int64_t first = row.first[o], count = row.count[o], at = o * row.c + c;
    const bool empty = row.row_count == 0 || count == 0;
    V best[N], position[N];
    for (int v = 0; v < N; ++v) {
        best[v] = V::set(static_cast<T>(-INFINITY));
        position[v] = V::set(static_cast<T>(empty ? -1 : row.rows[0] + first));
    }
    for (int64_t r = 0; r < row.row_count; ++r) {
        int64_t pixel = row.rows[r] + first;
        for (int64_t t = 0; t < count; ++t, pixel += row.step) {
            const V here = V::set(static_cast<T>(pixel));
            for (int v = 0; v < N; ++v) {
                const V value = load_block<V>(source + pixel * row.c + v * V::lanes, left);
                const auto better = (value > best[v]) | (value != value);
                best[v] = select(better, value, best[v]);
                if (Positions) position[v] = select(better, here, position[v]);
            }
        }
    }
    for (int v = 0; v < N; ++v) {
        store_block(best[v], static_cast<T*>(row.target) + at + v * V::lanes, left);
        if (Positions) store_positions(position[v], row.indices + at + v * V::lanes, left);
    }
}

template <class V>
void max_forward(const PoolRow& row) {
    for (int64_t o = 0; o < row.targets; ++o)
        each_block<V>(row.c, [&](int64_t c, int64_t left, auto blocks) {
            if (row.indices) max_block<V, true, blocks.value>(row, o, c, left);
            else max_block<V, false, blocks.value>(row, o, c, left);
        });
}

// What the outputs whose windows cover a pixel send back where it is their maximum, in their order.
template <class V, int N>
inline void max_gradient_block(const PoolRow& row, int64_t i, int64_t c, int64_t left) {
    using T = typename V::Scalar;
    const T* source = static_cast<const T*>(row.source) + c;
    const V here = V::set(static_cast<T>(row.pixel + i)), none = V::set(0);
    V total[N];
    for (int v = 0; v < N; ++v) total[v] = none;
    for (int64_t r = 0; r < row.row_count; ++r) {
        int64_t at = (row.rows[r] + row.first[i]) * row.c;
        for (int64_t t = 0; t < row.count[i]; ++t, at += row.step * row.c)
            for (int v = 0; v < N; ++v) {
                const V position = load_positions<V>(row.indices + at + c + v * V::lanes, left);
                total[v] = total[v] + select(position == here, load_block<V>(source + at + v * V::lanes, left), none);
            }
    }
    for (int v = 0; v < N; ++v)
        store_block(total[v], static_cast<T*>(row.target) + i * row.c + c + v * V::lanes, left);
}

template <class V>
void max_backward(const PoolRow& row) {
    for (int64_t i = 0; i < row.targets; ++i)
        each_block<V>(row.c, [&](int64_t c, int64_t left, auto blocks) {
            max_gradient_block<V, blocks.value>(row, i, c, left);
        });
}

// Sums go row by row, then over the rows: few roundings even for a window as large as the image.
template <class V, int N>
inline void average_block(const PoolRow& row, int64_t o, int64_t c, int64_t left) {
    using T = typename V::Scalar;
    const T* source = static_cast<const T*>(row.source) + row.first[o] * row.c + c;
    V total[N], sum[N];
    for (int v = 0; v < N; ++v) total[v] = V::set(0);
    for (int64_t r = 0; r < row.row_count; ++r) {
        const T* x = source + row.rows[r] * row.c;
        for (int v = 0; v < N; ++v) sum[v] = V::set(0);
        for (int64_t t = 0; t < row.count[o]; ++t, x += row.step * row.c)
            for (int v = 0; v < N; ++v) sum[v] = sum[v] + load_block<V>(x + v * V::lanes, left);
        for (int v = 0; v < N; ++v) total[v] = total[v] + sum[v];
    }
    const V divisor = V::set(static_cast<T>(row.divisor[o] * *row.row_divisor));
    for (int v = 0; v < N; ++v)
        store_block(total[v] / divisor, static_cast<T*>(row.target) + o * row.c + c + v * V::lanes, left);
}

template <class V>
void average_forward(const PoolRow& row) {
    for (int64_t o = 0; o < row.targets; ++o)
        each_block<V>(row.c, [&](int64_t c, int64_t left, auto blocks) {
            average_block<V, blocks.value>(row, o, c, left);
        });
}

template <class V, int N>
inline void gradient_block(const PoolRow& row, int64_t i, int64_t c, int64_t left) {
    using T = typename V::Scalar;
    const T* source = static_cast<const T*>(row.source) + c;
    V total[N];
    for (int v = 0; v < N; ++v) total[v] = V::set(0);
    for (int64_t r = 0; r < row.row_count; ++r) {
        int64_t o = row.first[i];
        for (int64_t t = 0; t < row.count[i]; ++t, o += row.step) {
            const V share = V::set(static_cast<T>(row.row_divisor[r] * row.divisor[o]));
            const T* grad = source + (row.rows[r] + o) * row.c;
            for (int v = 0; v < N; ++v)
                total[v] = fma(load_block<V>(grad + v * V::lanes, left), share, total[v]);
        }
    }
    for (int v = 0; v < N; ++v)
        store_block(total[v], static_cast<T*>(row.target) + i * row.c + c + v * V::lanes, left);
}

template <class V>
void average_backward(const PoolRow& row) {
    for (int64_t i = 0; i < row.targets; ++i)
        each_block<V>(row.c, [&](int64_t c, int64_t left, auto blocks) {
            gradient_block<V, blocks.value>(row, i, c, left);
        });
}

// Few channels would leave lanes empty: the source rows are added first, positions and channels side
// by side, then the positions that meet each target; side by side again where neighbours' do so alike.
template <class V>
void average_narrow(const PoolRow& row) {
    using T = typename V::Scalar;
    const T* source = static_cast<const T*>(row.source);
    T *target = static_cast<T*>(row.target), *sums = static_cast<T*>(row.sums);
    int64_t low = INT64_MAX, high = 0;
    for (int64_t o = 0; o < row.targets; ++o) {
        if (row.count[o] == 0) continue;
        const int64_t end = row.first[o] + (row.count[o] - 1) * row.step + 1;
        low = row.first[o] < low ? row.first[o] : low;
        high = end > high ? end : high;
    }
    const int64_t elements = high > low ? (high - low) * row.c : 0;
    for (int64_t i = 0; i < elements; i += V::lanes) {
        V total = V::set(0);
        for (int64_t r = 0; r < row.row_count; ++r) {
            const V share = V::set(static_cast<T>(row.backward ? row.row_divisor[r] : 1));
            total = fma(load_block<V>(source + (row.rows[r] + low) * row.c + i, elements - i), share, total);
        }
        store_block(total, sums + i, elements - i);
    }
    if (row.backward)
        for (int64_t at = low, i = 0; at < high; ++at)
            for (const int64_t end = i + row.c; i < end; ++i) sums[i] *= static_cast<T>(row.divisor[at]);

    for (int64_t o = 0; o < row.targets;) {
        const int64_t count = row.count[o];
        const T share = static_cast<T>(row.backward ? 1 : 1 / (row.divisor[o] * *row.row_divisor));
        auto alike = [&](int64_t next) {
            return row.count[next] == count && row.first[next] == row.first[next - 1] + 1 &&
                   (row.backward || row.divisor[next] == row.divisor[o]);
        };
        int64_t last = o + 1;
        while (count > 0 && last < row.targets && alike(last)) ++last;
        const T *from = sums + (count > 0 ? row.first[o] - low : 0) * row.c;
        const int64_t n = (last - o) * row.c, step = row.step * row.c;
        T* to = target + o * row.c;
        if (n >= V::lanes) {
            for (int64_t i = 0; i < n; i += V::lanes) {
                V total = V::set(0);
                for (int64_t t = 0; t < count; ++t) total = total + load_block<V>(from + t * step + i, n - i);
                store_block(total * V::set(share), to + i, n - i);
            }
        } else {
            for (int64_t i = 0; i < n; ++i) {
                T total = 0;
                for (int64_t t = 0; t < count; ++t) total += from[t * step + i];
                to[i] = total * share;
            }
        }
        o = last;
    }
}

template <class V>
constexpr PoolRows rows_of = {max_forward<V>, max_backward<V>, average_forward<V>, average_backward<V>, average_narrow<V>};
