// Convolution y = x ∗ w and its two gradients. Each of the three is linear in both operands, and the gradient of each is written
// with the other two: the tape is closed, gradients of gradients come for free. The gradient to the input is also transposed
// convolution, which may have a bias.
#include "kernels/conv/conv.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "array/compute.h"
#include "array/conv_pass.h"
#include "autograd/node.h"
#include "ops/recast.h"
#include "ops/window.h"

namespace cc {

namespace {

struct Resolved {
    const char* op;
    int rank;
    ConvProblem problem;  // all but the map
};

// "full": every position where kernel and input meet. "same": ⌈size/stride⌉ positions, the surplus pad at the end (TensorFlow's
// and, at stride 1, PyTorch's rule) or at the start ("same_lower", ONNX).
void resolve_word(const char* op, const std::string& word, ConvProblem& p) {
    check(word == "valid" || word == "same" || word == "same_lower" || word == "full", op,
          ": padding must be \"valid\", \"same\", \"same_lower\", \"full\" or integers, got \"", word, "\"");
    for (int i = 0; i < 3; ++i) {
        const int64_t reach = p.dilation[i] * (p.kernel[i] - 1), positions = (p.in[i] + p.stride[i] - 1) / p.stride[i];
        const int64_t same = std::max<int64_t>((positions - 1) * p.stride[i] + reach + 1 - p.in[i], 0);
        const int64_t total = word == "valid" ? 0 : word == "full" ? 2 * reach : same;
        p.pad_lo[i] = word == "same_lower" ? total - total / 2 : total / 2;
        p.pad_hi[i] = total - p.pad_lo[i];
    }
}

void resolve_padding(const char* op, int rank, const ConvOptions& options, ConvProblem& p) {
    if (auto* word = std::get_if<std::string>(&options.padding)) return resolve_word(op, *word, p);
    const Sizes& values = std::get<Sizes>(options.padding);
    if (static_cast<int>(values.size()) == 2 * rank) {
        for (int i = 0; i < rank; ++i) {
            check(values[2 * i] >= 0 && values[2 * i + 1] >= 0, op, ": padding must not be negative, got (", values[2 * i],
                  ", ", values[2 * i + 1], ")");
            check(std::max(values[2 * i], values[2 * i + 1]) <= INT32_MAX, op, ": padding must be at most ", INT32_MAX,
                  ", got (", values[2 * i], ", ", values[2 * i + 1], ")");
            p.pad_lo[3 - rank + i] = values[2 * i];
            p.pad_hi[3 - rank + i] = values[2 * i + 1];
        }
        return;
    }
    Triple pad = triple(op, "padding", values, rank, 0, 0);
    for (int i = 0; i < 3; ++i) p.pad_lo[i] = p.pad_hi[i] = pad[i];
}

// What the weight and the options say, the same for both directions.
ConvProblem read_window(const char* op, int rank, const Shape& w, Dtype dtype, const ConvOptions& options) {
    ConvProblem p{};
    p.dtype = dtype;
    p.k = w[0];
    p.groups = options.groups;
    p.flip = options.flip;
    check(p.groups >= 1, op, ": groups must be at least 1, got ", p.groups);
    p.c = w[1] * p.groups;
    Triple kernel = spatial(w, rank);
    Triple stride = triple(op, "stride", options.stride, rank, 1, 1);
    Triple dilation = triple(op, "dilation", options.dilation, rank, 1, 1);
    for (int i = 0; i < 3; ++i) {
        p.kernel[i] = kernel[i];
        p.stride[i] = stride[i];
        p.dilation[i] = dilation[i];
        check(kernel[i] >= 1, op, ": weight has an empty kernel, shape ", w);
    }
    return p;
}

ConvProblem make_problem(const char* op, int rank, const Shape& x, const Shape& w, Dtype dtype, const ConvOptions& options) {
    check(w.rank() == rank + 2, op, ": weight must have ", rank + 2, " dimensions (out, in/groups, kernel…), got shape ", w);
    ConvProblem p = read_window(op, rank, w, dtype, options);
    check(x[1] == p.c, op, ": input has ", x[1], " channels, weight of shape ", w, " with groups=", p.groups, " expects ", p.c);
    check(p.k % p.groups == 0, op, ": weight has ", p.k, " output channels, not a multiple of groups=", p.groups);
    p.n = x[0];
    Triple in = spatial(x, rank);
    for (int i = 0; i < 3; ++i) p.in[i] = in[i];
    resolve_padding(op, rank, options, p);
    for (int i = 0; i < 3; ++i) {
        int64_t room = p.in[i] + p.pad_lo[i] + p.pad_hi[i] - p.dilation[i] * (p.kernel[i] - 1) - 1;
        check(room >= 0, op, ": kernel of size ", p.kernel[i], " with dilation ", p.dilation[i],
              " is larger than the padded input size ", p.in[i] + p.pad_lo[i] + p.pad_hi[i], " (input shape ", x,
              ", weight shape ", w, ")");
        p.out[i] = room / p.stride[i] + 1;
    }
    return p;
}

// The convolution whose map to its input's gradient takes x: its y is our x.
ConvProblem make_transposed(const char* op, int rank, const Shape& x, const Shape& w, Dtype dtype, const ConvOptions& options,
                            const Sizes& output_padding, const Sizes& output_size) {
    check(w.rank() == rank + 2, op, ": weight must have ", rank + 2, " dimensions (in, out/groups, kernel…), got shape ", w);
    check(std::holds_alternative<Sizes>(options.padding), op, ": padding must be integers");
    check(output_size.empty() || int(output_size.size()) == rank || int(output_size.size()) == rank + 2, op,
          ": output_size must have ", rank, " or ", rank + 2, " sizes, got ", output_size.size());
    ConvProblem p = read_window(op, rank, w, dtype, options);
    check(x[1] == p.k, op, ": input has ", x[1], " channels, weight of shape ", w, " expects ", p.k);
    check(p.k % p.groups == 0, op, ": input has ", p.k, " channels, not a multiple of groups=", p.groups);
    p.n = x[0];
    resolve_padding(op, rank, options, p);
    Triple out = spatial(x, rank), extra = triple(op, "output_padding", output_padding, rank, 0, 0);
    for (int i = 0; i < 3; ++i) {
        p.out[i] = out[i];
        const int64_t least = (out[i] - 1) * p.stride[i] + p.dilation[i] * (p.kernel[i] - 1) + 1 - p.pad_lo[i] - p.pad_hi[i];
        if (i >= 3 - rank && !output_size.empty()) {
            const int64_t wanted = output_size[output_size.size() - 3 + i];
            check(wanted >= least && wanted < least + p.stride[i], op, ": output_size must be from ", least, " to ",
                  least + p.stride[i] - 1, " along spatial axis ", i - 3 + rank, ", got ", wanted, " (input shape ", x, ")");
            extra.v[i] = wanted - least;
        }
        check(extra[i] < std::max(p.stride[i], p.dilation[i]), op, ": output_padding must be smaller than stride or dilation, got ",
              extra[i], " with stride ", p.stride[i], " and dilation ", p.dilation[i]);
        p.in[i] = least + extra[i];
        check(p.in[i] >= 1, op, ": output would have size ", p.in[i], " (input shape ", x, ", weight shape ", w, ", padding ",
              p.pad_lo[i], " and ", p.pad_hi[i], ")");
    }
    return p;
}

Shape with_spatial(int64_t n, int64_t c, const int64_t* sizes, int rank) {
    Shape shape{n, c};
    for (int i = 3 - rank; i < 3; ++i) shape.push_back(sizes[i]);
    return shape;
}

Shape one_per_channel(int64_t channels, int rank) {
    Shape shape{channels};
    for (int i = 0; i < rank; ++i) shape.push_back(1);
    return shape;
}

Tensor per_channel(const Tensor& x) {
    Axes axes{0};
    for (int i = 2; i < x.rank(); ++i) axes.push_back(i);
    return sum(x, axes);
}

void check_dtypes(const char* op, const Tensor& a, const char* b_name, const Tensor& b) {
    check_type(is_floating(a.dtype()), op, ": input must have a floating-point dtype, got ", a.dtype());
    check_type(a.dtype() == b.dtype(), op, ": input has dtype ", a.dtype(), ", ", b_name, " ", b.dtype());
}

void check_bias(const char* op, const Tensor& x, const Tensor& bias, int64_t channels) {
    if (!bias.defined()) return;
    check(bias.rank() == 1 && bias.size(0) == channels, op, ": bias must have shape (", channels, ",), got ", bias.shape());
    check_dtypes(op, x, "bias", bias);
}

class RowMajor : public Counted {
public:
    explicit RowMajor(Array a) : array(std::move(a)) {}
    const Array array;
};

// A weight as kernels read it, row-major. Of a channels-last one the copy is kept, and with it what kernels keep.
class KernelWeight {
public:
    explicit KernelWeight(const Array& weight) : packs(packs_of(weight)), array_(&weight) {
        if (weight.is_contiguous()) return;
        Ref<Packs> own = weight.is(Format::ChannelsLast) ? std::exchange(packs, nullptr) : nullptr;
        PackKey key{"row-major", weight.raw(), {static_cast<int64_t>(weight.dtype())}};
        for (int i = 0; i < weight.rank(); ++i) key.sizes[i + 1] = weight.size(i);
        Ref<Counted> kept = own ? own->find_object(key) : nullptr;
        copy_ = kept ? static_cast<RowMajor*>(kept.get())->array : weight.contiguous();
        if (own && !kept) own->keep_object(key, make_ref<RowMajor>(copy_));
        packs = own ? packs_of(copy_) : nullptr;
        array_ = &copy_;
    }
    KernelWeight(const KernelWeight&) = delete;
    KernelWeight& operator=(const KernelWeight&) = delete;
    const Array& operator*() const { return *array_; }

