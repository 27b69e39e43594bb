// Circular and hyperbolic functions and their inverses, beside math.inl and included as it is.

enum class Circular { Sin, Cos, Tan };

// x = q · π/2 + r with |r| ≤ π/4, for |x| < 2²⁰: q · half_pi_hi is exact. To 1e-13, for rounding to
// float.
template <Circular kind, class W> inline W circular(W x) {
    constexpr double half_pi_hi = 0x1.921fb544p+0, half_pi_lo = 0x1.0b4611a626331p-34,
                     two_over_pi = 0x1.45f306dc9c883p-1;
    constexpr double sin_poly[] = {-0x1.5555555555161p-3, 0x1.1111110fd1496p-7,
                                   -0x1.a019fd95094bep-13, 0x1.71d9a549ac8fbp-19,
                                   -0x1.aa262ee715b00p-26};
    constexpr double cos_poly[] = {0x1.5555555555434p-5, -0x1.6c16c16b5fdb7p-10,
                                   0x1.a019ff501e5bbp-16, -0x1.27e25ca05cfd2p-22,
                                   0x1.1c8087284f6ccp-29};
    const W q = round(x * W::set(two_over_pi)), half = W::set(0.5);
    W r = fma(q, W::set(-half_pi_hi), x);
    r = fma(q, W::set(-half_pi_lo), r);
    const W z = r * r;
    const W s = fma(r * z, polynomial<W>(sin_poly, z), r);
    const W c = fma(z * z, polynomial<W>(cos_poly, z), one(x) - half * z);
    const W pairs = floor(q * half);
    const auto odd = pairs != q * half;
    const auto back = floor(pairs * half) != pairs * half;
    if constexpr (kind == Circular::Tan) return select(odd, -c, s) / select(odd, s, c);
    if constexpr (kind == Circular::Sin) {
        const W y = select(odd, c, s);
        return select(back, -y, y);
    } else {
        const W y = select(odd, s, c);
        return select(back ^ odd, -y, y);
    }
}

// float: our own up to 2²⁰, lane by lane C's beyond; double: C's.
template <Circular kind, class V> inline V circular_or_c(V x) {
    auto c = [](auto v) {
        const double d = static_cast<double>(v);
        return kind == Circular::Sin ? ::sin(d) : kind == Circular::Cos ? ::cos(d) : ::tan(d);
    };
    if constexpr (sizeof(typename V::Scalar) == 8) {
        return map(c, x);
    } else {
        const V y = in_double([](auto w) { return circular<kind>(w); }, x);
        const auto far = !(abs(x) < V::set(0x1p20f));
        return any(far) ? select(far, map(c, x), y) : y;
    }
}

template <class V> inline V sin(V x) { return circular_or_c<Circular::Sin>(x); }
template <class V> inline V cos(V x) { return circular_or_c<Circular::Cos>(x); }
template <class V> inline V tan(V x) { return circular_or_c<Circular::Tan>(x); }
// x + x·z·R(z), z = x², after |x| was brought to [0, 0.66]: beyond 2.41 by −1/x from π/2, between by (x − 1)/(x + 1)
// from π/4. R is the polynomial (float) or rational function (double) of Moshier's Cephes library, 1989.
template <class V> inline V atan(V x) {
    using T = typename V::Scalar;
    const V a = abs(x), far = V::set(T(2.41421356237309504880)), near = V::set(sizeof(T) == 8 ? T(0.66) : T(0.4142135623730950));
    const auto steep = a > far, middle = a > near;
    const V t = select(steep, -one(x) / a, select(middle, (a - one(x)) / (a + one(x)), a));
    const V base = select(steep, V::set(T(1.57079632679489661923)), select(middle, V::set(T(0.78539816339744830962)), zero(x)));
    const V z = t * t;
    V y;
    if constexpr (sizeof(T) == 8) {
        constexpr T p[] = {-6.485021904942025371773e1, -1.228866684490136173410e2, -7.500855792314704667340e1,
                           -1.615753718733365076637e1, -8.750608600031904122785e-1};
        constexpr T q[] = {1.945506571482613964425e2, 4.853903996359136964868e2, 4.328810604912902668951e2,
                           1.650270098316988542046e2, 2.485846490142306297962e1, 1.0};
        const V rest = select(steep, V::set(T(6.123233995736765886130e-17)),
                              select(middle, V::set(T(3.061616997868382943065e-17)), zero(x)));
        y = base + (fma(t * z, polynomial<V>(p, z) / polynomial<V>(q, z), t) + rest);
    } else {
        constexpr T p[] = {-3.33329491539e-1f, 1.99777106478e-1f, -1.38776856032e-1f, 8.05374449538e-2f};
        y = base + fma(t * z, polynomial<V>(p, z), t);
    }
    return copy_sign(y, x);
}

