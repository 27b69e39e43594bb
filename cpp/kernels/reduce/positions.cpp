// ArgMax and ArgMin, with or without the values found. As in reduce.cpp, columns and turned short
// rows run in vectors along the outputs. Longer rows go block by block: the block's extreme is found
// in vectors, and only if it is better than all before is the block searched for its place.
#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "base/parallel.h"
#include "kernels/reduce/layout.h"

namespace cc {

namespace {

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// The best value so far and where it is; nothing before the first.
struct Best {
    alignas(8) char value[8];
    int64_t position = -1;
};

struct Reducer {
    int64_t item;
    // to[i] = the row of the first best value of column i, for up to kReduceTurned columns, and
    // values[i] that value where they are wanted
    void (*columns)(const void* x, int64_t rows, int64_t stride, int64_t columns, int64_t* to,
                    void* values);
    // continues `best` with values whose first has position `first`
    void (*row)(const void* values, int64_t n, int64_t first, Best& best);
    // continues `best` with what was found behind it
    void (*merge)(Best& best, const Best& later);
};

// A NaN is best of all, and nothing after it counts.
struct Greatest {
    template <class T> static bool keeps(T best, T x) { return !(x > best) & (x == x); }
    static const ReduceLoop& loop(const Reductions& of) { return of.max; }
    template <class T> static T least() {
        return std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity()
                                                    : std::numeric_limits<T>::lowest();
    }
};
struct Smallest {
    template <class T> static bool keeps(T best, T x) { return !(x < best) & (x == x); }
    static const ReduceLoop& loop(const Reductions& of) { return of.min; }
    template <class T> static T least() {
        return std::numeric_limits<T>::has_infinity ? std::numeric_limits<T>::infinity()
                                                    : std::numeric_limits<T>::max();
    }
};

template <class T, class F>
void find_in_columns(const void* x_, int64_t rows, int64_t stride, int64_t columns, int64_t* to,
                     void* values) {
    // Indices as wide as the values, so that both fill vectors alike.
    using Index = std::conditional_t<sizeof(T) == 8, int64_t, int32_t>;
    const T* x = static_cast<const T*>(x_);
    T best[kReduceTurned];
    Index row[kReduceTurned];
    for (int64_t i = 0; i < columns; ++i) {
        best[i] = x[i];
        row[i] = 0;
    }
    for (int64_t r = 1; r < rows; ++r)
        for (int64_t i = 0; i < columns; ++i) {
            const T b = best[i], v = x[r * stride + i];
            const bool keep = F::keeps(b, v) | (b != b);
            best[i] = keep ? b : v;
            row[i] = keep ? row[i] : static_cast<Index>(r);
        }
    for (int64_t i = 0; i < columns; ++i) to[i] = row[i];
    if (values) std::memcpy(values, best, columns * sizeof(T));
}

template <class T, class F> void find_in_row(const void* values_, int64_t n, int64_t first, Best& best) {
    const T* values = static_cast<const T*>(values_);
    T so_far, block = F::template least<T>();
    F::loop(reductions().of[static_cast<int>(dtype_of<T>)]).rows(values, 1, n, n, &block);
    std::memcpy(&so_far, best.value, sizeof(T));
    if (best.position >= 0 && (F::keeps(so_far, block) | (so_far != so_far))) return;
    std::memcpy(best.value, &block, sizeof(T));
    const bool nan = block != block;
    int64_t k = 0;
    while (nan ? values[k] == values[k] : values[k] != block) ++k;
    best.position = first + k;
}

template <class T, class F> void merge(Best& best, const Best& later) {
    T a, b;
    std::memcpy(&a, best.value, sizeof(T));
    std::memcpy(&b, later.value, sizeof(T));
    if (later.position >= 0 && !(F::keeps(a, b) | (a != a))) best = later;
}

template <class T, class F> constexpr Reducer reducer() {
    return {sizeof(T), find_in_columns<T, F>, find_in_row<T, F>, merge<T, F>};
}

// Array 0 holds positions, so that axes keep their order; array 1 is x.
struct Layout {
    Strided kept, reduced;

    static Strided order(const Shape& shape, const Shape& strides) {
        const Shape dense = dense_strides(shape);
        const Shape* both[] = {&dense, &strides};
        return Strided(shape, both, 2);
    }
    explicit Layout(const ReduceProblem& p)
        : kept(order(p.kept, p.kept_strides)), reduced(order(p.reduced, p.reduced_strides)) {}

