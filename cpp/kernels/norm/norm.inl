// Loops over the columns of a matrix and along runs for one vector type, included into cc::<isa>'s
// anonymous namespace after simd/<isa>.h and simd/blocks.inl. Sums over columns keep four vectors of
// them in registers while they walk down the rows; sums along a run go to four vectors in turn.

struct Yes {
    static constexpr bool value = true;
};
struct No {
    static constexpr bool value = false;
};

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

// Of the gradients of a column those that a clamp of v = x·scale + shift lets through.
template <class V>
struct Clamped {
    V scale, shift, low, high;

    void read(const NormClamp& of, int64_t j, int64_t left) {
        using T = typename V::Scalar;
        scale = load_block<V>(static_cast<const T*>(of.scale) + j, left);
        shift = load_block<V>(static_cast<const T*>(of.shift) + j, left);
        low = V::set(static_cast<T>(of.low)), high = V::set(static_cast<T>(of.high));
    }
    V operator()(V g, V x) const {
        const V value = fma(x, scale, shift);
        return select((value <= low) | (value >= high), V::set(0), g);
    }
};

template <class V>
struct Unclamped {
    void read(const NormClamp&, int64_t, int64_t) {}
    V operator()(V g, V) const { return g; }
};

// N whole vectors of columns from j on, or (N = 1) one of `left` columns.
template <class V, class Kept, int N>
inline void dots_of(const typename V::Scalar* x, const typename V::Scalar* g, int64_t rows, int64_t columns, int64_t j,
                    int64_t left, const typename V::Scalar* mean, const NormClamp& of, typename V::Scalar* sums,
                    typename V::Scalar* dots_out) {
    Kept kept[N];
    V centre[N], sum[N], dot[N];
    for (int v = 0; v < N; ++v) {
        kept[v].read(of, j + v * V::lanes, left);
        centre[v] = load_block<V>(mean + j + v * V::lanes, left);
        sum[v] = dot[v] = V::set(0);
    }
    for (int64_t r = 0; r < rows; ++r)
        for (int v = 0; v < N; ++v) {
            const int64_t at = r * columns + j + v * V::lanes;
            const V value = load_block<V>(x + at, left), grad = kept[v](load_block<V>(g + at, left), value);
            sum[v] = sum[v] + grad;
            dot[v] = fma(grad, value - centre[v], dot[v]);
        }
    for (int v = 0; v < N; ++v) {
        store_block(sum[v], sums + j + v * V::lanes, left);
        store_block(dot[v], dots_out + j + v * V::lanes, left);
    }
}

template <class V, class Kept>
void dots_by(const void* x_, const void* g_, int64_t rows, int64_t columns, const void* mean_, const NormClamp& of,
             void* sum_, void* dot_) {
    using T = typename V::Scalar;
    const T *x = static_cast<const T*>(x_), *g = static_cast<const T*>(g_),
            *mean = static_cast<const T*>(mean_);
    T *sum = static_cast<T*>(sum_), *dot = static_cast<T*>(dot_);
    int64_t j = 0;
    for (; j + 4 * V::lanes <= columns; j += 4 * V::lanes)
        dots_of<V, Kept, 4>(x, g, rows, columns, j, V::lanes, mean, of, sum, dot);
    for (; j < columns; j += V::lanes) dots_of<V, Kept, 1>(x, g, rows, columns, j, columns - j, mean, of, sum, dot);
}

template <class V>
void dots(const void* x, const void* g, int64_t rows, int64_t columns, const void* mean, const NormClamp* of, void* sum,
          void* dot) {
    if (of) dots_by<V, Clamped<V>>(x, g, rows, columns, mean, *of, sum, dot);
    else dots_by<V, Unclamped<V>>(x, g, rows, columns, mean, NormClamp{}, sum, dot);
}

// Calls f(position, vectors' index, elements left) for the vectors of a run, four by four.
template <class V, class F>
inline void each_vector(int64_t n, F&& f) {
    int64_t i = 0;
    for (; i + 4 * V::lanes <= n; i += 4 * V::lanes)
        for (int v = 0; v < 4; ++v) f(i + v * V::lanes, v, V::lanes);
    for (; i < n; i += V::lanes) f(i, 0, n - i);
}

