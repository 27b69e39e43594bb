// z = depthwise(end(x · wᵀ)): an image of the result is cut into bands of lines. In each, lines of the product are made a few at
// a time, as the lines of the result need them, in a ring of lines that stays in the second-level cache, where the depthwise
// convolution finds them. It is chosen where the product as a whole would not stay in that cache: an expanding 1×1 convolution
// (MobileNetV2) writes and reads up to six times what it takes in, and waits for memory longer than it computes.
//
// Lines over a cut between bands are made twice, so bands are few. Both parts are the kernels of the convolutions alone, and
// no sum depends on how lines are grouped: the same bits.
#include "kernels/conv/conv_through.h"

#include <algorithm>

#include "base/parallel.h"
#include "kernels/conv/conv_depthwise_runs.h"
#include "kernels/gemm/gemm_blocked.h"
#include "kernels/impl.h"

namespace cc {
namespace {

constexpr int64_t kProductFrom = 1 << 20, kMostRing = 384 << 10;  // bytes
constexpr int64_t kRows = 192;     // of a product: enough for its weights to come into the first-level cache once
constexpr int64_t kMostTwice = 12;  // one of so many lines is made twice at most

struct Plan {
    int64_t lines;  // made at a time
    int64_t ring;
    Parts bands;  // lines of the result
};

Plan plan_through(const ConvProblem& p) {
    const int64_t lines = std::min(p.in[1], (kRows + p.in[2] - 1) / p.in[2]), pair = p.kernel[1] + p.stride[1],
                  twice = std::max<int64_t>(1, p.kernel[1] - p.stride[1]),
                  most = std::min(p.in[1] / (kMostTwice * twice) + 1, p.out[1]);
    int64_t bands = 1;
    while (2 * bands <= most) bands *= 2;
    return {lines, (pair + 2 * lines - 2) / lines * lines, {p.out[1], bands}};
}

template <const MicroSet& Set>
void through(const ConvThrough& p, const ConvThroughArgs& args) {
    const ConvProblem &first = p.first, &second = p.second;
    using T = float;
    const Micro<T>& micro = Set.f32;
    const Plan plan = plan_through(second);
    const Pass pass = forward_passes(second)[0];
    const int64_t width = second.in[2], line_size = width * second.c, stride = second.stride[1], pad = second.pad_lo[1];
    T* y = static_cast<T*>(args.second.y);
    const EpilogueFor<T> epilogue(args.second.epilogue, y);
    const T* weight = static_cast<const T*>(args.second.weight);
    Packed<T> weights(args.second.packs, second.weight_key("depthwise", 0, weight), second.taps() * second.c);
    turn_depthwise_weights(second, micro, weight, weights);
    GemmProblem product{};
    product.dtype = second.dtype;
    product.batch = 1;
    product.n = product.c_row = first.k;
    product.k = product.a_row = product.b_col = first.c;
    product.a_col = product.b_row = 1;
    parallel_for(second.n * plan.bands.count, 1, [&](int64_t begin, int64_t end) {
        Scratch<T> ring(plan.ring * line_size);
        for (int64_t task = begin; task < end; ++task) {
            const int64_t band = task % plan.bands.count, above = task / plan.bands.count * second.out[1],
                          from = plan.bands.begin(band), to = plan.bands.begin(band + 1),
                          top = std::max<int64_t>(0, from * stride - pad),
                          bottom = std::min(second.in[1], (to - 1) * stride - pad + second.kernel[1]);
            int64_t next = top;
            auto make = [&](int64_t image, int64_t line) -> const T* {
                for (; next <= line; next += plan.lines) {
                    GemmProblem some = product;
                    some.m = std::min(plan.lines, bottom - next) * width;
                    const T* x = static_cast<const T*>(args.first.x) + (image * second.in[1] + next) * width * first.c;
                    gemm_blocked(some, {x, args.first.weight, ring.data() + (next - top) % plan.ring * line_size,
                                        args.first.bias, args.first.packs, args.first.epilogue}, Set);
                }
                return ring.data() + (line - top) % plan.ring * line_size;
            };
            const typename DepthwiseRuns<T>::MadeLines made = make;
            DepthwiseRuns<T>{second, pass, nullptr, y, epilogue.get(), &made}.each_line(
                above + from, above + to, 0, second.c, weights.data(), static_cast<const T*>(args.second.bias), true,
                micro.run_line);
        }
    });
}

constexpr Impl<ConvThrough, ConvThroughArgs> kImplementations[] = {
#ifdef CONVCORE_X86
    {"through_avx512", Isa::Avx512, nullptr, through<avx512::micro>},
    {"through_avx2", Isa::Avx2, nullptr, through<avx2::micro>},
#endif
    {"through_generic", Isa::Generic, nullptr, through<generic::micro>},
};

}  // namespace

bool conv_through_pays(const ConvThrough& problem) {
    const ConvProblem &first = problem.first, &second = problem.second;
    if (second.groups != second.c || second.k != second.c || first.k != second.c || first.n != second.n ||
        first.dtype != second.dtype || second.dtype != Dtype::Float32 || !first.kept)
        return false;
    for (int a = 0; a < 3; ++a)
        if (first.out[a] != second.in[a] || second.dilation[a] != 1) return false;
    // A product of few rows is computed otherwise.
    if (second.in[0] != 1 || second.kernel[0] != 1 || second.in[2] <= 8 || !DepthwiseRuns<float>::fit(forward_passes(second)[0]))
        return false;
    const int64_t line = second.in[2] * second.c * static_cast<int64_t>(itemsize(second.dtype));
    const Plan plan = plan_through(second);
    return second.n * second.in[1] * line >= kProductFrom && plan.ring * line <= kMostRing &&
           second.n * plan.bands.count >= num_threads() && is_called(conv_choice(first), "pointwise") &&
           is_called(conv_choice(second), "depthwise");
}

void conv_through(const ConvThrough& problem, const ConvThroughArgs& args) {
    run_best("conv", kImplementations, problem, args);
}

}  // namespace cc
