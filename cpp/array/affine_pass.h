// Fusion: the last pass of a batch normalisation over memory waits until someone reads its result, and on the way takes up an
// activation and a sum that follow it; where its input is a convolution that waits too, and nobody else wants that, the pass
// becomes the convolution's epilogue. On the way back the activation's gradient waits likewise. Each rounding is that of the
// separate passes, so nobody can tell by the numbers.
#pragma once

#include <optional>

#include "array/array.h"
#include "base/parallel.h"
#include "kernels/conv/conv.h"
#include "kernels/elementwise/elementwise.h"

namespace cc {

class ConvPass;

// x·scale + shift per channel of a channels-last x; computed at once where x might change unseen.
Array affine(const Array& x, const Array& scale, const Array& shift);

// op(x), a + b, as part of a pass that waits; none where they cannot be.
std::optional<Array> join_affine(Unary op, const Array& x, double parameter, double parameter2);
std::optional<Array> join_affine(const Array& a, const Array& b);

// The convolution whose epilogue the pass is that x waits for, with nothing added.
std::optional<ConvProblem> waiting_conv(const Array& x);
// f(that convolution, the epilogue) in place of both passes, where nobody but the caller holds x, who may not ask for its contents
// any more. Else false.
bool instead_of_conv(const Array& x, FunctionRef<void(const ConvPass&, const Epilogue&)> f);

// Is y a pass over x that waits?
bool waits_for(const Array& y, const Array& x);

// The gradient through a clamp that a waiting pass has taken up waits as well: the normalisation's backward can tell from its own
// input what the clamp let through.
std::optional<Array> join_clamp_grad(Binary op, const Array& grad, const Array& result, double parameter, double parameter2);

// What `grad` waits for, if it is the gradient through a clamp of x·scale + shift.
struct ClampedGrad {
    Array grad, scale, shift;
    double low, high;  // NaN: no bound
};
std::optional<ClampedGrad> clamped_grad(const Array& grad, const Array& x);

}  // namespace cc