template <class V>
void affine(const void* x_, const void* added_, int64_t rows, int64_t columns, const void* scale_,
            const void* shift_, double low_, double high_, void* out_) {
    using T = typename V::Scalar;
    const T *x = static_cast<const T*>(x_), *added = static_cast<const T*>(added_),
            *scale = static_cast<const T*>(scale_), *shift = static_cast<const T*>(shift_);
    T* out = static_cast<T*>(out_);
    const V low = V::set(static_cast<T>(low_)), high = V::set(static_cast<T>(high_));
    auto run = [&](auto adds) {
        for (int64_t r = 0; r < rows; ++r, x += columns, out += columns) {
            each_vector<V>(columns, [&](int64_t j, int, int64_t left) {
                V value = fma(load_block<V>(x + j, left), load_block<V>(scale + j, left),
                              load_block<V>(shift + j, left));
                if (adds.value) value = value + load_block<V>(added + j, left);
                store_block(min(high, max(low, value)), out + j, left);
            });
            if (adds.value) added += columns;
        }
    };
    if (added) run(Yes{});
    else run(No{});
}

template <class V, class Kept>
void gradient_by(const void* x_, const void* g_, int64_t rows, int64_t columns, const void* mean_, const NormClamp& of,
                 const void* by_g_, const void* by_x_, const void* shift_, void* out_) {
    using T = typename V::Scalar;
    const T *x = static_cast<const T*>(x_), *g = static_cast<const T*>(g_),
            *mean = static_cast<const T*>(mean_), *by_g = static_cast<const T*>(by_g_),
            *by_x = static_cast<const T*>(by_x_), *shift = static_cast<const T*>(shift_);
    T* out = static_cast<T*>(out_);
    for (int64_t r = 0; r < rows; ++r, x += columns, g += columns, out += columns) {
        for (int64_t j = 0; j < columns; j += V::lanes) {
            const int64_t n = columns - j;
            Kept kept;
            kept.read(of, j, n);
            const V value = load_block<V>(x + j, n), grad = kept(load_block<V>(g + j, n), value);
            const V centred = value - load_block<V>(mean + j, n);
            const V part = fma(grad, load_block<V>(by_g + j, n), load_block<V>(shift + j, n));
            store_block(fma(centred, load_block<V>(by_x + j, n), part), out + j, n);
        }
    }
}

template <class V>
void gradient(const void* x, const void* g, int64_t rows, int64_t columns, const void* mean, const NormClamp* of,
              const void* by_g, const void* by_x, const void* shift, void* out) {
    if (of) gradient_by<V, Clamped<V>>(x, g, rows, columns, mean, *of, by_g, by_x, shift, out);
    else gradient_by<V, Unclamped<V>>(x, g, rows, columns, mean, NormClamp{}, by_g, by_x, shift, out);
}

template <class V>
inline double total(const V (&parts)[4]) {
    return sum((parts[0] + parts[1]) + (parts[2] + parts[3]));
}

template <class V>
void run_moments(const void* x_, int64_t n, bool centred, double* mean, double* squares) {
    using T = typename V::Scalar;
    const T* x = static_cast<const T*>(x_);
    const V nothing = V::set(0);
    V sums[4] = {nothing, nothing, nothing, nothing}, square[4] = {nothing, nothing, nothing, nothing};
    *mean = 0;
    if (!centred) {
        each_vector<V>(n, [&](int64_t i, int v, int64_t left) {
            const V value = load_block<V>(x + i, left);
            square[v] = fma(value, value, square[v]);
        });
        *squares = total(square);
        return;
    }
    each_vector<V>(n, [&](int64_t i, int v, int64_t left) { sums[v] = sums[v] + load_block<V>(x + i, left); });
    const T middle = static_cast<T>(total(sums) / static_cast<double>(n));
    const V centre = V::set(middle);
    for (int v = 0; v < 4; ++v) sums[v] = nothing;
    each_vector<V>(n, [&](int64_t i, int v, int64_t left) {
        const V d = load_block<V>(x + i, left, centre) - centre;
        sums[v] = sums[v] + d;
        square[v] = fma(d, d, square[v]);
    });
    // What rounding of the first sum left corrects both results.
    const double rest = total(sums);
    *mean = middle + rest / static_cast<double>(n);
    *squares = total(square) - rest * rest / static_cast<double>(n);
}