    Ref<Packs> packs;

private:
    Array copy_;
    const Array* array_;
};

Tensor grad_input(const Resolved& r, const Tensor& weight, const Tensor& grad_output, const Tensor& bias = Tensor(),
                  const RankedName& name = kConvGradInput);
Tensor grad_weight(const Resolved& r, const Tensor& input, const Tensor& grad_output);

Tensor forward(const Resolved& r, const Tensor& input, const Tensor& weight, const Tensor& bias) {
    ConvProblem p = r.problem;
    p.map = ConvMap::Forward;
    const InFormat x(input.array(), Format::ChannelsLast), b = in_format(bias, Format::RowMajor);
    const KernelWeight w(weight.array());
    p.kept = bool(w.packs);
    Array y = convolved(p, with_spatial(p.n, p.k, p.out, r.rank), *x, *w, *b, w.packs);
    return record(kConv[r.rank], std::move(y), {input, weight, bias},
                  [r, x = Saved(input, weight.requires_grad()), w = Saved(weight, input.requires_grad())](Backward& g) {
                      if (g.wants(0)) g[0] = grad_input(r, w, g.grad());
                      if (g.wants(1)) g[1] = grad_weight(r, x, g.grad());
                      if (g.wants(2)) g[2] = per_channel(g.grad());
                  });
}

Tensor grad_input(const Resolved& r, const Tensor& weight, const Tensor& grad_output, const Tensor& bias,
                  const RankedName& name) {
    ConvProblem p = r.problem;
    p.map = ConvMap::GradInput;
    const InFormat y(grad_output.array(), Format::ChannelsLast);
    Array x = Array::empty(with_spatial(p.n, p.c, p.in, r.rank), p.dtype, Format::ChannelsLast);
    const KernelWeight w(weight.array());
    p.kept = bool(w.packs);
    cc::conv(p, {x.raw(), (*w).raw(), y.raw(), nullptr, w.packs.get()});
    if (bias.defined()) compute_into(x, Binary::Add, x, bias.array().reshape(one_per_channel(bias.size(0), r.rank)));
    return record(name[r.rank], std::move(x), {weight, grad_output, bias},
                  [r, w = Saved(weight, grad_output.requires_grad()),
                   gy = Saved(grad_output, weight.requires_grad())](Backward& g) {
                      if (g.wants(0)) g[0] = grad_weight(r, g.grad(), gy);
                      if (g.wants(1)) g[1] = forward(r, g.grad(), w, Tensor());
                      if (g.wants(2)) g[2] = per_channel(g.grad());
                  });
}

Tensor grad_weight(const Resolved& r, const Tensor& input, const Tensor& grad_output) {
    ConvProblem p = r.problem;
    p.map = ConvMap::GradWeight;
    const InFormat x(input.array(), Format::ChannelsLast), y(grad_output.array(), Format::ChannelsLast);
    Array w = Array::empty(with_spatial(p.k, p.c / p.groups, p.kernel, r.rank), p.dtype);
    cc::conv(p, {x.raw(), w.raw(), y.raw(), nullptr});
    return record(kConvGradWeight[r.rank], std::move(w), {input, grad_output},
                  [r, x = Saved(input, grad_output.requires_grad()),
                   gy = Saved(grad_output, input.requires_grad())](Backward& g) {
                      if (g.wants(0)) g[0] = grad_input(r, g.grad(), gy);
                      if (g.wants(1)) g[1] = forward(r, x, g.grad(), Tensor());
                  });
}

// A padding that is not of zeros is laid around the input beforehand.
Tensor with_borders(Resolved& r, const Tensor& x, const std::string& mode) {
    check(mode == "reflect" || mode == "replicate" || mode == "circular", r.op,
          ": padding_mode must be \"zeros\", \"reflect\", \"replicate\" or \"circular\", got \"", mode, "\"");
    Sizes widths;
    bool any = false;
    for (int i = 2; i >= 3 - r.rank; --i) {
        ConvProblem& p = r.problem;
        any = any || p.pad_lo[i] || p.pad_hi[i];
        widths.push_back(p.pad_lo[i]);
        widths.push_back(p.pad_hi[i]);
        p.in[i] += p.pad_lo[i] + p.pad_hi[i];
        p.pad_lo[i] = p.pad_hi[i] = 0;
    }
    return any ? pad(x, widths, mode) : x;
}

// A gradient of the output must have the size the forward would give.
void check_grad_output(const Resolved& r, const Tensor& grad_output) {
    Shape expected = with_spatial(r.problem.n, r.problem.k, r.problem.out, r.rank);
    check(grad_output.shape() == expected, r.op, ": grad_output must have shape ", expected, ", got ", grad_output.shape());
}

}  // namespace

Tensor conv(int rank, const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvOptions& options) {
    auto here = [&](auto& a, auto& b, auto& c) { return conv(rank, a, b, c, options); };
    if (auto y = recast("conv", here, x, Weight{weight}, bias)) return *y;
    const char* op = kConv[rank];
    check_type(weight.defined(), op, ": weight must be a tensor, got None");
    if (lacks_batch(op, rank, x)) return squeeze(conv(rank, unsqueeze(x, 0), weight, bias, options), 0);
    check_dtypes(op, x, "weight", weight);
    Resolved r{op, rank, make_problem(op, rank, x.shape(), weight.shape(), x.dtype(), options)};
    check_bias(op, x, bias, r.problem.k);
    if (options.padding_mode == "zeros") return forward(r, x, weight, bias);
    const Tensor wide = with_borders(r, x, options.padding_mode);
    return forward(r, wide, weight, bias);
}

Tensor conv_transpose(int rank, const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvOptions& options,
                      const Sizes& output_padding, const Sizes& output_size) {
    auto here = [&](auto& a, auto& b, auto& c) { return conv_transpose(rank, a, b, c, options, output_padding, output_size); };
    if (auto y = recast("conv_transpose", here, x, Weight{weight}, bias)) return *y;
    const char* op = kConvTranspose[rank];
    check_type(weight.defined(), op, ": weight must be a tensor, got None");
    if (lacks_batch(op, rank, x))
        return squeeze(conv_transpose(rank, unsqueeze(x, 0), weight, bias, options, output_padding, output_size), 0);
    check_dtypes(op, x, "weight", weight);
    Resolved r{op, rank,
               make_transposed(op, rank, x.shape(), weight.shape(), x.dtype(), options, output_padding, output_size)};
    check_bias(op, x, bias, r.problem.c);
    return grad_input(r, weight, x, bias, kConvTranspose);
}

Tensor conv_grad_input(int rank, const Shape& input_size, const Tensor& weight, const Tensor& grad_output,
                       const ConvOptions& options) {
    auto here = [&](auto& a, auto& b) { return conv_grad_input(rank, input_size, a, b, options); };
    if (auto y = recast("conv_grad_input", here, weight, grad_output)) return *y;
    const char* op = kConvGradInput[rank];
    check(input_size.rank() == rank + 2, op, ": input_size must have ", rank + 2, " sizes, got ", input_size);
    check_dtypes(op, weight, "grad_output", grad_output);
    Resolved r{op, rank, make_problem(op, rank, input_size, weight.shape(), weight.dtype(), options)};
    check_grad_output(r, grad_output);
    return grad_input(r, weight, grad_output);
}

Tensor conv_grad_weight(int rank, const Tensor& input, const Shape& weight_size, const Tensor& grad_output,
                        const ConvOptions& options) {
    auto here = [&](auto& a, auto& b) { return conv_grad_weight(rank, a, weight_size, b, options); };
    if (auto y = recast("conv_grad_weight", here, input, grad_output)) return *y;
    const char* op = kConvGradWeight[rank];
    check(input.rank() == rank + 2, op, ": input must have ", rank + 2, " dimensions, got shape ", input.shape());
    check_dtypes(op, input, "grad_output", grad_output);
    Resolved r{op, rank, make_problem(op, rank, input.shape(), weight_size, input.dtype(), options)};
    check_grad_output(r, grad_output);
    return grad_weight(r, input, grad_output);
}

}  // namespace cc
