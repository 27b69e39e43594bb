#include "kernels/conv/conv.h"

#include "base/error.h"
#include "kernels/conv/conv_direct.h"
#include "kernels/conv/conv_reference.h"
#include "kernels/impl.h"

namespace cc {

std::string ConvProblem::describe() const {
    auto triple = [](const int64_t* v) { return str(v[0], "x", v[1], "x", v[2]); };
    const char* names[] = {"forward", "grad_input", "grad_weight"};
    return str(names[static_cast<int>(map)], " ", dtype, " n ", n, " c ", c, " k ", k, " groups ", groups, " in ", triple(in), " out ",
               triple(out), " kernel ", triple(kernel), " pad ", triple(pad_lo), "/", triple(pad_hi), " stride ", triple(stride),
               " dilation ", triple(dilation), flip ? " flip" : "");
}

namespace {

template <const MicroSet& Micro>
void direct(const ConvProblem& p, const ConvArgs& args) {
    conv_direct(p, args, Micro);
}

constexpr Impl<ConvProblem, ConvArgs> kImplementations[] = {
#ifdef CONVCORE_X86
    {"direct_avx512", Isa::Avx512, nullptr, direct<avx512::micro>},
    {"direct_avx2", Isa::Avx2, nullptr, direct<avx2::micro>},
#endif
    {"direct_generic", Isa::Generic, nullptr, direct<generic::micro>},
    {"reference", Isa::Generic, nullptr, conv_reference},
};

}  // namespace

void conv(const ConvProblem& problem, const ConvArgs& args) {
    const ConvProblem& p = problem;
    const int64_t x = p.n * p.c * p.in_pixels(), y = p.n * p.k * p.out_pixels(), weight = p.k * (p.c / p.groups) * p.taps();
    if ((p.map == ConvMap::Forward ? y : p.map == ConvMap::GradInput ? x : weight) == 0) return;
    run_best("conv", kImplementations, problem, args);
}

}  // namespace cc
