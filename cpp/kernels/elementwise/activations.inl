// Activations too long for a row of formulas.h, and their gradients grad(g, x) = g · f'(x), included
// with loops.inl. One exponential each: σ(x) and Φ(x) are shared by value and slope.

template <class V> inline V constant(double value) {
    return V::set(static_cast<typename V::Scalar>(value));
}

template <class V> inline V square(V x) { return x * x; }

template <class V> inline V softplus(V x, V beta, V threshold) {
    const V t = x * beta;
    return select(t > threshold, x, log1p(exp(t)) / beta);
}

template <class V> inline V softshrink(V x, V lambda) {
    return select(x > lambda, x - lambda, select(x < -lambda, x + lambda, x * zero(x)));
}

template <class V> inline V hardsigmoid(V x) {
    return min(V::set(6), max(zero(x), x + V::set(3))) / V::set(6);
}
template <class V> inline V hardsigmoid_grad(V g, V x) {
    return select((x > V::set(-3)) & (x < V::set(3)), g / V::set(6), zero(x));
}
template <class V> inline V hardswish_grad(V g, V x) {
    const V rising = g * (x / V::set(3) + constant<V>(0.5));
    return select(x <= V::set(-3), zero(x), select(x < V::set(3), rising, g));
}

// Klambauer et al., "Self-Normalizing Neural Networks", 2017: λ·x above 0, λ·α·(eˣ − 1) below.
constexpr double kSeluLambda = 1.0507009873554804934, kSeluAlpha = 1.6732632423543772848;
template <class V> inline V selu(V x) {
    return constant<V>(kSeluLambda) *
           select(x > zero(x), x, constant<V>(kSeluAlpha) * expm1(x));
}
template <class V> inline V selu_grad(V g, V y) {
    const V lambda = constant<V>(kSeluLambda);
    return select(y <= zero(y), g * (y + constant<V>(kSeluLambda * kSeluAlpha)), g * lambda);
}

template <class V> inline V silu_grad(V g, V x) {
    const V s = sigmoid(x);
    return g * s * fma(x, one(x) - s, one(x));
}

// float: ½ + x·P(x²)/Q(x²), a minimax fit of 2e-8 up to 5.4; beyond, Φ rounds to 0 and 1. double: by C's erf.
template <class V> inline V normal_cdf(V x) {
    const V half = constant<V>(0.5);
    if constexpr (sizeof(typename V::Scalar) == 8) {
        return half * (one(x) + erf(x * constant<V>(0.70710678118654752440)));
    } else {
        constexpr float p[] = {0x1.98844cp-2f,  0x1.1cf534p-5f,   0x1.22a74cp-8f, 0x1.4d5ac4p-13f,
                               0x1.a48e86p-19f, -0x1.7e5f1cp-26f, 0x1.fea132p-34f};
        constexpr float q[] = {1.0f, 0x1.03f348p-2f, 0x1.d1cb8cp-6f, 0x1.ce4fdep-10f, 0x1.ec348ep-15f};
        const V z = x * x, y = half + x * (polynomial<V>(p, z) / polynomial<V>(q, z));
        return select(abs(x) > V::set(5.4f), select(x > zero(x), one(x), zero(x)), y);
    }
}
template <class V> inline V gelu(V x) { return x * normal_cdf(x); }
template <class V> inline V gelu_grad(V g, V x) {
    const V most = V::set(14), held = max(-most, min(most, x));  // beyond, the density counts no more
    const V density = constant<V>(0.39894228040143267794) * exp_in_sum(held * held * constant<V>(-0.5));
    return g * fma(held, density, normal_cdf(x));
}

// ½ x (1 + tanh u) = x · σ(2u), u = √(2/π) (x + 0.044715 x³).
constexpr double kGeluScale = 1.59576912160573071176, kGeluCube = 0.044715;
template <class V> inline V gelu_tanh_gate(V x) {
    return sigmoid(constant<V>(kGeluScale) * fma(constant<V>(kGeluCube) * x * x, x, x));
}
template <class V> inline V gelu_tanh(V x) { return x * gelu_tanh_gate(x); }
template <class V> inline V gelu_tanh_grad(V g, V x) {
    const V s = gelu_tanh_gate(x);
    const V slope = constant<V>(kGeluScale) * fma(constant<V>(3 * kGeluCube), x * x, one(x));
    return g * s * fma(x * slope, one(x) - s, one(x));
}

// tanh(log(1 + e)) = n / (n + 2) with e = eˣ, n = e (e + 2); 1 to the last bit from x = 20 on.
template <class V> inline V mish_exp(V x) { return exp(min(V::set(20), x)); }
template <class V> inline V mish(V x) {
    const V e = mish_exp(x), n = e * (e + V::set(2));
    return x * (n / (n + V::set(2)));
}
template <class V> inline V mish_grad(V g, V x) {
    const V e = mish_exp(x), n = e * (e + V::set(2)), d = n + V::set(2);
    const V bend = V::set(4) * min(V::set(20), x) * e * (one(x) + e);
    return g * (fma(n, d, bend) / (d * d));
}
