// Reductions over any set of axes.
//
// Every output folds its values in blocks: ≤ kReduceBlock float32 values in vectors (a fixed tree of
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
#include "base/parallel.h"
#include "kernels/reduce/layout.h"

namespace cc {

namespace {

constexpr int64_t kColumnRows = 64;
constexpr int64_t kColumns = 1024;  // columns of one task
constexpr int64_t kRows = 512;      // rows of one task

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

struct Sum {
    template <class A> static A identity() { return 0; }
    template <class A> static A merge(A a, A b) { return a + b; }
};
struct Prod {
    template <class A> static A identity() { return 1; }
    template <class A> static A merge(A a, A b) { return a * b; }
};
struct Any {
    template <class A> static A identity() { return 0; }
    template <class A> static A merge(A a, A b) { return a | b; }
};
struct All {
    template <class A> static A identity() { return 1; }
    template <class A> static A merge(A a, A b) { return a & b; }
};
struct Max {
    template <class A> static A identity() {
        return std::is_floating_point_v<A> ? -std::numeric_limits<A>::infinity()
                                           : std::numeric_limits<A>::lowest();
    }
    template <class A> static A merge(A a, A b) { return (a > b) | (a != a) ? a : b; }
};
struct Min {
    template <class A> static A identity() {
        return std::is_floating_point_v<A> ? std::numeric_limits<A>::infinity()
                                           : std::numeric_limits<A>::max();
    }
    template <class A> static A merge(A a, A b) { return (a < b) | (a != a) ? a : b; }
};

// One reduction of one dtype: what the drivers below need to know of it, so that they exist once.
struct Reducer {
    int64_t item, acc, out;  // bytes of an element, of an accumulator and of a result
    ReduceLoop loop;
    void (*clear)(void* acc, int64_t n);
    void (*merge)(void* acc, const void* more, int64_t n);
    void (*finish)(const void* acc, int64_t n, void* out, int64_t step);
};

template <class A, class F> void clear(void* acc, int64_t n) {
    std::fill_n(static_cast<A*>(acc), n, F::template identity<A>());
}

template <class A, class F> void merge(void* acc_, const void* more_, int64_t n) {
    A* acc = static_cast<A*>(acc_);
    const A* more = static_cast<const A*>(more_);
    for (int64_t i = 0; i < n; ++i) acc[i] = F::template merge<A>(acc[i], more[i]);
}

template <class Out, class A> void finish(const void* acc_, int64_t n, void* out_, int64_t step) {
    const A* acc = static_cast<const A*>(acc_);
    Out* out = static_cast<Out*>(out_);
    for (int64_t i = 0; i < n; ++i) out[i * step] = static_cast<Out>(acc[i]);
}

// Elements of T, results of type Out, accumulators of type A.
template <class T, class Out, class A, class F> Reducer reducer(const ReduceLoop& loop) {
    return {sizeof(T), sizeof(A), sizeof(Out), loop, clear<A, F>, merge<A, F>, finish<Out, A>};
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

void reduce_columns(const Layout& l, const Reducer& f, const char* x, char* out) {
    const int last = l.kept.rank - 1;
    const int64_t columns = l.kept.size[last], outer = l.kept.numel() / columns;
    const int64_t rows = l.reduced.numel(), out_step = l.kept.stride[1][last];
    const int64_t tiles = ceil_div(columns, kColumns), width = std::min(columns, kColumns);
    int64_t slices = 1;
    if (outer * tiles < kReduceSlices)
        slices = std::max<int64_t>(1, std::min({kReduceSlices / (outer * tiles),
                                                ceil_div(rows * width, kReduceGrain),
                                                ceil_div(rows, kColumnRows)}));
    const int64_t slice_rows = ceil_div(ceil_div(rows, slices), kColumnRows) * kColumnRows;
    Scratch<char> partial(slices > 1 ? slices * outer * columns * f.acc : 1);

    auto finish = [&](const char* acc, int64_t o, int64_t c, int64_t n) {
        char* to = out + (offset_of(l.kept, 1, o, last) + c * out_step) * f.out;
        f.finish(acc, n, to, out_step);
    };
    const int64_t grain = std::max<int64_t>(1, kReduceGrain / (slice_rows * width));
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

// Many outputs of a few values each: tiles are turned so that vectors run along the outputs.
void reduce_short(const Layout& l, const Reducer& f, const char* x, char* out) {
    const int64_t outputs = l.kept.numel(), length = l.reduced.numel(), tile = kReduceTurned / length;
    int64_t at_value[kReduceShort];
    offsets_of_values(l.reduced, 0, at_value);
    const int64_t grain = std::max<int64_t>(1, kReduceGrain / (tile * length));
    parallel_for(ceil_div(outputs, tile), grain, [&](int64_t begin, int64_t end) {
        alignas(64) char turned[kReduceTurned * 8], acc[kReduceTurned * 8];
        for (int64_t first = begin * tile; first < std::min(outputs, end * tile); first += tile) {
            const int64_t n = std::min(tile, outputs - first);
            turn(l.kept, 0, f.item, x, first, n, at_value, length, turned);
            f.clear(acc, n);
            f.loop.columns(turned, length, n, n, acc);
            const char* value = acc;
            l.kept.walk(1, first, n, [&](int64_t at, int64_t run, int64_t step) {
                f.finish(value, run, out + at * f.out, step);
                value += run * f.acc;
            });
        }
    });
}

// Many outputs whose values lie in contiguous runs.
void reduce_whole_rows(const Layout& l, const Reducer& f, const char* x, char* out) {
    const int64_t outputs = l.kept.numel(), length = l.reduced.numel();
    const int64_t tile = std::min(kRows, ceil_div(kReduceGrain, length));
    parallel_for(ceil_div(outputs, tile), 1, [&](int64_t begin, int64_t end) {
        alignas(64) char local[kRows * 8];
        for (int64_t first = begin * tile; first < std::min(outputs, end * tile); first += tile) {
            const int64_t n = std::min(tile, outputs - first);
            f.clear(local, n);
            char* acc = local;
            l.kept.walk(0, first, n, [&](int64_t at, int64_t rows, int64_t stride) {
                l.reduced.walk(0, 0, length, [&](int64_t in_row, int64_t run, int64_t) {
                    for (int64_t i = 0; i < run; i += kReduceBlock)
                        f.loop.rows(x + (at + in_row + i) * f.item, rows, stride,
                                    std::min(kReduceBlock, run - i), acc);
                });
                acc += rows * f.acc;
            });
            acc = local;
            l.kept.walk(1, first, n, [&](int64_t at, int64_t run, int64_t step) {
                f.finish(acc, run, out + at * f.out, step);
                acc += run * f.acc;
            });
        }
    });
}

void reduce_rows(const Layout& l, const Reducer& f, const char* x, char* out) {
    const int64_t outputs = l.kept.numel(), length = l.reduced.numel();
    const int last = l.reduced.rank - 1;
    const bool contiguous =
        l.reduced.stride[0][last] == 1 && (last == 0 || l.reduced.size[last] >= 64);
    const int64_t block = contiguous ? kReduceBlock : kReduceGathered;
    const Slices cut(outputs, length, block);
    const int64_t slices = cut.count;
    if (contiguous && slices == 1) return reduce_whole_rows(l, f, x, out);
    Scratch<char> partial(outputs * slices * f.acc);

    parallel_for(outputs * slices, cut.grain(), [&](int64_t begin, int64_t end) {
        alignas(64) char buffer[kReduceGathered * 8];
        for (int64_t task = begin; task < end; ++task) {
            const char* from = x + offset_of(l.kept, 0, task / slices, l.kept.rank) * f.item;
            const int64_t first = cut.begin(task % slices), count = cut.end(task % slices) - first;
            char* acc = &partial[task * f.acc];
            f.clear(acc, 1);
            if (contiguous && count > 0) {
                l.reduced.walk(0, first, count, [&](int64_t at, int64_t run, int64_t) {
                    for (int64_t i = 0; i < run; i += kReduceBlock)
                        f.loop.rows(from + (at + i) * f.item, 1, 0,
                                    std::min(kReduceBlock, run - i), acc);
                });
            } else {
                for (int64_t i = 0; i < count; i += kReduceGathered) {
                    const int64_t n = std::min(kReduceGathered, count - i);
                    gather(l.reduced, 0, f.item, from, first + i, n, buffer);
                    f.loop.rows(buffer, 1, 0, n, acc);
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
            f.finish(&partial[o * slices * f.acc], 1, out + (at + i * step) * f.out, 1);
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
        for (int64_t o = 0; o < outputs; ++o) f.finish(nothing, 1, out + o * f.out, 1);
        return;
    }
    const Layout l(p);
    const int last = l.kept.rank - 1;
    const bool columns = l.kept.stride[0][last] == 1 && l.kept.size[last] > 1 &&
                         l.reduced.stride[0][l.reduced.rank - 1] != 1;
    if (columns) reduce_columns(l, f, x, out);
    else if (length <= kReduceShort && outputs >= kReduceSlices) reduce_short(l, f, x, out);
    else reduce_rows(l, f, x, out);
}

}  // namespace

Dtype result_dtype(Reduction op, Dtype dtype) {
    switch (op) {
        case Reduction::ArgMax: case Reduction::ArgMin: return Dtype::Int64;
        case Reduction::Sum: case Reduction::SumSquares: case Reduction::Prod: return is_floating(dtype) ? dtype : Dtype::Int64;
        default: return dtype;
    }
}

void reduce(Reduction op, const ReduceProblem& p, const void* x, void* out) {
    if (op == Reduction::ArgMax || op == Reduction::ArgMin)
        return reduce_positions(op, p, x, nullptr, static_cast<int64_t*>(out));
    const ReductionTable& table = reductions();
    auto values = [&](const Reducer& f) { reduce_values(p, f, x, out); };
    if (op == Reduction::Any || op == Reduction::All) {
        check_type(p.dtype == Dtype::Bool, "any, all: input must be bool, got ", p.dtype);
        return values(op == Reduction::Any ? reducer<uint8_t, uint8_t, uint8_t, Any>(table.any)
                                           : reducer<uint8_t, uint8_t, uint8_t, All>(table.all));
    }
    const Reductions& loops = table.of[static_cast<int>(p.dtype)];
    visit_dtype(p.dtype, [&](auto zero) {
        // bool's extremes are those of its bytes.
        using T = std::conditional_t<std::is_same_v<decltype(zero), bool>, uint8_t, decltype(zero)>;
        constexpr bool floating = std::is_floating_point_v<T>;
        using Total = std::conditional_t<floating, double, uint64_t>;
        using Out = std::conditional_t<floating, T, int64_t>;
        switch (op) {
            case Reduction::Sum: return values(reducer<T, Out, Total, Sum>(loops.sum));
            case Reduction::SumSquares: return values(reducer<T, Out, Total, Sum>(loops.sum_squares));
            case Reduction::Prod: return values(reducer<T, Out, Total, Prod>(loops.prod));
            case Reduction::NanSum:
                check_type(floating, "nansum: no NaN in dtype ", p.dtype);
                return values(reducer<T, Out, Total, Sum>(loops.nan_sum));
            case Reduction::Max: return values(reducer<T, T, T, Max>(loops.max));
            default: return values(reducer<T, T, T, Min>(loops.min));
        }
    });
}

}  // namespace cc
