// Folding loops over one vector type, included into cc::<isa>'s anonymous namespace after
// simd/<isa>.h. Values fold into `ways` vectors side by side (enough to hide an addition's
// latency), these into one in a fixed tree, and that into the accumulator. The caller bounds how
// much one call folds, and with it the error of float32 sums. Loops over integers, exact in any
// order, are left to the compiler.

template <class V> constexpr int ways = V::lanes == 1 ? 16 : 4;

// A float vector's lanes in double precision.
template <class V> struct Doubles {
    F64 low, high;
};

// Extremes of the numbers so far, and where there was a NaN: it stays once it is there.
template <class V> struct Extreme {
    V best;
    typename V::Mask nan;
    V value() const { return select(nan, V::set(NAN), best); }
};

template <class V> inline void spill(V a, typename V::Scalar* to) { a.store(to); }
template <class V> inline void spill(Doubles<V> a, double* to) {
    a.low.store(to);
    if (V::lanes > 1) a.high.store(to + F64::lanes);
}
template <class V> inline void spill(Extreme<V> a, typename V::Scalar* to) {
    a.value().store(to);
}

// Each fold: pad, the element that changes nothing; start, a vector of what it folds into; step,
// which takes in elements; merge of partial results. The same of scalars; there start knows what the
// accumulator holds.
struct SumFold {
    template <class V> static V pad(V) { return V::set(0); }
    template <class V> static V start(V v) { return pad(v); }
    template <class V> static V step(V a, V x) { return a + x; }
    template <class V> static V merge(V a, V b) { return a + b; }
    template <class A> static A start_scalar(A) { return 0; }
    template <class A> static A step_scalar(A a, A x) { return a + x; }
    template <class A> static A merge_scalar(A a, A b) { return a + b; }
};

struct SumSquaresFold : SumFold {
    template <class V> static V step(V a, V x) { return fma(x, x, a); }
    template <class A> static A step_scalar(A a, A x) { return a + x * x; }
};

struct NanSumFold : SumFold {
    template <class V> static V step(V a, V x) { return a + select(x == x, x, V::set(0)); }
};

// Floats in double throughout: their product leaves their range long before it ends.
struct ProdFold {
    template <class V> static V pad(V) { return V::set(1); }
    static F64 start(F64 v) { return pad(v); }
    static Doubles<F32> start(F32) { return {F64::set(1), F64::set(1)}; }
    static F64 step(F64 a, F64 x) { return a * x; }
    static Doubles<F32> step(Doubles<F32> a, F32 x) {
        return {a.low * low(x), F32::lanes > 1 ? a.high * high(x) : a.high};
    }
    static F64 merge(F64 a, F64 b) { return a * b; }
    static Doubles<F32> merge(Doubles<F32> a, Doubles<F32> b) {
        return {a.low * b.low, a.high * b.high};
    }
    template <class A> static A start_scalar(A) { return 1; }
    template <class A> static A step_scalar(A a, A x) { return a * x; }
    template <class A> static A merge_scalar(A a, A b) { return a * b; }
};

struct MaxFold {
    template <class V> static V pad(V) { return V::set(-INFINITY); }
    template <class V> static Extreme<V> start(V v) { return {pad(v), pad(v) != pad(v)}; }
    template <class V> static Extreme<V> step(Extreme<V> a, V x) {
        return {max(x, a.best), a.nan | (x != x)};
    }
    template <class V> static Extreme<V> merge(Extreme<V> a, Extreme<V> b) {
        return {max(a.best, b.best), a.nan | b.nan};
    }
    template <class V> static V merge(V a, V b) { return max(a, b); }
    template <class A> static A start_scalar(A a) { return a; }
    template <class A> static A step_scalar(A a, A x) { return merge_scalar(a, x); }
    template <class A> static A merge_scalar(A a, A b) { return (a > b) | (a != a) ? a : b; }
};

