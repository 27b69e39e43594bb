// Functions over any vector type of simd/<isa>.h, included into its namespace: one source for every
// instruction set.

template <class V> inline V zero(V) { return V::set(0); }
template <class V> inline V one(V) { return V::set(1); }

template <class V> inline typename V::Scalar sum(V a) {
    return fold_lanes([](V x, V y) { return x + y; }, a);
}

template <class V> inline V sign(V x) {
    const V o = zero(x);
    if constexpr (typename V::Scalar(-1) < typename V::Scalar(0))
        return select(x > o, one(x), select(x < o, -one(x), o));
    else return select(x > o, one(x), o);
}

template <class V> inline auto is_inf(V x) {
    if constexpr (V::floating) return abs(x) == V::set(static_cast<typename V::Scalar>(INFINITY));
    else return x != x;
}

// Constants by scalar type. Polynomials interpolate at Chebyshev nodes, lowest coefficient first;
// ln 2 = ln2_hi + ln2_lo with ln2_hi short enough that n · ln2_hi is exact for every exponent n.
template <class T> struct Real;
template <> struct Real<float> {
    using Bits = uint32_t;
    static constexpr int mantissa = 23;
    static constexpr Bits bias = 127, sign = 0x80000000u, fraction = 0x007FFFFFu,
                          sqrt_half = 0x3F3504F3u, one = 0x3F800000u;
    static constexpr float magic = 0x1.8p23f, two_mantissa = 0x1p23f, least_normal = 0x1p-126f,
                           lift = 0x1p25f, lifted = 25;
    static constexpr float exp_least = -104.0f, exp_most = 89.0f, exp_plain = 87.0f, tiny = 0x1p-30f,
                           minus_one_below = -18.0f;
    static constexpr float log2_e = 1.44269504088896340736f, ln2_hi = 0x1.62e4p-1f,
                           ln2_lo = 0x1.7f7d1cp-20f;
    static constexpr float exp_poly[] = {0x1p-1f, 0x1.5554dcp-3f, 0x1.555518p-5f, 0x1.120be2p-7f,
                                         0x1.6d117cp-10f};
    static constexpr float log_poly[] = {0x1.555556p-1f, 0x1.9999ecp-2f, 0x1.245c28p-2f,
                                         0x1.ddd4dap-3f};
};
template <> struct Real<double> {
    using Bits = uint64_t;
    static constexpr int mantissa = 52;
    static constexpr Bits bias = 1023, sign = 0x8000000000000000u, fraction = 0x000FFFFFFFFFFFFFu,
                          sqrt_half = 0x3FE6A09E667F3BCDu, one = 0x3FF0000000000000u;
    static constexpr double magic = 0x1.8p52, two_mantissa = 0x1p52, least_normal = 0x1p-1022,
                            lift = 0x1p54, lifted = 54;
    static constexpr double exp_least = -746.0, exp_most = 710.0, exp_plain = 708.0, tiny = 0x1p-60,
                            minus_one_below = -38.0;
    static constexpr double log2_e = 1.44269504088896340736, ln2_hi = 0x1.62e42fefa2p-1,
                            ln2_lo = 0x1.9ef35793c7673p-41;
    static constexpr double exp_poly[] = {
        0x1.0000000000001p-1,  0x1.5555555555556p-3,  0x1.5555555553d37p-5,  0x1.11111111109a6p-7,
        0x1.6c16c1789d1d7p-10, 0x1.a01a01a7cebcdp-13, 0x1.a019b8ca26fcfp-16, 0x1.71de0d85293b8p-19,
        0x1.2891d4ffbb0f9p-22, 0x1.af390ba7e6f47p-26};
    static constexpr double log_poly[] = {
        0x1.5555555555555p-1, 0x1.9999999999a39p-2, 0x1.2492492476a1ap-2, 0x1.c71c7201a55d7p-3,
        0x1.745cf8e4bba1bp-3, 0x1.3b1c3c1c81c8fp-3, 0x1.0fbde0f4ad17bp-3, 0x1.0c0aff044a970p-3};
};

