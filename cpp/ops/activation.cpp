// Activations of more than one operand, or that join elements.
#include "array/compute.h"
#include "autograd/node.h"
#include "ops/ops.h"
#include "ops/random.h"
#include "ops/recast.h"

namespace cc {

namespace {

void check_floating(const char* op, const Tensor& x) {
    check_type(is_floating(x.dtype()), op, ": input must have a floating-point dtype, got ", x.dtype());
}

// x where positive, else x·slope; slope broadcasts to x.
Tensor sloped(const char* op, const Tensor& x, const Tensor& slope) {
    return record_composite(
        op, compute(Binary::Prelu, x.array(), slope.array()), {x, slope},
        [](Backward& g, const SavedInputs& in) {
            Tensor x = in[0], slope = in[1];
            if (g.wants(0)) g[0] = Tensor(compute(Ternary::PreluGrad, x.array(), slope.array(), g.grad().array()));
            if (g.wants(1)) g[1] = sum_to(Tensor(compute(Binary::PreluSlopeGrad, g.grad().array(), x.array())), slope.shape());
        },
        [](const Tensors& in) {
            Tensor positive = binary(Binary::Greater, in[0].detach(), number(0, Dtype::Float64));
            return where(positive, in[0], mul(in[1], in[0]));
        });
}

}  // namespace

Tensor prelu(const Tensor& input, const Tensor& weight) {
    if (auto y = recast("prelu", [&](auto& a, auto& b) { return prelu(a, b); }, input, weight)) return *y;
    check_floating("prelu", input);
    check_type(weight.dtype() == input.dtype(), "prelu: input has dtype ", input.dtype(), ", weight ", weight.dtype());
    int64_t channels = input.rank() > 1 ? input.size(1) : 1;
    check(weight.rank() <= 1 && (weight.numel() == 1 || weight.numel() == channels), "prelu: weight must have one value or ",
          channels, ", one per channel of input of shape ", input.shape(), ", got shape ", weight.shape());
    Shape wide(input.rank(), 1);
    if (weight.numel() > 1) wide[1] = channels;
    return sloped("prelu", input, reshape(weight, wide));
}

Tensor rrelu(const Tensor& input, double lower, double upper, bool training) {
    check(lower <= upper, "rrelu: lower must not be greater than upper, got ", lower, " and ", upper);
    check_floating("rrelu", input);
    if (!training) return leaky_relu(input, (lower + upper) / 2);
    Tensor slope(Array::empty(input.shape(), input.dtype(), input.array().format()));
    uniform_(slope, lower, upper);
    return sloped("rrelu", input, slope);
}

Tensor glu(const Tensor& input, int64_t dim) {
    check_floating("glu", input);
    check(input.rank() > 0, "glu: input must have at least 1 dimension, got a 0-d tensor");
    int axis = normalize_axis("glu", "dim", dim, input.rank());
    int64_t half = input.size(axis) / 2;
    check(2 * half == input.size(axis), "glu: input must have an even size in dim ", axis, ", got shape ", input.shape());
    auto halves = [axis, half](const Array& x) {
        return std::pair(x.slice(axis, 0, half, 1), x.slice(axis, half, half, 1));
    };
    auto [a, b] = halves(input.array());
    return record_composite(
        "glu", compute(Binary::Glu, a, b), {input},
        [halves](Backward& g, const SavedInputs& in) {
            Array x = in[0].get().array(), out = Array::empty(x.shape(), x.dtype(), x.format()), grad = g.grad().array();
            auto [a, b] = halves(x);
            auto [grad_a, grad_b] = halves(out);
            compute_into(grad_a, Binary::Glu, grad, b);
            compute_into(grad_b, Ternary::GluGrad, a, b, grad);
            g[0] = Tensor(out);
        },
        [axis, half](const Tensors& in) {
            return mul(slice(in[0], axis, 0, half, 1), unary(Unary::Sigmoid, slice(in[0], axis, half, half, 1)));
        });
}

Tensor maxout(const Tensor& input, int64_t k) {
    check(k > 0, "maxout: k must be positive, got ", k);
    check(input.rank() >= 2, "maxout: input must have at least 2 dimensions (N, C·k, …), got shape ", input.shape());
    check(input.size(1) % k == 0, "maxout: the channels of input must be a multiple of k = ", k, ", got shape ", input.shape());
    Shape parted;
    for (int i = 0; i < input.rank(); ++i) {
        parted.push_back(i == 1 ? input.size(1) / k : input.size(i));
        if (i == 1) parted.push_back(k);
    }
    return max(reshape(input, parted), 2).first;
}

}  // namespace cc