    bool columns() const {
        const int last = kept.rank - 1;
        return kept.stride[1][last] == 1 && kept.size[last] > 1 && reduced.rank == 1;
    }
};

void find_in_tiles(const Layout& l, const Reducer& f, const char* x, int64_t* out, char* values) {
    const int64_t outputs = l.kept.numel(), length = l.reduced.numel();
    const int last = l.kept.rank - 1;
    const bool columns = l.columns();
    const int64_t width = columns ? l.kept.size[last] : outputs;
    const int64_t tile = std::min(width, columns ? kReduceTurned : kReduceTurned / length);
    const int64_t tiles = ceil_div(width, tile);
    int64_t at_value[kReduceShort];
    if (!columns) offsets_of_values(l.reduced, 1, at_value);
    const int64_t grain = std::max<int64_t>(1, kReduceGrain / (length * tile));
    parallel_for(outputs / width * tiles, grain, [&](int64_t begin, int64_t end) {
        alignas(64) char turned[kReduceTurned * 8];
        for (int64_t task = begin; task < end; ++task) {
            const int64_t o = task / tiles, c = task % tiles * tile;
            const int64_t n = std::min(tile, width - c), first = o * width + c;
            void* to = values ? values + first * f.item : nullptr;
            if (columns) {
                const int64_t at = offset_of(l.kept, 1, o, last) + l.reduced.offset[1] + c;
                f.columns(x + at * f.item, length, l.reduced.stride[1][0], n, out + first, to);
            } else {
                turn(l.kept, 1, f.item, x, c, n, at_value, length, turned);
                f.columns(turned, length, n, n, out + first, to);
            }
        }
    });
}

void find_in_rows(const Layout& l, const Reducer& f, const char* x, int64_t* out, char* values) {
    const int64_t outputs = l.kept.numel(), length = l.reduced.numel();
    const bool contiguous = l.reduced.rank == 1 && l.reduced.stride[1][0] == 1;
    int64_t slices = 1;
    if (outputs < kReduceSlices)
        slices = std::max<int64_t>(1, std::min(kReduceSlices / outputs, length / kReduceGrain));
    const int64_t slice = ceil_div(length, slices);
    std::vector<Best> found(outputs * slices);
    const int64_t grain = std::max<int64_t>(1, kReduceGrain / slice);
    parallel_for(outputs * slices, grain, [&](int64_t begin, int64_t end) {
        alignas(64) char buffer[kReduceGathered * 8];
        for (int64_t task = begin; task < end; ++task) {
            const char* from = x + offset_of(l.kept, 1, task / slices, l.kept.rank) * f.item;
            const int64_t first = task % slices * slice, stop = std::min(first + slice, length);
            for (int64_t i = first; i < stop; i += kReduceGathered) {
                const int64_t n = std::min(kReduceGathered, stop - i);
                const void* row = from + (l.reduced.offset[1] + i) * f.item;
                if (!contiguous) {
                    gather(l.reduced, 1, f.item, from, i, n, buffer);
                    row = buffer;
                }
                f.row(row, n, i, found[task]);
            }
        }
    });
    for (int64_t o = 0; o < outputs; ++o) {
        Best best = found[o * slices];
        for (int64_t s = 1; s < slices; ++s) f.merge(best, found[o * slices + s]);
        out[o] = best.position;
        if (values) std::memcpy(values + o * f.item, best.value, f.item);
    }
}

}  // namespace

void reduce_positions(Reduction op, const ReduceProblem& p, const void* x_, void* values_,
                      int64_t* positions) {
    const char* x = static_cast<const char*>(x_);
    char* values = static_cast<char*>(values_);
    const int64_t outputs = p.kept.numel(), length = p.reduced.numel();
    if (outputs == 0) return;
    const Reducer f = visit_dtype(p.dtype, [&](auto zero) {
        // bool's extremes are those of its bytes.
        using T = std::conditional_t<std::is_same_v<decltype(zero), bool>, uint8_t, decltype(zero)>;
        return op == Reduction::ArgMax ? reducer<T, Greatest>() : reducer<T, Smallest>();
    });
    const Layout l(p);
    const bool many_short = length <= kReduceShort && outputs >= kReduceSlices;
    if ((l.columns() || many_short) && length <= std::numeric_limits<int32_t>::max())
        find_in_tiles(l, f, x, positions, values);
    else find_in_rows(l, f, x, positions, values);
}

}  // namespace cc