template <class V, class T, int N> inline V polynomial(const T (&c)[N], V x) {
    V y = V::set(c[N - 1]);
    for (int i = N - 2; i >= 0; --i) y = fma(y, x, V::set(c[i]));
    return y;
}

template <class V> inline V copy_sign(V magnitude, V from) {
    using R = Real<typename V::Scalar>;
    return V::from_bits((bits(magnitude) & V::Int::set(~R::sign)) |
                        (bits(from) & V::Int::set(R::sign)));
}

// 2ⁿ for whole n between the exponents of normal numbers: n + magic has n in its low bits.
template <class V> inline V power_of_two(V n) {
    using R = Real<typename V::Scalar>;
    return V::from_bits(
        (bits(n + V::set(R::magic)) + V::Int::set(R::bias)).template shl<R::mantissa>());
}

// a · 2ⁿ for whole n, in two steps so that the result may be subnormal or overflow; rounded once.
template <class V> inline V scale(V a, V n) {
    const V half = trunc(n * V::set(0.5f));
    return a * power_of_two(half) * power_of_two(n - half);
}

// x = n · ln 2 + r with |r| ≤ ln 2 / 2, but for rounding; gives expm1(r). x + magic has no fraction.
template <class V> inline V reduced_expm1(V x, V& n) {
    using R = Real<typename V::Scalar>;
    n = fma(x, V::set(R::log2_e), V::set(R::magic)) - V::set(R::magic);
    V r = fma(n, V::set(-R::ln2_hi), x);
    r = fma(n, V::set(-R::ln2_lo), r);
    return fma(r * r, polynomial<V>(R::exp_poly, r), r);
}

// Where a result may be subnormal or overflow.
template <class V> inline V exp_at_ends(V x) {
    using R = Real<typename V::Scalar>;
    V n;
    const V p = reduced_expm1(min(V::set(R::exp_most), max(V::set(R::exp_least), x)), n);
    return scale(p + one(x), n);
}

template <class V> inline V exp(V x) {
    using R = Real<typename V::Scalar>;
    if (__builtin_expect(any(abs(x) > V::set(R::exp_plain)), false)) return exp_at_ends(x);
    V n;
    const V p = reduced_expm1(x, n);
    return (p + one(x)) * power_of_two(n);
}

// e^x of x ≤ 0 beside a sum that has a one in it: to 2e−7 of its value down to e^−32, and never below e^−86 = 4e−38. Without a
// branch, with a polynomial of its own, in pairs, it takes 6 cycles a vector where exp takes 10 (Zen 3).
constexpr float kExpInSumLeast = -86;
template <class V> inline V exp_in_sum(V x) {
    using R = Real<typename V::Scalar>;
    if constexpr (sizeof(typename V::Scalar) == 8) {
        return exp(x);
    } else {
        constexpr float ln2 = 0x1.62e430p-1f, c[] = {0x1.fffdfcp-2f, 0x1.5557bp-3f, 0x1.572a04p-5f, 0x1.106236p-7f};
        x = max(V::set(kExpInSumLeast), x);
        const V shifted = fma(x, V::set(R::log2_e), V::set(R::magic)), n = shifted - V::set(R::magic);
        const V r = fma(n, V::set(-ln2), x), square = r * r;
        const V low = fma(V::set(c[1]), r, V::set(c[0])), high = fma(V::set(c[3]), r, V::set(c[2]));
        const V power = fma(fma(high, square, low), square, r + one(x));  // e^r
        return V::from_bits(bits(power) + bits(shifted).template shl<R::mantissa>());  // 2ⁿ, n in the low bits
    }
}

