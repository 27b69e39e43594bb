// Loops of pdist over one vector type, included into cc::<isa>'s anonymous namespace after
// simd/<isa>.h and simd/blocks.inl. Forward: a lane per row of a panel, eight vectors of them, so
// that no lanes are ever added up; a row of x is broadcast element by element. Sums of 128 columns
// are added to the others at once, which keeps the error of long rows small. Backward: a lane per
// column, four vectors of them stay in registers while the rows pass.

constexpr int kPanel = 8, kBlock = 4;
constexpr int64_t kColumnsPerSum = 128;

template <Distance kDistance, class V>
inline V added(V total, V d) {
    if constexpr (kDistance == Distance::Euclidean) return fma(d, d, total);
    const V size = abs(d);
    if constexpr (kDistance == Distance::Sum) return total + size;
    return select((size > total) | (size != size), size, total);   // a NaN stays
}

template <Distance kDistance, class V>
void distances(const void* x_, int64_t rows, int64_t columns, const void* panel_, void* out_) {
    using T = typename V::Scalar;
    constexpr int64_t kWidth = kPanel * V::lanes;
    const T *x = static_cast<const T*>(x_), *panel = static_cast<const T*>(panel_);
    T* out = static_cast<T*>(out_);
    for (int64_t row = 0; row < rows; ++row, x += columns, out += kWidth) {
        V all[kPanel];
        for (int v = 0; v < kPanel; ++v) all[v] = V::set(0);
        for (int64_t first = 0; first < columns; first += kColumnsPerSum) {
            const int64_t rest = columns - first, n = rest < kColumnsPerSum ? rest : kColumnsPerSum;
            V part[kPanel];
            for (int v = 0; v < kPanel; ++v) part[v] = V::set(0);
            for (int64_t k = first; k < first + n; ++k) {
                const V value = V::set(x[k]);
                for (int v = 0; v < kPanel; ++v)
                    part[v] = added<kDistance>(part[v], value - V::load(panel + k * kWidth + v * V::lanes));
            }
            for (int v = 0; v < kPanel; ++v) {
                if constexpr (kDistance == Distance::Greatest) all[v] = added<kDistance>(all[v], part[v]);
                else all[v] = all[v] + part[v];
            }
        }
        for (int v = 0; v < kPanel; ++v)
            (kDistance == Distance::Euclidean ? sqrt(all[v]) : all[v]).store(out + v * V::lanes);
    }
}

template <class V>
void forward(Distance distance, const void* x, int64_t rows, int64_t columns, const void* panel, void* out) {
    if (distance == Distance::Sum) return distances<Distance::Sum, V>(x, rows, columns, panel, out);
    if (distance == Distance::Euclidean)
        return distances<Distance::Euclidean, V>(x, rows, columns, panel, out);
    distances<Distance::Greatest, V>(x, rows, columns, panel, out);
}

template <Distance kDistance, class V>
void gradients(const void* x_, int64_t rows, int64_t columns, int64_t i, const void* factors_,
               const void* lengths_, void* grad_) {
    using T = typename V::Scalar;
    const T *x = static_cast<const T*>(x_), *factors = static_cast<const T*>(factors_);
    const T* lengths = static_cast<const T*>(lengths_);
    T* grad = static_cast<T*>(grad_);
    for (int64_t k = 0; k < columns; k += kBlock * V::lanes) {
        V own[kBlock], total[kBlock];
        int64_t left[kBlock];
        for (int v = 0; v < kBlock; ++v) {
            const int64_t rest = columns - k - v * V::lanes;
            left[v] = rest > 0 ? rest : 0;
            own[v] = left[v] ? load_block<V>(x + i * columns + k + v * V::lanes, left[v]) : V::set(0);
            total[v] = V::set(0);
        }
        const bool whole = left[kBlock - 1] >= V::lanes;
        for (int64_t j = 0; j < rows; ++j) {
            const T* other = x + j * columns + k;
            const V factor = V::set(factors[j]);
            for (int v = 0; v < kBlock; ++v) {
                if (!whole && !left[v]) continue;
                const V at = whole ? V::load(other + v * V::lanes) : load_block<V>(other + v * V::lanes, left[v]);
                V d = own[v] - at;
                if constexpr (kDistance == Distance::Sum) d = sign(d);
                if constexpr (kDistance == Distance::Greatest)
                    d = select(abs(d) == V::set(lengths[j]), sign(d), V::set(0));
                total[v] = fma(factor, d, total[v]);
            }
        }
        for (int v = 0; v < kBlock; ++v)
            if (left[v]) store_block(total[v], grad + k + v * V::lanes, left[v]);
    }
}

template <class V>
void backward(Distance distance, const void* x, int64_t rows, int64_t columns, int64_t i,
              const void* factors, const void* lengths, void* grad_x) {
    if (distance == Distance::Sum)
        return gradients<Distance::Sum, V>(x, rows, columns, i, factors, lengths, grad_x);
    if (distance == Distance::Euclidean)
        return gradients<Distance::Euclidean, V>(x, rows, columns, i, factors, lengths, grad_x);
    gradients<Distance::Greatest, V>(x, rows, columns, i, factors, lengths, grad_x);
}

template <class V>
constexpr PdistLoops loops_of = {kPanel * V::lanes, forward<V>, backward<V>};