struct MinFold {
    template <class V> static V pad(V) { return V::set(INFINITY); }
    template <class V> static Extreme<V> start(V v) { return {pad(v), pad(v) != pad(v)}; }
    template <class V> static Extreme<V> step(Extreme<V> a, V x) {
        return {min(x, a.best), a.nan | (x != x)};
    }
    template <class V> static Extreme<V> merge(Extreme<V> a, Extreme<V> b) {
        return {min(a.best, b.best), a.nan | b.nan};
    }
    template <class V> static V merge(V a, V b) { return min(a, b); }
    template <class A> static A start_scalar(A a) { return a; }
    template <class A> static A step_scalar(A a, A x) { return merge_scalar(a, x); }
    template <class A> static A merge_scalar(A a, A b) { return (a < b) | (a != a) ? a : b; }
};

struct AnyFold {
    static uint8_t start_scalar(uint8_t a) { return a; }
    static uint8_t step_scalar(uint8_t a, uint8_t x) { return a | x; }
    static uint8_t merge_scalar(uint8_t a, uint8_t b) { return a | b; }
};

struct AllFold {
    static uint8_t start_scalar(uint8_t a) { return a; }
    static uint8_t step_scalar(uint8_t a, uint8_t x) { return a & x; }
    static uint8_t merge_scalar(uint8_t a, uint8_t b) { return a & b; }
};

template <class F, class V> inline typename V::Scalar across(V a) {
    return fold_lanes([](V u, V v) { return F::merge(u, v); }, a);
}
template <class F, class V> inline double across(Doubles<V> a) {
    return across<F>(F::merge(a.low, a.high));
}
template <class F, class V> inline typename V::Scalar across(Extreme<V> a) {
    return any(a.nan) ? static_cast<typename V::Scalar>(NAN) : across<F>(a.best);
}

template <class V, class F, class A> inline A fold(const typename V::Scalar* x, int64_t n, A acc) {
    constexpr int W = ways<V>;
    const V pad = F::pad(V{});
    decltype(F::start(V{})) a[W];
    for (int w = 0; w < W; ++w) a[w] = F::start(pad);
    int64_t i = 0;
    for (; i + W * V::lanes <= n; i += W * V::lanes)
        for (int w = 0; w < W; ++w) a[w] = F::step(a[w], V::load(x + i + w * V::lanes));
    for (int w = 0; w < W; ++w) {  // counted by w alone, or a[] would live in memory
        const int64_t at = i + w * V::lanes;
        if (at < n) a[w] = F::step(a[w], at + V::lanes <= n ? V::load(x + at) : V::load(x + at, n - at, pad));
    }
    for (int half = W / 2; half > 0; half /= 2)
        for (int w = 0; w < half; ++w) a[w] = F::merge(a[w], a[w + half]);
    return F::merge_scalar(acc, static_cast<A>(across<F>(a[0])));
}

template <class V, class F, class A>
void fold_rows(const void* x_, int64_t rows, int64_t stride, int64_t n, void* acc_) {
    const auto* x = static_cast<const typename V::Scalar*>(x_);
    A* acc = static_cast<A*>(acc_);
    for (int64_t r = 0; r < rows; ++r, x += stride) acc[r] = fold<V, F>(x, n, acc[r]);
}

// W vectors of columns, as far from column c as they go; returns where it stopped.
template <int W, class V, class F, class A>
inline int64_t fold_blocks(const typename V::Scalar* x, int64_t rows, int64_t stride, int64_t c,
                           int64_t columns, A* acc) {
    using Start = decltype(F::start(V{}));
    decltype(across<F>(Start{})) value[W * V::lanes];
    for (; c + W * V::lanes <= columns; c += W * V::lanes) {
        Start a[W];
        for (int w = 0; w < W; ++w) a[w] = F::start(V{});
        for (int64_t r = 0; r < rows; ++r)
            for (int w = 0; w < W; ++w)
                a[w] = F::step(a[w], V::load(x + r * stride + c + w * V::lanes));
        for (int w = 0; w < W; ++w) spill(a[w], value + w * V::lanes);
        for (int k = 0; k < W * V::lanes; ++k)
            acc[c + k] = F::merge_scalar(acc[c + k], static_cast<A>(value[k]));
    }
    return c;
}