template <class V> inline V expm1(V x) {
    using R = Real<typename V::Scalar>;
    V n;
    const V p = reduced_expm1(min(V::set(R::exp_most), max(V::set(R::minus_one_below), x)), n);
    // 2ⁿ·p + (2ⁿ − 1) at half size, so that n may be the first exponent beyond the largest.
    const V half = power_of_two(n - one(x));
    const V y = fma(half, p, half - V::set(0.5f));
    return select(abs(x) < V::set(R::tiny), x, y + y);
}

// x = m · 2ᵉ with √½ ≤ m < √2, f = m − 1, s = f / (2 + f): log m = 2 artanh s = f − (h − s (h + s²
// P(s²))), h = f²/2.
template <class V> inline V log(V x) {
    using R = Real<typename V::Scalar>;
    using Int = typename V::Int;
    const auto small = x < V::set(R::least_normal);
    const Int i = bits(select(small, x * V::set(R::lift), x)) + Int::set(R::one - R::sqrt_half);
    const V m = V::from_bits((i & Int::set(R::fraction)) + Int::set(R::sqrt_half));
    V e = V::from_bits(i.template shr<R::mantissa>() | bits(V::set(R::two_mantissa)));
    e = e - V::set(R::two_mantissa + typename V::Scalar(R::bias)) -
        select(small, V::set(R::lifted), zero(x));
    const V f = m - one(x), s = f / (V::set(2) + f), z = s * s, h = V::set(0.5f) * f * f;
    const V tail = fma(s, fma(z, polynomial<V>(R::log_poly, z), h), e * V::set(R::ln2_lo));
    V y = fma(e, V::set(R::ln2_hi), f - (h - tail));
    y = select(x < V::set(INFINITY), y, x);
    y = select(x == zero(x), V::set(-INFINITY), y);
    return select(x < zero(x), V::set(NAN), y);
}

// log u for the rounded u = 1 + x, corrected by what rounding lost.
template <class V> inline V log1p(V x) {
    const V u = one(x) + x;
    const V lost = select(x > one(x), one(x) - (u - x), x - (u - one(x)));
    const V y = log(u) + select(u > zero(x), lost / u, zero(x));
    return select((x == zero(x)) | (x == V::set(INFINITY)), x, y);
}

// ln(1 + u) for 0 ≤ u ≤ 1, so without log1p's care: 2 artanh s, s = u / (2 + u) ≤ ⅓.
template <class V> inline V log1p_of_unit(V u) {
    if constexpr (sizeof(typename V::Scalar) == 8) {
        return log1p(u);
    } else {
        constexpr float artanh_poly[] = {0x1.555556p-1f, 0x1.9998d4p-2f, 0x1.24c926p-2f, 0x1.bc8cfap-3f, 0x1.dba25ep-3f};
        const V s = u / (V::set(2) + u), z = s * s;
        return fma(s * z, polynomial<V>(artanh_poly, z), s + s);
    }
}
// ln(1 + eˣ) for x ≤ 0.
template <class V> inline V log1p_exp_negative(V x) { return log1p_of_unit(exp(x)); }

template <class V> inline V tanh(V x) {
    const V t = expm1(V::set(-2) * abs(x));
    return copy_sign(t / (V::set(2) + t), x);
}

template <class V> inline V sigmoid(V x) {
    const V e = exp(-abs(x));
    return select(x < zero(x), e, one(x)) / (one(x) + e);
}

// float, |x| ≤ 1: x + x·Q(x²).
template <class V> inline V small_erf(V x) {
    constexpr float q[] = {0.128379165848350879f, -0x1.81273ep-2f, 0x1.ce2d10p-4f,  -0x1.b7fabap-6f,
                           0x1.541270p-8f,        -0x1.a45088p-11f, 0x1.4a5690p-14f};
    return fma(x, polynomial<V>(q, x * x), x);
}

