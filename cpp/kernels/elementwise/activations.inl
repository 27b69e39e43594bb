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

template <class V> inline V normal_cdf(V x) {
    return constant<V>(0.5) * (one(x) + erf(x * constant<V>(0.70710678118654752440)));
}
template <class V> inline V gelu(V x) { return x * normal_cdf(x); }
template <class V> inline V gelu_grad(V g, V x) {
    const V density = constant<V>(0.39894228040143267794) * exp(x * x * constant<V>(-0.5));
    return g * fma(x, density, normal_cdf(x));
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
