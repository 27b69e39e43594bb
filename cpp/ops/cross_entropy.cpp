// Cross entropy of logits (N, C, d…) with class indices (fused kernel; expression() is the same in closed ops) or with class
// probabilities (closed ops).
#include "kernels/cross_entropy/cross_entropy.h"

#include <memory>

#include "autograd/node.h"
#include "ops/loss.h"
#include "ops/ops.h"
#include "ops/recast.h"

namespace cc {

namespace {

constexpr const char* kOp = "cross_entropy";

struct Options {
    int64_t ignore_index;
    LossReduction reduction;
    double label_smoothing;
};

Tensor expression(const Tensor& x, const Tensor& target, const Tensor& weight, const Options& o) {
    Tensor log_p = log_softmax(x, 1), loss = picked_nll(log_p, target.array(), weight, o.ignore_index);
    if (o.label_smoothing > 0) {
        Shape wide(x.rank(), 1);
        wide[1] = x.size(1);
        Tensor weighted = weight.defined() ? mul(log_p, reshape(weight.detach(), wide)) : log_p;
        Tensor counts = binary(Binary::NotEqual, target, number(static_cast<double>(o.ignore_index), Dtype::Int64));
        Tensor smooth = where(counts, neg(sum(weighted, {1})), number(0, Dtype::Float64));
        loss = add(scale(loss, 1 - o.label_smoothing), scale(smooth, o.label_smoothing / static_cast<double>(x.size(1))));
    }
    return reduced_nll(loss, x, target.array(), weight, o.ignore_index, o.reduction);
}

// What the tape keeps besides the logits.
struct Kept {
    Kept(const CrossEntropyProblem& problem, const Options& options, Format format, const Array& target, const Array& weight,
         const Array& sums, const Tensor& weight_given)
        : problem(problem), options(options), format(format), target(target), weight(weight), sums(sums),
          weight_given(weight_given) {}

    const CrossEntropyProblem problem;
    const Options options;
    const Format format;
    const Array target, weight, sums;
    const Saved weight_given;
};

void backward(const Kept& kept, const Tensor& x, Backward& g) {
    CrossEntropyProblem p = kept.problem;
    p.backward = true;
    Array logits = x.array().to(kept.format), gx = Array::empty(logits.shape(), p.dtype, kept.format);
    Array grad = g.grad().array().contiguous();
    CrossEntropyArgs args{};
    args.logits = logits.raw(), args.target = kept.target.data<int64_t>();
    args.weight = kept.weight.defined() ? kept.weight.raw() : nullptr;
    args.log_sum = kept.sums.data<double>(), args.total_weight = args.log_sum + p.n * p.inner;
    args.grad_loss = grad.raw(), args.grad_logits = gx.raw();
    cross_entropy(p, args);
    g[0] = Tensor(gx);
}

Tensor with_classes(const Tensor& x, const Tensor& labels, const Tensor& weight, const Options& o) {
    Array target = class_indices(kOp, labels, x.size(1), o.ignore_index);
    int64_t inner = 1;
    for (int i = 2; i < x.rank(); ++i) inner *= x.size(i);
    CrossEntropyProblem p{x.dtype(), false, o.reduction, x.size(0), x.size(1), inner, o.ignore_index, o.label_smoothing};
    Format format = x.array().format();
    if (format == Format::ChannelsLast) p.n *= inner, p.inner = 1;

    Array logits = x.array().to(format), w = weight.defined() ? weight.array().contiguous() : Array();
    const int64_t elements = p.n * p.inner;
    Array sums = Array::empty({elements + 1}, Dtype::Float64);  // the logarithm of each element's, and the weights'
    Array loss = Array::empty(o.reduction == LossReduction::None ? target.shape() : Shape{}, x.dtype());
    CrossEntropyArgs args{};
    args.logits = logits.raw(), args.target = target.data<int64_t>(), args.weight = w.defined() ? w.raw() : nullptr;
    args.loss = loss.raw(), args.log_sum = sums.data<double>(), args.total_weight = args.log_sum + elements;
    cross_entropy(p, args);

    if (!recorded({x})) return Tensor(std::move(loss));
    auto kept = std::make_shared<const Kept>(p, o, format, target, w, sums, weight);
    return record_composite(
        kOp, std::move(loss), {x}, [kept](Backward& g, const SavedInputs& in) { backward(*kept, in[0], g); },
        [kept](const Tensors& in) { return expression(in[0], Tensor(kept->target), kept->weight_given, kept->options); });
}

// −Σ_k w[k]·t[k]·log p[k]; the mean is over the elements.
Tensor with_probabilities(const Tensor& x, const Tensor& target, const Tensor& weight, const Options& o) {
    Tensor t = target;
    double classes = static_cast<double>(x.size(1));
    if (o.label_smoothing > 0)
        t = add(scale(t, 1 - o.label_smoothing), number(o.label_smoothing / classes, Dtype::Float64));
    Tensor terms = mul(t, log_softmax(x, 1));
    if (weight.defined()) {
        Shape wide(x.rank(), 1);
        wide[1] = x.size(1);
        terms = mul(terms, reshape(weight.detach(), wide));
    }
    if (o.reduction == LossReduction::None) return neg(sum(terms, {1}));
    double count = static_cast<double>(x.numel()) / classes;
    return scale(sum(terms), o.reduction == LossReduction::Sum ? -1 : -1 / count);
}

}  // namespace

Tensor cross_entropy(const Tensor& input, const Tensor& target, const Tensor& weight, int64_t ignore_index,
                     LossReduction reduction, double label_smoothing) {
    auto here = [&](auto& a, auto& b, auto& c) { return cross_entropy(a, b, c, ignore_index, reduction, label_smoothing); };
    if (auto y = recast("cross_entropy", here, input, target, weight)) return *y;
    check(label_smoothing >= 0 && label_smoothing <= 1, kOp, ": label_smoothing must be between 0 and 1, got ",
          label_smoothing);
    Options options{ignore_index, reduction, label_smoothing};
    Tensor x = input, t = target;
    bool unbatched, probabilities = is_floating(target.dtype());
    if (probabilities) {
        check_type(is_floating(x.dtype()), kOp, ": input must have a floating-point dtype, got ", x.dtype());
        check(t.shape() == x.shape() && x.rank() >= 1, kOp, ": target of class probabilities must have the input's shape ",
              x.shape(), ", got ", t.shape());
        unbatched = x.rank() == 1;
        if (unbatched) x = unsqueeze(x, 0), t = unsqueeze(t, 0);
    } else {
        unbatched = add_batch_axis(kOp, x, t);
    }
    check(x.size(1) > 0, kOp, ": input of shape ", input.shape(), " has no classes");
    check_class_weight(kOp, weight, x);
    Tensor loss = probabilities ? with_probabilities(x, t, weight, options) : with_classes(x, t, weight, options);
    return unbatched && reduction == LossReduction::None ? squeeze(loss, 0) : loss;
}

}  // namespace cc
