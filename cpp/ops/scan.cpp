#include "autograd/node.h"
#include "base/parallel.h"
#include "ops/lines.h"
#include "ops/ops.h"

namespace cc {

namespace {

Tensor running_sum(const Tensor& x, int axis) {
    Format format = x.array().format();
    Lines lines = lines_along(x.array(), axis, format);
    Array out = Array::empty(x.shape(), x.dtype(), format);
    visit_dtype(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        using Wide = std::conditional_t<std::is_floating_point_v<T>, double, int64_t>;
        int64_t grain = std::max<int64_t>(1, 8192 / std::max<int64_t>(1, lines.dim));
        parallel_for(lines.outer * lines.inner, grain, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) {
                int64_t at = i / lines.inner * lines.dim * lines.inner + i % lines.inner;
                const T* from = lines.array.data<T>() + at;
                T* to = out.data<T>() + at;
                Wide total = 0;
                for (int64_t k = 0; k < lines.dim; ++k) {
                    total += from[k * lines.inner];
                    to[k * lines.inner] = static_cast<T>(total);
                }
            }
        });
    });
    return record("cumsum", std::move(out), {x},
                  [axis](Backward& g) { g[0] = flip(running_sum(flip(g.grad(), {axis}), axis), {axis}); });
}

}  // namespace

Tensor cumsum(const Tensor& input, int64_t dim) {
    int axis = normalize_axis("cumsum", "dim", dim, input.rank());
    return running_sum(is_floating(input.dtype()) ? input : to(input, Dtype::Int64), axis);
}

}  // namespace cc
