// Losses of an input x and a target t, and their slopes times g, included with loops.inl. Differences
// d = x − t keep the sign that PyTorch's have at their kinks.

template <class V> inline V huber(V d, V delta) {
    const V size = abs(d), half = constant<V>(0.5);
    return select(size <= delta, half * d * d, delta * (size - half * delta));
}
template <class V> inline V huber_grad(V d, V g, V delta) {
    return g * min(delta, max(-delta, d));
}

template <class V> inline V smooth_l1(V d, V beta) {
    const V size = abs(d), half = constant<V>(0.5);
    return select(size < beta, half * d * d / beta, size - half * beta);
}
template <class V> inline V smooth_l1_grad(V d, V g, V beta) {
    return g * select(abs(d) < beta, d / beta, sign(d));
}

// log(1 + eˣ) without overflow.
template <class V> inline V log1p_exp(V x) { return max(zero(x), x) + log1p_of_unit(exp_in_sum(-abs(x))); }

// Logarithms are not below −100, divisors not below 1e−12.
template <class V> inline V bce(V x, V t) {
    const V least = V::set(-100);
    return -(t * max(least, log(x)) + (one(x) - t) * max(least, log1p(-x)));
}
template <class V> inline V bce_grad(V x, V t, V g) {
    return g * (x - t) / max(constant<V>(1e-12), (one(x) - x) * x);
}

// x for targets 1, max(0, margin − x) for targets −1, their sum for others.
template <class V> inline V hinge_embedding(V x, V t, V margin) {
    const V far = select(t != one(t), max(zero(x), margin - x), zero(x));
    return far + select(t != -one(t), x, zero(x));
}
template <class V> inline V hinge_embedding_grad(V x, V t, V g, V margin) {
    const V far = select((t != one(t)) & (x <= margin), g, zero(x));
    return select(t != -one(t), g, zero(x)) - far;
}

template <class V> inline V kl_div(V x, V t) {
    return select(t == zero(t), zero(t), t * log(t)) - t * x;
}