// The angle of the point (b, a), by the octant of |a| and |b|.
template <class V> inline V angle_of(V a, V b) {
    using T = typename V::Scalar;
    const V u = abs(a), v = abs(b), o = zero(a), infinite = V::set(T(INFINITY));
    const V top = max(u, v), ratio = min(u, v) / top;
    V y = atan(select(top == o, o, select((u == infinite) & (v == infinite), one(a), ratio)));
    y = select(u > v, V::set(T(1.57079632679489661923)) - y, y);
    y = select(copy_sign(one(b), b) < o, V::set(T(3.14159265358979323846)) - y, y);
    return select((a != a) | (b != b), a + b, copy_sign(y, a));
}

// float: in double, rounded once; double: C's.
template <class V> inline V atan2(V a, V b) {
    if constexpr (sizeof(typename V::Scalar) == 8)
        return map([](double y, double x) { return ::atan2(y, x); }, a, b);
    else return in_double([](auto y, auto x) { return angle_of(y, x); }, a, b);
}

// x + x·z·P(z), z = x², for |x| ≤ ½ (float; Moshier's Cephes library, 1989).
template <class V> inline V small_asin(V x, V z) {
    constexpr float p[] = {1.6666752422e-1f, 7.4953002686e-2f, 4.5470025998e-2f, 2.4181311049e-2f, 4.2163199048e-2f};
    return fma(x * z, polynomial<V>(p, z), x);
}

// float: beyond ½ the angle of the half argument, asin |x| = π/2 − 2 asin √((1 − |x|)/2); double: by atan2.
template <class V> inline V asin(V x) {
    if constexpr (sizeof(typename V::Scalar) == 8) {
        return atan2(x, sqrt((one(x) - x) * (one(x) + x)));
    } else {
        const V a = abs(x), half = V::set(0.5f);
        const auto steep = a > half;
        const V z = select(steep, half * (one(x) - a), x * x);
        const V y = small_asin(select(steep, sqrt(z), a), z);
        return copy_sign(select(steep, V::set(1.57079632679489661923f) - (y + y), y), x);
    }
}
template <class V> inline V acos(V x) {
    if constexpr (sizeof(typename V::Scalar) == 8) {
        return atan2(sqrt((one(x) - x) * (one(x) + x)), x);
    } else {
        const V a = abs(x), half = V::set(0.5f);
        const auto steep = a > half;
        const V z = select(steep, half * (one(x) - a), x * x);
        const V y = small_asin(select(steep, sqrt(z), x), z);
        const V near = select(x > zero(x), y + y, V::set(3.14159265358979323846f) - (y + y));
        return select(steep, near, V::set(1.57079632679489661923f) - y);
    }
}

// Of e = eˣ − 1; where eˣ overflows before its half does, in two steps.
template <class V> inline V sinh(V x) {
    using T = typename V::Scalar;
    const V half = V::set(T(0.5)), a = abs(x), e = expm1(a), root = exp(half * a);
    return copy_sign(select(a > V::set(T(44)), half * root * root, half * (e + e / (e + one(x)))), x);
}
template <class V> inline V cosh(V x) {
    using T = typename V::Scalar;
    const V half = V::set(T(0.5)), a = abs(x), root = exp(half * a);
    return select(a > V::set(T(44)), half * root * root, half * (exp(a) + exp(-a)));
}

// ln(|x| + √(x² + 1)), exact near 0, without overflow of x².
template <class V> inline V asinh(V x) {
    using T = typename V::Scalar;
    const V a = abs(x), square = a * a;
    const V near = log1p(a + square / (one(x) + sqrt(square + one(x))));
    return copy_sign(select(a > V::set(T(1e8)), log(a) + V::set(T(0.69314718055994530942)), near), x);
}
template <class V> inline V acosh(V x) {
    using T = typename V::Scalar;
    const V t = x - one(x);
    const V y = select(x > V::set(T(1e8)), log(x) + V::set(T(0.69314718055994530942)), log1p(t + sqrt(t * (x + one(x)))));
    return select(x < one(x), V::set(T(NAN)), y);
}
template <class V> inline V atanh(V x) {
    const V a = abs(x);
    return copy_sign(V::set(typename V::Scalar(0.5)) * log1p((a + a) / (one(x) - a)), x);
}
