// The cells over one vector type, included into cc::<isa>'s anonymous namespace after simd/<isa>.h and simd/blocks.inl. Every
// gate of a row is a block of `hidden` numbers, so all loads are of neighbours; one pass forward, one back.

// Block `gate` of a row of `gates` blocks, at place i.
template <class V>
inline V part(const void* p, int64_t row, int gates, int gate, int64_t hidden, int64_t i) {
    using T = typename V::Scalar;
    return load_block<V>(static_cast<const T*>(p) + (row * gates + gate) * hidden + i, hidden - i);
}

template <class V>
inline void put_part(V v, void* p, int64_t row, int gates, int gate, int64_t hidden, int64_t i) {
    using T = typename V::Scalar;
    store_block(v, static_cast<T*>(p) + (row * gates + gate) * hidden + i, hidden - i);
}

template <class V, class F>
inline void each(int64_t first, int64_t last, int64_t hidden, F f) {
    for (int64_t row = first; row < last; ++row)
        for (int64_t i = 0; i < hidden; i += V::lanes) f(row, i);
}

template <class V>
void lstm_forward(const RecurrentArgs& a, int64_t first, int64_t last, int64_t hidden) {
    each<V>(first, last, hidden, [&](int64_t row, int64_t at) {
        auto sum = [&](int gate) {
            return part<V>(a.input, row, 4, gate, hidden, at) + part<V>(a.state, row, 4, gate, hidden, at);
        };
        const V i = sigmoid(sum(0)), f = sigmoid(sum(1)), g = tanh(sum(2)), o = sigmoid(sum(3));
        const V c = fma(f, part<V>(a.previous, row, 1, 0, hidden, at), i * g);
        put_part(i, a.kept, row, 4, 0, hidden, at);
        put_part(f, a.kept, row, 4, 1, hidden, at);
        put_part(g, a.kept, row, 4, 2, hidden, at);
        put_part(o, a.kept, row, 4, 3, hidden, at);
        put_part(c, a.c, row, 1, 0, hidden, at);
        put_part(o * tanh(c), a.h, row, 1, 0, hidden, at);
    });
}

template <class V>
void lstm_backward(const RecurrentArgs& a, int64_t first, int64_t last, int64_t hidden) {
    each<V>(first, last, hidden, [&](int64_t row, int64_t at) {
        auto kept = [&](int gate) { return part<V>(a.kept, row, 4, gate, hidden, at); };
        auto own = [&](const void* p) { return part<V>(p, row, 1, 0, hidden, at); };
        auto put = [&](V v, int gate) { put_part(v, a.grad_input, row, 4, gate, hidden, at); };
        const V i = kept(0), f = kept(1), g = kept(2), o = kept(3), unit = one(i), t = tanh(own(a.c)), dh = own(a.grad_h);
        const V dc = fma(dh * o, unit - t * t, own(a.grad_c));
        put(dc * g * i * (unit - i), 0);
        put(dc * own(a.previous) * f * (unit - f), 1);
        put(dc * i * (unit - g * g), 2);
        put(dh * t * o * (unit - o), 3);
        put_part(dc * f, a.grad_previous, row, 1, 0, hidden, at);
    });
}

template <class V>
void gru_forward(const RecurrentArgs& a, int64_t first, int64_t last, int64_t hidden) {
    each<V>(first, last, hidden, [&](int64_t row, int64_t at) {
        auto input = [&](int gate) { return part<V>(a.input, row, 3, gate, hidden, at); };
        auto state = [&](int gate) { return part<V>(a.state, row, 3, gate, hidden, at); };
        const V r = sigmoid(input(0) + state(0)), z = sigmoid(input(1) + state(1)), s = state(2);
        const V n = tanh(fma(r, s, input(2)));
        put_part(r, a.kept, row, 4, 0, hidden, at);
        put_part(z, a.kept, row, 4, 1, hidden, at);
        put_part(n, a.kept, row, 4, 2, hidden, at);
        put_part(s, a.kept, row, 4, 3, hidden, at);
        put_part(fma(z, part<V>(a.previous, row, 1, 0, hidden, at) - n, n), a.h, row, 1, 0, hidden, at);
    });
}

template <class V>
void gru_backward(const RecurrentArgs& a, int64_t first, int64_t last, int64_t hidden) {
    each<V>(first, last, hidden, [&](int64_t row, int64_t at) {
        auto kept = [&](int gate) { return part<V>(a.kept, row, 4, gate, hidden, at); };
        const V r = kept(0), z = kept(1), n = kept(2), s = kept(3), unit = one(r);
        const V dh = part<V>(a.grad_h, row, 1, 0, hidden, at), h = part<V>(a.previous, row, 1, 0, hidden, at);
        const V dn = dh * (unit - z) * (unit - n * n), dr = dn * s * r * (unit - r), dz = dh * (h - n) * z * (unit - z);
        put_part(dr, a.grad_input, row, 3, 0, hidden, at);
        put_part(dz, a.grad_input, row, 3, 1, hidden, at);
        put_part(dn, a.grad_input, row, 3, 2, hidden, at);
        put_part(dr, a.grad_state, row, 3, 0, hidden, at);
        put_part(dz, a.grad_state, row, 3, 1, hidden, at);
        put_part(dn * r, a.grad_state, row, 3, 2, hidden, at);
        put_part(dh * z, a.grad_previous, row, 1, 0, hidden, at);
    });
}

template <class V, bool relu>
void plain_forward(const RecurrentArgs& a, int64_t first, int64_t last, int64_t hidden) {
    each<V>(first, last, hidden, [&](int64_t row, int64_t at) {
        const V x = part<V>(a.input, row, 1, 0, hidden, at) + part<V>(a.state, row, 1, 0, hidden, at);
        put_part(relu ? max(zero(x), x) : tanh(x), a.h, row, 1, 0, hidden, at);
    });
}

template <class V, bool relu>
void plain_backward(const RecurrentArgs& a, int64_t first, int64_t last, int64_t hidden) {
    each<V>(first, last, hidden, [&](int64_t row, int64_t at) {
        const V h = part<V>(a.h, row, 1, 0, hidden, at), dh = part<V>(a.grad_h, row, 1, 0, hidden, at);
        put_part(relu ? select(h > zero(h), dh, zero(h)) : dh * (one(h) - h * h), a.grad_input, row, 1, 0, hidden, at);
    });
}

template <class V>
constexpr RecurrentLoops loops_of = {
    {plain_forward<V, false>, plain_forward<V, true>, lstm_forward<V>, gru_forward<V>},
    {plain_backward<V, false>, plain_backward<V, true>, lstm_backward<V>, gru_backward<V>},
};