// float: small_erf up to 1, then 1 − exp(L(|x|)), where 1 − e^L(4) rounds to 1. double: C's erf.
template <class V> inline V erf(V x) {
    using T = typename V::Scalar;
    if constexpr (sizeof(T) == 8) {
        return map([](double v) { return ::erf(v); }, x);
    } else {
        constexpr T far[] = {0x1.4fb068p-12f, -0x1.2156fap+0f,  -0x1.437eb4p-1f,
                             -0x1.c2e356p-4f, 0x1.b0e246p-6f,   -0x1.37ecc6p-8f,
                             0x1.38e5e6p-11f, -0x1.825ce4p-15f, 0x1.b77830p-20f};
        const V a = abs(x);
        const V outer = one(x) - exp(polynomial<V>(far, min(V::set(4), a)));
        return select(a > one(x), copy_sign(outer, x), small_erf(x));
    }
}

// f of both halves of a float vector in double precision, rounded once.
template <class F, class V> inline V in_double(F f, V x) {
    if constexpr (V::lanes == 1) return join(f(low(x)), high(x));
    else return join(f(low(x)), f(high(x)));
}
template <class F, class V> inline V in_double(F f, V a, V b) {
    if constexpr (V::lanes == 1) return join(f(low(a), low(b)), high(a));
    else return join(f(low(a), low(b)), f(high(a), high(b)));
}

// 2ⁿ·e^(r·ln 2), n whole and |r| ≤ ½.
template <class V> inline V exp2(V x) {
    using T = typename V::Scalar;
    const V inside = min(V::set(T(sizeof(T) == 8 ? 1100 : 160)), max(V::set(T(sizeof(T) == 8 ? -1100 : -160)), x));
    const V n = round(inside);
    return scale(exp((inside - n) * V::set(T(0.69314718055994530942))), n);
}

// float: two polynomials in w = −ln(1 − x²) (Giles, "Approximating the erfinv function", 2010); double: two of Newton's steps on.
template <class V> inline V erfinv(V x) {
    using T = typename V::Scalar;
    constexpr T middle[] = {T(1.50140941), T(0.246640727), T(-0.00417768164), T(-0.00125372503), T(0.00021858087),
                            T(-4.39150654e-06), T(-3.5233877e-06), T(3.43273939e-07), T(2.81022636e-08)};
    constexpr T tails[] = {T(2.83297682), T(1.00167406), T(0.00943887047), T(-0.0076224613), T(0.00573950773),
                           T(-0.00367342844), T(0.00134934322), T(0.000100950558), T(-0.000200214257)};
    const V a = abs(x), w = -log((one(x) - a) * (one(x) + a));
    V y = a * select(w < V::set(5), polynomial<V>(middle, w - V::set(T(2.5))), polynomial<V>(tails, sqrt(w) - V::set(3)));
    if constexpr (sizeof(T) == 8)
        for (int step = 0; step < 2; ++step) y = y - (erf(y) - a) * V::set(T(0.88622692545275801365)) * exp(y * y);
    y = select(a == one(x), V::set(T(INFINITY)), y);
    return select(a > one(x), V::set(T(NAN)), copy_sign(y, x));
}

// float: e^(−x²)·P(t)/(1 + 2x), t = (x − 2)/(x + 2), for x ≥ 0 (Shepherd and Laframboise, 1981); x² is the exact square of
// x's upper bits and a small rest; below ½ by erf. double: C's.
template <class V> inline V erfc(V x) {
    using T = typename V::Scalar;
    if constexpr (sizeof(T) == 8) {
        return map([](double v) { return ::erfc(v); }, x);
    } else {
        constexpr T p[] = {0x1.46e80ep+0f,  -0x1.7bf61ap-4f, -0x1.54081ep-3f,  0x1.4ffc6ap-3f,  -0x1.bc111ap-5f,
                           -0x1.082db2p-7f, 0x1.1b2946p-7f,  0x1.5a32c4p-10f, -0x1.44f8b6p-10f, -0x1.ac6f8ep-12f};
        const V a = min(V::set(11), abs(x)), two = V::set(2);
        const V upper = V::from_bits(bits(a) & V::Int::set(0xFFFFF000u));
        const V rest = exp((upper - a) * (upper + a));
        const V y = exp(-(upper * upper)) * (rest * polynomial<V>(p, (a - two) / (a + two)) / fma(two, a, one(a)));
        return select(a < V::set(0.5f), one(x) - small_erf(x), select(x < zero(x), two - y, y));
    }
}

