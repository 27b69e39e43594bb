// Normalisation: the readable reference, which is the specification, and the list of
// implementations.
#include "kernels/norm/norm.h"

#include <algorithm>
#include <cmath>

#include "base/parallel.h"
#include "kernels/impl.h"
#include "kernels/norm/norm_loops.h"

namespace cc {

std::string NormProblem::describe() const {
    return str(backward ? "backward " : "forward ", given ? "given " : centred ? "" : "uncentred ",
               dtype, " n", n, " pixels", pixels, " c", channels, " groups", groups,
               channels_first ? " channels first" : "");
}

namespace {

constexpr int64_t kElementsPerTask = 16384;

int64_t position(const NormProblem& p, int64_t image, int64_t channel, int64_t pixel) {
    int64_t at = p.channels_first ? channel * p.pixels + pixel : pixel * p.channels + channel;
    return image * p.pixels * p.channels + at;
}

// f(image, group) for all of them.
template <class F>
void each_group(const NormProblem& p, F&& f) {
    int64_t grain =
        std::max<int64_t>(1, kElementsPerTask / std::max<int64_t>(1, p.share() * p.pixels));
    parallel_for(p.n * p.groups, grain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) f(i / p.groups, i % p.groups);
    });
}

// f(position, channel) for the elements of a group.
template <class F>
void each_element(const NormProblem& p, int64_t image, int64_t group, F&& f) {
    for (int64_t c = group * p.share(); c < (group + 1) * p.share(); ++c)
        for (int64_t pixel = 0; pixel < p.pixels; ++pixel) f(position(p, image, c, pixel), c);
}

template <class T>
void forward(const NormProblem& p, const NormArgs& args) {
    const T *x = static_cast<const T*>(args.x), *weight = static_cast<const T*>(args.weight),
            *bias = static_cast<const T*>(args.bias);
    T *y = static_cast<T*>(args.y), *means = static_cast<T*>(args.mean),
      *rstds = static_cast<T*>(args.rstd), *vars = static_cast<T*>(args.var);
    const double count = static_cast<double>(p.share() * p.pixels);
    each_group(p, [&](int64_t image, int64_t group) {
        int64_t at = image * p.groups + group;
        double mean = 0, var = 0;
        if (p.given) {
            mean = means[at], var = vars[at];
        } else {
            if (p.centred)
                each_element(p, image, group, [&](int64_t i, int64_t) { mean += x[i] / count; });
            each_element(p, image, group, [&](int64_t i, int64_t) {
                var += (x[i] - mean) * (x[i] - mean) / count;
            });
            if (p.centred) means[at] = static_cast<T>(mean);
            if (vars) vars[at] = static_cast<T>(var);
            rstds[at] = static_cast<T>(1 / std::sqrt(var + p.eps));
        }
        double rstd = 1 / std::sqrt(var + p.eps);
        if (args.scale) {
            const double factor = rstd * (weight ? weight[group] : T{1});
            static_cast<T*>(args.scale)[group] = static_cast<T>(factor);
            static_cast<T*>(args.shift)[group] = static_cast<T>((bias ? bias[group] : T{0}) - mean * factor);
            return;
        }
        each_element(p, image, group, [&](int64_t i, int64_t c) {
            double normal = (x[i] - mean) * rstd;
            y[i] = static_cast<T>(normal * (weight ? weight[c] : T{1}) + (bias ? bias[c] : T{0}));
        });
    });
}

