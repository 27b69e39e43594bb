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

// exp(p[i] − top) of the first n elements, 0 beyond: nothing underflows there, which is slow.
template <class V>
inline V exp_block(const typename V::Scalar* p, int64_t n, V top) {
    if (n >= V::lanes) return exp(V::load(p) - top);
    return select(first_lanes<V>(n), exp(load_block(p, n, top) - top), V::set(0));
}

template <class V>
inline typename V::Scalar lane_max(V v) {
    return fold_lanes([](V a, V b) { return max(a, b); }, v);
}