// ln(eᵃᵖ + eᵇᵖ)/p: the logarithm of a sum of powers of a base whose own logarithm is p.
template <class V> inline V log_add_exp(V a, V b, V p) {
    const V y = max(a, b) + log1p(exp(-abs(a - b) * p)) / p;
    return select((a == b) & is_inf(a), a, y);
}

template <class V> inline V nan_to_num(V x, V nan, V infinite, V minus_infinite) {
    const V most = V::set(static_cast<typename V::Scalar>(INFINITY));
    return select(x != x, nan, select(x == most, infinite, select(x == -most, minus_infinite, x)));
}

// a + c·(b − a), from the nearer end so that c = 0 and c = 1 are exact.
template <class V> inline V lerp(V a, V b, V c) {
    const V half = V::set(typename V::Scalar(0.5));
    return select(abs(c) < half, a + c * (b - a), b - (b - a) * (one(c) - c));
}

template <class T> inline T integer_pow(T x, T n) {
    if (n < T(0)) return x == T(1) ? T(1) : x == T(-1) ? (n % 2 ? T(-1) : T(1)) : T(0);
    uint64_t result = 1, factor = static_cast<uint64_t>(x);
    for (; n > T(0); n = static_cast<T>(n / 2), factor *= factor)
        if (n % 2) result *= factor;
    return static_cast<T>(result);
}

// |a|^b = 2^(b·log₂ |a|) in double, to 1e-10 for rounding to float, with C's rules for signs and special values. The logarithm
// is log()'s; a float is no subnormal double and its powers need not reach a double's ends.
template <class W> inline W pow_for_float(W a, W b) {
    using R = Real<double>;
    using Int = typename W::Int;
    constexpr double log_poly[] = {0x1.55555555650c0p-1, 0x1.999998c9c111fp-2, 0x1.249324c26c8dcp-2,
                                   0x1.c67a7693c6477p-3, 0x1.8c9305004b5fep-3};
    constexpr double exp_poly[] = {0x1.62e42fef9cc63p-1, 0x1.ebfbe045f9919p-3,  0x1.c6b08da70f000p-5, 0x1.3b2a1b6c93b4fp-7,
                                   0x1.5d8775954b920p-10, 0x1.444003951fd38p-13, 0x1.00c0e6d18da00p-16};
    const W u = abs(a), o = zero(a), half = W::set(0.5), infinite = W::set(INFINITY);
    const Int i = bits(u) + Int::set(R::one - R::sqrt_half);
    const W m = W::from_bits((i & Int::set(R::fraction)) + Int::set(R::sqrt_half));
    const W e = W::from_bits(i.template shr<R::mantissa>() | bits(W::set(R::two_mantissa))) -
                W::set(R::two_mantissa + double(R::bias));
    const W s = (m - one(a)) / (m + one(a)), z = s * s;
    W log2 = fma(fma(s * z, polynomial<W>(log_poly, z), s + s), W::set(R::log2_e), e);
    log2 = select(u < infinite, select(u == o, -infinite, log2), u);
    const W t = min(W::set(400), max(W::set(-400), b * log2)), n = round(t), r = t - n;
    W y = fma(r, polynomial<W>(exp_poly, r), one(a)) * power_of_two(n);
    y = select((b == o) | ((u == one(a)) & (b == b)), one(a), y);
    if (any(copy_sign(one(a), a) < o)) {
        const W whole = floor(b);
        const auto odd = (whole == b) & (floor(b * half) != b * half);
        y = select(odd, copy_sign(y, a), y);
        y = select((a < o) & (u < infinite) & (whole != b), W::set(NAN), y);
    }
    return select(a == one(a), one(a), y);
}

