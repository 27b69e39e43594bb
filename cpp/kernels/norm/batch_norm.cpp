// Batch normalisation: the readable reference, which is the specification, and the list of
// implementations.
#include "kernels/norm/batch_norm.h"

#include <algorithm>
#include <cmath>

#include "base/allocator.h"
#include "base/parallel.h"
#include "kernels/impl.h"
#include "kernels/norm/norm_columns.h"

namespace cc {

std::string BatchNormProblem::describe() const {
    return str(backward ? "backward " : "forward ", training ? "training " : "running ", dtype,
               " rows", rows, " c", channels);
}

namespace {

constexpr int64_t kElementsPerBlock = 16384;

int64_t rows_per_block(const BatchNormProblem& p) {
    return std::max<int64_t>(1, kElementsPerBlock / std::max<int64_t>(1, p.channels));
}

// out[c] = Σ over rows of f(row·channels + c, c): blocks of rows in double, added in order.
template <class F>
void column_sums(const BatchNormProblem& p, double* out, F&& f) {
    int64_t step = rows_per_block(p), blocks = (p.rows + step - 1) / step;
    Scratch<double> partial(blocks * p.channels);
    parallel_for(blocks, 1, [&](int64_t begin, int64_t end) {
        for (int64_t block = begin; block < end; ++block) {
            double* sums = partial.data() + block * p.channels;
            std::fill(sums, sums + p.channels, 0.0);
            for (int64_t row = block * step; row < std::min(p.rows, (block + 1) * step); ++row)
                for (int64_t c = 0; c < p.channels; ++c) sums[c] += f(row * p.channels + c, c);
        }
    });
    std::fill(out, out + p.channels, 0.0);
    for (int64_t block = 0; block < blocks; ++block)
        for (int64_t c = 0; c < p.channels; ++c) out[c] += partial[block * p.channels + c];
}

template <class F>
void each_element(const BatchNormProblem& p, F&& f) {
    parallel_for(p.rows, rows_per_block(p), [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row)
            for (int64_t c = 0; c < p.channels; ++c) f(row * p.channels + c, c);
    });
}

template <class T>
void forward(const BatchNormProblem& p, const BatchNormArgs& args) {
    const T *x = static_cast<const T*>(args.x), *weight = static_cast<const T*>(args.weight),
            *bias = static_cast<const T*>(args.bias);
    T *y = static_cast<T*>(args.y), *mean_out = static_cast<T*>(args.mean),
      *rstd_out = static_cast<T*>(args.rstd), *var_out = static_cast<T*>(args.var);
    Scratch<double> mean(p.channels), var(p.channels), scale(p.channels), shift(p.channels);
    if (p.training) {
        column_sums(p, mean.data(), [&](int64_t i, int64_t) { return static_cast<double>(x[i]); });
        for (int64_t c = 0; c < p.channels; ++c) mean[c] /= static_cast<double>(p.rows);
        column_sums(p, var.data(), [&](int64_t i, int64_t c) {
            double centred = x[i] - mean[c];
            return centred * centred;
        });
        for (int64_t c = 0; c < p.channels; ++c) {
            var[c] /= static_cast<double>(p.rows);
            mean_out[c] = static_cast<T>(mean[c]);
            var_out[c] = static_cast<T>(var[c]);
            rstd_out[c] = static_cast<T>(1 / std::sqrt(var[c] + p.eps));
        }
    } else {
        std::copy(mean_out, mean_out + p.channels, mean.data());
        std::copy(var_out, var_out + p.channels, var.data());
    }
    for (int64_t c = 0; c < p.channels; ++c) {
        scale[c] = (weight ? weight[c] : T{1}) / std::sqrt(var[c] + p.eps);
        shift[c] = (bias ? bias[c] : T{0}) - mean[c] * scale[c];
    }
    each_element(p, [&](int64_t i, int64_t c) {
        y[i] = static_cast<T>(x[i] * scale[c] + shift[c]);
    });
}

template <class T>
void backward(const BatchNormProblem& p, const BatchNormArgs& args) {
    const T *x = static_cast<const T*>(args.x), *weight = static_cast<const T*>(args.weight),
            *grad_y = static_cast<const T*>(args.grad_y), *mean = static_cast<const T*>(args.mean),
            *var = static_cast<const T*>(args.var), *rstd_in = static_cast<const T*>(args.rstd);
    T *grad_x = static_cast<T*>(args.grad_x), *grad_weight = static_cast<T*>(args.grad_weight),
      *grad_bias = static_cast<T*>(args.grad_bias);
    Scratch<double> rstd(p.channels), sum(p.channels), dot(p.channels);
    for (int64_t c = 0; c < p.channels; ++c)
        rstd[c] = p.training ? rstd_in[c] : 1 / std::sqrt(static_cast<double>(var[c]) + p.eps);
    auto normalised = [&](int64_t i, int64_t c) {
        return (static_cast<double>(x[i]) - mean[c]) * rstd[c];
    };
    column_sums(p, sum.data(), [&](int64_t i, int64_t) { return static_cast<double>(grad_y[i]); });
    column_sums(p, dot.data(),
                [&](int64_t i, int64_t c) { return grad_y[i] * normalised(i, c); });
    for (int64_t c = 0; c < p.channels; ++c) {
        if (grad_bias) grad_bias[c] = static_cast<T>(sum[c]);
        if (grad_weight) grad_weight[c] = static_cast<T>(dot[c]);
    }
    if (!grad_x) return;
    double share = p.training ? 1.0 / static_cast<double>(p.rows) : 0.0;
    each_element(p, [&](int64_t i, int64_t c) {
        double centred = grad_y[i] - sum[c] * share - normalised(i, c) * dot[c] * share;
        grad_x[i] = static_cast<T>(centred * rstd[c] * (weight ? weight[c] : T{1}));
    });
}

void reference(const BatchNormProblem& problem, const BatchNormArgs& args) {
    visit_floating("batch_norm", problem.dtype, [&](auto zero) {
        using T = decltype(zero);
        problem.backward ? backward<T>(problem, args) : forward<T>(problem, args);
    });
}

template <const NormColumns (&Loops)[2]>
void columns(const BatchNormProblem& problem, const BatchNormArgs& args) {
    batch_norm_by_columns(problem, args, Loops);
}

constexpr Impl<BatchNormProblem, BatchNormArgs> kBatchNorm[] = {
#ifdef CONVCORE_X86
    {"columns_avx512", Isa::Avx512, nullptr, columns<avx512::norm_columns>},
    {"columns_avx2", Isa::Avx2, nullptr, columns<avx2::norm_columns>},
#endif
    {"columns_generic", Isa::Generic, nullptr, columns<generic::norm_columns>},
    {"reference", Isa::Generic, nullptr, reference},
};

}  // namespace

void batch_norm(const BatchNormProblem& problem, const BatchNormArgs& args) {
    run_best("batch_norm", kBatchNorm, problem, args);
}

}  // namespace cc
