// Dropout keeps no mask: the backward is the same map drawn again from the saved counter, and so is every further derivative.
#include "autograd/node.h"
#include "kernels/random/random.h"
#include "ops/ops.h"
#include "ops/random.h"

namespace cc {

namespace {

void check_p(const char* op, double p) { check(p >= 0 && p <= 1, op, ": p must be between 0 and 1, got ", p); }

// The mask follows the memory's order, so a gradient is brought to the format of the forward first.
Tensor masked(const Tensor& x, double p, Philox state, Format format) {
    Array from = x.array().to(format), out = Array::empty(x.shape(), x.dtype(), format);
    cc::dropout(x.dtype(), state, p, out.numel(), from.raw(), out.raw());
    return record("dropout", std::move(out), {x},
                  [=](Backward& g) { g[0] = masked(g.grad(), p, state, format); });
}

}  // namespace

Tensor dropout(const Tensor& input, double p, bool training) {
    check_p("dropout", p);
    if (!training || p == 0) return input;
    check_type(is_floating(input.dtype()), "dropout: input must have a floating-point dtype, got ", input.dtype());
    Philox state = default_generator().take_blocks(random_blocks(input.numel(), 4));
    return masked(input, p, state, input.array().format());
}

// As in PyTorch, an input without a batch axis is taken in 1-D and 3-D; in 2-D three dimensions mean (batch, channels, length).
Tensor dropout_channels(int rank, const Tensor& input, double p, bool training) {
    static constexpr const char* names[] = {"dropout1d", "dropout2d", "dropout3d"};
    const char* op = names[rank - 1];
    check_p(op, p);
    check(input.rank() == rank + 1 || input.rank() == rank + 2, op, ": input must have ", rank + 2, " dimensions (or ",
          rank + 1, " without a batch), got shape ", input.shape());
    if (!training || p == 0) return input;
    check_type(is_floating(input.dtype()), op, ": input must have a floating-point dtype, got ", input.dtype());
    bool unbatched = input.rank() == rank + 1 && rank != 2;
    Shape shape(input.rank(), 1);
    shape[0] = input.size(0);
    if (!unbatched) shape[1] = input.size(1);
    Array mask = Array::full(shape, input.dtype(), 1);
    Philox state = default_generator().take_blocks(random_blocks(mask.numel(), 4));
    cc::dropout(mask.dtype(), state, p, mask.numel(), mask.raw(), mask.raw());
    return mul(input, Tensor(mask));
}

}  // namespace cc
