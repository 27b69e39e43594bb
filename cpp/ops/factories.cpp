#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "ops/ops.h"

namespace cc {

namespace {

// out[i] = start + i·step, computed in double (in int64 for integers, which are exact there).
Array ramp(int64_t count, Dtype dtype, double start, double step) {
    Array out = Array::empty({count}, dtype);
    visit_element(dtype, [&](auto zero) {
        using T = decltype(zero);
        T* values = out.data<T>();
        for (int64_t i = 0; i < count; ++i) values[i] = static_cast<T>(start + static_cast<double>(i) * step);
    });
    return out;
}

}  // namespace

Tensor full(const Shape& size, double value, Dtype dtype) { return Tensor(Array::full(size, dtype, value)); }
Tensor zeros(const Shape& size, Dtype dtype) { return Tensor(Array::zeros(size, dtype)); }
Tensor ones(const Shape& size, Dtype dtype) { return Tensor(Array::full(size, dtype, 1)); }
Tensor empty(const Shape& size, Dtype dtype) { return Tensor(Array::empty(size, dtype)); }

Tensor full_like(const Tensor& x, double value, Dtype dtype) {
    return Tensor(Array::full(x.shape(), dtype, value, x.array().format()));
}

Tensor arange(double start, double end, double step, Dtype dtype) {
    check(step != 0 && std::isfinite(step), "arange: step must be a number other than 0, got ", step);
    check(std::isfinite(start) && std::isfinite(end), "arange: start and end must be finite, got ", start, " and ", end);
    check((end - start) * step >= 0, "arange: step=", step, " does not lead from start=", start, " to end=", end);
    check_type(dtype != Dtype::Bool, "arange: dtype must not be bool");
    return Tensor(ramp(static_cast<int64_t>(std::ceil((end - start) / step)), dtype, start, step));
}

// From both ends towards the middle, so that the last value is `end` itself and the values are symmetric.
Tensor linspace(double start, double end, int64_t steps, Dtype dtype) {
    check(steps >= 0, "linspace: steps must not be negative, got ", steps);
    double step = steps > 1 ? (end - start) / static_cast<double>(steps - 1) : 0;
    Array out = Array::empty({steps}, dtype);
    visit_element(dtype, [&](auto zero) {
        using T = decltype(zero);
        T* values = out.data<T>();
        for (int64_t i = 0; i < steps; ++i) {
            bool first_half = i < (steps + 1) / 2;
            double value = first_half ? start + static_cast<double>(i) * step : end - static_cast<double>(steps - 1 - i) * step;
            values[i] = static_cast<T>(value);
        }
    });
    return Tensor(out);
}

Tensor eye(int64_t n, int64_t m, Dtype dtype) {
    check(n >= 0 && m >= 0, "eye: n and m must not be negative, got ", n, " and ", m);
    Array out = Array::zeros({n, m}, dtype);
    Array diagonal = out.as_strided({std::min(n, m)}, {m + 1}, 0);
    diagonal.fill(1);
    return Tensor(out);
}

Tensor triangle_indices(int64_t row, int64_t col, int64_t offset, bool upper) {
    const char* op = upper ? "triu_indices" : "tril_indices";
    check(row >= 0 && col >= 0, op, ": row and col must not be negative, got ", row, " and ", col);
    offset = std::clamp(offset, -row, col);
    // The columns of row i: from its place on the diagonal, or up to it.
    auto first = [&](int64_t i) { return upper ? std::clamp<int64_t>(i + offset, 0, col) : 0; };
    auto last = [&](int64_t i) { return upper ? col : std::clamp<int64_t>(i + offset + 1, 0, col); };
    int64_t count = 0;
    for (int64_t i = 0; i < row; ++i) count += last(i) - first(i);
    Array out = Array::empty({2, count}, Dtype::Int64);
    int64_t *rows = out.data<int64_t>(), *columns = rows + count;
    for (int64_t i = 0; i < row; ++i) {
        const int64_t from = first(i), size = last(i) - from;
        rows = std::fill_n(rows, size, i);
        std::iota(columns, columns + size, from);
        columns += size;
    }
    return Tensor(out);
}

Tensor combination_indices(int64_t n, int64_t r, bool with_replacement) {
    check(r >= 0, "combinations: r must not be negative, got ", r);
    // Of n + r − 1 with replacement there are as many as of n; each factor of the product leaves a whole number.
    const int64_t from = with_replacement && n > 0 ? n + r - 1 : n;
    int64_t count = r <= from;
    for (int64_t i = 0; count && i < std::min(r, from - r); ++i)
        if (__builtin_mul_overflow(count, from - i, &count)) count = std::numeric_limits<int64_t>::max() / 16;
        else count /= i + 1;
    Array out = Array::empty({count, r}, Dtype::Int64);
    std::vector<int64_t> choice(r);
    if (!with_replacement) std::iota(choice.begin(), choice.end(), 0);
    int64_t* to = out.data<int64_t>();
    for (int64_t row = 0; row < count; ++row) {
        to = std::copy(choice.begin(), choice.end(), to);
        // The last element that can rise does, and those behind it start anew.
        int64_t i = r - 1;
        while (i > 0 && choice[i] == (with_replacement ? n - 1 : n - r + i)) --i;
        if (r > 0) ++choice[i];
        for (int64_t k = i + 1; k < r; ++k) choice[k] = with_replacement ? choice[i] : choice[k - 1] + 1;
    }
    return Tensor(out);
}

}  // namespace cc
