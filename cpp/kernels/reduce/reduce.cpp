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
#include <cstring>
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
constexpr int64_t kTurned = 2048;     // values turned at a time

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

// A sum of squares folds partial sums by adding them.
template <class F> using Merge = std::conditional_t<std::is_same_v<F, SumSquares>, Sum, F>;

// One reduction of one dtype: what the drivers below need to know of it, so that they exist once.
struct Reducer {
    int64_t item, acc;  // bytes of an element and of an accumulator
    ReduceLoop loop;
    void (*clear)(void* acc, int64_t n);
    void (*merge)(void* acc, const void* more, int64_t n);
    void (*finish)(const void* acc, int64_t n, void* out, int64_t step);
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

template <class A, class F> void clear(void* acc, int64_t n) {
    std::fill_n(static_cast<A*>(acc), n, F::template identity<A>());
}

template <class A, class F> void merge(void* acc_, const void* more_, int64_t n) {
    A* acc = static_cast<A*>(acc_);
    const A* more = static_cast<const A*>(more_);
    for (int64_t i = 0; i < n; ++i) acc[i] = Merge<F>::template fold<A>(acc[i], more[i]);
}

template <class T, class A> void finish(const void* acc_, int64_t n, void* out_, int64_t step) {
    const A* acc = static_cast<const A*>(acc_);
    T* out = static_cast<T*>(out_);
    for (int64_t i = 0; i < n; ++i) out[i * step] = static_cast<T>(acc[i]);
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

template <class T, class A, class F> Reducer reducer() {
    return {sizeof(T), sizeof(A), loop_for<T, A, F>(), clear<A, F>, merge<A, F>, finish<T, A>};
}

Shape dense_strides(const Shape& shape) {
    Shape strides = shape;
    int64_t step = 1;
    for (int i = shape.rank() - 1; i >= 0; --i) {
        strides[i] = step;
        step *= shape[i];
    }
    return strides;
}

// Kept axes: array 0 is x, array 1 the output. Reduced axes: x alone.
struct Layout {
    Strided kept, reduced;

    static Strided order_kept(const ReduceProblem& p) {
        const Shape dense = dense_strides(p.kept);
        const Shape* strides[] = {&p.kept_strides, &dense};
        return Strided(p.kept, strides, 2);
    }
    static Strided order_reduced(const ReduceProblem& p) {
        const Shape* strides[] = {&p.reduced_strides};
        return Strided(p.reduced, strides, 1);
    }
    explicit Layout(const ReduceProblem& p) : kept(order_kept(p)), reduced(order_reduced(p)) {}
};

// The offset of element `index` of the first `axes` axes.
int64_t offset_of(const Strided& s, int array, int64_t index, int axes) {
    int64_t at = s.offset[array];
    for (int i = axes - 1; i >= 0; --i) {
        at += index % s.size[i] * s.stride[array][i];
        index /= s.size[i];
    }
    return at;
}

void reduce_columns(const Layout& l, const Reducer& f, const char* x, char* out) {
    const int last = l.kept.rank - 1;
    const int64_t columns = l.kept.size[last], outer = l.kept.numel() / columns;
    const int64_t rows = l.reduced.numel(), out_step = l.kept.stride[1][last];
    const int64_t tiles = ceil_div(columns, kColumns), width = std::min(columns, kColumns);
    int64_t slices = 1;
    if (outer * tiles < kSlices)
        slices = std::max<int64_t>(1, std::min({kSlices / (outer * tiles),
                                                ceil_div(rows * width, kGrain),
                                                ceil_div(rows, kColumnRows)}));
    const int64_t slice_rows = ceil_div(ceil_div(rows, slices), kColumnRows) * kColumnRows;
    Scratch<char> partial(slices > 1 ? slices * outer * columns * f.acc : 1);

    auto finish = [&](const char* acc, int64_t o, int64_t c, int64_t n) {
        char* to = out + (offset_of(l.kept, 1, o, last) + c * out_step) * f.item;
        f.finish(acc, n, to, out_step);
    };
    const int64_t grain = std::max<int64_t>(1, kGrain / (slice_rows * width));
    parallel_for(slices * outer * tiles, grain, [&](int64_t begin, int64_t end) {
        alignas(64) char local[kColumns * 8];
        for (int64_t task = begin; task < end; ++task) {
            const int64_t tile = task % tiles, o = task / tiles % outer, slice = task / tiles / outer;
            const int64_t c = tile * kColumns, n = std::min(kColumns, columns - c);
            char* acc = local;
            if (slices > 1) acc = &partial[((slice * outer + o) * columns + c) * f.acc];
            f.clear(acc, n);
            const char* from = x + (offset_of(l.kept, 0, o, last) + c) * f.item;
            const int64_t first = slice * slice_rows, count = std::min(slice_rows, rows - first);
            if (count > 0)
                l.reduced.walk(0, first, count, [&](int64_t at, int64_t run, int64_t step) {
                    for (int64_t r = 0; r < run; r += kColumnRows)
                        f.loop.columns(from + (at + r * step) * f.item,
                                       std::min(kColumnRows, run - r), step, n, acc);
                });
            if (slices == 1) finish(acc, o, c, n);
        }
    });
    if (slices == 1) return;
    for (int64_t o = 0; o < outer; ++o) {
        char* acc = &partial[o * columns * f.acc];
        for (int64_t s = 1; s < slices; ++s)
            f.merge(acc, &partial[(s * outer + o) * columns * f.acc], columns);
        finish(acc, o, 0, columns);
    }
}

// turned[k · n + i] = value k of output first + i; at_value has the offsets of an output's values.
template <class T>
void turn_as(const Strided& kept, int array, const T* x, int64_t first, int64_t n,
             const int64_t* at_value, int64_t length, T* turned) {
    kept.walk(array, first, n, [&](int64_t at, int64_t run, int64_t step) {
        const T* from = x + at;
        for (int64_t i = 0; i < run; ++i, from += step, ++turned)
            for (int64_t k = 0; k < length; ++k) turned[k * n] = from[at_value[k]];
    });
}

void turn(const Strided& kept, int array, int64_t item, const void* x, int64_t first, int64_t n,
          const int64_t* at_value, int64_t length, void* turned) {
    auto as = [&](auto zero) {
        using T = decltype(zero);
        turn_as(kept, array, static_cast<const T*>(x), first, n, at_value, length,
                static_cast<T*>(turned));
    };
    if (item == 1) as(uint8_t{});
    else if (item == 4) as(uint32_t{});
    else as(uint64_t{});
}

void offsets_of_values(const Strided& reduced, int array, int64_t* at_value) {
    reduced.walk(array, 0, reduced.numel(), [&](int64_t at, int64_t run, int64_t step) {
        for (int64_t i = 0; i < run; ++i) *at_value++ = at + i * step;
    });
}

// Many outputs of a few values each: tiles are turned so that vectors run along the outputs.
void reduce_short(const Layout& l, const Reducer& f, const char* x, char* out) {
    const int64_t outputs = l.kept.numel(), length = l.reduced.numel(), tile = kTurned / length;
    int64_t at_value[kShort];
    offsets_of_values(l.reduced, 0, at_value);
    const int64_t grain = std::max<int64_t>(1, kGrain / (tile * length));
    parallel_for(ceil_div(outputs, tile), grain, [&](int64_t begin, int64_t end) {
        alignas(64) char turned[kTurned * 8], acc[kTurned * 8];
        for (int64_t first = begin * tile; first < std::min(outputs, end * tile); first += tile) {
            const int64_t n = std::min(tile, outputs - first);
            turn(l.kept, 0, f.item, x, first, n, at_value, length, turned);
            f.clear(acc, n);
            f.loop.columns(turned, length, n, n, acc);
            const char* value = acc;
            l.kept.walk(1, first, n, [&](int64_t at, int64_t run, int64_t step) {
                f.finish(value, run, out + at * f.item, step);
                value += run * f.acc;
            });
        }
    });
}

void reduce_rows(const Layout& l, const Reducer& f, const char* x, char* out) {
    const int64_t outputs = l.kept.numel(), length = l.reduced.numel();
    const int last = l.reduced.rank - 1;
    const bool contiguous =
        l.reduced.stride[0][last] == 1 && (last == 0 || l.reduced.size[last] >= 64);
    const int64_t block = contiguous ? kBlock : kGathered;
    int64_t slices = 1;
    if (outputs < kSlices)
        slices = std::max<int64_t>(1, std::min(kSlices / outputs, ceil_div(length, kGrain)));
    const int64_t slice = ceil_div(ceil_div(length, slices), block) * block;
    Scratch<char> partial(outputs * slices * f.acc);

    const int64_t grain = std::max<int64_t>(1, kGrain / slice);
    parallel_for(outputs * slices, grain, [&](int64_t begin, int64_t end) {
        alignas(64) char buffer[kGathered * 8];
        for (int64_t task = begin; task < end; ++task) {
            const char* from = x + offset_of(l.kept, 0, task / slices, l.kept.rank) * f.item;
            const int64_t first = task % slices * slice, count = std::min(slice, length - first);
            char* acc = &partial[task * f.acc];
            f.clear(acc, 1);
            if (contiguous && count > 0) {
                l.reduced.walk(0, first, count, [&](int64_t at, int64_t run, int64_t) {
                    for (int64_t i = 0; i < run; i += kBlock)
                        f.loop.row(from + (at + i) * f.item, std::min(kBlock, run - i), acc);
                });
            } else {
                for (int64_t i = 0; i < count; i += kGathered) {
                    const int64_t n = std::min(kGathered, count - i);
                    gather(l.reduced, 0, f.item, from, first + i, n, buffer);
                    f.loop.row(buffer, n, acc);
                }
            }
        }
    });
    for (int64_t s = 1; s < slices; ++s)
        for (int64_t o = 0; o < outputs; ++o)
            f.merge(&partial[o * slices * f.acc], &partial[(o * slices + s) * f.acc], 1);
    int64_t o = 0;
    l.kept.walk(1, 0, outputs, [&](int64_t at, int64_t run, int64_t step) {
        for (int64_t i = 0; i < run; ++i, ++o)
            f.finish(&partial[o * slices * f.acc], 1, out + (at + i * step) * f.item, 1);
    });
}

void reduce_values(const ReduceProblem& p, const Reducer& f, const void* x_, void* out_) {
    const char* x = static_cast<const char*>(x_);
    char* out = static_cast<char*>(out_);
    const int64_t outputs = p.kept.numel(), length = p.reduced.numel();
    if (outputs == 0) return;
    if (length == 0) {
        alignas(8) char nothing[8];
        f.clear(nothing, 1);
        for (int64_t o = 0; o < outputs; ++o) f.finish(nothing, 1, out + o * f.item, 1);
        return;
    }
    const Layout l(p);
    const int last = l.kept.rank - 1;
    const bool columns = l.kept.stride[0][last] == 1 && l.kept.size[last] > 1 &&
                         l.reduced.stride[0][l.reduced.rank - 1] != 1;
    if (columns) reduce_columns(l, f, x, out);
    else if (length <= kShort && outputs >= kSlices) reduce_short(l, f, x, out);
    else reduce_rows(l, f, x, out);
}

// The best value so far and where it is; nothing before the first.
struct Best {
    alignas(8) char value[8];
    int64_t position = -1;
};

// The same for positions. A NaN is best of all, and nothing after it counts.
struct PositionReducer {
    int64_t item;
    // to[i] = the row of the first best value of column i, for up to kTurned columns
    void (*columns)(const void* x, int64_t rows, int64_t stride, int64_t columns, int64_t* to);
    // continues `best` with values whose first has position `first`
    void (*row)(const void* values, int64_t n, int64_t first, Best& best);
};

template <class T, class F>
void position_columns(const void* x_, int64_t rows, int64_t stride, int64_t columns, int64_t* to) {
    // Indices as wide as the values, so that both fill vectors alike.
    using Index = std::conditional_t<sizeof(T) == 8, int64_t, int32_t>;
    const T* x = static_cast<const T*>(x_);
    T best[kTurned];
    Index row[kTurned];
    for (int64_t i = 0; i < columns; ++i) {
        best[i] = x[i];
        row[i] = 0;
    }
    for (int64_t r = 1; r < rows; ++r)
        for (int64_t i = 0; i < columns; ++i) {
            const T b = best[i], v = x[r * stride + i];
            const bool keep = (F::template fold<T>(b, v) == b) | (b != b);
            best[i] = keep ? b : v;
            row[i] = keep ? row[i] : static_cast<Index>(r);
        }
    for (int64_t i = 0; i < columns; ++i) to[i] = row[i];
}

template <class T, class F>
void position_row(const void* values_, int64_t n, int64_t first, Best& best) {
    const T* values = static_cast<const T*>(values_);
    T so_far, block = F::template identity<T>();
    std::memcpy(&so_far, best.value, sizeof(T));
    loop_for<T, T, F>().row(values, n, &block);
    if (best.position >= 0 && ((F::template fold<T>(so_far, block) == so_far) | (so_far != so_far)))
        return;
    std::memcpy(best.value, &block, sizeof(T));
    const bool nan = block != block;
    int64_t k = 0;
    while (nan ? values[k] == values[k] : values[k] != block) ++k;
    best.position = first + k;
}

void reduce_positions(const ReduceProblem& p, const PositionReducer& f, const void* x_,
                      int64_t* out) {
    const char* x = static_cast<const char*>(x_);
    const int64_t outputs = p.kept.numel(), length = p.reduced.numel();
    if (outputs == 0) return;
    // Array 0 holds positions, so that axes keep their order; array 1 is x.
    const Shape kept_dense = dense_strides(p.kept), reduced_dense = dense_strides(p.reduced);
    const Shape* kept_strides[] = {&kept_dense, &p.kept_strides};
    const Shape* reduced_strides[] = {&reduced_dense, &p.reduced_strides};
    const Strided kept(p.kept, kept_strides, 2), reduced(p.reduced, reduced_strides, 2);
    const int last = kept.rank - 1;

    const bool columns = kept.stride[1][last] == 1 && kept.size[last] > 1 && reduced.rank == 1;
    if ((columns || (length <= kShort && outputs >= kSlices)) && length <= INT32_MAX) {
        const int64_t width = columns ? kept.size[last] : outputs;
        const int64_t tile = std::min(width, columns ? kTurned : kTurned / length);
        const int64_t tiles = ceil_div(width, tile);
        int64_t at_value[kShort];
        if (!columns) offsets_of_values(reduced, 1, at_value);
        const int64_t grain = std::max<int64_t>(1, kGrain / (length * tile));
        parallel_for(outputs / width * tiles, grain, [&](int64_t begin, int64_t end) {
            alignas(64) char turned[kTurned * 8];
            for (int64_t task = begin; task < end; ++task) {
                const int64_t o = task / tiles, c = task % tiles * tile;
                const int64_t n = std::min(tile, width - c);
                int64_t* to = out + o * width + c;
                if (columns) {
                    const int64_t at = offset_of(kept, 1, o, last) + reduced.offset[1] + c;
                    f.columns(x + at * f.item, length, reduced.stride[1][0], n, to);
                } else {
                    turn(kept, 1, f.item, x, c, n, at_value, length, turned);
                    f.columns(turned, length, n, n, to);
                }
            }
        });
        return;
    }

    const bool contiguous = reduced.rank == 1 && reduced.stride[1][0] == 1;
    parallel_for(outputs, std::max<int64_t>(1, kGrain / length), [&](int64_t begin, int64_t end) {
        alignas(64) char buffer[kGathered * 8];
        for (int64_t o = begin; o < end; ++o) {
            const char* from = x + offset_of(kept, 1, o, kept.rank) * f.item;
            Best best;
            for (int64_t i = 0; i < length; i += kGathered) {
                const int64_t n = std::min(kGathered, length - i);
                const void* values = from + (reduced.offset[1] + i) * f.item;
                if (!contiguous) {
                    gather(reduced, 1, f.item, from, i, n, buffer);
                    values = buffer;
                }
                f.row(values, n, i, best);
            }
            out[o] = best.position;
        }
    });
}

template <class T, class F> PositionReducer position_reducer() {
    return {sizeof(T), position_columns<T, F>, position_row<T, F>};
}

}  // namespace

void reduce(Reduction op, const ReduceProblem& p, const void* x, void* out) {
    auto values = [&](const Reducer& f) { reduce_values(p, f, x, out); };
    auto positions = [&](const PositionReducer& f) {
        reduce_positions(p, f, x, static_cast<int64_t*>(out));
    };
    if (op == Reduction::Any || op == Reduction::All) {
        check_type(p.dtype == Dtype::Bool, "any, all: input must be bool, got ", p.dtype);
        return values(op == Reduction::Any ? reducer<uint8_t, uint8_t, Any>()
                                           : reducer<uint8_t, uint8_t, All>());
    }
    visit_dtype(p.dtype, [&](auto zero) {
        using T = decltype(zero);
        // bool's extremes are those of its bytes.
        using E = std::conditional_t<std::is_same_v<T, bool>, uint8_t, T>;
        using Total = std::conditional_t<std::is_floating_point_v<T>, double, uint64_t>;
        switch (op) {
            case Reduction::Sum: return values(reducer<T, Total, Sum>());
            case Reduction::SumSquares: return values(reducer<T, Total, SumSquares>());
            case Reduction::Prod: return values(reducer<T, Total, Prod>());
            case Reduction::Max: return values(reducer<E, E, Max>());
            case Reduction::Min: return values(reducer<E, E, Min>());
            case Reduction::ArgMax: return positions(position_reducer<E, Max>());
            default: return positions(position_reducer<E, Min>());
        }
    });
}

}  // namespace cc
