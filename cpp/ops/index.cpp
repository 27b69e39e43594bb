// Reading and writing at index tensors. Each op is linear in its float operands, and taking, putting and adding are one another's
// gradients, so the tape is closed. Results are row-major.
#include "kernels/index/index.h"

#include "autograd/node.h"
#include "ops/ops.h"

namespace cc {

namespace {

// A copy where a backward will read it: the caller may change the index meanwhile.
Array int64_index(const char* op, const Tensor& index, bool kept) {
    check_type(is_integral(index.dtype()), op, ": index must have dtype int64, got ", index.dtype());
    if (!kept && index.dtype() == Dtype::Int64) return index.array().contiguous();
    Array at = Array::empty(index.shape(), Dtype::Int64);
    at.copy_from(index.array());
    return at;
}


IndexProblem problem_along(const Array& x, int axis, int64_t picks) {
    IndexProblem p{x.dtype(), 1, x.rank() ? x.size(axis) : 1, 1, picks};
    for (int i = 0; i < axis; ++i) p.outer *= x.size(i);
    for (int i = axis + 1; i < x.rank(); ++i) p.inner *= x.size(i);
    return p;
}

// Rank 0 counts as one element along one axis.
Array at_least_1d(const Array& x) { return x.rank() ? x : x.unsqueeze(0); }

// The part of x that an index of that shape reaches: all of `axis`, the first index sizes elsewhere.
Array reached(const Array& x, const Shape& index, int axis) {
    Array part = x;
    for (int i = 0; i < x.rank(); ++i)
        if (i != axis && index[i] != x.size(i)) part = part.slice(i, 0, index[i], 1);
    return part;
}

struct Place {
    const char* op;
    int axis;
    Array index;

