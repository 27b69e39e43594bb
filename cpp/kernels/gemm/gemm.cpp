#include "kernels/gemm/gemm.h"

#include "base/error.h"
#include "kernels/gemm/gemm_blocked.h"
#include "kernels/impl.h"

namespace cc {

std::string GemmProblem::describe() const {
    return str(dtype, " batch ", batch, " m ", m, " n ", n, " k ", k, " a (", a_row, ", ", a_col,
               ", ", a_batch, ") b (", b_row, ", ", b_col, ", ", b_batch, ") c (", c_row, ", ",
               c_batch, ")", accumulate ? " accumulate" : "");
}

namespace {

// The specification: sums in double, in the order of k.
template <class T>
void reference(const GemmProblem& p, const T* a, const T* b, T* c, const T* bias) {
    for (int64_t batch = 0; batch < p.batch; ++batch)
        for (int64_t i = 0; i < p.m; ++i)
            for (int64_t j = 0; j < p.n; ++j) {
                T& out = c[batch * p.c_batch + i * p.c_row + j];
                double sum = (p.accumulate ? out : 0.0) + (bias ? bias[j] : 0.0);
                for (int64_t l = 0; l < p.k; ++l)
                    sum += static_cast<double>(a[batch * p.a_batch + i * p.a_row + l * p.a_col]) *
                           static_cast<double>(b[batch * p.b_batch + l * p.b_row + j * p.b_col]);
                out = static_cast<T>(sum);
            }
}

void run_reference(const GemmProblem& p, const GemmArgs& args) {
    visit_floating("gemm", p.dtype, [&](auto zero) {
        using T = decltype(zero);
        reference<T>(p, static_cast<const T*>(args.a), static_cast<const T*>(args.b),
                     static_cast<T*>(args.c), static_cast<const T*>(args.bias));
    });
}

template <const MicroSet& Micro>
void blocked(const GemmProblem& p, const GemmArgs& args) {
    gemm_blocked(p, args, Micro);
}

constexpr Impl<GemmProblem, GemmArgs> kImplementations[] = {
#ifdef CONVCORE_X86
    {"gemm_avx512", Isa::Avx512, nullptr, blocked<avx512::micro>},
    {"gemm_avx2", Isa::Avx2, nullptr, blocked<avx2::micro>},
#endif
    {"gemm_generic", Isa::Generic, nullptr, blocked<generic::micro>},
    {"reference", Isa::Generic, nullptr, run_reference},
};

}  // namespace

void gemm(const GemmProblem& problem, const GemmArgs& args) {
    if (problem.batch * problem.m * problem.n == 0) return;
    run_best("gemm", kImplementations, problem, args);
}

}  // namespace cc
