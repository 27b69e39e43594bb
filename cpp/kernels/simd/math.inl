// Functions over any vector type of simd/<isa>.h, included into its namespace: one source for every instruction set.

template <class V> inline V zero(V) { return V::set(0); }
template <class V> inline V one(V) { return V::set(1); }

template <class V>
inline V sign(V x) {
    const V o = zero(x);
    if constexpr (typename V::Scalar(-1) < typename V::Scalar(0))
        return select(x > o, one(x), select(x < o, -one(x), o));
    else
        return select(x > o, one(x), o);
}

template <class V>
inline auto is_inf(V x) {
    if constexpr (V::floating) return abs(x) == V::set(static_cast<typename V::Scalar>(INFINITY));
    else return x != x;
}

template <class V> inline V exp(V x) { return map([](auto v) { return ::exp(static_cast<double>(v)); }, x); }
template <class V> inline V expm1(V x) { return map([](auto v) { return ::expm1(static_cast<double>(v)); }, x); }
template <class V> inline V log(V x) { return map([](auto v) { return ::log(static_cast<double>(v)); }, x); }
template <class V> inline V log1p(V x) { return map([](auto v) { return ::log1p(static_cast<double>(v)); }, x); }
template <class V> inline V tanh(V x) { return map([](auto v) { return ::tanh(static_cast<double>(v)); }, x); }
template <class V> inline V erf(V x) { return map([](auto v) { return ::erf(static_cast<double>(v)); }, x); }
template <class V> inline V sin(V x) { return map([](auto v) { return ::sin(static_cast<double>(v)); }, x); }
template <class V> inline V cos(V x) { return map([](auto v) { return ::cos(static_cast<double>(v)); }, x); }
template <class V> inline V tan(V x) { return map([](auto v) { return ::tan(static_cast<double>(v)); }, x); }
template <class V> inline V atan2(V a, V b) {
    return map([](auto y, auto x) { return ::atan2(static_cast<double>(y), static_cast<double>(x)); }, a, b);
}

template <class V> inline V sigmoid(V x) { return one(x) / (one(x) + exp(-x)); }

template <class V>
inline V softplus(V x, V beta, V threshold) {
    const V t = x * beta;
    return select(t > threshold, x, log1p(exp(t)) / beta);
}

template <class V>
inline V gelu(V x) {
    using T = typename V::Scalar;
    return V::set(T(0.5)) * x * (one(x) + erf(x * V::set(T(0.70710678118654752440))));
}

template <class V>
inline V gelu_tanh(V x) {
    using T = typename V::Scalar;
    const V inner = V::set(T(0.79788456080286535588)) * fma(V::set(T(0.044715)) * x * x, x, x);
    return V::set(T(0.5)) * x * (one(x) + tanh(inner));
}

// a + c·(b − a), from the nearer end so that c = 0 and c = 1 are exact.
template <class V>
inline V lerp(V a, V b, V c) {
    const V half = V::set(typename V::Scalar(0.5));
    return select(abs(c) < half, a + c * (b - a), b - (b - a) * (one(c) - c));
}

template <class T>
inline T integer_pow(T x, T n) {
    if (n < T(0)) return x == T(1) ? T(1) : x == T(-1) ? (n % 2 ? T(-1) : T(1)) : T(0);
    uint64_t result = 1, factor = static_cast<uint64_t>(x);
    for (; n > T(0); n = static_cast<T>(n / 2), factor *= factor)
        if (n % 2) result *= factor;
    return static_cast<T>(result);
}

template <class V>
inline V pow(V a, V b) {
    using T = typename V::Scalar;
    if constexpr (V::floating)
        return map([](auto x, auto y) { return ::pow(static_cast<double>(x), static_cast<double>(y)); }, a, b);
    else
        return map([](T x, T n) { return integer_pow(x, n); }, a, b);
}

inline double c_fmod(double a, double b) { return fmod(a, b); }
inline float c_fmod(float a, float b) { return fmodf(a, b); }

// Python's %: the sign of b.
template <class V>
inline V remainder(V a, V b) {
    using T = typename V::Scalar;
    if constexpr (V::floating) {
        const V r = map([](T x, T y) { return c_fmod(x, y); }, a, b);
        const V o = zero(a);
        return select((r != o) & ((b < o) ^ (r < o)), r + b, r);
    } else {
        const V r = a - (a / b) * b;
        const V o = zero(a);
        return select((r != o) & ((b < o) ^ (r < o)), r + b, r);
    }
}

template <class V>
inline V floor_divide(V a, V b) {
    using T = typename V::Scalar;
    const V o = zero(a);
    if constexpr (V::floating) {
        const V r = map([](T x, T y) { return c_fmod(x, y); }, a, b);
        V q = (a - r) / b;
        q = select((r != o) & ((b < o) ^ (r < o)), q - one(a), q);
        V whole = floor(q);
        whole = select(q - whole > V::set(T(0.5)), whole + one(a), whole);
        // A zero quotient takes the sign of a / b.
        whole = select(q == o, o * (a / b), whole);
        return select(b == o, a / b, whole);
    } else {
        const V q = a / b;
        const V r = a - q * b;
        return select((r != o) & ((b < o) ^ (r < o)), q - one(a), q);
    }
}
