// Pooling: the readable reference, which is the specification, and the list of implementations.
#include "kernels/pool/pool.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/allocator.h"
#include "base/parallel.h"
#include "kernels/impl.h"
#include "kernels/pool/pool_rows.h"

namespace cc {

std::string PoolProblem::describe() const {
    auto triple = [](const int64_t* v) { return str(v[0], 'x', v[1], 'x', v[2]); };
    return str(mode == PoolMode::Max ? "max " : "average ", backward ? "backward " : "forward ",
               dtype, " n", n, " c", c, " in", triple(in), " out", triple(out), " k",
               triple(kernel),
               adaptive ? " adaptive"
                        : str(" s", triple(stride), " p", triple(pad_lo), " d", triple(dilation)));
}

namespace {

// Calls f(input pixel) for each input in the window of output o, in raster order; gives the divisor.
template <class F>
double each_input(const PoolProblem& p, int64_t o, F&& f) {
    const PoolWindow w0 = window(p, 0, o / (p.out[1] * p.out[2])),
                     w1 = window(p, 1, o / p.out[2] % p.out[1]), w2 = window(p, 2, o % p.out[2]);
    for (int64_t t0 = 0; t0 < w0.count; ++t0)
        for (int64_t t1 = 0; t1 < w1.count; ++t1)
            for (int64_t t2 = 0; t2 < w2.count; ++t2) {
                int64_t i0 = w0.first + t0 * w0.step, i1 = w1.first + t1 * w1.step;
                f((i0 * p.in[1] + i1) * p.in[2] + w2.first + t2 * w2.step);
            }
    return static_cast<double>(p.divisor_override ? p.divisor_override
                                                  : w0.divisor * w1.divisor * w2.divisor);
}

int64_t pixels_per_task(const PoolProblem& p) {
    int64_t taps = p.kernel[0] * p.kernel[1] * p.kernel[2];
    return std::max<int64_t>(1, 16384 / std::max<int64_t>(1, p.c * taps));
}

template <class T>
void forward(const PoolProblem& p, const PoolArgs& args) {
    const T* x = static_cast<const T*>(args.x);
    T* y = static_cast<T*>(args.y);
    parallel_for(p.n * p.out_pixels(), pixels_per_task(p), [&](int64_t begin, int64_t end) {
        for (int64_t pixel = begin; pixel < end; ++pixel) {
            const T* image = x + pixel / p.out_pixels() * p.in_pixels() * p.c;
            for (int64_t c = 0; c < p.c; ++c) {
                T best = -std::numeric_limits<T>::infinity();
                int64_t index = -1;
                double sum = 0;
                double divisor = each_input(p, pixel % p.out_pixels(), [&](int64_t i) {
                    T value = image[i * p.c + c];
                    sum += value;
                    if (index < 0 || value > best || std::isnan(value)) best = value, index = i;
                });
                int64_t at = pixel * p.c + c;
                y[at] = p.mode == PoolMode::Max ? best : static_cast<T>(sum / divisor);
                if (p.mode == PoolMode::Max && args.indices) args.indices[at] = static_cast<int32_t>(index);
            }
        }
    });
}

template <class T>
void backward(const PoolProblem& p, const PoolArgs& args) {
    const T* grad_y = static_cast<const T*>(args.y);
    T* grad_x = static_cast<T*>(args.x);
    parallel_for(p.n * p.c, 1, [&](int64_t begin, int64_t end) {
        Scratch<double> sums(p.in_pixels());
        for (int64_t map = begin; map < end; ++map) {
            int64_t image = map / p.c, c = map % p.c;
            std::fill(sums.data(), sums.data() + p.in_pixels(), 0.0);
            for (int64_t o = 0; o < p.out_pixels(); ++o) {
                int64_t at = (image * p.out_pixels() + o) * p.c + c;
                if (p.mode == PoolMode::Max) {
                    if (args.indices[at] >= 0) sums[args.indices[at]] += grad_y[at];
                } else {
                    double divisor = each_input(p, o, [](int64_t) {});
                    each_input(p, o, [&](int64_t i) { sums[i] += grad_y[at] / divisor; });
                }
            }
            for (int64_t i = 0; i < p.in_pixels(); ++i)
                grad_x[(image * p.in_pixels() + i) * p.c + c] = static_cast<T>(sums[i]);
        }
    });
}

void reference(const PoolProblem& problem, const PoolArgs& args) {
    visit_floating("pool", problem.dtype, [&](auto zero) {
        using T = decltype(zero);
        problem.backward ? backward<T>(problem, args) : forward<T>(problem, args);
    });
}

template <const PoolRows (&Loops)[2]>
void rows(const PoolProblem& problem, const PoolArgs& args) {
    pool_by_rows(problem, args, Loops);
}

constexpr Impl<PoolProblem, PoolArgs> kPool[] = {
#ifdef CONVCORE_X86
    {"rows_avx512", Isa::Avx512, rows_decline, rows<avx512::pool_rows>},
    {"rows_avx2", Isa::Avx2, rows_decline, rows<avx2::pool_rows>},
#endif
    {"scatter", Isa::Generic, scatter_decline, pool_by_scatter},
    {"rows_generic", Isa::Generic, rows_decline, rows<generic::pool_rows>},
    {"reference", Isa::Generic, nullptr, reference},
};

}  // namespace

void pool(const PoolProblem& problem, const PoolArgs& args) {
    run_best("pool", kPool, problem, args);
}

}  // namespace cc
