#include "kernels/conv/conv.h"

#include "base/error.h"
#include "kernels/conv/conv_depthwise.h"
#include "kernels/conv/conv_direct.h"
#include "kernels/conv/conv_fft.h"
#include "kernels/conv/conv_fft_plan.h"
#include "kernels/conv/conv_reference.h"
#include "kernels/conv/conv_strip.h"
#include "kernels/impl.h"

namespace cc {

std::string ConvProblem::describe() const {
    auto triple = [](const int64_t* v) { return str(v[0], "x", v[1], "x", v[2]); };
    const char* names[] = {"forward", "grad_input", "grad_weight"};
    return str(names[static_cast<int>(map)], " ", dtype, " n ", n, " c ", c, " k ", k, " groups ",
               groups, " in ", triple(in), " out ", triple(out), " kernel ", triple(kernel),
               " pad ", triple(pad_lo), "/", triple(pad_hi), " stride ", triple(stride),
               " dilation ", triple(dilation), flip ? " flip" : "");
}

namespace {

template <const MicroSet& Micro>
void depthwise(const ConvProblem& p, const ConvArgs& args) {
    conv_depthwise(p, args, Micro);
}

const char* direct_decline(const ConvProblem& p) {
    return p.c == 0 ? "a tensor is empty" : nullptr;
}

template <const MicroSet& Micro>
void direct(const ConvProblem& p, const ConvArgs& args) {
    conv_direct(p, args, Micro);
}

template <const MicroSet& Micro>
void strip(const ConvProblem& p, const ConvArgs& args) {
    conv_strip(p, args, Micro);
}

template <const FftSet& Set>
const char* fft_decline(const ConvProblem& p) {
    const bool wide = p.dtype == Dtype::Float64;
    return conv_fft_decline(p, wide ? Set.f64.lanes : Set.f32.lanes,
                            wide ? Set.f64.rows : Set.f32.rows);
}

template <const FftSet& Set, const MicroSet& Micro>
void fft(const ConvProblem& p, const ConvArgs& args) {
    conv_fft(p, args, Set, Micro);
}

constexpr Impl<ConvProblem, ConvArgs> kImplementations[] = {
#ifdef CONVCORE_X86
    {"fft_avx512", Isa::Avx512, fft_decline<avx512::fft>, fft<avx512::fft, avx512::micro>},
    {"depthwise_avx512", Isa::Avx512, conv_depthwise_decline, depthwise<avx512::micro>},
    {"strip_avx512", Isa::Avx512, conv_strip_decline, strip<avx512::micro>},
    {"direct_avx512", Isa::Avx512, direct_decline, direct<avx512::micro>},
    {"fft_avx2", Isa::Avx2, fft_decline<avx2::fft>, fft<avx2::fft, avx2::micro>},
    {"depthwise_avx2", Isa::Avx2, conv_depthwise_decline, depthwise<avx2::micro>},
    {"strip_avx2", Isa::Avx2, conv_strip_decline, strip<avx2::micro>},
    {"direct_avx2", Isa::Avx2, direct_decline, direct<avx2::micro>},
#endif
    {"fft_generic", Isa::Generic, fft_decline<generic::fft>, fft<generic::fft, generic::micro>},
    {"depthwise_generic", Isa::Generic, conv_depthwise_decline, depthwise<generic::micro>},
    {"strip_generic", Isa::Generic, conv_strip_decline, strip<generic::micro>},
    {"direct_generic", Isa::Generic, direct_decline, direct<generic::micro>},
    {"reference", Isa::Generic, nullptr, conv_reference},
};

}  // namespace

void conv(const ConvProblem& problem, const ConvArgs& args) {
    const ConvProblem& p = problem;
    const int64_t x = p.n * p.c * p.in_pixels(), y = p.n * p.k * p.out_pixels(),
                  weight = p.k * (p.c / p.groups) * p.taps();
    if ((p.map == ConvMap::Forward ? y : p.map == ConvMap::GradInput ? x : weight) == 0) return;
    run_best("conv", kImplementations, problem, args);
}

}  // namespace cc
