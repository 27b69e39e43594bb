// Softmax: the readable reference, which is the specification, and the list of implementations.
#include "kernels/softmax/softmax.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/parallel.h"
#include "kernels/impl.h"
#include "kernels/softmax/softmax_loops.h"

namespace cc {

std::string SoftmaxProblem::describe() const {
    return str(log ? "log " : "", backward ? "backward " : "forward ", dtype, ' ', outer, 'x', dim,
               'x', inner);
}

namespace {

template <class T>
void forward(const SoftmaxProblem& p, const T* x, T* y) {
    double max = -std::numeric_limits<double>::infinity(), sum = 0;
    for (int64_t i = 0; i < p.dim; ++i) max = std::max<double>(max, x[i * p.inner]);
    for (int64_t i = 0; i < p.dim; ++i) sum += std::exp(x[i * p.inner] - max);
    double log_sum = std::log(sum);
    for (int64_t i = 0; i < p.dim; ++i) {
        double centred = x[i * p.inner] - max;
        y[i * p.inner] = static_cast<T>(p.log ? centred - log_sum : std::exp(centred) / sum);
    }
}

template <class T>
void backward(const SoftmaxProblem& p, const T* grad_y, const T* y, T* grad_x) {
    double sum = 0;
    for (int64_t i = 0; i < p.dim * p.inner; i += p.inner)
        sum += static_cast<double>(grad_y[i]) * (p.log ? 1.0 : y[i]);
    for (int64_t i = 0; i < p.dim * p.inner; i += p.inner)
        grad_x[i] = static_cast<T>(p.log ? grad_y[i] - std::exp(static_cast<double>(y[i])) * sum
                                         : y[i] * (grad_y[i] - sum));
}

void reference(const SoftmaxProblem& p, const SoftmaxArgs& args) {
    visit_floating("softmax", p.dtype, [&](auto zero) {
        using T = decltype(zero);
        int64_t grain = std::max<int64_t>(1, 1024 / std::max<int64_t>(1, p.dim));
        parallel_for(p.outer * p.inner, grain, [&](int64_t begin, int64_t end) {
            for (int64_t line = begin; line < end; ++line) {
                int64_t at = line / p.inner * p.dim * p.inner + line % p.inner;
                const T* x = static_cast<const T*>(args.x) + at;
                T* out = static_cast<T*>(args.out) + at;
                if (p.backward) backward(p, x, static_cast<const T*>(args.y) + at, out);
                else forward(p, x, out);
            }
        });
    });
}

// A task takes some rows (inner 1) or a piece of one [dim][inner] matrix's columns.
template <const SoftmaxLoops (&LoopsOfDtypes)[2]>
void loops(const SoftmaxProblem& p, const SoftmaxArgs& args) {
    constexpr int64_t kElementsPerTask = 8192;
    const SoftmaxLoops& loops = LoopsOfDtypes[p.dtype == Dtype::Float64];
    int64_t size = static_cast<int64_t>(itemsize(p.dtype));
    auto x = static_cast<const char*>(args.x), y = static_cast<const char*>(args.y);
    auto out = static_cast<char*>(args.out);
    if (p.outer * p.dim * p.inner == 0) return;
    int64_t lines = std::max<int64_t>(1, kElementsPerTask / p.dim);
    if (p.inner == 1) {
        parallel_for(p.outer, lines, [&](int64_t begin, int64_t end) {
            int64_t at = begin * p.dim * size, rows = end - begin;
            if (p.backward) loops.rows_backward(x + at, y + at, out + at, rows, p.dim, p.log);
            else loops.rows_forward(x + at, out + at, rows, p.dim, p.log);
        });
        return;
    }
    int64_t width = std::min(p.inner, std::max<int64_t>(64, lines / 64 * 64));
    int64_t pieces = (p.inner + width - 1) / width;
    int64_t grain = std::max<int64_t>(1, kElementsPerTask / (p.dim * width));
    parallel_for(p.outer * pieces, grain, [&](int64_t begin, int64_t end) {
        for (int64_t task = begin; task < end; ++task) {
            int64_t first = task % pieces * width, columns = std::min(width, p.inner - first);
            int64_t at = (task / pieces * p.dim * p.inner + first) * size;
            if (p.backward)
                loops.columns_backward(x + at, y + at, out + at, columns, p.dim, p.inner, p.log);
            else
                loops.columns_forward(x + at, out + at, columns, p.dim, p.inner, p.log);
        }
    });
}

constexpr Impl<SoftmaxProblem, SoftmaxArgs> kSoftmax[] = {
#ifdef CONVCORE_X86
    {"loops_avx512", Isa::Avx512, nullptr, loops<avx512::softmax_loops>},
    {"loops_avx2", Isa::Avx2, nullptr, loops<avx2::softmax_loops>},
#endif
    {"loops_generic", Isa::Generic, nullptr, loops<generic::softmax_loops>},
    {"reference", Isa::Generic, nullptr, reference},
};

}  // namespace

void softmax(const SoftmaxProblem& problem, const SoftmaxArgs& args) {
    run_best("softmax", kSoftmax, problem, args);
}

}  // namespace cc
