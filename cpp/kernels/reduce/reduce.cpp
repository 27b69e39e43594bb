// Reductions over any set of axes.
//
// Every output folds its values in blocks: ≤ kBlock float32 values in vectors (a fixed tree of
// lanes), the blocks in double, one after the other. Axes are put in memory order and merged; then
//   columns   the innermost kept axis is contiguous (channels-last sums over N, H, W): kColumnRows
//             rows at a time, vectors along the kept axis;
//   short     many outputs of few values: tiles of outputs are turned into columns;
//   rows      the innermost reduced axis is contiguous: blocks are pieces of it;
//   gathered  otherwise, or when contiguous runs are short: blocks are copied together first.
// Few long outputs are cut into slices, by sizes alone, that are folded in order at the end: no
// thread count changes a bit.
#include "kernels/reduce/reduce.h"

#include <algorithm>
#include <limits>
#include <type_traits>

#include "base/allocator.h"
#include "base/cpu.h"
#include "base/parallel.h"
#include "kernels/reduce/loops.h"
#include "kernels/strided.h"

namespace cc {

namespace {

constexpr int64_t kBlock = 4096;  // values folded in the element type before double takes over
constexpr int64_t kGathered = 1024;
constexpr int64_t kColumnRows = 64;
constexpr int64_t kColumns = 1024;     // columns of one task
constexpr int64_t kGrain = 16 * 1024;  // values worth waking a thread for
constexpr int64_t kSlices = 64;
constexpr int64_t kShort = 32;        // values of an output that count as few
constexpr int64_t kShortTile = 2048;  // values turned at a time
constexpr int64_t kPositionTile = kShortTile;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

struct Sum {
    template <class A> static A identity() { return 0; }
    template <class A> static A fold(A a, A x) { return a + x; }
};
struct SumSquares {
    template <class A> static A identity() { return 0; }
    template <class A> static A fold(A a, A x) { return a + x * x; }
};
struct Prod {
    template <class A> static A identity() { return 1; }
    template <class A> static A fold(A a, A x) { return a * x; }
};
struct Any {
    template <class A> static A identity() { return 0; }
    template <class A> static A fold(A a, A x) { return a | x; }
};
struct All {
    template <class A> static A identity() { return 1; }
    template <class A> static A fold(A a, A x) { return a & x; }
};
struct Max {
    template <class A> static A identity() {
        return std::is_floating_point_v<A> ? -std::numeric_limits<A>::infinity()
                                           : std::numeric_limits<A>::lowest();
    }
    template <class A> static A fold(A a, A x) { return (a > x) | (a != a) ? a : x; }
};
struct Min {
    template <class A> static A identity() {
        return std::is_floating_point_v<A> ? std::numeric_limits<A>::infinity()
                                           : std::numeric_limits<A>::max();
    }
    template <class A> static A fold(A a, A x) { return (a < x) | (a != a) ? a : x; }
};

// The plain loops: integers, bool, products.
template <class T, class A, class F> void plain_row(const void* x_, int64_t n, void* acc) {
    const T* x = static_cast<const T*>(x_);
    A a = *static_cast<A*>(acc);
    for (int64_t i = 0; i < n; ++i) a = F::template fold<A>(a, static_cast<A>(x[i]));
    *static_cast<A*>(acc) = a;
}

template <class T, class A, class F>
void plain_columns(const void* x, int64_t rows, int64_t stride, int64_t columns, void* acc) {
    A* a = static_cast<A*>(acc);
    for (int64_t r = 0; r < rows; ++r) {
        const T* row = static_cast<const T*>(x) + r * stride;
        for (int64_t c = 0; c < columns; ++c)
            a[c] = F::template fold<A>(a[c], static_cast<A>(row[c]));
    }
}

const VectorReductions& vector_loops(Dtype dtype) {
    const bool single = dtype == Dtype::Float32;
#ifdef CONVCORE_X86
    if (isa() == Isa::Avx512) return single ? avx512::reduce_float32 : avx512::reduce_float64;
    if (isa() == Isa::Avx2) return single ? avx2::reduce_float32 : avx2::reduce_float64;
#endif
    return single ? generic::reduce_float32 : generic::reduce_float64;
}

template <class T, class A, class F> ReduceLoop loop_for() {
    if constexpr (std::is_floating_point_v<T>) {
        const VectorReductions& v = vector_loops(dtype_of<T>);
        if constexpr (std::is_same_v<F, Sum>) return v.sum;
        if constexpr (std::is_same_v<F, SumSquares>) return v.sum_squares;
        if constexpr (std::is_same_v<F, Max>) return v.max;
        if constexpr (std::is_same_v<F, Min>) return v.min;
    }
    return {plain_row<T, A, F>, plain_columns<T, A, F>};
}

// Kept axes: array 0 is x, array 1 the output. Reduced axes: x alone.
struct Layout {
    Strided kept, reduced;

