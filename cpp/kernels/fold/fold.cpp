// Unfolding and folding: the readable reference, and row by row, which moves memory and little else.
//
// A row of columns (one tap of one window row) is a stretch of one plane's row, every stride-th place of it. Forward each row of
// columns is such a copy; backward each row of a plane adds up, tap after tap, the rows of columns that were read from it, so that
// it is written by one task, in a fixed order.
#include "kernels/fold/fold.h"

#include <algorithm>
#include <cstring>

#include "base/parallel.h"
#include "kernels/impl.h"

namespace cc {

std::string FoldProblem::describe() const {
    auto pair = [](const int64_t* v) { return str(v[0], 'x', v[1]); };
    return str(backward ? "fold " : "unfold ", dtype, " n", n, " in", pair(in), " out", pair(out), " k", pair(kernel), " s",
               pair(stride), " p", pair(pad), " d", pair(dilation));
}

namespace {

constexpr int64_t kElementsPerTask = 16384;

int64_t grain(int64_t elements) { return std::max<int64_t>(1, kElementsPerTask / std::max<int64_t>(1, elements)); }

template <class T>
void by_definition(const FoldProblem& p, T* planes, T* columns) {
    parallel_for(p.n, 1, [&](int64_t begin, int64_t end) {
        for (int64_t plane = begin; plane < end; ++plane) {
            T* image = planes + plane * p.in[0] * p.in[1];
            T* column = columns + plane * p.taps() * p.out[0] * p.out[1];
            if (p.backward) std::fill(image, image + p.in[0] * p.in[1], T{0});
            for (int64_t t0 = 0; t0 < p.kernel[0]; ++t0)
                for (int64_t t1 = 0; t1 < p.kernel[1]; ++t1)
                    for (int64_t o0 = 0; o0 < p.out[0]; ++o0)
                        for (int64_t o1 = 0; o1 < p.out[1]; ++o1, ++column) {
                            int64_t i0 = o0 * p.stride[0] - p.pad[0] + t0 * p.dilation[0];
                            int64_t i1 = o1 * p.stride[1] - p.pad[1] + t1 * p.dilation[1];
                            bool inside = i0 >= 0 && i0 < p.in[0] && i1 >= 0 && i1 < p.in[1];
                            if (!p.backward) *column = inside ? image[i0 * p.in[1] + i1] : T{0};
                            else if (inside) image[i0 * p.in[1] + i1] += *column;
                        }
        }
    });
}

void reference(const FoldProblem& p, const FoldArgs& args) {
    visit_floating("fold", p.dtype, [&](auto zero) {
        using T = decltype(zero);
        by_definition(p, static_cast<T*>(args.planes), static_cast<T*>(args.columns));
    });
}

// Windows [begin, end) of the last axis whose tap lies inside, and the place of window 0's.
struct Inside {
    int64_t begin, end, first;

    Inside(const FoldProblem& p, int64_t tap) : first(tap * p.dilation[1] - p.pad[1]) {
        const int64_t s = p.stride[1], room = p.in[1] - 1 - first;
        begin = std::min(p.out[1], first < 0 ? (-first + s - 1) / s : 0);
        end = std::max(begin, room < 0 ? 0 : std::min(p.out[1], room / s + 1));
    }
};

template <class T>
void copy_rows(const FoldProblem& p, const T* planes, T* columns) {
    const int64_t width = p.out[1], taps = p.taps();
    parallel_for(p.n * taps * p.out[0], grain(width), [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
            const int64_t o0 = row % p.out[0], tap = row / p.out[0] % taps, plane = row / (p.out[0] * taps);
            const int64_t i0 = o0 * p.stride[0] - p.pad[0] + tap / p.kernel[1] * p.dilation[0];
            T* to = columns + row * width;
            if (i0 < 0 || i0 >= p.in[0]) {
                std::fill(to, to + width, T{0});
                continue;
            }
            const Inside at(p, tap % p.kernel[1]);
            const T* from = planes + (plane * p.in[0] + i0) * p.in[1] + at.first;
            std::fill(to, to + at.begin, T{0});
            std::fill(to + at.end, to + width, T{0});
            const int64_t s = p.stride[1];
            if (s == 1) std::copy(from + at.begin, from + at.end, to + at.begin);
            else
                for (int64_t o = at.begin; o < at.end; ++o) to[o] = from[o * s];
        }
    });
}

template <class T>
void add_rows(const FoldProblem& p, T* planes, const T* columns) {
    parallel_for(p.n * p.in[0], grain(p.in[1] * p.taps()), [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
            const int64_t plane = row / p.in[0], i0 = row % p.in[0];
            T* to = planes + row * p.in[1];
            std::fill(to, to + p.in[1], T{0});
            for (int64_t t0 = 0; t0 < p.kernel[0]; ++t0) {
                const int64_t offset = i0 + p.pad[0] - t0 * p.dilation[0], o0 = offset / p.stride[0];
                if (offset < 0 || offset % p.stride[0] || o0 >= p.out[0]) continue;
                for (int64_t t1 = 0; t1 < p.kernel[1]; ++t1) {
                    const Inside at(p, t1);
                    const T* from = columns + ((plane * p.kernel[0] + t0) * p.kernel[1] + t1) * p.out[0] * p.out[1] + o0 * p.out[1];
                    T* __restrict target = to + at.first;
                    const int64_t s = p.stride[1];
                    if (s == 1)
                        for (int64_t o = at.begin; o < at.end; ++o) target[o] += from[o];
                    else
                        for (int64_t o = at.begin; o < at.end; ++o) target[o * s] += from[o];
                }
            }
        }
    });
}

void rows(const FoldProblem& p, const FoldArgs& args) {
    visit_floating("fold", p.dtype, [&](auto zero) {
        using T = decltype(zero);
        if (p.backward) add_rows(p, static_cast<T*>(args.planes), static_cast<const T*>(args.columns));
        else copy_rows(p, static_cast<const T*>(args.planes), static_cast<T*>(args.columns));
    });
}

constexpr Impl<FoldProblem, FoldArgs> kFold[] = {
    {"rows", Isa::Generic, nullptr, rows},
    {"reference", Isa::Generic, nullptr, reference},
};

}  // namespace

void fold(const FoldProblem& problem, const FoldArgs& args) {
    run_best("fold", kFold, problem, args);
}

}  // namespace cc
