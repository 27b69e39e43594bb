#include <cmath>

#include "ops/ops.h"

namespace cc {

namespace {

// out[i] = start + i·step, computed in double (in int64 for integers, which are exact there).
Array ramp(int64_t count, Dtype dtype, double start, double step) {
    Array out = Array::empty({count}, dtype);
    visit_dtype(dtype, [&](auto zero) {
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
    visit_dtype(dtype, [&](auto zero) {
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

}  // namespace cc
