// Interpolation: the readable reference, which is the specification, and the list of implementations.
#include "kernels/interpolate/interpolate.h"

#include <algorithm>

#include "base/parallel.h"
#include "kernels/impl.h"
#include "kernels/interpolate/interpolate_rows.h"

namespace cc {

std::string InterpolateProblem::describe() const {
    auto triple = [](const int64_t* v) { return str(v[0], 'x', v[1], 'x', v[2]); };
    return str(dtype, " n", n, " c", c, " in", triple(in), " out", triple(out), " taps", triple(taps));
}

namespace {

template <class T>
void by_definition(const InterpolateProblem& p, const InterpolateArgs& args) {
    const Taps &t0 = args.axes[0], &t1 = args.axes[1], &t2 = args.axes[2];
    const int64_t pixels = p.out[0] * p.out[1] * p.out[2];
    parallel_for(p.n * pixels, std::max<int64_t>(1, 1024 / std::max<int64_t>(1, p.c)), [&](int64_t begin, int64_t end) {
        for (int64_t at = begin; at < end; ++at) {
            int64_t o0 = at % pixels / (p.out[1] * p.out[2]), o1 = at / p.out[2] % p.out[1], o2 = at % p.out[2];
            const T* image = static_cast<const T*>(args.x) + at / pixels * p.in[0] * p.in[1] * p.in[2] * p.c;
            for (int64_t c = 0; c < p.c; ++c) {
                double sum = 0;
                for (int64_t i = 0; i < t0.count(o0); ++i)
                    for (int64_t j = 0; j < t1.count(o1); ++j)
                        for (int64_t k = 0; k < t2.count(o2); ++k) {
                            int64_t place = ((t0.first[o0] + i) * p.in[1] + t1.first[o1] + j) * p.in[2] + t2.first[o2] + k;
                            sum += t0.weights[t0.start[o0] + i] * t1.weights[t1.start[o1] + j] *
                                   t2.weights[t2.start[o2] + k] * image[place * p.c + c];
                        }
                static_cast<T*>(args.y)[at * p.c + c] = static_cast<T>(sum);
            }
        }
    });
}

void reference(const InterpolateProblem& problem, const InterpolateArgs& args) {
    visit_floating("interpolate", problem.dtype, [&](auto zero) { by_definition<decltype(zero)>(problem, args); });
}

template <const InterpolateRowFunction (&Rows)[2]>
void rows(const InterpolateProblem& problem, const InterpolateArgs& args) {
    interpolate_by_rows(problem, args, Rows);
}

constexpr Impl<InterpolateProblem, InterpolateArgs> kInterpolate[] = {
#ifdef CONVCORE_X86
    {"rows_avx512", Isa::Avx512, nullptr, rows<avx512::interpolate_rows>},
    {"rows_avx2", Isa::Avx2, nullptr, rows<avx2::interpolate_rows>},
#endif
    {"rows_generic", Isa::Generic, nullptr, rows<generic::interpolate_rows>},
    {"reference", Isa::Generic, nullptr, reference},
};

}  // namespace

void interpolate(const InterpolateProblem& problem, const InterpolateArgs& args) {
    run_best("interpolate", kInterpolate, problem, args);
}

}  // namespace cc
