// Sorting finds indices; the values are gathered by them, which is what puts them on the tape. NaN counts as the greatest value.
#include <algorithm>
#include <vector>

#include "base/parallel.h"
#include "ops/lines.h"
#include "ops/ops.h"

namespace cc {

namespace {

template <class T>
bool less(T a, T b) {
    if (b != b) return a == a;
    return a < b;
}

// out[0 … count) = places of the count first elements of a line, in order, the earlier of equals first.
template <class T>
void first_places(const T* line, int64_t stride, int64_t size, int64_t count, bool descending, std::vector<int64_t>& order) {
    order.resize(size);
    for (int64_t i = 0; i < size; ++i) order[i] = i;
    auto before = [&](int64_t a, int64_t b) {
        T x = line[a * stride], y = line[b * stride];
        if (descending ? less(y, x) : less(x, y)) return true;
        if (descending ? less(x, y) : less(y, x)) return false;
        return a < b;
    };
    if (count < size)
        std::partial_sort(order.begin(), order.begin() + count, order.end(), before);
    else
        std::sort(order.begin(), order.end(), before);
}

Tensor ordered(const Tensor& x, int axis, int64_t count, bool descending) {
    Lines lines = lines_along(x.array(), axis, Format::RowMajor);
    Shape shape = x.shape();
    if (x.rank()) shape[axis] = count;
    Array out = Array::empty(shape, Dtype::Int64);
    visit_dtype(x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        int64_t grain = std::max<int64_t>(1, 2048 / std::max<int64_t>(1, lines.dim));
        parallel_for(lines.outer * lines.inner, grain, [&](int64_t begin, int64_t end) {
            std::vector<int64_t> order;
            for (int64_t i = begin; i < end; ++i) {
                int64_t outer = i / lines.inner, inner = i % lines.inner;
                const T* line = lines.array.data<T>() + outer * lines.dim * lines.inner + inner;
                first_places(line, lines.inner, lines.dim, count, descending, order);
                int64_t* to = out.data<int64_t>() + outer * count * lines.inner + inner;
                for (int64_t k = 0; k < count; ++k) to[k * lines.inner] = order[k];
            }
        });
    });
    return Tensor(out);
}

}  // namespace

std::pair<Tensor, Tensor> sort(const Tensor& input, int64_t dim, bool descending) {
    int axis = normalize_axis("sort", "dim", dim, input.rank());
    Tensor indices = ordered(input, axis, input.rank() ? input.size(axis) : 1, descending);
    return {gather(input, axis, indices), indices};
}

Tensor argsort(const Tensor& input, int64_t dim, bool descending) {
    int axis = normalize_axis("argsort", "dim", dim, input.rank());
    return ordered(input, axis, input.rank() ? input.size(axis) : 1, descending);
}

std::pair<Tensor, Tensor> topk(const Tensor& input, int64_t k, int64_t dim, bool largest) {
    int axis = normalize_axis("topk", "dim", dim, input.rank());
    int64_t size = input.rank() ? input.size(axis) : 1;
    check(k >= 0 && k <= size, "topk: k must be between 0 and ", size, ", the size of dimension ", axis, ", got ", k);
    Tensor indices = ordered(input, axis, k, largest);
    return {gather(input, axis, indices), indices};
}

}  // namespace cc
