// Whole and part vectors, and lanes among themselves, over any vector type of simd/<isa>.h;
// included into its namespace.

template <class V>
inline V load_block(const typename V::Scalar* p, int64_t n) {
    return n >= V::lanes ? V::load(p) : V::load(p, n);
}

template <class V>
inline void store_block(V v, typename V::Scalar* p, int64_t n) {
    if (n >= V::lanes) v.store(p);
    else v.store(p, n);
}

// The first n lanes, n < lanes.
template <class V>
inline typename V::Mask first_lanes(int64_t n) {
    using T = typename V::Scalar;
    static const T counting[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return V::load(counting) < V::set(static_cast<T>(n));
}

// Lanes beyond n hold `other`.
template <class V>
inline V load_block(const typename V::Scalar* p, int64_t n, V other) {
    return n >= V::lanes ? V::load(p) : select(first_lanes<V>(n), V::load(p, n), other);
}

template <class V>
inline typename V::Scalar lane_max(V v) {
    return fold_lanes([](V a, V b) { return max(a, b); }, v);
}

// The largest of n numbers; several maxima run side by side, so that none waits for the one before.
template <class V>
inline typename V::Scalar row_max(const typename V::Scalar* x, int64_t n) {
    constexpr int side = 4;
    const V least = V::set(static_cast<typename V::Scalar>(-INFINITY));
    V best[side] = {least, least, least, least};
    int64_t i = 0;
    for (; i + side * V::lanes <= n; i += side * V::lanes)
        for (int k = 0; k < side; ++k) best[k] = max(best[k], V::load(x + i + k * V::lanes));
    for (; i < n; i += V::lanes) best[0] = max(best[0], load_block(x + i, n - i, least));
    return lane_max(max(max(best[0], best[1]), max(best[2], best[3])));
}

// Σ f(i, left) over vectors that begin at i and of which `left` lanes or all count. One chain of sums: f takes longer.
template <class V, class F>
inline typename V::Scalar row_sum(int64_t n, F f) {
    V total = V::set(0);
    int64_t i = 0;
    for (; i + V::lanes <= n; i += V::lanes) total = total + f(i, V::lanes);
    if (i < n) total = total + f(i, n - i);
    return sum(total);
}

// to[i] = f(from[i]) for n numbers.
template <class V, class F>
inline void map_row(const typename V::Scalar* from, typename V::Scalar* to, int64_t n, F f) {
    int64_t i = 0;
    for (; i + V::lanes <= n; i += V::lanes) f(V::load(from + i)).store(to + i);
    if (i < n) f(V::load(from + i, n - i)).store(to + i, n - i);
}

// Rows so short that a vector would hold little of one, or its sums would cost more than the rest, go a lane each.
constexpr int kShortRow = 48;

// to[i][r] = from[r][i] for r < rows ≤ lanes and i < n, lanes apart in `to`; and back.
template <class V>
inline void rows_to_lanes(const typename V::Scalar* from, int64_t rows, int64_t n, typename V::Scalar* to) {
    for (int64_t r = 0; r < rows; ++r)
        for (int64_t i = 0; i < n; ++i) to[i * V::lanes + r] = from[r * n + i];
}
template <class V>
inline void lanes_to_rows(const typename V::Scalar* from, int64_t rows, int64_t n, typename V::Scalar* to) {
    for (int64_t r = 0; r < rows; ++r)
        for (int64_t i = 0; i < n; ++i) to[r * n + i] = from[i * V::lanes + r];
}
