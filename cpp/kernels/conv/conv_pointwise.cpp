// y [pixels][k] = x [pixels][c] · wᵀ, dx = dy · w: with one tap, stride 1 and no pads every pixel of y lies over its own of x, so
// that images are rows of a matrix in place. The kernel's gradient sums over the pixels; direct convolution cuts that sum into
// slices, a product of matrices would not.
#include "kernels/conv/conv_pointwise.h"

#include "kernels/gemm/gemm_blocked.h"

namespace cc {

const char* conv_pointwise_decline(const ConvProblem& p) {
    if (p.taps() != 1) return "the kernel has several taps";
    if (p.c == 0 || p.k == 0) return "a tensor is empty";
    if (p.map == ConvMap::GradWeight) return "the map is the kernel's gradient";
    if (p.groups != 1) return "groups is not 1";
    return p.pixels_match() ? nullptr : "pixels do not lie over their own";
}

void conv_pointwise(const ConvProblem& p, const ConvArgs& args, const MicroSet& micro) {
    const bool forward = p.map == ConvMap::Forward;
    GemmProblem product{};
    product.dtype = p.dtype;
    product.batch = 1;
    product.m = p.n * p.out_pixels();
    product.n = product.c_row = forward ? p.k : p.c;
    product.k = product.a_row = forward ? p.c : p.k;
    product.a_col = 1;
    product.b_row = forward ? 1 : p.c;
    product.b_col = forward ? p.c : 1;
    if (forward) gemm_blocked(product, {args.x, args.weight, args.y, args.bias, args.packs, args.epilogue}, micro);
    else gemm_blocked(product, {args.y, args.weight, args.x, nullptr, args.packs}, micro);
}

}  // namespace cc