    static Strided order_kept(const ReduceProblem& p) {
        Shape dense = p.kept;
        int64_t step = 1;
        for (int i = p.kept.rank() - 1; i >= 0; --i) {
            dense[i] = step;
            step *= p.kept[i];
        }
        const Shape* strides[] = {&p.kept_strides, &dense};
        return Strided(p.kept, strides, 2);
    }
    static Strided order_reduced(const ReduceProblem& p) {
        const Shape* strides[] = {&p.reduced_strides};
        return Strided(p.reduced, strides, 1);
    }
    explicit Layout(const ReduceProblem& p) : kept(order_kept(p)), reduced(order_reduced(p)) {}
};

// Offsets of element `index` of a layout.
int64_t offset_of(const Strided& s, int array, int64_t index, int axes) {
    int64_t at = s.offset[array];
    for (int i = axes - 1; i >= 0; --i) {
        at += index % s.size[i] * s.stride[array][i];
        index /= s.size[i];
    }
    return at;
}

// A sum of squares folds partial sums by adding them.
template <class F> using Merge = std::conditional_t<std::is_same_v<F, SumSquares>, Sum, F>;

template <class T, class A, class F>
void reduce_columns(const Layout& l, const ReduceLoop& loop, const T* x, T* out) {
    const int last = l.kept.rank - 1;
    const int64_t columns = l.kept.size[last], outer = l.kept.numel() / columns,
                  rows = l.reduced.numel();
    const int64_t tiles = ceil_div(columns, kColumns), width = std::min(columns, kColumns);
    int64_t slices = 1;
    if (outer * tiles < kSlices)
        slices = std::max<int64_t>(
            1, std::min({kSlices / (outer * tiles), ceil_div(rows * width, kGrain),
                         ceil_div(rows, kColumnRows)}));
    const int64_t slice_rows = ceil_div(ceil_div(rows, slices), kColumnRows) * kColumnRows;
    Scratch<A> partial(slices > 1 ? slices * outer * columns : 1);

    auto finish = [&](const A* acc, int64_t o, int64_t c, int64_t n) {
        T* to = out + offset_of(l.kept, 1, o, last) + c * l.kept.stride[1][last];
        for (int64_t i = 0; i < n; ++i) to[i * l.kept.stride[1][last]] = static_cast<T>(acc[i]);
    };
    const int64_t work = std::max<int64_t>(1, slice_rows * width);
    parallel_for(slices * outer * tiles, std::max<int64_t>(1, kGrain / work),
                 [&](int64_t begin, int64_t end) {
                     A local[kColumns];
                     for (int64_t task = begin; task < end; ++task) {
                         const int64_t tile = task % tiles, o = task / tiles % outer,
                                       slice = task / tiles / outer;
                         const int64_t c = tile * kColumns, n = std::min(kColumns, columns - c);
                         A* acc = slices > 1 ? &partial[(slice * outer + o) * columns + c] : local;
                         std::fill(acc, acc + n, F::template identity<A>());
                         const T* from = x + offset_of(l.kept, 0, o, last) + c;
                         const int64_t first = slice * slice_rows,
                                       count = std::min(slice_rows, rows - first);
                         if (count > 0)
                             l.reduced.walk(
                                 0, first, count, [&](int64_t at, int64_t run, int64_t step) {
                                     for (int64_t r = 0; r < run; r += kColumnRows)
                                         loop.columns(from + at + r * step,
                                                      std::min(kColumnRows, run - r), step, n, acc);
                                 });
                         if (slices == 1) finish(acc, o, c, n);
                     }
                 });
    if (slices == 1) return;
    for (int64_t o = 0; o < outer; ++o) {
        A* acc = &partial[o * columns];
        for (int64_t s = 1; s < slices; ++s) {
            const A* more = &partial[(s * outer + o) * columns];
            for (int64_t c = 0; c < columns; ++c)
                acc[c] = Merge<F>::template fold<A>(acc[c], more[c]);
        }
        finish(acc, o, 0, columns);
    }
}

// Many outputs of a few values each: a tile of them is turned so that vectors run along the
// outputs.
template <class T, class A, class F>
void reduce_short(const Layout& l, const ReduceLoop& loop, const T* x, T* out) {
    const int64_t outputs = l.kept.numel(), length = l.reduced.numel(), tile = kShortTile / length;
    int64_t at_value[kShort], found = 0;
    l.reduced.walk(0, 0, length, [&](int64_t at, int64_t run, int64_t step) {
        for (int64_t i = 0; i < run; ++i) at_value[found++] = at + i * step;
    });
    parallel_for(ceil_div(outputs, tile), std::max<int64_t>(1, kGrain / (tile * length)),
                 [&](int64_t begin, int64_t end) {
                     T turned[kShortTile];
                     A acc[kShortTile];
                     for (int64_t first = begin * tile; first < std::min(outputs, end * tile);
                          first += tile) {
                         const int64_t n = std::min(tile, outputs - first);
                         T* to = turned;
                         l.kept.walk(0, first, n, [&](int64_t at, int64_t run, int64_t step) {
                             const T* from = x + at;
                             for (int64_t i = 0; i < run; ++i, from += step, ++to)
                                 for (int64_t k = 0; k < length; ++k) to[k * n] = from[at_value[k]];
                         });
                         std::fill(acc, acc + n, F::template identity<A>());
                         loop.columns(turned, length, n, n, acc);
                         const A* value = acc;
                         l.kept.walk(1, first, n, [&](int64_t at, int64_t run, int64_t step) {
                             for (int64_t i = 0; i < run; ++i)
                                 out[at + i * step] = static_cast<T>(*value++);
                         });
                     }
                 });
}

template <class T, class A, class F>
void reduce_rows(const Layout& l, const ReduceLoop& loop, const T* x, T* out) {
    const int64_t outputs = l.kept.numel(), length = l.reduced.numel();
    const int last = l.reduced.rank - 1;
    const bool contiguous =
        l.reduced.stride[0][last] == 1 && (last == 0 || l.reduced.size[last] >= 64);
    const int64_t block = contiguous ? kBlock : kGathered;
    int64_t slices = 1;
    if (outputs < kSlices)
        slices = std::max<int64_t>(1, std::min(kSlices / outputs, ceil_div(length, kGrain)));
    const int64_t slice = ceil_div(ceil_div(length, slices), block) * block;
    Scratch<A> partial(outputs * slices);

    parallel_for(outputs * slices, std::max<int64_t>(1, kGrain / slice),
                 [&](int64_t begin, int64_t end) {
                     T buffer[kGathered];
                     for (int64_t task = begin; task < end; ++task) {
                         const T* from = x + offset_of(l.kept, 0, task / slices, l.kept.rank);
                         const int64_t first = task % slices * slice,
                                       count = std::min(slice, length - first);
                         A acc = F::template identity<A>();
                         if (contiguous && last == 0) {
                             from += l.reduced.offset[0] + first;
                             for (int64_t i = 0; i < count; i += kBlock)
                                 loop.row(from + i, std::min(kBlock, count - i), &acc);
                         } else if (contiguous && count > 0) {
                             l.reduced.walk(0, first, count, [&](int64_t at, int64_t run, int64_t) {
                                 for (int64_t i = 0; i < run; i += kBlock)
                                     loop.row(from + at + i, std::min(kBlock, run - i), &acc);
                             });
                         } else {
                             for (int64_t i = 0; i < count; i += kGathered) {
                                 const int64_t n = std::min(kGathered, count - i);
                                 gather(l.reduced, 0, sizeof(T), from, first + i, n, buffer);
                                 loop.row(buffer, n, &acc);
                             }
                         }
                         partial[task] = acc;
                     }
                 });
    const A* value = partial.data();
    l.kept.walk(1, 0, outputs, [&](int64_t at, int64_t run, int64_t step) {
        for (int64_t i = 0; i < run; ++i) {
            A acc = *value++;
            for (int64_t s = 1; s < slices; ++s) acc = Merge<F>::template fold<A>(acc, *value++);
            out[at + i * step] = static_cast<T>(acc);
        }
    });
}

template <class T, class A, class F>
void reduce_as(const ReduceProblem& p, const void* x_, void* out_) {
    const T* x = static_cast<const T*>(x_);
    T* out = static_cast<T*>(out_);
    const int64_t outputs = p.kept.numel();
    if (outputs == 0) return;
    if (p.reduced.numel() == 0) {
        std::fill(out, out + outputs, static_cast<T>(F::template identity<A>()));
        return;
    }
    const Layout l(p);
    const ReduceLoop loop = loop_for<T, A, F>();
    const bool columns = l.kept.stride[0][l.kept.rank - 1] == 1 &&
                         l.kept.size[l.kept.rank - 1] > 1 &&
                         l.reduced.stride[0][l.reduced.rank - 1] != 1;
    if (columns) reduce_columns<T, A, F>(l, loop, x, out);
    else if (l.reduced.numel() <= kShort && outputs >= kSlices)
        reduce_short<T, A, F>(l, loop, x, out);
    else reduce_rows<T, A, F>(l, loop, x, out);
}

// to[i] = the row of the first best value of column i, for up to kPositionTile columns.
template <class T, class F>
void first_best(const T* x, int64_t rows, int64_t stride, int64_t columns, int64_t* to) {
    using Index = std::conditional_t<sizeof(T) == 8, int64_t,
                                     int32_t>;  // as wide as T, where that makes vectors
    T best[kPositionTile];
    Index row[kPositionTile];
    for (int64_t i = 0; i < columns; ++i) best[i] = x[i], row[i] = 0;
    for (int64_t r = 1; r < rows; ++r)
        for (int64_t i = 0; i < columns; ++i) {
            const T b = best[i], v = x[r * stride + i];
            const bool keep = (F::template fold<T>(b, v) == b) | (b != b);
            best[i] = keep ? b : v;
            row[i] = keep ? row[i] : static_cast<Index>(r);
        }
    for (int64_t i = 0; i < columns; ++i) to[i] = row[i];
}

// The position of the first best value along the reduced axes in their given order.
template <class T, class F> void reduce_position(const ReduceProblem& p, const T* x, int64_t* out) {
    const int64_t outputs = p.kept.numel(), length = p.reduced.numel();
    auto dense = [](const Shape& shape) {
        Shape strides = shape;
        int64_t step = 1;
        for (int i = shape.rank() - 1; i >= 0; --i) {
            strides[i] = step;
            step *= shape[i];
        }
        return strides;
    };
    const Shape kept_dense = dense(p.kept), reduced_dense = dense(p.reduced);
    const Shape* kept_strides[] = {&kept_dense, &p.kept_strides};
    const Shape* reduced_strides[] = {&reduced_dense, &p.reduced_strides};
    const Strided kept(p.kept, kept_strides, 2), reduced(p.reduced, reduced_strides, 2);
    const ReduceLoop loop = loop_for<T, T, F>();
    const int last = kept.rank - 1;

    // A tile of outputs whose values lie side by side, or are few and turned to lie so: vectors run
    // along the outputs.
    const bool columns = kept.stride[1][last] == 1 && kept.size[last] > 1 && reduced.rank == 1;
    if ((columns || (length <= kShort && outputs >= kSlices)) && length <= INT32_MAX) {
        const int64_t width = columns ? kept.size[last] : outputs,
                      tile = std::min(width, columns ? kPositionTile : kShortTile / length);
        const int64_t tiles = ceil_div(width, tile);
        int64_t at_value[kShort], found = 0;
        if (!columns)
            reduced.walk(1, 0, length, [&](int64_t at, int64_t run, int64_t step) {
                for (int64_t i = 0; i < run; ++i) at_value[found++] = at + i * step;
            });
        parallel_for(outputs / width * tiles, std::max<int64_t>(1, kGrain / (length * tile)),
                     [&](int64_t begin, int64_t end) {
                         T turned[kShortTile];
                         for (int64_t task = begin; task < end; ++task) {
                             const int64_t o = task / tiles, c = task % tiles * tile,
                                           n = std::min(tile, width - c);
                             int64_t* to = out + o * width + c;
                             if (columns) {
                                 first_best<T, F>(
                                     x + offset_of(kept, 1, o, last) + reduced.offset[1] + c,
                                     length, reduced.stride[1][0], n, to);
                                 continue;
                             }
                             T* next = turned;
                             kept.walk(1, c, n, [&](int64_t at, int64_t run, int64_t step) {
                                 const T* from = x + at;
                                 for (int64_t i = 0; i < run; ++i, from += step, ++next)
                                     for (int64_t k = 0; k < length; ++k)
                                         next[k * n] = from[at_value[k]];
                             });
                             first_best<T, F>(turned, length, n, n, to);
                         }
                     });
        return;
    }

    parallel_for(outputs, std::max<int64_t>(1, kGrain / length), [&](int64_t begin, int64_t end) {
        T buffer[kGathered];
        for (int64_t o = begin; o < end; ++o) {
            const T* from = x + offset_of(kept, 1, o, kept.rank);
            T best{};
            int64_t position = -1;
            for (int64_t i = 0; i < length; i += kGathered) {
                const int64_t n = std::min(kGathered, length - i);
                const T* values = buffer;
                if (reduced.rank == 1 && reduced.stride[1][0] == 1)
                    values = from + reduced.offset[1] + i;
                else gather(reduced, 1, sizeof(T), from, i, n, buffer);
                T block = F::template identity<T>();
                loop.row(values, n, &block);
                const bool keep =
                    position >= 0 && (F::template fold<T>(best, block) == best || best != best);
                if (keep) continue;
                best = block;
                for (int64_t k = 0; k < n; ++k)
                    if (values[k] == best || (best != best && values[k] != values[k])) {
                        position = i + k;
                        break;
                    }
                if (best != best) break;
            }
            out[o] = position;
        }
    });
}

}  // namespace

void reduce(Reduction op, const ReduceProblem& p, const void* x, void* out) {
    visit_dtype(p.dtype, [&](auto zero) {
        using T = decltype(zero);
        // bool's extremes are those of its bytes.
        using Extreme = std::conditional_t<std::is_same_v<T, bool>, uint8_t, T>;
        using Total = std::conditional_t<std::is_floating_point_v<T>, double, uint64_t>;
        switch (op) {
            case Reduction::Sum:
                return reduce_as<T, Total, Sum>(p, x, out);
            case Reduction::SumSquares:
                return reduce_as<T, Total, SumSquares>(p, x, out);
            case Reduction::Prod:
                return reduce_as<T, Total, Prod>(p, x, out);
            case Reduction::Max:
                return reduce_as<Extreme, Extreme, Max>(p, x, out);
            case Reduction::Min:
                return reduce_as<Extreme, Extreme, Min>(p, x, out);
            case Reduction::ArgMax:
                return reduce_position<Extreme, Max>(p, static_cast<const Extreme*>(x),
                                                     static_cast<int64_t*>(out));
            case Reduction::ArgMin:
                return reduce_position<Extreme, Min>(p, static_cast<const Extreme*>(x),
                                                     static_cast<int64_t*>(out));
            case Reduction::Any:
            case Reduction::All:
                if constexpr (std::is_same_v<T, bool>) {
                    if (op == Reduction::Any) return reduce_as<uint8_t, uint8_t, Any>(p, x, out);
                    return reduce_as<uint8_t, uint8_t, All>(p, x, out);
                }
                fail(ErrorKind::Type, "any, all: input must be bool, got ", p.dtype);
        }
    });
}

}  // namespace cc
