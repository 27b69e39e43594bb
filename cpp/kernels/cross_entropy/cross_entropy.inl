// Loops of cross entropy over one vector type, included into cc::<isa>'s anonymous namespace after
// simd/<isa>.h and simd/blocks.inl. A logarithm of a sum is kept in double and subtracted in two
// parts, so that large logits lose nothing.

template <class V>
void log_sum_columns(const void* x_, int64_t columns, int64_t c, int64_t inner, double* log_sum) {
    using T = typename V::Scalar;
    const T* x = static_cast<const T*>(x_);
    for (int64_t j = 0; j < columns; j += V::lanes) {
        const int64_t n = columns - j;
        V top = V::set(static_cast<T>(-INFINITY)), total = V::set(0);
        for (int64_t k = 0; k < c; ++k) top = max(top, load_block<V>(x + k * inner + j, n));
        for (int64_t k = 0; k < c; ++k)
            total = total + exp_in_sum(load_block<V>(x + k * inner + j, n) - top);
        T tops[V::lanes], logs[V::lanes];
        top.store(tops);
        log(total).store(logs);
        for (int64_t i = 0; i < (n < V::lanes ? n : V::lanes); ++i)
            log_sum[j + i] = static_cast<double>(tops[i]) + static_cast<double>(logs[i]);
    }
}

template <class V>
void log_sum_rows(const void* x_, int64_t rows, int64_t c, double* log_sum) {
    using T = typename V::Scalar;
    const T* x = static_cast<const T*>(x_);
    if (V::lanes > 1 && c <= kShortRow) {
        T lanes[kShortRow * V::lanes] = {};
        for (int64_t r = 0; r < rows; r += V::lanes) {
            const int64_t some = rows - r < V::lanes ? rows - r : V::lanes;
            rows_to_lanes<V>(x + r * c, some, c, lanes);
            log_sum_columns<V>(lanes, some, c, V::lanes, log_sum + r);
        }
        return;
    }
    for (int64_t r = 0; r < rows; r += F64::lanes) {  // one logarithm for several rows
        const int64_t n = rows - r < F64::lanes ? rows - r : F64::lanes;
        double tops[F64::lanes] = {}, totals[F64::lanes] = {};
        for (int64_t i = 0; i < n; ++i, x += c) {
            const T largest = row_max<V>(x, c);
            const V top = V::set(largest), least = V::set(static_cast<T>(-INFINITY));
            tops[i] = static_cast<double>(largest);
            totals[i] = static_cast<double>(row_sum<V>(c, [&](int64_t k, int64_t left) {
                __builtin_prefetch(x + k + c);  // the next row, of which memory brings the maximum
                return exp_in_sum(load_block(x + k, left, least) - top);
            }));
        }
        store_block(F64::load(tops) + log(F64::load(totals)), log_sum + r, n);
    }
}

template <class V>
void gradient_row(const void* x_, int64_t c, double log_sum, double a, double b,
                  const void* weight_, void* out_) {
    using T = typename V::Scalar;
    const T *x = static_cast<const T*>(x_), *weight = static_cast<const T*>(weight_);
    T* out = static_cast<T*>(out_);
    const T high = static_cast<T>(log_sum),
            low = static_cast<T>(log_sum - static_cast<double>(high));
    const V share = V::set(static_cast<T>(a)), soft = V::set(static_cast<T>(b)), one = V::set(1);
    for (int64_t k = 0; k < c; k += V::lanes) {
        const V p = exp(load_block<V>(x + k, c - k) - V::set(high) - V::set(low));
        const V w = weight ? load_block<V>(weight + k, c - k) : one;
        store_block(share * p - soft * w, out + k, c - k);
    }
}

template <class V>
void gradient_columns(const void* x_, int64_t columns, int64_t c, int64_t inner,
                      const double* log_sum, const double* a, const double* b, const void* weight_,
                      void* out_) {
    using T = typename V::Scalar;
    const T *x = static_cast<const T*>(x_), *weight = static_cast<const T*>(weight_);
    T* out = static_cast<T*>(out_);
    for (int64_t j = 0; j < columns; j += V::lanes) {
        const int64_t n = columns - j;
        T highs[V::lanes] = {}, lows[V::lanes] = {}, shares[V::lanes] = {}, softs[V::lanes] = {};
        for (int64_t i = 0; i < (n < V::lanes ? n : V::lanes); ++i) {
            highs[i] = static_cast<T>(log_sum[j + i]);
            lows[i] = static_cast<T>(log_sum[j + i] - static_cast<double>(highs[i]));
            shares[i] = static_cast<T>(a[j + i]);
            softs[i] = static_cast<T>(b[j + i]);
        }
        const V high = V::load(highs), low = V::load(lows), share = V::load(shares),
                soft = V::load(softs);
        for (int64_t k = 0; k < c; ++k) {
            const V p = exp(load_block<V>(x + k * inner + j, n) - high - low);
            const V w = V::set(weight ? weight[k] : T{1});
            store_block(share * p - soft * w, out + k * inner + j, n);
        }
    }
}

template <class V>
constexpr CrossEntropyLoops loops_of = {log_sum_rows<V>, log_sum_columns<V>, gradient_row<V>,
                                        gradient_columns<V>};
