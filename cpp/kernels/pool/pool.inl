// Rows of pooling over one vector type, included into cc::<isa>'s anonymous namespace after
// simd/<isa>.h and simd/blocks.inl. Channels are the vector's lanes; a block of channels meets all
// its sources before the next, so the running result stays in registers. Positions in the image are
// held as floating numbers (the caller sees to it that they are exact), so that one select moves
// value and position alike.

template <class V>
inline void store_positions(V v, int64_t* p, int64_t n) {
    typename V::Scalar values[V::lanes];
    v.store(values);
    if (n >= V::lanes)
        for (int i = 0; i < V::lanes; ++i) p[i] = static_cast<int32_t>(values[i]);
    else
        for (int64_t i = 0; i < n; ++i) p[i] = static_cast<int32_t>(values[i]);
}

template <class V>
void max_forward(const PoolRow& row) {
    using T = typename V::Scalar;
    const T* source = static_cast<const T*>(row.source);
    T* target = static_cast<T*>(row.target);
    const bool empty = row.row_count == 0;
    for (int64_t o = 0; o < row.targets; ++o) {
        const int64_t first = row.first[o], count = row.count[o];
        const T start = static_cast<T>(empty || count == 0 ? -1 : row.rows[0] + first);
        for (int64_t c = 0; c < row.c; c += V::lanes) {
            V best = V::set(static_cast<T>(-INFINITY)), position = V::set(start);
            for (int64_t r = 0; r < row.row_count; ++r) {
                int64_t pixel = row.rows[r] + first;
                const T* x = source + pixel * row.c + c;
                for (int64_t t = 0; t < count; ++t, pixel += row.step, x += row.step * row.c) {
                    const V value = load_block<V>(x, row.c - c);
                    const auto better = (value > best) | (value != value);
                    best = select(better, value, best);
                    position = select(better, V::set(static_cast<T>(pixel)), position);
                }
            }
            store_block(best, target + o * row.c + c, row.c - c);
            if (row.indices) store_positions(position, row.indices + o * row.c + c, row.c - c);
        }
    }
}

// Sums go row by row, then over the rows: few roundings even for a window as large as the image.
template <class V>
void average_forward(const PoolRow& row) {
    using T = typename V::Scalar;
    const T* source = static_cast<const T*>(row.source);
    T* target = static_cast<T*>(row.target);
    for (int64_t o = 0; o < row.targets; ++o) {
        const V divisor = V::set(static_cast<T>(row.divisor[o] * *row.row_divisor));
        for (int64_t c = 0; c < row.c; c += V::lanes) {
            V total = V::set(0);
            for (int64_t r = 0; r < row.row_count; ++r) {
                const T* x = source + (row.rows[r] + row.first[o]) * row.c + c;
                V sum = V::set(0);
                for (int64_t t = 0; t < row.count[o]; ++t, x += row.step * row.c)
                    sum = sum + load_block<V>(x, row.c - c);
                total = total + sum;
            }
            store_block(total / divisor, target + o * row.c + c, row.c - c);
        }
    }
}

template <class V>
void average_backward(const PoolRow& row) {
    using T = typename V::Scalar;
    const T* source = static_cast<const T*>(row.source);
    T* target = static_cast<T*>(row.target);
    for (int64_t i = 0; i < row.targets; ++i) {
        for (int64_t c = 0; c < row.c; c += V::lanes) {
            V total = V::set(0);
            for (int64_t r = 0; r < row.row_count; ++r) {
                int64_t o = row.first[i];
                const T* grad = source + row.rows[r] * row.c + c;
                for (int64_t t = 0; t < row.count[i]; ++t, o += row.step) {
                    const V divisor = V::set(static_cast<T>(row.row_divisor[r] * row.divisor[o]));
                    total = total + load_block<V>(grad + o * row.c, row.c - c) / divisor;
                }
            }
            store_block(total, target + i * row.c + c, row.c - c);
        }
    }
}

template <class V>
constexpr PoolRows rows_of = {max_forward<V>, average_forward<V>, average_backward<V>};