// float: our own; double: C's, which carries the logarithm to more digits than a double has;
// integers: exact, wrapping around.
template <class V> inline V pow(V a, V b) {
    using T = typename V::Scalar;
    if constexpr (!V::floating) return map([](T x, T n) { return integer_pow(x, n); }, a, b);
    else if constexpr (sizeof(T) == 8)
        return map([](double x, double y) { return ::pow(x, y); }, a, b);
    else return in_double([](auto x, auto y) { return pow_for_float(x, y); }, a, b);
}

inline double c_fmod(double a, double b) { return fmod(a, b); }
inline float c_fmod(float a, float b) { return fmodf(a, b); }

// C's fmod: the sign of a. With whole quotients q < 2^(digits − 1) the remainder |a| − q·|b| is exact in one fma, and so is
// its correction where |a|/|b| was rounded up to q; other lanes are C's.
template <class V> inline V fmod_of(V a, V b) {
    using T = typename V::Scalar;
    if constexpr (!V::floating) {
        return a - (a / b) * b;
    } else {
        auto c = [](T x, T y) { return c_fmod(x, y); };
        if constexpr (V::lanes == 1) {
            return map(c, a, b);
        } else {
            const V u = abs(a), v = abs(b), q = trunc(u / v);
            V r = fma(-q, v, u);
            r = select(r < zero(r), r + v, r);
            const V y = copy_sign(select(u < v, u, r), a);
            const auto far = !(q < V::set(Real<T>::two_mantissa));
            return any(far) ? select(far, map(c, a, b), y) : y;
        }
    }
}

// Python's %: the sign of b.
template <class V> inline V remainder(V a, V b) {
    const V r = fmod_of(a, b), o = zero(a);
    return select((r != o) & ((b < o) ^ (r < o)), r + b, r);
}

template <class V> inline V floor_divide(V a, V b) {
    using T = typename V::Scalar;
    const V o = zero(a);
    if constexpr (V::floating) {
        const V r = fmod_of(a, b);
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

// f of integers, lane by lane; no row of the table asks for it of floating-point numbers.
template <class F, class V, class... W> inline V whole(F f, V a, W... b) {
    if constexpr (V::floating) return a;
    else return map(f, a, b...);
}
// Bits of integers; of bool the logical operations.
template <class V> inline V bit_and(V a, V b) {
    using T = typename V::Scalar;
    return whole([](auto x, auto y) { return static_cast<T>(x & y); }, a, b);
}
template <class V> inline V bit_or(V a, V b) {
    using T = typename V::Scalar;
    return whole([](auto x, auto y) { return static_cast<T>(x | y); }, a, b);
}
template <class V> inline V bit_xor(V a, V b) {
    using T = typename V::Scalar;
    return whole([](auto x, auto y) { return static_cast<T>(x ^ y); }, a, b);
}
template <class V> inline V bit_not(V x) {
    using T = typename V::Scalar;
    constexpr bool truth = static_cast<T>(2) == static_cast<T>(1);
    return whole([](auto v) { return truth ? static_cast<T>(!v) : static_cast<T>(~static_cast<int64_t>(v)); }, x);
}
// Shifts by a count outside the type's bits give 0, or −1 for a negative number shifted right.
template <class V> inline V shift_left(V a, V b) {
    using T = typename V::Scalar;
    return whole([](auto x, auto n) {
        return n < T(0) || n >= T(8 * sizeof(T)) ? T(0) : static_cast<T>(static_cast<uint64_t>(x) << n);
    }, a, b);
}
template <class V> inline V shift_right(V a, V b) {
    using T = typename V::Scalar;
    return whole([](auto x, auto n) {
        const int most = 8 * sizeof(T) - 1;
        return static_cast<T>(x >> (n < T(0) || n > T(most) ? most : static_cast<int>(n)));
    }, a, b);
}
