#include "kernels/conv/conv.h"

#include <algorithm>
#include <atomic>

#include "base/error.h"
#include "kernels/conv/conv_depthwise.h"
#include "kernels/conv/conv_direct.h"
#include "kernels/conv/conv_fft.h"
#include "kernels/conv/conv_fft_plan.h"
#include "kernels/conv/conv_grouped.h"
#include "kernels/conv/conv_pointwise.h"
#include "kernels/conv/conv_reference.h"
#include "kernels/conv/conv_strip.h"
#include "kernels/conv/conv_winograd.h"
#include "kernels/impl.h"
#include "kernels/norm/norm.h"

namespace cc {

std::string ConvProblem::describe() const {
    auto triple = [](const int64_t* v) { return str(v[0], "x", v[1], "x", v[2]); };
    const char* names[] = {"forward", "grad_input", "grad_weight"};
    return str(names[static_cast<int>(map)], " ", dtype, " n ", n, " c ", c, " k ", k, " groups ",
               groups, " in ", triple(in), " out ", triple(out), " kernel ", triple(kernel),
               " pad ", triple(pad_lo), "/", triple(pad_hi), " stride ", triple(stride),
               " dilation ", triple(dilation), flip ? " flip" : "", kept ? " kept" : "");
}

bool ConvProblem::pixels_match() const {
    for (int a = 0; a < 3; ++a)
        if (kernel[a] != 1 || stride[a] != 1 || in[a] != out[a] || pad_lo[a] != 0) return false;
    return true;
}

double ConvProblem::inside() const {
    double share = 1;
    for (int a = 0; a < 3; ++a) {
        // How many outputs o have o·stride + at < size.
        auto below = [&](int64_t at, int64_t size) {
            return std::clamp<int64_t>((size - at + stride[a] - 1) / stride[a], 0, out[a]);
        };
        int64_t met = 0;
        for (int64_t t = 0; t < kernel[a]; ++t) {
            const int64_t at = t * dilation[a] - pad_lo[a];
            met += at < in[a] ? below(at, in[a]) - (at < 0 ? below(at, 0) : 0) : 0;
        }
        share *= static_cast<double>(met) / static_cast<double>(out[a] * kernel[a]);
    }
    return share;
}

namespace {

std::atomic<ConvPrecision> precision{ConvPrecision::Fast};

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
void pointwise(const ConvProblem& p, const ConvArgs& args) {
    conv_pointwise(p, args, Micro);
}

template <const MicroSet& Micro>
void strip(const ConvProblem& p, const ConvArgs& args) {
    conv_strip(p, args, Micro);
}

template <const MicroSet& Micro>
void grouped(const ConvProblem& p, const ConvArgs& args) {
    conv_grouped(p, args, Micro);
}

template <int Window>
const char* winograd_decline(const ConvProblem& p) {
    return conv_winograd_decline(p, Window);
}

template <int Window, const Winograd& Winograd, const MicroSet& Micro>
void winograd(const ConvProblem& p, const ConvArgs& args) {
    conv_winograd(p, Window, args, Winograd, Micro.f32);
}

template <const FftSet& Set>
FftTile fft_tile(const ConvProblem& p) {
    return p.dtype == Dtype::Float64 ? FftTile{Set.f64.lanes, Set.f64.rows}
                                     : FftTile{Set.f32.lanes, Set.f32.rows};
}

template <const FftSet& Set>
const char* fft_lose(const ConvProblem& p) {
    return conv_fft_lose(p, fft_tile<Set>(p));
}

// Of kernels of 5 × 5 large maps go to the Fourier transform, of 3 × 3 none.
template <const FftSet& Set>
const char* winograd_lose(const ConvProblem& p) {
    if (const char* reason = conv_winograd_lose(p)) return reason;
    const FftTile tile = fft_tile<Set>(p);
    if (p.taps() < 25 || conv_fft_lose(p, tile)) return nullptr;
    return plan_fft(p, tile).cost < conv_winograd_cost(p, tile.lanes)
               ? "a Fourier transform costs less"
               : nullptr;
}

void finish(const ConvProblem& p, const ConvArgs& args) {
    if (args.epilogue) affine(*args.epilogue, p.dtype, p.n * p.out_pixels(), p.k, args.y, args.y);
}

template <const FftSet& Set, const MicroSet& Micro>
void fft(const ConvProblem& p, const ConvArgs& args) {
    conv_fft(p, args, Set, Micro);
    finish(p, args);
}

void reference(const ConvProblem& p, const ConvArgs& args) {
    conv_reference(p, args);
    finish(p, args);
}

constexpr Impl<ConvProblem, ConvArgs> kImplementations[] = {
#ifdef CONVCORE_X86
    {"winograd_avx512", Isa::Avx512, winograd_decline<6>, winograd<6, avx512::winograd, avx512::micro>,
     winograd_lose<avx512::fft>},
    {"winograd2_avx512", Isa::Avx512, winograd_decline<4>, winograd<4, avx512::winograd, avx512::micro>,
     conv_winograd2_lose},
    {"fft_avx512", Isa::Avx512, conv_fft_decline, fft<avx512::fft, avx512::micro>,
     fft_lose<avx512::fft>},
    {"depthwise_avx512", Isa::Avx512, conv_depthwise_decline, depthwise<avx512::micro>,
     conv_depthwise_lose},
    {"grouped_avx512", Isa::Avx512, conv_grouped_decline, grouped<avx512::micro>},
    {"pointwise_avx512", Isa::Avx512, conv_pointwise_decline, pointwise<avx512::micro>},
    {"strip_avx512", Isa::Avx512, conv_strip_decline, strip<avx512::micro>, conv_strip_lose},
    {"direct_avx512", Isa::Avx512, direct_decline, direct<avx512::micro>},
    {"winograd_avx2", Isa::Avx2, winograd_decline<6>, winograd<6, avx2::winograd, avx2::micro>,
     winograd_lose<avx2::fft>},
    {"winograd2_avx2", Isa::Avx2, winograd_decline<4>, winograd<4, avx2::winograd, avx2::micro>,
     conv_winograd2_lose},
    {"fft_avx2", Isa::Avx2, conv_fft_decline, fft<avx2::fft, avx2::micro>,
     fft_lose<avx2::fft>},
    {"depthwise_avx2", Isa::Avx2, conv_depthwise_decline, depthwise<avx2::micro>, conv_depthwise_lose},
    {"grouped_avx2", Isa::Avx2, conv_grouped_decline, grouped<avx2::micro>},
    {"pointwise_avx2", Isa::Avx2, conv_pointwise_decline, pointwise<avx2::micro>},
    {"strip_avx2", Isa::Avx2, conv_strip_decline, strip<avx2::micro>, conv_strip_lose},
    {"direct_avx2", Isa::Avx2, direct_decline, direct<avx2::micro>},
#endif
    {"winograd_generic", Isa::Generic, winograd_decline<6>, winograd<6, generic::winograd, generic::micro>,
     winograd_lose<generic::fft>},
    {"winograd2_generic", Isa::Generic, winograd_decline<4>, winograd<4, generic::winograd, generic::micro>,
     conv_winograd2_lose},
    {"fft_generic", Isa::Generic, conv_fft_decline, fft<generic::fft, generic::micro>,
     fft_lose<generic::fft>},
    {"depthwise_generic", Isa::Generic, conv_depthwise_decline, depthwise<generic::micro>,
     conv_depthwise_lose},
    {"grouped_generic", Isa::Generic, conv_grouped_decline, grouped<generic::micro>},
    {"pointwise_generic", Isa::Generic, conv_pointwise_decline, pointwise<generic::micro>},
    {"strip_generic", Isa::Generic, conv_strip_decline, strip<generic::micro>, conv_strip_lose},
    {"direct_generic", Isa::Generic, direct_decline, direct<generic::micro>},
    {"reference", Isa::Generic, nullptr, reference},
};

}  // namespace

ConvPrecision conv_precision() { return precision.load(std::memory_order_relaxed); }
void set_conv_precision(ConvPrecision wanted) { precision.store(wanted, std::memory_order_relaxed); }

void conv(const ConvProblem& problem, const ConvArgs& args) {
    const ConvProblem& p = problem;
    const int64_t x = p.n * p.c * p.in_pixels(), y = p.n * p.k * p.out_pixels(),
                  weight = p.k * (p.c / p.groups) * p.taps();
    if ((p.map == ConvMap::Forward ? y : p.map == ConvMap::GradInput ? x : weight) == 0) return;
    run_best("conv", kImplementations, problem, args);
}

const char* conv_choice(const ConvProblem& problem) {
    const auto* impl = choose(kImplementations, problem, forced_impl("conv"));
    return impl ? impl->name : "";
}

}  // namespace cc