template <class V>
void run_dots(const void* x_, const void* g_, const void* w_, int64_t n, double mean, double* sum_,
              double* dot_) {
    using T = typename V::Scalar;
    const T *x = static_cast<const T*>(x_), *g = static_cast<const T*>(g_),
            *w = static_cast<const T*>(w_);
    const V nothing = V::set(0), centre = V::set(static_cast<T>(mean));
    V sums[4] = {nothing, nothing, nothing, nothing}, dot[4] = {nothing, nothing, nothing, nothing};
    auto run = [&](auto weighted) {
        each_vector<V>(n, [&](int64_t i, int v, int64_t left) {
            V grad = load_block<V>(g + i, left);
            if (weighted.value) grad = grad * load_block<V>(w + i, left);
            sums[v] = sums[v] + grad;
            dot[v] = fma(grad, load_block<V>(x + i, left) - centre, dot[v]);
        });
    };
    if (w) run(Yes{});
    else run(No{});
    *sum_ = total(sums);
    *dot_ = total(dot);
}

template <class V>
void run_affine(const void* x_, const void* w_, const void* b_, int64_t n, double mean, double scale_,
                double shift_, void* out_) {
    using T = typename V::Scalar;
    const T *x = static_cast<const T*>(x_), *w = static_cast<const T*>(w_),
            *b = static_cast<const T*>(b_);
    T* out = static_cast<T*>(out_);
    const V centre = V::set(static_cast<T>(mean)), factor = V::set(static_cast<T>(scale_)),
            shift = V::set(static_cast<T>(shift_));
    auto run = [&](auto weighted, auto biased) {
        each_vector<V>(n, [&](int64_t i, int, int64_t left) {
            V value = fma(load_block<V>(x + i, left) - centre, factor, shift);
            if (weighted.value) value = value * load_block<V>(w + i, left);
            if (biased.value) value = value + load_block<V>(b + i, left);
            store_block(value, out + i, left);
        });
    };
    if (w && b) run(Yes{}, Yes{});
    else if (w) run(Yes{}, No{});
    else if (b) run(No{}, Yes{});
    else run(No{}, No{});
}

template <class V>
void run_gradient(const void* x_, const void* g_, const void* w_, int64_t n, double mean, double by_g_,
                  double by_x_, double shift_, void* out_) {
    using T = typename V::Scalar;
    const T *x = static_cast<const T*>(x_), *g = static_cast<const T*>(g_),
            *w = static_cast<const T*>(w_);
    T* out = static_cast<T*>(out_);
    const V centre = V::set(static_cast<T>(mean)), by_g = V::set(static_cast<T>(by_g_)),
            by_x = V::set(static_cast<T>(by_x_)), shift = V::set(static_cast<T>(shift_));
    auto run = [&](auto weighted) {
        each_vector<V>(n, [&](int64_t i, int, int64_t left) {
            V grad = load_block<V>(g + i, left);
            if (weighted.value) grad = grad * load_block<V>(w + i, left);
            const V part = fma(grad, by_g, shift);
            store_block(fma(load_block<V>(x + i, left) - centre, by_x, part), out + i, left);
        });
    };
    if (w) run(Yes{});
    else run(No{});
}

template <class V>
void run_add(const void* x_, const void* g_, int64_t n, double mean, double scale_, void* sum_, void* dot_) {
    using T = typename V::Scalar;
    const T *x = static_cast<const T*>(x_), *g = static_cast<const T*>(g_);
    T *sums = static_cast<T*>(sum_), *dots = static_cast<T*>(dot_);
    const V centre = V::set(static_cast<T>(mean)), factor = V::set(static_cast<T>(scale_));
    each_vector<V>(n, [&](int64_t i, int, int64_t left) {
        const V grad = load_block<V>(g + i, left);
        const V normal = (load_block<V>(x + i, left) - centre) * factor;
        store_block(load_block<V>(sums + i, left) + grad, sums + i, left);
        store_block(fma(grad, normal, load_block<V>(dots + i, left)), dots + i, left);
    });
}

template <class V>
constexpr NormLoops loops_of = {moments<V>,   dots<V>,       affine<V>,       gradient<V>, run_moments<V>,
                                run_dots<V>, run_affine<V>, run_gradient<V>, run_add<V>};