template <class V, class F, class A>
void fold_columns(const void* x_, int64_t rows, int64_t stride, int64_t columns, void* acc_) {
    using Start = decltype(F::start(V{}));
    const auto* x = static_cast<const typename V::Scalar*>(x_);
    A* acc = static_cast<A*>(acc_);
    // As wide as registers allow: the longer the piece of a row, the better memory is prefetched.
    constexpr int wide = (sizeof(V) == 64 ? 16 : 8) / (sizeof(Start) / sizeof(V));
    int64_t c = fold_blocks<wide, V, F>(x, rows, stride, 0, columns, acc);
    c = fold_blocks<ways<V>, V, F>(x, rows, stride, c, columns, acc);
    decltype(across<F>(Start{})) value[V::lanes];
    for (; c < columns; c += V::lanes) {
        const int64_t n = columns - c;
        Start a = F::start(V{});
        for (int64_t r = 0; r < rows; ++r)
            a = F::step(a, V::load(x + r * stride + c, n, F::pad(V{})));
        spill(a, value);
        for (int64_t k = 0; k < n && k < V::lanes; ++k)
            acc[c + k] = F::merge_scalar(acc[c + k], static_cast<A>(value[k]));
    }
}

// Rows fold in Step, which the sum of a block of bytes does not overflow at 32 bits.
template <class T, class F, class Step, class A>
void plain_rows(const void* x_, int64_t rows, int64_t stride, int64_t n, void* acc_) {
    const T* x = static_cast<const T*>(x_);
    A* acc = static_cast<A*>(acc_);
    for (int64_t r = 0; r < rows; ++r, x += stride) {
        Step a = F::start_scalar(static_cast<Step>(acc[r]));
        for (int64_t i = 0; i < n; ++i) a = F::step_scalar(a, static_cast<Step>(x[i]));
        acc[r] = F::merge_scalar(acc[r], static_cast<A>(a));
    }
}

template <class T, class F, class A>
void plain_columns(const void* x_, int64_t rows, int64_t stride, int64_t columns, void* acc_) {
    const T* x = static_cast<const T*>(x_);
    A* acc = static_cast<A*>(acc_);
    for (int64_t r = 0; r < rows; ++r, x += stride)
        for (int64_t c = 0; c < columns; ++c)
            acc[c] = F::step_scalar(acc[c], static_cast<A>(x[c]));
}

template <class V, class F, class A> constexpr ReduceLoop vectors = {fold_rows<V, F, A>, fold_columns<V, F, A>};
template <class T, class F, class Step, class A>
constexpr ReduceLoop plain = {plain_rows<T, F, Step, A>, plain_columns<T, F, A>};

template <class V>
constexpr Reductions of_floats = {
    vectors<V, SumFold, double>, vectors<V, SumSquaresFold, double>, vectors<V, ProdFold, double>,
    vectors<V, MaxFold, typename V::Scalar>, vectors<V, MinFold, typename V::Scalar>,
    vectors<V, NanSumFold, double>};
template <class T, class Step>
constexpr Reductions of_integers = {
    plain<T, SumFold, Step, uint64_t>, plain<T, SumSquaresFold, uint64_t, uint64_t>,
    plain<T, ProdFold, uint64_t, uint64_t>, plain<T, MaxFold, T, T>, plain<T, MinFold, T, T>, {}};
constexpr ReductionTable table = {
    {of_integers<uint8_t, uint32_t>, of_integers<uint8_t, uint32_t>, of_integers<int32_t, uint64_t>,
     of_integers<int64_t, uint64_t>, {}, of_floats<F32>, of_floats<F64>},
    plain<uint8_t, AnyFold, uint8_t, uint8_t>,
    plain<uint8_t, AllFold, uint8_t, uint8_t>};
