// Gathering and scattering. Moves work on bytes of the element's width; sums on its type.
#include "kernels/index/index.h"

#include <algorithm>
#include <cstring>

#include "base/allocator.h"
#include "base/parallel.h"

namespace cc {

namespace {

constexpr int64_t kElementsPerTask = 16384;

// f(a value as wide as the dtype's elements): moving needs no more types than widths.
template <class F>
void visit_width(Dtype dtype, F&& f) {
    switch (itemsize(dtype)) {
        case 1: return f(uint8_t{});
        case 4: return f(uint32_t{});
        default: return f(uint64_t{});
    }
}

int64_t grain(int64_t elements_per_item) {
    return std::max<int64_t>(1, kElementsPerTask / std::max<int64_t>(1, elements_per_item));
}

struct Assign {
    template <class T>
    void operator()(T& to, T from) const { to = from; }
};
struct Add {
    template <class T>
    void operator()(T& to, T from) const { to = static_cast<T>(to + from); }
    void operator()(bool& to, bool from) const { to = to || from; }
};

// Columns (outer, inner) of [outer][dim][inner] are independent; blocks of them go to tasks.
template <class F>
void each_column_block(const IndexProblem& p, F&& f) {
    int64_t width = std::min<int64_t>(p.inner, 64);
    if (width == 0) return;
    int64_t blocks = (p.inner + width - 1) / width;
    parallel_for(p.outer * blocks, grain(width * p.picks), [&](int64_t begin, int64_t end) {
        for (int64_t task = begin; task < end; ++task) {
            int64_t first = task % blocks * width;
            f(task / blocks, first, std::min(p.inner, first + width));
        }
    });
}

// apply(dst [outer][dim][inner] at the index, src [outer][picks][inner]); a shared one is [picks].
template <class T, class Apply>
void scatter_columns(const IndexProblem& p, T* dst, const int64_t* index, bool shared, const T* src,
                     Apply apply) {
    each_column_block(p, [&](int64_t outer, int64_t begin, int64_t end) {
        for (int64_t j = 0; j < p.picks; ++j) {
            const T* from = src + (outer * p.picks + j) * p.inner;
            const int64_t* at = shared ? index + j : index + (outer * p.picks + j) * p.inner;
            T* to = dst + outer * p.dim * p.inner;
            for (int64_t i = begin; i < end; ++i)
                apply(to[(shared ? *at : at[i]) * p.inner + i], from[i]);
        }
    });
}

}  // namespace

int64_t find_out_of_range(const int64_t* index, int64_t count, int64_t lo, int64_t hi) {
    for (int64_t i = 0; i < count; ++i)
        if (index[i] < lo || index[i] >= hi) return i;
    return -1;
}

void take(Dtype dtype, const void* src, const int64_t* offsets, int64_t count, int64_t run,
          void* dst) {
    visit_width(dtype, [&](auto zero) {
        using T = decltype(zero);
        parallel_for(count, grain(run), [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) {
                const T* from = static_cast<const T*>(src) + offsets[i];
                T* to = static_cast<T*>(dst) + i * run;
                if (run == 1) *to = *from;
                else std::memcpy(to, from, static_cast<size_t>(run) * sizeof(T));
            }
        });
    });
}

void put(Dtype dtype, void* dst, const int64_t* offsets, int64_t count, int64_t run,
         const void* src) {
    visit_width(dtype, [&](auto zero) {
        using T = decltype(zero);
        for (int64_t i = 0; i < count; ++i)
            std::memmove(static_cast<T*>(dst) + offsets[i], static_cast<const T*>(src) + i * run,
                         static_cast<size_t>(run) * sizeof(T));
    });
}

// Each task owns a range of the destination and reads all offsets.
void put_add(Dtype dtype, void* dst, int64_t dst_count, const int64_t* offsets, int64_t count,
             int64_t run, const void* src) {
    int64_t wanted = std::min<int64_t>(8, std::max<int64_t>(1, count * run / kElementsPerTask));
    int64_t size = (dst_count + wanted - 1) / wanted;
    visit_dtype(dtype, [&](auto zero) {
        using T = decltype(zero);
        T* to = static_cast<T*>(dst);
        const T* from = static_cast<const T*>(src);
        parallel_for(wanted, 1, [&](int64_t first_task, int64_t last_task) {
            int64_t lo = first_task * size, hi = std::min(dst_count, last_task * size);
            for (int64_t i = 0; i < count; ++i) {
                int64_t begin = std::max<int64_t>(0, lo - offsets[i]);
                int64_t end = std::min(run, hi - offsets[i]);
                for (int64_t j = begin; j < end; ++j) Add{}(to[offsets[i] + j], from[i * run + j]);
            }
        });
    });
}

void index_select(const IndexProblem& p, const void* src, const int64_t* index, void* dst) {
    visit_width(p.dtype, [&](auto zero) {
        using T = decltype(zero);
        parallel_for(p.outer * p.picks, grain(p.inner), [&](int64_t begin, int64_t end) {
            for (int64_t row = begin; row < end; ++row) {
                int64_t from = (row / p.picks * p.dim + index[row % p.picks]) * p.inner;
                std::memcpy(static_cast<T*>(dst) + row * p.inner, static_cast<const T*>(src) + from,
                            static_cast<size_t>(p.inner) * sizeof(T));
            }
        });
    });
}

void index_add(const IndexProblem& p, void* dst, const int64_t* index, const void* src) {
    visit_dtype(p.dtype, [&](auto zero) {
        using T = decltype(zero);
        scatter_columns(p, static_cast<T*>(dst), index, true, static_cast<const T*>(src), Add{});
    });
}

void gather(const IndexProblem& p, const void* src, const int64_t* index, void* dst) {
    visit_width(p.dtype, [&](auto zero) {
        using T = decltype(zero);
        parallel_for(p.outer * p.picks, grain(p.inner), [&](int64_t begin, int64_t end) {
            for (int64_t row = begin; row < end; ++row) {
                const T* from = static_cast<const T*>(src) + row / p.picks * p.dim * p.inner;
                const int64_t* at = index + row * p.inner;
                T* to = static_cast<T*>(dst) + row * p.inner;
                for (int64_t i = 0; i < p.inner; ++i) to[i] = from[at[i] * p.inner + i];
            }
        });
    });
}

void scatter(const IndexProblem& p, void* dst, const int64_t* index, const void* src) {
    visit_width(p.dtype, [&](auto zero) {
        using T = decltype(zero);
        scatter_columns(p, static_cast<T*>(dst), index, false, static_cast<const T*>(src),
                        Assign{});
    });
}

void scatter_add(const IndexProblem& p, void* dst, const int64_t* index, const void* src) {
    visit_dtype(p.dtype, [&](auto zero) {
        using T = decltype(zero);
        scatter_columns(p, static_cast<T*>(dst), index, false, static_cast<const T*>(src), Add{});
    });
}

int64_t count_true(const bool* mask, int64_t count) { return std::count(mask, mask + count, true); }

void true_positions(const bool* mask, int64_t count, int64_t* out) {
    for (int64_t i = 0; i < count; ++i)
        if (mask[i]) *out++ = i;
}

void unravel(const int64_t* positions, int64_t count, const Shape& shape, int64_t* out) {
    int rank = shape.rank();
    parallel_for(count, kElementsPerTask, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            int64_t rest = positions[i];
            for (int a = rank; a-- > 0; rest /= shape[a]) out[i * rank + a] = rest % shape[a];
        }
    });
}

}  // namespace cc
