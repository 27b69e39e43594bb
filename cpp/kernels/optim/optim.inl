// Update rules over one vector type, included into cc::<isa>'s anonymous namespace after
// simd/<isa>.h and simd/blocks.inl. All arrays of a parameter are read and written once.

template <class V>
void sgd(const SgdStretch& s) {
    using T = typename V::Scalar;
    T *param = static_cast<T*>(s.param), *velocity = static_cast<T*>(s.velocity);
    const T* grad = static_cast<const T*>(s.grad);
    const V sign = V::parameter(s.sign), lr = V::parameter(s.lr),
            momentum = V::parameter(s.momentum), share = V::parameter(s.share),
            decay = V::parameter(s.decay);
    const bool decays = s.decay != 0;
    for (int64_t i = s.begin; i < s.end; i += V::lanes) {
        const int64_t n = s.end - i;
        const V p = load_block<V>(param + i, n);
        V g = load_block<V>(grad + i, n) * sign;
        if (decays) g = fma(decay, p, g);
        if (s.rate_in_velocity) g = lr * g;
        if (velocity) {
            const V v = s.first ? g : fma(share, g, momentum * load_block<V>(velocity + i, n));
            store_block(v, velocity + i, n);
            g = s.nesterov ? fma(momentum, v, g) : v;
        }
        store_block(s.rate_in_velocity ? p - g : fma(-lr, g, p), param + i, n);
    }
}

template <class V>
void adam(const AdamStretch& s) {
    using T = typename V::Scalar;
    T *param = static_cast<T*>(s.param), *exp_avg = static_cast<T*>(s.exp_avg),
      *exp_avg_sq = static_cast<T*>(s.exp_avg_sq), *max_sq = static_cast<T*>(s.max_exp_avg_sq);
    const T* grad = static_cast<const T*>(s.grad);
    const V sign = V::parameter(s.sign), keep = V::parameter(s.keep), decay = V::parameter(s.decay),
            share1 = V::parameter(s.share1), beta2 = V::parameter(s.beta2),
            share2 = V::parameter(s.share2), eps = V::parameter(s.eps), rate = V::parameter(s.rate),
            correction = V::parameter(s.correction);
    const bool decays = s.decay != 0;
    for (int64_t i = s.begin; i < s.end; i += V::lanes) {
        const int64_t n = s.end - i;
        V p = load_block<V>(param + i, n) * keep, g = load_block<V>(grad + i, n) * sign;
        if (decays) g = fma(decay, p, g);
        V m = load_block<V>(exp_avg + i, n), v = load_block<V>(exp_avg_sq + i, n);
        m = fma(share1, g - m, m);
        v = fma(share2 * g, g, v * beta2);
        store_block(m, exp_avg + i, n);
        store_block(v, exp_avg_sq + i, n);
        if (max_sq) {
            v = max(v, load_block<V>(max_sq + i, n));
            store_block(v, max_sq + i, n);
        }
        store_block(p - rate * m / (sqrt(v) / correction + eps), param + i, n);
    }
}

template <class V>
constexpr OptimLoops loops_of = {sgd<V>, adam<V>};
