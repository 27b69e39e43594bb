// Loops of softmax over one vector type, included into cc::<isa>'s anonymous namespace after
// simd/<isa>.h and simd/blocks.inl. A row is read for its maximum, again for the sum of
// exponentials (kept in the output), and scaled; columns do the same with a lane per column.

// e^x of x ≤ 0 for a sum that has a one in it, exact far below where it is a result itself.
template <class V>
inline V exponential(V x, bool is_result) {
    const V e = exp_in_sum(x), least = V::set(kExpInSumLeast);
    if (is_result && __builtin_expect(any(x < least), false)) return select(x < least, exp(x), e);
    return e;
}

template <class V>
void columns_forward(const void* x_, void* out_, int64_t columns, int64_t dim, int64_t inner,
                     bool log_wanted) {
    using T = typename V::Scalar;
    const T* x = static_cast<const T*>(x_);
    T* out = static_cast<T*>(out_);
    for (int64_t j = 0; j < columns; j += V::lanes, x += V::lanes, out += V::lanes) {
        const int64_t n = columns - j;
        V top = V::set(static_cast<T>(-INFINITY)), total = V::set(0);
        for (int64_t i = 0; i < dim; ++i) top = max(top, load_block<V>(x + i * inner, n));
        for (int64_t i = 0; i < dim; ++i) {
            const V e = exponential(load_block<V>(x + i * inner, n) - top, !log_wanted);
            total = total + e;
            if (!log_wanted) store_block(e, out + i * inner, n);
        }
        const V share = one(total) / total, log_total = log(total);
        for (int64_t i = 0; i < dim; ++i) {
            if (log_wanted)
                store_block(load_block<V>(x + i * inner, n) - top - log_total, out + i * inner, n);
            else store_block(load_block<V>(out + i * inner, n) * share, out + i * inner, n);
        }
    }
}

template <class V>
void rows_forward(const void* x_, void* out_, int64_t rows, int64_t dim, bool log_wanted) {
    using T = typename V::Scalar;
    const T* x = static_cast<const T*>(x_);
    T* out = static_cast<T*>(out_);
    if (V::lanes > 1 && dim <= kShortRow) {
        T lanes[kShortRow * V::lanes] = {};
        for (int64_t r = 0; r < rows; r += V::lanes) {
            const int64_t some = rows - r < V::lanes ? rows - r : V::lanes;
            rows_to_lanes<V>(x + r * dim, some, dim, lanes);
            columns_forward<V>(lanes, lanes, V::lanes, dim, V::lanes, log_wanted);
            lanes_to_rows<V>(lanes, some, dim, out + r * dim);
        }
        return;
    }
    for (int64_t r = 0; r < rows; ++r, x += dim, out += dim) {
        const V top = V::set(row_max<V>(x, dim));
        const V least = V::set(static_cast<T>(-INFINITY));
        const V all = V::set(row_sum<V>(dim, [&](int64_t i, int64_t left) {
            __builtin_prefetch(x + i + dim);  // the next row
            const V e = exponential(load_block(x + i, left, least) - top, !log_wanted);
            if (!log_wanted) store_block(e, out + i, left);
            return e;
        }));
        const V share = one(all) / all, log_all = log(all);
        if (log_wanted) map_row<V>(x, out, dim, [=](V v) { return v - top - log_all; });
        else map_row<V>(out, out, dim, [=](V e) { return e * share; });
    }
}

template <class V>
inline V gradient_of(V g, V y, V total, bool log_wanted) {
    return log_wanted ? g - exp(y) * total : y * (g - total);
}

template <class V>
void rows_backward(const void* g_, const void* y_, void* out_, int64_t rows, int64_t dim,
                   bool log_wanted) {
    using T = typename V::Scalar;
    const T *g = static_cast<const T*>(g_), *y = static_cast<const T*>(y_);
    T* out = static_cast<T*>(out_);
    for (int64_t r = 0; r < rows; ++r, g += dim, y += dim, out += dim) {
        V total = V::set(0);
        for (int64_t i = 0; i < dim; i += V::lanes) {
            const V grad = load_block<V>(g + i, dim - i);
            total = log_wanted ? total + grad : fma(grad, load_block<V>(y + i, dim - i), total);
        }
        const V all = V::set(sum(total));
        for (int64_t i = 0; i < dim; i += V::lanes) {
            const V grad = load_block<V>(g + i, dim - i), value = load_block<V>(y + i, dim - i);
            store_block(gradient_of(grad, value, all, log_wanted), out + i, dim - i);
        }
    }
}

template <class V>
void columns_backward(const void* g_, const void* y_, void* out_, int64_t columns, int64_t dim,
                      int64_t inner, bool log_wanted) {
    using T = typename V::Scalar;
    const T *g = static_cast<const T*>(g_), *y = static_cast<const T*>(y_);
    T* out = static_cast<T*>(out_);
    for (int64_t j = 0; j < columns; j += V::lanes) {
        const int64_t n = columns - j;
        V total = V::set(0);
        for (int64_t i = 0; i < dim; ++i) {
            const V grad = load_block<V>(g + i * inner + j, n);
            total =
                log_wanted ? total + grad : fma(grad, load_block<V>(y + i * inner + j, n), total);
        }
        for (int64_t i = 0; i < dim; ++i) {
            const int64_t at = i * inner + j;
            const V grad = load_block<V>(g + at, n), value = load_block<V>(y + at, n);
            store_block(gradient_of(grad, value, total, log_wanted), out + at, n);
        }
    }
}

template <class V>
constexpr SoftmaxLoops loops_of = {rows_forward<V>, rows_backward<V>, columns_forward<V>,
                                   columns_backward<V>};
