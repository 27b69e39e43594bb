#include "ops/places.h"

#include <algorithm>

#include "autograd/node.h"
#include "base/parallel.h"
#include "kernels/index/index.h"

namespace cc {

namespace {

IndexProblem problem_for(const Places& places, Dtype dtype) {
    int64_t maps = places.over[0] * places.over[1];
    int64_t picks = maps ? places.over.numel() / maps : 0, pixels = maps ? places.from.numel() / maps : 0;
    return {dtype, places.over[0], pixels, places.over[1], picks};
}

template <class T>
void take(const IndexProblem& p, const T* x, const int64_t* index, T* y) {
    parallel_for(p.outer * p.picks, std::max<int64_t>(1, 16384 / std::max<int64_t>(1, p.inner)), [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
            const T* image = x + row / p.picks * p.dim * p.inner;
            for (int64_t c = 0, i = row * p.inner; c < p.inner; ++c, ++i)
                y[i] = index[i] < 0 ? T{0} : image[index[i] * p.inner + c];
        }
    });
}

}  // namespace

Shape map_shape(int64_t n, int64_t c, const int64_t (&sizes)[3], int rank) {
    Shape shape{n, c};
    for (int i = 3 - rank; i < 3; ++i) shape.push_back(sizes[i]);
    return shape;
}

Tensor take_at(const Places& places, const Tensor& x) {
    Array from = x.array().to(Format::ChannelsLast), y = Array::empty(places.over, x.dtype(), Format::ChannelsLast);
    visit_floating(places.op, x.dtype(), [&](auto zero) {
        using T = decltype(zero);
        take(problem_for(places, x.dtype()), from.data<T>(), places.indices.data<int64_t>(), y.data<T>());
    });
    return record("take_at", std::move(y), {x}, [places](Backward& g) { g[0] = add_at(places, g.grad()); });
}

// Of what scatter tells nothing is wanted: −1 lies outside on purpose.
Tensor add_at(const Places& places, const Tensor& y) {
    Array from = y.array().to(Format::ChannelsLast), x = Array::zeros(places.from, y.dtype(), Format::ChannelsLast);
    static_cast<void>(scatter_add(problem_for(places, y.dtype()), x.raw(), places.indices.data<int64_t>(), from.raw()));
    return record("add_at", std::move(x), {y}, [places](Backward& g) { g[0] = take_at(places, g.grad()); });
}

Tensor put_at(const Places& places, const Tensor& y) {
    Array from = y.array().to(Format::ChannelsLast), x = Array::zeros(places.from, y.dtype(), Format::ChannelsLast);
    static_cast<void>(scatter(problem_for(places, y.dtype()), x.raw(), places.indices.data<int64_t>(), from.raw()));
    return record(places.op, std::move(x), {y}, [places](Backward& g) { g[0] = take_at(places, g.grad()); });
}

}  // namespace cc
