// Pooling: the readable reference, which is the specification, and the list of implementations.
#include "kernels/pool/pool.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/parallel.h"
#include "kernels/impl.h"
#include "kernels/pool/pool_rows.h"

namespace cc {

std::string PoolProblem::describe() const {
    auto triple = [](const int64_t* v) { return str(v[0], 'x', v[1], 'x', v[2]); };
    return str(mode == PoolMode::Max ? "max " : "average ", backward ? "backward " : "forward ",
               dtype, " n", n, " c", c, " in", triple(in), " out", triple(out), " k",
               triple(kernel), " s", triple(stride), " p", triple(pad_lo), " d", triple(dilation));
}

namespace {

struct Pixel {
    int64_t at[3];
};

Pixel pixel(int64_t flat, const int64_t* sizes) {
    return {{flat / (sizes[1] * sizes[2]), flat / sizes[2] % sizes[1], flat % sizes[2]}};
}

int64_t flat(const Pixel& p, const int64_t* sizes) {
    return (p.at[0] * sizes[1] + p.at[1]) * sizes[2] + p.at[2];
}

// Calls f(input pixel) for each tap of the window of output o, taps outside the input left out.
template <class F>
void each_input(const PoolProblem& p, const Pixel& o, F&& f) {
    int64_t start[3];
    for (int a = 0; a < 3; ++a) start[a] = o.at[a] * p.stride[a] - p.pad_lo[a];
    auto inside = [&](int a, int64_t i) { return i >= 0 && i < p.in[a]; };
    Pixel i;
    for (int64_t t0 = 0; t0 < p.kernel[0]; ++t0) {
        if (!inside(0, i.at[0] = start[0] + t0 * p.dilation[0])) continue;
        for (int64_t t1 = 0; t1 < p.kernel[1]; ++t1) {
            if (!inside(1, i.at[1] = start[1] + t1 * p.dilation[1])) continue;
            for (int64_t t2 = 0; t2 < p.kernel[2]; ++t2)
                if (inside(2, i.at[2] = start[2] + t2 * p.dilation[2])) f(flat(i, p.in));
        }
    }
}

// Calls f(output pixel) for each window that covers input pixel i.
template <class F>
void each_output(const PoolProblem& p, const Pixel& i, F&& f) {
    auto covers = [&](int a, int64_t t, int64_t& o) {
        int64_t offset = i.at[a] + p.pad_lo[a] - t * p.dilation[a];
        o = offset / p.stride[a];
        return offset >= 0 && offset % p.stride[a] == 0 && o < p.out[a];
    };
    Pixel o;
    for (int64_t t0 = p.kernel[0]; t0-- > 0;) {
        if (!covers(0, t0, o.at[0])) continue;
        for (int64_t t1 = p.kernel[1]; t1-- > 0;) {
            if (!covers(1, t1, o.at[1])) continue;
            for (int64_t t2 = p.kernel[2]; t2-- > 0;)
                if (covers(2, t2, o.at[2])) f(o);
        }
    }
}

double divisor(const PoolProblem& p, const Pixel& o) {
    if (p.divisor_override) return static_cast<double>(p.divisor_override);
    double taps = 1;
    for (int a = 0; a < 3; ++a) {
        int64_t count = 0;
        for (int64_t t = 0; t < p.kernel[a]; ++t) {
            int64_t i = o.at[a] * p.stride[a] - p.pad_lo[a] + t * p.dilation[a];
            count += p.count_include_pad ? i < p.in[a] + p.pad_hi[a] : i >= 0 && i < p.in[a];
        }
        taps *= static_cast<double>(count);
    }
    return std::max(taps, 1.0);
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
        for (int64_t pixel_of_batch = begin; pixel_of_batch < end; ++pixel_of_batch) {
            const T* image = x + pixel_of_batch / p.out_pixels() * p.in_pixels() * p.c;
            Pixel o = pixel(pixel_of_batch % p.out_pixels(), p.out);
            for (int64_t c = 0; c < p.c; ++c) {
                T best = -std::numeric_limits<T>::infinity();
                int64_t index = -1;
                double sum = 0;
                each_input(p, o, [&](int64_t i) {
                    T value = image[i * p.c + c];
                    sum += value;
                    if (index < 0 || value > best || std::isnan(value)) best = value, index = i;
                });
                int64_t at = pixel_of_batch * p.c + c;
                y[at] = p.mode == PoolMode::Max ? best : static_cast<T>(sum / divisor(p, o));
                if (p.mode == PoolMode::Max && args.indices) args.indices[at] = index;
            }
        }
    });
}

template <class T>
void backward(const PoolProblem& p, const PoolArgs& args) {
    const T* grad_y = static_cast<const T*>(args.y);
    T* grad_x = static_cast<T*>(args.x);
    parallel_for(p.n * p.in_pixels(), pixels_per_task(p), [&](int64_t begin, int64_t end) {
        for (int64_t pixel_of_batch = begin; pixel_of_batch < end; ++pixel_of_batch) {
            int64_t image = pixel_of_batch / p.in_pixels() * p.out_pixels() * p.c;
            int64_t i = pixel_of_batch % p.in_pixels();
            for (int64_t c = 0; c < p.c; ++c) {
                double sum = 0;
                each_output(p, pixel(i, p.in), [&](const Pixel& o) {
                    int64_t at = image + flat(o, p.out) * p.c + c;
                    if (p.mode == PoolMode::Average) sum += grad_y[at] / divisor(p, o);
                    else if (args.indices[at] == i) sum += grad_y[at];
                });
                grad_x[pixel_of_batch * p.c + c] = static_cast<T>(sum);
            }
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
    {"scatter", Isa::Generic, scatter_decline, pool_by_scatter},
#ifdef CONVCORE_X86
    {"rows_avx512", Isa::Avx512, rows_decline, rows<avx512::pool_rows>},
    {"rows_avx2", Isa::Avx2, rows_decline, rows<avx2::pool_rows>},
#endif
    {"rows_generic", Isa::Generic, rows_decline, rows<generic::pool_rows>},
    {"reference", Isa::Generic, nullptr, reference},
};

}  // namespace

void pool(const PoolProblem& problem, const PoolArgs& args) {
    run_best("pool", kPool, problem, args);
}

}  // namespace cc
