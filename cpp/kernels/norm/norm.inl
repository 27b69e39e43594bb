// Loops over the columns of a matrix for one vector type, included into cc::<isa>'s anonymous
// namespace after simd/<isa>.h and simd/blocks.inl. Sums keep four vectors of columns in registers
// while they walk down the rows.

// N whole vectors of columns, or (N = 1) one of `left` columns.
template <class V, int N>
inline void moments_of(const typename V::Scalar* x, int64_t rows, int64_t columns, int64_t left,
                       typename V::Scalar* mean, typename V::Scalar* squares) {
    using T = typename V::Scalar;
    const T share = T{1} / static_cast<T>(rows);
    V sum[N], centre[N], rest[N], square[N];
    for (int v = 0; v < N; ++v) sum[v] = rest[v] = square[v] = V::set(0);
    for (int64_t r = 0; r < rows; ++r)
        for (int v = 0; v < N; ++v)
            sum[v] = sum[v] + load_block<V>(x + r * columns + v * V::lanes, left);
    for (int v = 0; v < N; ++v) centre[v] = sum[v] * V::set(share);
    for (int64_t r = 0; r < rows; ++r)
        for (int v = 0; v < N; ++v) {
            const V d = load_block<V>(x + r * columns + v * V::lanes, left) - centre[v];
            rest[v] = rest[v] + d;
            square[v] = fma(d, d, square[v]);
        }
    // rest is what rounding of the first sum left: it corrects both results.
    for (int v = 0; v < N; ++v) {
        store_block(fma(rest[v], V::set(share), centre[v]), mean + v * V::lanes, left);
        store_block(square[v] - rest[v] * rest[v] * V::set(share), squares + v * V::lanes, left);
    }
}

template <class V>
void moments(const void* x_, int64_t rows, int64_t columns, void* mean_, void* squares_) {
    using T = typename V::Scalar;
    const T* x = static_cast<const T*>(x_);
    T *mean = static_cast<T*>(mean_), *squares = static_cast<T*>(squares_);
    int64_t j = 0;
    for (; j + 4 * V::lanes <= columns; j += 4 * V::lanes)
        moments_of<V, 4>(x + j, rows, columns, V::lanes, mean + j, squares + j);
    for (; j < columns; j += V::lanes)
        moments_of<V, 1>(x + j, rows, columns, columns - j, mean + j, squares + j);
}

template <class V, int N>
inline void dots_of(const typename V::Scalar* x, const typename V::Scalar* g, int64_t rows,
                    int64_t columns, int64_t left, const typename V::Scalar* mean,
                    typename V::Scalar* sums, typename V::Scalar* dots_out) {
    V centre[N], sum[N], dot[N];
    for (int v = 0; v < N; ++v) {
        centre[v] = load_block<V>(mean + v * V::lanes, left);
        sum[v] = dot[v] = V::set(0);
    }
    for (int64_t r = 0; r < rows; ++r)
        for (int v = 0; v < N; ++v) {
            const int64_t at = r * columns + v * V::lanes;
            const V grad = load_block<V>(g + at, left);
            sum[v] = sum[v] + grad;
            dot[v] = fma(grad, load_block<V>(x + at, left) - centre[v], dot[v]);
        }
    for (int v = 0; v < N; ++v) {
        store_block(sum[v], sums + v * V::lanes, left);
        store_block(dot[v], dots_out + v * V::lanes, left);
    }
}

template <class V>
void dots(const void* x_, const void* g_, int64_t rows, int64_t columns, const void* mean_,
          void* sum_, void* dot_) {
    using T = typename V::Scalar;
    const T *x = static_cast<const T*>(x_), *g = static_cast<const T*>(g_),
            *mean = static_cast<const T*>(mean_);
    T *sum = static_cast<T*>(sum_), *dot = static_cast<T*>(dot_);
    int64_t j = 0;
    for (; j + 4 * V::lanes <= columns; j += 4 * V::lanes)
        dots_of<V, 4>(x + j, g + j, rows, columns, V::lanes, mean + j, sum + j, dot + j);
    for (; j < columns; j += V::lanes)
        dots_of<V, 1>(x + j, g + j, rows, columns, columns - j, mean + j, sum + j, dot + j);
}

template <class V>
void affine(const void* x_, int64_t rows, int64_t columns, const void* scale_, const void* shift_,
            void* out_) {
    using T = typename V::Scalar;
    const T *x = static_cast<const T*>(x_), *scale = static_cast<const T*>(scale_),
            *shift = static_cast<const T*>(shift_);
    T* out = static_cast<T*>(out_);
    for (int64_t r = 0; r < rows; ++r, x += columns, out += columns) {
        int64_t j = 0;
        for (; j + V::lanes <= columns; j += V::lanes)
            fma(V::load(x + j), V::load(scale + j), V::load(shift + j)).store(out + j);
        if (j < columns) {
            const int64_t n = columns - j;
            fma(V::load(x + j, n), V::load(scale + j, n), V::load(shift + j, n)).store(out + j, n);
        }
    }
}

template <class V>
void gradient(const void* x_, const void* g_, int64_t rows, int64_t columns, const void* mean_,
              const void* by_g_, const void* by_x_, const void* shift_, void* out_) {
    using T = typename V::Scalar;
    const T *x = static_cast<const T*>(x_), *g = static_cast<const T*>(g_),
            *mean = static_cast<const T*>(mean_), *by_g = static_cast<const T*>(by_g_),
            *by_x = static_cast<const T*>(by_x_), *shift = static_cast<const T*>(shift_);
    T* out = static_cast<T*>(out_);
    for (int64_t r = 0; r < rows; ++r, x += columns, g += columns, out += columns) {
        for (int64_t j = 0; j < columns; j += V::lanes) {
            const int64_t n = columns - j;
            const V centred = load_block<V>(x + j, n) - load_block<V>(mean + j, n);
            const V part = fma(load_block<V>(g + j, n), load_block<V>(by_g + j, n),
                               load_block<V>(shift + j, n));
            store_block(fma(centred, load_block<V>(by_x + j, n), part), out + j, n);
        }
    }
}

template <class V>
constexpr NormColumns columns_of = {moments<V>, dots<V>, affine<V>, gradient<V>};
