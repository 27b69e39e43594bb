#include "autograd/node.h"
#include "base/parallel.h"
#include "ops/lines.h"
#include "ops/ops.h"
#include "ops/recast.h"

namespace cc {

namespace {

// Of operands of one shape and dtype: three runs of `inner` elements behind each other in each.
Tensor vector_product(const Tensor& a, const Tensor& b, int axis) {
    Format format = a.array().format();
    Lines x = lines_along(a.array(), axis, format), y = lines_along(b.array(), axis, format);
    Array out = Array::empty(a.shape(), a.dtype(), format);
    visit_dtype(a.dtype(), [&](auto zero) {
        using T = decltype(zero);
        using Wide = std::conditional_t<std::is_floating_point_v<T>, T, uint64_t>;  // integers wrap around
        constexpr int64_t grain = 8192;
        parallel_for(x.outer * x.inner, grain, [&](int64_t begin, int64_t end) {
            const T *from_x = x.array.data<T>(), *from_y = y.array.data<T>();
            T* to = out.data<T>();
            int64_t inner = x.inner;
            for (int64_t i = begin; i < end;) {
                int64_t at = i / inner * 3 * inner + i % inner;
                int64_t stop = inner == 1 ? end : std::min(end, i - i % inner + inner), step = inner == 1 ? 3 : 1;
                for (; i < stop; ++i, at += step) {
                    Wide u[3], v[3];
                    for (int k = 0; k < 3; ++k) {
                        u[k] = static_cast<Wide>(from_x[at + k * inner]);
                        v[k] = static_cast<Wide>(from_y[at + k * inner]);
                    }
                    to[at] = static_cast<T>(u[1] * v[2] - u[2] * v[1]);
                    to[at + inner] = static_cast<T>(u[2] * v[0] - u[0] * v[2]);
                    to[at + 2 * inner] = static_cast<T>(u[0] * v[1] - u[1] * v[0]);
                }
            }
        });
    });
    return record("cross", std::move(out), {a, b}, [axis, a = Saved(a), b = Saved(b)](Backward& g) {
        if (g.wants(0)) g[0] = vector_product(b, g.grad(), axis);
        if (g.wants(1)) g[1] = vector_product(g.grad(), a, axis);
    });
}

}  // namespace

Tensor cross(const Tensor& input, const Tensor& other, int64_t dim) {
    if (auto y = recast("cross", [&](auto& a, auto& b) { return cross(a, b, dim); }, input, other)) return *y;
    Shape shape = broadcast_shapes("cross", input.shape(), other.shape());
    int axis = normalize_axis("cross", "dim", dim, shape.rank());
    check(shape[axis] == 3, "cross: a dimension of size 3 is needed, got shapes ", input.shape(), " and ", other.shape());
    Dtype dtype = result_type(input, other);
    check_type(dtype != Dtype::Bool, "cross: operands must not have dtype bool");
    return vector_product(expand(to(input, dtype), shape), expand(to(other, dtype), shape), axis);
}

}  // namespace cc
