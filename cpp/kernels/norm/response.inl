// Local response normalisation of a tile for one vector type, included into cc::<isa>'s anonymous
// namespace after simd/<isa>.h and simd/blocks.inl. What is summed over the window lies in scratch
// between zeros for the channels beyond both ends, so that a window is `size` loads, `step` apart.

// f(place in memory, place among the tile's elements, elements left) for each vector of the tile.
template <class V, class F>
inline void each_of_tile(const ResponseTile& t, F&& f) {
    for (int64_t r = 0; r < t.rows; ++r)
        for (int64_t i = 0; i < t.width; i += V::lanes)
            f(r * t.stride + i, r * t.width + i, t.width - i);
}

template <class V>
inline V window_sum(const typename V::Scalar* from, const ResponseTile& t, int64_t left) {
    V sum = load_block<V>(from, left);
    for (int64_t j = 1; j < t.size; ++j) sum = sum + load_block<V>(from + j * t.step, left);
    return sum;
}

template <class T>
inline void clear_ends(T* scratch, const ResponseTile& t, int64_t before) {
    const int64_t low = before * t.step, high = (t.size - 1 - before) * t.step;
    for (int64_t i = 0; i < low; ++i) scratch[i] = 0;
    for (int64_t i = 0; i < high; ++i) scratch[low + t.rows * t.width + i] = 0;
}

template <class V>
inline void fill_squares(const ResponseTile& t) {
    using T = typename V::Scalar;
    T *squares = static_cast<T*>(t.squares), *own = squares + t.before * t.step;
    clear_ends(squares, t, t.before);
    each_of_tile<V>(t, [&](int64_t at, int64_t i, int64_t left) {
        const V x = load_block<V>(static_cast<const T*>(t.x) + at, left);
        store_block(x * x, own + i, left);
    });
}

template <class V>
void response_forward(const ResponseTile& t) {
    using T = typename V::Scalar;
    const V scale = V::parameter(t.scale), k = V::parameter(t.k), power = V::parameter(-t.beta);
    fill_squares<V>(t);
    each_of_tile<V>(t, [&](int64_t at, int64_t i, int64_t left) {
        const V d = fma(window_sum<V>(static_cast<const T*>(t.squares) + i, t, left), scale, k);
        const V x = load_block<V>(static_cast<const T*>(t.x) + at, left);
        store_block(x * exp(power * log(d)), static_cast<T*>(t.out) + at, left);
    });
}

template <class V>
void response_backward(const ResponseTile& t) {
    using T = typename V::Scalar;
    const V scale = V::parameter(t.scale), k = V::parameter(t.k), power = V::parameter(-t.beta);
    const V slope = V::parameter(-2 * t.scale * t.beta);
    const int64_t before = t.size - 1 - t.before;  // the windows that have a channel
    T *parts = static_cast<T*>(t.parts), *own = parts + before * t.step, *out = static_cast<T*>(t.out);
    fill_squares<V>(t);
    clear_ends(parts, t, before);
    each_of_tile<V>(t, [&](int64_t at, int64_t i, int64_t left) {
        const V d = fma(window_sum<V>(static_cast<const T*>(t.squares) + i, t, left), scale, k);
        const V direct = load_block<V>(static_cast<const T*>(t.g) + at, left) * exp(power * log(d));
        store_block(direct, out + at, left);
        store_block(direct * load_block<V>(static_cast<const T*>(t.x) + at, left) / d, own + i, left);
    });
    each_of_tile<V>(t, [&](int64_t at, int64_t i, int64_t left) {
        const V x = load_block<V>(static_cast<const T*>(t.x) + at, left);
        const V around = window_sum<V>(parts + i, t, left);
        store_block(fma(slope * x, around, load_block<V>(out + at, left)), out + at, left);
    });
}

template <class V>
constexpr ResponseLoops response_loops_of = {response_forward<V>, response_backward<V>};
