// Along one axis. Moves work on bytes of the element's width; sums on its type.
#include "kernels/index/index.h"

#include <atomic>
#include <cstring>

#include "base/parallel.h"
#include "kernels/index/visit.h"

namespace cc {

namespace {

// Runs of picks of one outer index: f(outer, first, last) tells whether all indices were in range.
template <class F>
bool each_pick(const IndexProblem& p, F&& f) {
    std::atomic<bool> all{true};
    parallel_for(p.outer * p.picks, index_grain(p.inner), [&](int64_t begin, int64_t end) {
        bool inside = true;
        for (int64_t i = begin; i < end;) {
            const int64_t first = i % p.picks, last = std::min(p.picks, first + end - i);
            inside &= f(i / p.picks, first, last);
            i += last - first;
        }
        if (!inside) all = false;
    });
    return all;
}

// Columns (outer, inner) of [outer][dim][inner] are independent; blocks of them go to tasks, each for
// a part of the axis where there are few: f(outer, first column, last, lowest index, highest).
template <class F>
bool each_column_block(const IndexProblem& p, bool parts_allowed, F&& f) {
    if (p.inner == 0) return true;
    const int64_t width = std::min<int64_t>(p.inner, 64), blocks = (p.inner + width - 1) / width;
    const bool few = parts_allowed && p.outer * blocks < kIndexParts && width >= 16;
    const int64_t parts = few ? std::min(kIndexParts, p.dim) : 1;
    std::atomic<bool> all{true};
    const int64_t grain = index_grain(width * p.picks / std::max<int64_t>(1, parts));
    parallel_for(p.outer * blocks * parts, grain, [&](int64_t begin, int64_t end) {
        bool inside = true;
        for (int64_t task = begin; task < end; ++task) {
            const int64_t part = task % parts, block = task / parts % blocks, first = block * width;
            inside &= f(task / parts / blocks, first, std::min(p.inner, first + width),
                        p.dim * part / parts, p.dim * (part + 1) / parts);
        }
        if (!inside) all = false;
    });
    return all;
}

// The same for inner == 1: f(outer) for whole columns.
template <class F>
bool each_column(const IndexProblem& p, F&& f) {
    std::atomic<bool> all{true};
    parallel_for(p.outer, index_grain(p.picks), [&](int64_t begin, int64_t end) {
        bool inside = true;
        for (int64_t outer = begin; outer < end; ++outer) inside &= f(outer);
        if (!inside) all = false;
    });
    return all;
}

// apply(dst [outer][dim][inner] at the element's index, src [outer][picks][inner]).
template <class T, class Apply>
bool scatter_columns(const IndexProblem& p, T* dst, const int64_t* index, const T* src,
                     Apply apply) {
    const uint64_t dim = p.dim;
    if (p.inner == 1)
        return each_column(p, [&](int64_t outer) {
            bool inside = true;
            T* to = dst + outer * p.dim;
            for (int64_t j = outer * p.picks; j < (outer + 1) * p.picks; ++j) {
                const uint64_t k = index[j];
                if (k < dim) apply(to[k], src[j]);
                else inside = false;
            }
            return inside;
        });
    return each_column_block(p, false, [&](int64_t outer, int64_t begin, int64_t end, int64_t, int64_t) {
        bool inside = true;
        T* to = dst + outer * p.dim * p.inner;
        const int64_t* at = index + outer * p.picks * p.inner;
        const T* from = src + outer * p.picks * p.inner;
        for (int64_t j = 0; j < p.picks; ++j, at += p.inner, from += p.inner)
            for (int64_t i = begin; i < end; ++i) {
                const uint64_t k = at[i];
                if (k < dim) apply(to[k * p.inner + i], from[i]);
                else inside = false;
            }
        return inside;
    });
}

// gather for inner == 1: one row of picks after the other.
template <class T>
bool gather_columns(const IndexProblem& p, const T* src, const int64_t* index, T* dst) {
    const uint64_t dim = p.dim;
    std::atomic<bool> all{true};
    parallel_for(p.outer * p.picks, kIndexGrain, [&](int64_t begin, int64_t end) {
        bool inside = true;
        const T* from = src + begin / p.picks * p.dim;
        int64_t row_end = begin - begin % p.picks + p.picks;
        for (int64_t i = begin; i < end; row_end += p.picks, from += p.dim)
            for (const int64_t stop = std::min(end, row_end); i < stop; ++i) {
                const uint64_t k = index[i];
                inside &= k < dim;
                dst[i] = from[k < dim ? k : 0];
            }
        if (!inside) all = false;
    });
    return all;
}

}  // namespace

int64_t find_out_of_range(const int64_t* index, int64_t count, int64_t lo, int64_t hi) {
    for (int64_t i = 0; i < count; ++i)
        if (index[i] < lo || index[i] >= hi) return i;
    return -1;
}

bool index_select(const IndexProblem& p, const void* src, const int64_t* index, void* dst) {
    const size_t bytes = static_cast<size_t>(p.inner) * itemsize(p.dtype);
    const char* from = static_cast<const char*>(src);
    char* to = static_cast<char*>(dst);
    return each_pick(p, [&](int64_t outer, int64_t first, int64_t last) {
        for (int64_t j = first; j < last; ++j) {
            const uint64_t k = index[j];
            if (k >= static_cast<uint64_t>(p.dim)) return false;
            std::memcpy(to + (outer * p.picks + j) * bytes, from + (outer * p.dim + k) * bytes, bytes);
        }
        return true;
    });
}

bool index_add(const IndexProblem& p, void* dst, const int64_t* index, const void* src) {
    bool all = true;
    visit_dtype(p.dtype, [&](auto zero) {
        using T = decltype(zero);
        T* sums = static_cast<T*>(dst);
        const T* more = static_cast<const T*>(src);
        if (p.inner == 1) {
            all = each_column(p, [&](int64_t outer) {
                bool inside = true;
                for (int64_t j = 0; j < p.picks; ++j) {
                    const uint64_t k = index[j];
                    if (k < static_cast<uint64_t>(p.dim)) Add{}(sums[outer * p.dim + k], more[outer * p.picks + j]);
                    else inside = false;
                }
                return inside;
            });
            return;
        }
        all = each_column_block(p, true, [&](int64_t outer, int64_t begin, int64_t end, int64_t lo, int64_t hi) {
            bool inside = true;
            T* to = sums + outer * p.dim * p.inner;
            const T* from = more + outer * p.picks * p.inner;
            for (int64_t j = 0; j < p.picks; ++j, from += p.inner) {
                const int64_t k = index[j];
                if (k >= lo && k < hi) {
                    for (int64_t i = begin; i < end; ++i) Add{}(to[k * p.inner + i], from[i]);
                } else if (k < 0 || k >= p.dim) {
                    inside = false;
                }
            }
            return inside;
        });
    });
    return all;
}

bool gather(const IndexProblem& p, const void* src, const int64_t* index, void* dst) {
    const uint64_t dim = p.dim;
    if (dim == 0) return p.outer * p.picks * p.inner == 0;
    bool all = true;
    visit_width(p.dtype, [&](auto zero) {
        using T = decltype(zero);
        if (p.inner == 1) {
            all = gather_columns(p, static_cast<const T*>(src), index, static_cast<T*>(dst));
            return;
        }
        all = each_pick(p, [&](int64_t outer, int64_t first, int64_t last) {
            bool inside = true;
            const T* from = static_cast<const T*>(src) + outer * p.dim * p.inner;
            const int64_t row = (outer * p.picks + first) * p.inner;
            const int64_t* at = index + row;
            T* to = static_cast<T*>(dst) + row;
            for (int64_t j = first; j < last; ++j, at += p.inner, to += p.inner)
                for (int64_t i = 0; i < p.inner; ++i) {
                    const uint64_t k = at[i];
                    inside &= k < dim;
                    to[i] = from[(k < dim ? k : 0) * p.inner + i];
                }
            return inside;
        });
    });
    return all;
}

bool scatter(const IndexProblem& p, void* dst, const int64_t* index, const void* src) {
    bool all = true;
    visit_width(p.dtype, [&](auto zero) {
        using T = decltype(zero);
        all = scatter_columns(p, static_cast<T*>(dst), index, static_cast<const T*>(src), Assign{});
    });
    return all;
}

bool scatter_add(const IndexProblem& p, void* dst, const int64_t* index, const void* src) {
    bool all = true;
    visit_dtype(p.dtype, [&](auto zero) {
        using T = decltype(zero);
        all = scatter_columns(p, static_cast<T*>(dst), index, static_cast<const T*>(src), Add{});
    });
    return all;
}

}  // namespace cc