template <class T>
void backward(const NormProblem& p, const NormArgs& args) {
    const T *x = static_cast<const T*>(args.x), *weight = static_cast<const T*>(args.weight),
            *grad_y = static_cast<const T*>(args.grad_y), *means = static_cast<const T*>(args.mean),
            *vars = static_cast<const T*>(args.var), *rstds = static_cast<const T*>(args.rstd);
    T *grad_x = static_cast<T*>(args.grad_x), *grad_weight = static_cast<T*>(args.grad_weight),
      *grad_bias = static_cast<T*>(args.grad_bias);
    auto mean = [&](int64_t at) { return p.centred ? static_cast<double>(means[at]) : 0.0; };
    auto rstd = [&](int64_t at) {
        return p.given ? 1 / std::sqrt(static_cast<double>(vars[at]) + p.eps) : rstds[at];
    };
    const double count = static_cast<double>(p.share() * p.pixels);
    const T *scale = static_cast<const T*>(args.clamp_scale), *shift = static_cast<const T*>(args.clamp_shift);
    auto grad = [&](int64_t i, int64_t c) {
        if (!scale) return grad_y[i];
        const T value = std::fma(x[i], scale[c], shift[c]);
        return value <= static_cast<T>(args.low) || value >= static_cast<T>(args.high) ? T{0} : grad_y[i];
    };
    parallel_for(p.channels, 1, [&](int64_t begin, int64_t end) {
        for (int64_t c = begin; c < end; ++c) {
            double sum = 0, dot = 0;
            for (int64_t image = 0; image < p.n; ++image)
                for (int64_t pixel = 0; pixel < p.pixels; ++pixel) {
                    int64_t i = position(p, image, c, pixel);
                    int64_t at = image * p.groups + c / p.share();
                    sum += grad(i, c);
                    dot += grad(i, c) * (x[i] - mean(at)) * rstd(at);
                }
            if (grad_bias) grad_bias[c] = static_cast<T>(sum);
            if (grad_weight) grad_weight[c] = static_cast<T>(dot);
        }
    });
    if (grad_x)
        each_group(p, [&](int64_t image, int64_t group) {
            int64_t at = image * p.groups + group;
            double m = mean(at), r = rstd(at), sum = 0, dot = 0;
            auto weighted = [&](int64_t i, int64_t c) {
                return static_cast<double>(grad(i, c)) * (weight ? weight[c] : T{1});
            };
            if (!p.given)
                each_element(p, image, group, [&](int64_t i, int64_t c) {
                    if (p.centred) sum += weighted(i, c) / count;
                    dot += weighted(i, c) * (x[i] - m) * r / count;
                });
            each_element(p, image, group, [&](int64_t i, int64_t c) {
                grad_x[i] = static_cast<T>(r * (weighted(i, c) - sum - (x[i] - m) * r * dot));
            });
        });
}

void affine_reference(const AffineProblem& p, const AffineArgs& args) {
    visit_floating("affine", p.dtype, [&](auto zero) {
        using T = decltype(zero);
        const T *x = static_cast<const T*>(args.x), *added = static_cast<const T*>(args.added),
                *scale = static_cast<const T*>(args.scale), *shift = static_cast<const T*>(args.shift);
        for (int64_t i = 0; i < p.pixels * p.channels; ++i) {
            T value = std::fma(x[i], scale ? scale[i % p.channels] : T{1}, shift ? shift[i % p.channels] : -T{});
            if (added) value += added[i];
            value = value < static_cast<T>(p.low) ? static_cast<T>(p.low) : value;
            static_cast<T*>(args.y)[i] = value > static_cast<T>(p.high) ? static_cast<T>(p.high) : value;
        }
    });
}

void reference(const NormProblem& problem, const NormArgs& args) {
    visit_floating("norm", problem.dtype, [&](auto zero) {
        using T = decltype(zero);
        problem.backward ? backward<T>(problem, args) : forward<T>(problem, args);
    });
}

template <const NormLoops (&Loops)[2]>
void runs(const NormProblem& problem, const NormArgs& args) {
    norm_by_runs(problem, args, Loops);
}

template <const NormLoops (&Loops)[2]>
void columns(const NormProblem& problem, const NormArgs& args) {
    norm_by_columns(problem, args, Loops);
}

template <const NormLoops (&Loops)[2]>
void affine(const AffineProblem& problem, const AffineArgs& args) {
    affine_by_columns(problem, args, Loops);
}

constexpr Impl<AffineProblem, AffineArgs> kAffine[] = {
#ifdef CONVCORE_X86
    {"affine_avx512", Isa::Avx512, nullptr, affine<avx512::norm_loops>},
    {"affine_avx2", Isa::Avx2, nullptr, affine<avx2::norm_loops>},
#endif
    {"affine_generic", Isa::Generic, nullptr, affine<generic::norm_loops>},
    {"reference", Isa::Generic, nullptr, affine_reference},
};

constexpr Impl<NormProblem, NormArgs> kNorm[] = {
#ifdef CONVCORE_X86
    {"runs_avx512", Isa::Avx512, runs_decline, runs<avx512::norm_loops>},
    {"columns_avx512", Isa::Avx512, columns_decline, columns<avx512::norm_loops>},
    {"runs_avx2", Isa::Avx2, runs_decline, runs<avx2::norm_loops>},
    {"columns_avx2", Isa::Avx2, columns_decline, columns<avx2::norm_loops>},
#endif
    {"runs_generic", Isa::Generic, runs_decline, runs<generic::norm_loops>},
    {"columns_generic", Isa::Generic, columns_decline, columns<generic::norm_loops>},
    {"reference", Isa::Generic, nullptr, reference},
};

}  // namespace

void norm(const NormProblem& problem, const NormArgs& args) {
    run_best("norm", kNorm, problem, args);
}

std::string AffineProblem::describe() const {
    return str(dtype, " pixels", pixels, " c", channels, adds ? " added" : "", low > -HUGE_VAL || high < HUGE_VAL ? " clamped" : "");
}

void affine(const AffineProblem& problem, const AffineArgs& args) {
    if (problem.pixels * problem.channels > 0) run_best("affine", kAffine, problem, args);
}

}  // namespace cc
