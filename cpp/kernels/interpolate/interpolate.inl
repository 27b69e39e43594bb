// A row of interpolation over one vector type, included into cc::<isa>'s anonymous namespace after simd/<isa>.h and
// simd/blocks.inl. First the source rows are blended (lanes run along the row, places and channels alike), then each target takes
// its places from the blend: over the channels as lanes, or one by one where there are few.

// out[j] = Σ_r weights[r] · x[at[r] + j] for j < n; Count > 0: that many, else `count`.
template <class V, int Count>
inline void weighted_sum(const typename V::Scalar* x, const int64_t* at, const typename V::Scalar* weights, int64_t count,
                         int64_t n, typename V::Scalar* out) {
    const typename V::Scalar* from[Count ? Count : 1];
    V factors[Count ? Count : 1];
    for (int r = 0; r < Count; ++r) from[r] = x + at[r], factors[r] = V::set(weights[r]);
    auto vector = [&](int64_t j, auto load, auto store) {
        V sum = V::set(0);
        if (Count > 0)
            for (int r = 0; r < Count; ++r) sum = fma(factors[r], load(from[r] + j), sum);
        else
            for (int64_t r = 0; r < count; ++r) sum = fma(V::set(weights[r]), load(x + at[r] + j), sum);
        store(sum, out + j);
    };
    int64_t j = 0;
    for (; j + V::lanes <= n; j += V::lanes)
        vector(j, [](const auto* p) { return V::load(p); }, [](V v, auto* p) { v.store(p); });
    if (const int64_t left = n - j)
        vector(j, [=](const auto* p) { return V::load(p, left); }, [=](V v, auto* p) { v.store(p, left); });
}

template <class V>
inline void weighted_sum(const typename V::Scalar* x, const int64_t* at, const typename V::Scalar* weights, int64_t count,
                         int64_t n, typename V::Scalar* out) {
    if (count == 2) weighted_sum<V, 2>(x, at, weights, count, n, out);
    else if (count == 4) weighted_sum<V, 4>(x, at, weights, count, n, out);
    else weighted_sum<V, 0>(x, at, weights, count, n, out);
}

template <class V>
const typename V::Scalar* blend(const InterpolateRow& row) {
    using T = typename V::Scalar;
    const T *x = static_cast<const T*>(row.source), *weights = static_cast<const T*>(row.row_weights);
    if (row.row_count == 1 && weights[0] == 1) return x + row.rows[0];
    T* out = static_cast<T*>(row.blended);
    weighted_sum<V>(x, row.rows, weights, row.row_count, row.width * row.c, out);
    return out;
}

template <class V>
void spread_channels(const InterpolateRow& row, const typename V::Scalar* x) {
    using T = typename V::Scalar;
    T* y = static_cast<T*>(row.target);
    const int64_t c = row.c, targets = row.targets;
    int64_t at[4] = {0, c, 2 * c, 3 * c};
    for (int64_t o = 0; o < targets; ++o, y += c) {
        const T* weights = static_cast<const T*>(row.weights) + row.start[o];
        const T* from = x + row.first[o] * c;
        const int64_t count = row.start[o + 1] - row.start[o];
        if (count <= 4) {
            weighted_sum<V>(from, at, weights, count, c, y);
            continue;
        }
        for (int64_t j = 0; j < c; j += V::lanes) {
            V sum = V::set(0);
            for (int64_t t = 0; t < count; ++t)
                sum = fma(V::set(weights[t]), load_block<V>(from + t * c + j, c - j), sum);
            store_block(sum, y + j, c - j);
        }
    }
}

// N targets of one channel, all with Taps places.
template <int Taps, class T>
inline void spread_run(const T* x, const int64_t* first, const T* weights, int64_t n, T* y) {
    for (int64_t o = 0; o < n; ++o, weights += Taps) {
        const T* from = x + first[o];
        T sum = weights[0] * from[0];
        for (int t = 1; t < Taps; ++t) sum += weights[t] * from[t];
        y[o] = sum;
    }
}

template <class T>
void spread_places(const InterpolateRow& row, const T* x) {
    T* y = static_cast<T*>(row.target);
    const T* all = static_cast<const T*>(row.weights);
    const int64_t channels = row.c;
    for (int64_t o = 0; o < row.targets;) {
        const T* weights = all + row.start[o];
        const int64_t count = row.start[o + 1] - row.start[o];
        if (channels == 1 && (count == 1 || count == 2 || count == 4)) {
            int64_t end = o + 1;
            while (end < row.targets && row.start[end + 1] - row.start[end] == count) ++end;
            const auto run = count == 1 ? spread_run<1, T> : count == 2 ? spread_run<2, T> : spread_run<4, T>;
            run(x, row.first + o, weights, end - o, y + o);
            o = end;
            continue;
        }
        const T* from = x + row.first[o] * channels;
        for (int64_t c = 0; c < channels; ++c) {
            T sum = 0;
            for (int64_t t = 0; t < count; ++t) sum += weights[t] * from[t * channels + c];
            y[o * channels + c] = sum;
        }
        ++o;
    }
}

template <class V>
void interpolate_row(const InterpolateRow& row) {
    const typename V::Scalar* x = blend<V>(row);
    if (row.c * 2 >= V::lanes && V::lanes > 1) spread_channels<V>(row, x);
    else spread_places(row, x);
}
