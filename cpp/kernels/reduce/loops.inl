// Folding loops over one vector type, included into cc::<isa>'s anonymous namespace after
// simd/<isa>.h. Values fold into `ways` vectors side by side (enough to hide an addition's
// latency), these into one in a fixed tree, and that into the accumulator. The caller bounds how
// much one call folds, and with it the error of float32 sums.

template <class V> constexpr int ways = V::lanes == 1 ? 16 : 4;

struct SumFold {
    template <class V> static V identity() { return V::set(0); }
    template <class V> static V step(V a, V x) { return a + x; }
    template <class V> static V merge(V a, V b) { return a + b; }
    template <class A> static A merge_scalar(A a, A b) { return a + b; }
};

struct SumSquaresFold : SumFold {
    template <class V> static V step(V a, V x) { return fma(x, x, a); }
};

// A NaN stays once it is there.
struct MaxFold {
    template <class V> static V identity() { return V::set(-INFINITY); }
    template <class V> static V step(V a, V x) { return select((a > x) | (a != a), a, x); }
    template <class V> static V merge(V a, V b) { return step(a, b); }
    template <class A> static A merge_scalar(A a, A b) { return (a > b) | (a != a) ? a : b; }
};

struct MinFold {
    template <class V> static V identity() { return V::set(INFINITY); }
    template <class V> static V step(V a, V x) { return select((a < x) | (a != a), a, x); }
    template <class V> static V merge(V a, V b) { return step(a, b); }
    template <class A> static A merge_scalar(A a, A b) { return (a < b) | (a != a) ? a : b; }
};

template <class V, class F, class A> void fold_row(const void* x_, int64_t n, void* acc) {
    using T = typename V::Scalar;
    constexpr int W = ways<V>;
    const T* x = static_cast<const T*>(x_);
    const V rest = F::template identity<V>();
    V a[W];
    for (int w = 0; w < W; ++w) a[w] = rest;
    int64_t i = 0;
    for (; i + W * V::lanes <= n; i += W * V::lanes)
        for (int w = 0; w < W; ++w) a[w] = F::step(a[w], V::load(x + i + w * V::lanes));
    for (int w = 0; i < n; i += V::lanes, ++w)
        a[w] = F::step(a[w], i + V::lanes <= n ? V::load(x + i) : V::load(x + i, n - i, rest));
    for (int half = W / 2; half > 0; half /= 2)
        for (int w = 0; w < half; ++w) a[w] = F::merge(a[w], a[w + half]);
    const T folded = fold_lanes([](V u, V v) { return F::merge(u, v); }, a[0]);
    A* to = static_cast<A*>(acc);
    *to = F::merge_scalar(*to, static_cast<A>(folded));
}

template <class V, class F, class A>
void fold_columns(const void* x_, int64_t rows, int64_t stride, int64_t columns, void* acc_) {
    using T = typename V::Scalar;
    constexpr int W = ways<V>;
    const T* x = static_cast<const T*>(x_);
    A* acc = static_cast<A*>(acc_);
    T value[W * V::lanes];
    const V rest = F::template identity<V>();
    int64_t c = 0;
    for (; c + W * V::lanes <= columns; c += W * V::lanes) {
        V a[W];
        for (int w = 0; w < W; ++w) a[w] = rest;
        for (int64_t r = 0; r < rows; ++r)
            for (int w = 0; w < W; ++w)
                a[w] = F::step(a[w], V::load(x + r * stride + c + w * V::lanes));
        for (int w = 0; w < W; ++w) a[w].store(value + w * V::lanes);
        for (int k = 0; k < W * V::lanes; ++k)
            acc[c + k] = F::merge_scalar(acc[c + k], static_cast<A>(value[k]));
    }
    for (; c < columns; c += V::lanes) {
        const int64_t n = columns - c;
        V a = rest;
        for (int64_t r = 0; r < rows; ++r) a = F::step(a, V::load(x + r * stride + c, n, rest));
        a.store(value);
        for (int64_t k = 0; k < n && k < V::lanes; ++k)
            acc[c + k] = F::merge_scalar(acc[c + k], static_cast<A>(value[k]));
    }
}

template <class V>
constexpr VectorReductions vector_reductions = {
    {fold_row<V, SumFold, double>, fold_columns<V, SumFold, double>},
    {fold_row<V, SumSquaresFold, double>, fold_columns<V, SumSquaresFold, double>},
    {fold_row<V, MaxFold, typename V::Scalar>, fold_columns<V, MaxFold, typename V::Scalar>},
    {fold_row<V, MinFold, typename V::Scalar>, fold_columns<V, MinFold, typename V::Scalar>}};
