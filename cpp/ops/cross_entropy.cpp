// Cross entropy of logits (N, C, d…) with class indices (fused kernel; expression() is the same in closed ops) or with class
// probabilities (closed ops).
#include "kernels/cross_entropy/cross_entropy.h"

#include "autograd/node.h"
#include "ops/loss.h"
#include "ops/ops.h"
#include "ops/recast.h"

namespace cc {

namespace {

constexpr const char* kOp = "cross_entropy";

Tensor expression(const Tensor& x, const Array& target, const Tensor& weight, const CrossEntropyProblem& p) {
    Tensor log_p = log_softmax(x, 1), loss = picked_nll(log_p, target, weight, p.ignore_index);
    if (p.label_smoothing > 0) {
        Shape wide(x.rank(), 1);
        wide[1] = x.size(1);
        Tensor weighted = weight.defined() ? mul(log_p, reshape(weight.detach(), wide)) : log_p;
        Tensor counts = binary(Binary::NotEqual, Tensor(target), number(static_cast<double>(p.ignore_index), Dtype::Int64));
        Tensor smooth = where(counts, neg(sum(weighted, {1})), number(0, Dtype::Float64));
        loss = add(scale(loss, 1 - p.label_smoothing), scale(smooth, p.label_smoothing / static_cast<double>(x.size(1))));
    }
    return reduced_nll(loss, x, target, weight, p.ignore_index, p.reduction);
}

// What the tape keeps besides the logits.
struct Kept {
    Kept(const CrossEntropyProblem& problem, Format format, Array&& target, Array&& sums, const Tensor& weight)
        : problem(problem), format(format), target(std::move(target)), sums(std::move(sums)), weight(weight) {}
    void backward(Backward& g, const SavedInputs& in) const;
    Tensor expr(const Tensors& in) const { return expression(in[0], target, weight, problem); }

    const CrossEntropyProblem problem;
    const Format format;
    const Array target, sums;  // the logarithm of each element's sum, and then the sum of the weights
    const Saved weight;
};

void Kept::backward(Backward& g, const SavedInputs& in) const {
    CrossEntropyProblem p = problem;
    p.backward = true;
    const Tensor x = in[0], class_weight = weight;
    const InFormat logits(x.array(), format), grad(g.grad().array(), Format::RowMajor);
    const InFormat w = in_format(class_weight, Format::RowMajor);
    Array gx = Array::empty(x.shape(), p.dtype, format);
    CrossEntropyArgs args{};
    args.logits = logits.raw(), args.target = target.data<int64_t>(), args.weight = w.raw();
    args.log_sum = sums.data<double>(), args.total_weight = args.log_sum + p.n * p.inner;
    args.grad_loss = grad.raw(), args.grad_logits = gx.raw();
    cross_entropy(p, args);
    g[0] = Tensor(std::move(gx));
}

Tensor with_classes(const Tensor& x, const Tensor& labels, const Tensor& weight, CrossEntropyProblem p) {
    Array target = class_indices(kOp, labels, p.c, p.ignore_index);
    const Format format = x.array().format();
    const InFormat logits(x.array(), format), w = in_format(weight, Format::RowMajor);
    for (int i = 2; i < x.rank(); ++i) (format == Format::ChannelsLast ? p.n : p.inner) *= x.size(i);
    Array loss = Array::empty(p.reduction == LossReduction::None ? target.shape() : Shape{}, p.dtype), sums;
    CrossEntropyArgs args{};
    args.logits = logits.raw(), args.target = target.data<int64_t>(), args.weight = w.raw(), args.loss = loss.raw();
    const bool tape = recorded({x});
    if (tape) {
        sums = Array::empty({p.n * p.inner + 1}, Dtype::Float64);
        args.log_sum = sums.data<double>(), args.total_weight = args.log_sum + p.n * p.inner;
    }
    cross_entropy(p, args);
    if (!tape) return Tensor(std::move(loss));
    return record_kept<Kept>(kOp, std::move(loss), {x}, kDropOutput, p, format, std::move(target), std::move(sums), weight);
}

// −Σ_k w[k]·t[k]·log p[k]; the mean is over the elements.
Tensor with_probabilities(const Tensor& x, const Tensor& target, const Tensor& weight, const CrossEntropyProblem& p) {
    Tensor t = target;
    double classes = static_cast<double>(x.size(1));
    if (p.label_smoothing > 0)
        t = add(scale(t, 1 - p.label_smoothing), number(p.label_smoothing / classes, Dtype::Float64));
    Tensor terms = mul(t, log_softmax(x, 1));
    if (weight.defined()) {
        Shape wide(x.rank(), 1);
        wide[1] = x.size(1);
        terms = mul(terms, reshape(weight.detach(), wide));
    }
    if (p.reduction == LossReduction::None) return neg(sum(terms, {1}));
    double count = static_cast<double>(x.numel()) / classes;
    return scale(sum(terms), p.reduction == LossReduction::Sum ? -1 : -1 / count);
}

}  // namespace

Tensor cross_entropy(const Tensor& input, const Tensor& target, const Tensor& weight, int64_t ignore_index,
                     LossReduction reduction, double label_smoothing) {
    auto here = [&](auto& a, auto& b, auto& c) { return cross_entropy(a, b, c, ignore_index, reduction, label_smoothing); };
    if (auto y = recast("cross_entropy", here, input, target, weight)) return *y;
    check(label_smoothing >= 0 && label_smoothing <= 1, kOp, ": label_smoothing must be between 0 and 1, got ",
          label_smoothing);
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
    const CrossEntropyProblem p{x.dtype(), false, reduction, x.size(0), x.size(1), 1, ignore_index, label_smoothing};
    Tensor loss = probabilities ? with_probabilities(x, t, weight, p) : with_classes(x, t, weight, p);
    return unbatched && reduction == LossReduction::None ? squeeze(loss, 0) : loss;
}

}  // namespace cc