    // What to say when a kernel met an index out of range.
    void check_range(bool inside, int64_t size) const {
        if (inside) return;
        int64_t at = std::max<int64_t>(0, find_out_of_range(index.data<int64_t>(), index.numel(), 0, size));
        check_index(false, op, ": index ", index.data<int64_t>()[at], " is out of range for dimension ", axis, " with size ", size);
    }
};

Place check_elementwise_index(const char* op, const Tensor& x, int64_t dim, const Tensor& index, bool kept) {
    int axis = normalize_axis(op, "dim", dim, x.rank());
    check(index.rank() == x.rank(), op, ": index must have as many dimensions as input, got shapes ", index.shape(), " and ",
          x.shape());
    for (int i = 0; i < x.rank(); ++i)
        check(i == axis || index.size(i) <= x.size(i), op, ": index of shape ", index.shape(),
              " is larger than input of shape ", x.shape(), " at dimension ", i);
    return {op, axis, int64_index(op, index, kept)};
}

Tensor gather_at(const Tensor& x, const Place& place);

enum class Write { Set, Add };

Array copied(const Array& x) {
    Array out = Array::empty(x.shape(), x.dtype());
    out.copy_from(x);
    return out;
}

// out, which nobody else holds, with src's elements written at the index.
Array scattered(Array out, const Place& place, const Array& src, Write write) {
    if (write == Write::Add && out.dtype() == Dtype::BFloat16)
        return scattered(out.to(Dtype::Float32), place, src.to(Dtype::Float32), write).to(out.dtype());
    Array index = at_least_1d(place.index), target = at_least_1d(out), part = reached(target, index.shape(), place.axis);
    Array from = at_least_1d(src);
    for (int i = 0; i < from.rank(); ++i) from = from.slice(i, 0, index.size(i), 1);
    from = from.contiguous();
    Array dense = part.contiguous();
    IndexProblem p = problem_along(dense, place.axis, index.size(place.axis));
    const int64_t* at = index.data<int64_t>();
    place.check_range(write == Write::Add ? scatter_add(p, dense.raw(), at, from.raw()) : scatter(p, dense.raw(), at, from.raw()),
                      p.dim);
    if (dense.storage_ref() != out.storage_ref()) part.copy_from(dense);
    return out;
}

// The gradient of src: what was read, zero beyond the index.
Tensor grad_of_source(const Tensor& g, const Place& place, const Shape& shape) {
    Tensor taken = gather_at(g, place);
    for (int i = 0; i < shape.rank(); ++i) {
        if (taken.size(i) == shape[i]) continue;
        Shape rest = taken.shape();
        rest[i] = shape[i] - taken.size(i);
        taken = cat({taken, zeros(rest, g.dtype())}, i);
    }
    return taken;
}

// src's elements added up at the index, in zeros of that shape.
Tensor scattered_sum(const Shape& shape, const Place& place, const Tensor& src) {
    Array out = scattered(Array::zeros(shape, src.dtype()), place, src.array(), Write::Add);
    return record("scatter_add", std::move(out), {src}, [place, shape = src.shape()](Backward& g) {
        g[0] = grad_of_source(g.grad(), place, shape);
    });
}

Tensor scatter_add_at(const Tensor& x, const Place& place, const Tensor& src) {
    return record("scatter_add", scattered(copied(x.array()), place, src.array(), Write::Add), {x, src},
                  [place, shape = src.shape()](Backward& g) {
                      g[0] = g.grad();
                      if (g.wants(1)) g[1] = grad_of_source(g.grad(), place, shape);
                  });
}

Tensor scatter_at(const Tensor& x, const Place& place, const Tensor& src) {
    return record("scatter", scattered(copied(x.array()), place, src.array(), Write::Set), {x, src},
                  [place, shape = src.shape()](Backward& g) {
                      if (g.wants(0)) g[0] = scatter_at(g.grad(), place, zeros(place.index.shape(), g.grad().dtype()));
                      if (g.wants(1)) g[1] = grad_of_source(g.grad(), place, shape);
                  });
}

Tensor gather_at(const Tensor& x, const Place& place) {
    Array index = at_least_1d(place.index), from = reached(at_least_1d(x.array()), index.shape(), place.axis).contiguous();
    Array out = Array::empty(place.index.shape(), x.dtype());
    IndexProblem p = problem_along(from, place.axis, index.size(place.axis));
    place.check_range(gather(p, from.raw(), index.data<int64_t>(), out.raw()), p.dim);
    return record("gather", std::move(out), {x}, [place, shape = x.shape()](Backward& g) {
        g[0] = scattered_sum(shape, place, g.grad());
    });
}

Tensor index_select_at(const Tensor& x, const Place& place);

// out, which nobody else holds, with the rows of src added at the index.
Array with_rows_added(Array out, const Place& place, const Array& src) {
    if (out.dtype() == Dtype::BFloat16)
        return with_rows_added(out.to(Dtype::Float32), place, src.to(Dtype::Float32)).to(out.dtype());
    Array from = src.contiguous();
    IndexProblem p = problem_along(out, place.axis, place.index.numel());
    place.check_range(index_add(p, out.raw(), place.index.data<int64_t>(), from.raw()), p.dim);
    return out;
}

Tensor sum_of_rows(const Shape& shape, const Place& place, const Tensor& src) {
    Array out = with_rows_added(Array::zeros(shape, src.dtype()), place, src.array());
    return record("index_add", std::move(out), {src}, [place](Backward& g) { g[0] = index_select_at(g.grad(), place); });
}

Tensor index_select_at(const Tensor& x, const Place& place) {
    Array from = x.array().contiguous();
    Shape shape = x.shape();
    if (x.rank()) shape[place.axis] = place.index.numel();
    Array out = Array::empty(shape, x.dtype());
    IndexProblem p = problem_along(from, place.axis, place.index.numel());
    place.check_range(index_select(p, from.raw(), place.index.data<int64_t>(), out.raw()), p.dim);
    return record("index_select", std::move(out), {x}, [place, shape = x.shape()](Backward& g) {
        g[0] = sum_of_rows(shape, place, g.grad());
    });
}

Tensor index_add_at(const Tensor& x, const Place& place, const Tensor& src) {
    return record("index_add", with_rows_added(copied(x.array()), place, src.array()), {x, src}, [place](Backward& g) {
        g[0] = g.grad();
        if (g.wants(1)) g[1] = index_select_at(g.grad(), place);
    });
}

Place check_vector_index(const char* op, const Tensor& x, int64_t dim, const Tensor& index, bool kept) {
    int axis = normalize_axis(op, "dim", dim, x.rank());
    check(index.rank() <= 1, op, ": index must have 1 dimension, got shape ", index.shape());
    Array at = at_least_1d(int64_index(op, index, kept));
    check(x.rank() > 0 || at.numel() == 1, op, ": a 0-d input takes one index, got ", at.numel());
    return {op, axis, at};
}

void check_source(const char* op, const Tensor& x, const Tensor& src, const Shape& index) {
    check_type(src.dtype() == x.dtype(), op, ": input has dtype ", x.dtype(), ", src ", src.dtype());
    bool fits = src.rank() == index.rank();
    for (int i = 0; fits && i < index.rank(); ++i) fits = index[i] <= src.size(i);
    check(fits, op, ": src of shape ", src.shape(), " must not be smaller than index of shape ", index);
}

}  // namespace

Tensor gather(const Tensor& input, int64_t dim, const Tensor& index) {
    return gather_at(input, check_elementwise_index("gather", input, dim, index, recorded({input})));
}

Tensor scatter(const Tensor& input, int64_t dim, const Tensor& index, const Tensor& src) {
    Place place = check_elementwise_index("scatter", input, dim, index, recorded({input, src}));
    check_source("scatter", input, src, index.shape());
    return scatter_at(input, place, src);
}

Tensor scatter_add(const Tensor& input, int64_t dim, const Tensor& index, const Tensor& src) {
    Place place = check_elementwise_index("scatter_add", input, dim, index, recorded({input, src}));
    check_source("scatter_add", input, src, index.shape());
    return scatter_add_at(input, place, src);
}

Tensor index_select(const Tensor& input, int64_t dim, const Tensor& index) {
    return index_select_at(input, check_vector_index("index_select", input, dim, index, recorded({input})));
}

Tensor index_sum(const Shape& size, int64_t dim, const Tensor& index, const Tensor& source) {
    return sum_of_rows(size, {"index_sum", static_cast<int>(dim), int64_index("index_sum", index, recorded({source}))}, source);
}

Tensor index_add(const Tensor& input, int64_t dim, const Tensor& index, const Tensor& source) {
    Place place = check_vector_index("index_add", input, dim, index, recorded({input, source}));
    check_type(source.dtype() == input.dtype(), "index_add: input has dtype ", input.dtype(), ", source ", source.dtype());
    Shape expected = input.shape();
    if (input.rank()) expected[place.axis] = place.index.numel();
    check(source.shape() == expected, "index_add: source must have shape ", expected, ", got ", source.shape());
    return index_add_at(input, place, source);
}

}  // namespace cc
