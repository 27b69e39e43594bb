#include "kernels/pool/fractional_pool.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/parallel.h"

namespace cc {

namespace {

// The window of one map from its first pixel on: the first of the greatest, or the last NaN.
template <class T>
void window_maximum(const FractionalPoolProblem& p, const T* x, int64_t first, T& best, int64_t& index) {
    best = -std::numeric_limits<T>::infinity(), index = first;
    for (int64_t t0 = 0; t0 < p.kernel[0]; ++t0)
        for (int64_t t1 = 0; t1 < p.kernel[1]; ++t1) {
            int64_t i = first + (t0 * p.in[1] + t1) * p.in[2];
            for (int64_t end = i + p.kernel[2]; i < end; ++i)
                if (T value = x[i * p.c]; value > best || std::isnan(value)) best = value, index = i;
        }
}

template <class T>
void rows(const FractionalPoolProblem& p, const FractionalPoolArgs& args) {
    const int64_t pixels = p.in[0] * p.in[1] * p.in[2], rows_of_image = p.out[0] * p.out[1];
    int64_t work = p.out[2] * p.c * p.kernel[0] * p.kernel[1] * p.kernel[2];
    int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, work));
    parallel_for(p.n * rows_of_image, grain, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
            const int64_t image = row / rows_of_image, o0 = row / p.out[1] % p.out[0], o1 = row % p.out[1];
            const T* x = static_cast<const T*>(args.x) + image * pixels * p.c;
            T* y = static_cast<T*>(args.y) + row * p.out[2] * p.c;
            int64_t* indices = args.indices + row * p.out[2] * p.c;
            auto starts = [&](int a, int64_t o) { return p.starts[a] + (image * p.out[a] + o) * p.c; };
            const int64_t *start0 = starts(0, o0), *start1 = starts(1, o1);
            for (int64_t o2 = 0; o2 < p.out[2]; ++o2, y += p.c, indices += p.c) {
                const int64_t* start2 = starts(2, o2);
                for (int64_t c = 0; c < p.c; ++c) {
                    const int64_t first = (start0[c] * p.in[1] + start1[c]) * p.in[2] + start2[c];
                    window_maximum(p, x + c, first, y[c], indices[c]);
                }
            }
        }
    });
}

}  // namespace

void fractional_pool(const FractionalPoolProblem& problem, const FractionalPoolArgs& args) {
    visit_floating("fractional_max_pool", problem.dtype, [&](auto zero) { rows<decltype(zero)>(problem, args); });
}

}  // namespace cc
