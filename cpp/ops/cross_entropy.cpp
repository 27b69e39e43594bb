// Cross entropy of logits (N, C, d…) with class indices (fused kernel; expression() is the same in closed ops) or with class
// probabilities (closed ops).
#include "kernels/cross_entropy/cross_entropy.h"

#include "autograd/node.h"
#include "ops/loss.h"
#include "ops/ops.h"

namespace cc {

namespace {

constexpr const char* kOp = "cross_entropy";

struct Options {
    int64_t ignore_index;
    LossReduction reduction;
    double label_smoothing;
};

// Position of element i of a row-major array.
Shape unravelled(int64_t i, const Shape& shape) {
    Shape place(shape.rank(), 0);
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
        place[axis] = i % shape[axis];
        i /= shape[axis];
    }
    return place;
}

void check_classes(const char* op, const Shape& shape, const CrossEntropyProblem& p, const int64_t* target) {
    int64_t bad = first_bad_target(p, target);
    if (bad < 0) return;
    check_index(false, op, ": target must hold classes from 0 to ", p.c - 1, " or ignore_index=", p.ignore_index, ", got ",
                target[bad], " at ", unravelled(bad, shape));
}

// −log p of the target's class (times its weight), 0 where ignored; the weights used go to `used`.
Tensor picked(const Tensor& log_p, const Tensor& target, const Tensor& weight, int64_t ignore_index, Tensor& used) {
    Tensor counts = binary(Binary::NotEqual, target, number(static_cast<double>(ignore_index), Dtype::Int64));
    Tensor classes = where(counts, target, number(0, Dtype::Int64));
    Tensor mask = to(counts, log_p.dtype());
    used = weight.defined() ? mul(index_select(weight.detach(), 0, reshape(classes, {-1})), reshape(mask, {-1})) : mask;
    used = reshape(used, target.shape());
    return neg(mul(squeeze(gather(log_p, 1, unsqueeze(classes, 1)), 1), used));
}

Tensor expression(const Tensor& x, const Tensor& target, const Tensor& weight, const Options& o) {
    Tensor log_p = log_softmax(x, 1), used;
    Tensor loss = picked(log_p, target, weight, o.ignore_index, used);
    if (o.label_smoothing > 0) {
        Shape wide(x.rank(), 1);
        wide[1] = x.size(1);
        Tensor weighted = weight.defined() ? mul(log_p, reshape(weight.detach(), wide)) : log_p;
        Tensor counts = binary(Binary::NotEqual, target, number(static_cast<double>(o.ignore_index), Dtype::Int64));
        Tensor smooth = where(counts, neg(sum(weighted, {1})), number(0, Dtype::Float64));
        loss = add(scale(loss, 1 - o.label_smoothing), scale(smooth, o.label_smoothing / static_cast<double>(x.size(1))));
    }
    if (o.reduction == LossReduction::None) return loss;
    return o.reduction == LossReduction::Sum ? sum(loss) : div(sum(loss), sum(used));
}

Tensor with_classes(const Tensor& x, const Tensor& labels, const Tensor& weight, const Options& o) {
    // A copy: a loader may reuse the labels' memory before the backward reads the classes that were checked here.
    Array target = Array::empty(labels.shape(), Dtype::Int64);
    target.copy_from(labels.array());
    int64_t inner = 1;
    for (int i = 2; i < x.rank(); ++i) inner *= x.size(i);
    CrossEntropyProblem p{x.dtype(), false, o.reduction, x.size(0), x.size(1), inner, o.ignore_index, o.label_smoothing};
    Format format = x.array().format();
    if (format == Format::ChannelsLast) p.n *= inner, p.inner = 1;
    check_classes(kOp, labels.shape(), p, target.data<int64_t>());

    Array logits = x.array().to(format), w = weight.defined() ? weight.array().contiguous() : Array();
    Array log_sum = Array::empty({p.n * p.inner}, Dtype::Float64), total = Array::zeros({}, Dtype::Float64);
    Array loss = Array::empty(o.reduction == LossReduction::None ? target.shape() : Shape{}, x.dtype());
    CrossEntropyArgs args{};
    args.logits = logits.raw(), args.target = target.data<int64_t>(), args.weight = w.defined() ? w.raw() : nullptr;
    args.loss = loss.raw(), args.log_sum = log_sum.data<double>(), args.total_weight = total.data<double>();
    cross_entropy(p, args);

    auto backward = [p, format, target, w, log_sum, total, x = Saved(x)](Backward& g) {
        CrossEntropyProblem problem = p;
        problem.backward = true;
        Array logits = x.get().array().to(format), gx = Array::empty(logits.shape(), p.dtype, format);
        Array grad = g.grad().array().contiguous();
        CrossEntropyArgs args{};
        args.logits = logits.raw(), args.target = target.data<int64_t>(), args.weight = w.defined() ? w.raw() : nullptr;
        args.log_sum = log_sum.data<double>(), args.total_weight = total.data<double>();
        args.grad_loss = grad.raw(), args.grad_logits = gx.raw();
        cross_entropy(problem, args);
        g[0] = Tensor(gx);
    };
    return record_composite(kOp, std::move(loss), {x}, std::move(backward),
                            [target = Tensor(target), weight = Saved(weight), o](const Tensors& in) {
                                return expression(in[0], target, weight, o);
                            });
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

void check_weight(const char* op, const Tensor& weight, const Tensor& x) {
    if (!weight.defined()) return;
    check(weight.rank() == 1 && weight.size(0) == x.size(1), op, ": weight must have shape (", x.size(1),
          ",), one value per class, got ", weight.shape());
    check_type(weight.dtype() == x.dtype(), op, ": input has dtype ", x.dtype(), ", weight ", weight.dtype());
}

// Gives an unbatched input (C,) its batch axis, and checks that class indices have the input's shape without the classes.
bool arrange(const char* op, Tensor& x, Tensor& target) {
    check_type(is_floating(x.dtype()), op, ": input must have a floating-point dtype, got ", x.dtype());
    check(x.rank() >= 1, op, ": input must have at least 1 dimension (C,) or (N, C, …), got a 0-d tensor");
    Shape expected = x.shape(), given = target.shape();
    expected.erase(x.rank() == 1 ? 0 : 1);
    check(given == expected, op, ": target of class indices must have shape ", expected, " for input of shape ", x.shape(),
          ", got ", given);
    check_type(is_integral(target.dtype()), op, ": target of class indices must have dtype int64, got ", target.dtype());
    if (x.rank() > 1) return false;
    x = unsqueeze(x, 0);
    target = unsqueeze(target, 0);
    return true;
}

}  // namespace

void check_classes(const char* op, const Tensor& target, int64_t classes) {
    check_type(is_integral(target.dtype()), op, ": target must have dtype int64, got ", target.dtype());
    Array t = target.array().to(Dtype::Int64).contiguous();
    for (int64_t i = 0; i < t.numel(); ++i) {
        int64_t value = t.data<int64_t>()[i];
        check_index(value >= 0 && value < classes, op, ": target must hold classes from 0 to ", classes - 1, ", got ", value, " at ",
                    unravelled(i, t.shape()));
    }
}

Tensor cross_entropy(const Tensor& input, const Tensor& target, const Tensor& weight, int64_t ignore_index,
                     LossReduction reduction, double label_smoothing) {
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
        unbatched = arrange(kOp, x, t);
    }
    check(x.size(1) > 0, kOp, ": input of shape ", input.shape(), " has no classes");
    check_weight(kOp, weight, x);
    Tensor loss = probabilities ? with_probabilities(x, t, weight, options) : with_classes(x, t, weight, options);
    return unbatched && reduction == LossReduction::None ? squeeze(loss, 0) : loss;
}

Tensor nll_loss(const Tensor& input, const Tensor& target, const Tensor& weight, int64_t ignore_index,
                LossReduction reduction) {
    Tensor x = input, t = target;
    bool unbatched = arrange("nll_loss", x, t);
    check_weight("nll_loss", weight, x);
    Tensor classes(t.array().to(Dtype::Int64).contiguous());
    CrossEntropyProblem p{x.dtype(), false, reduction, t.numel(), x.size(1), 1, ignore_index, 0};
    check_classes("nll_loss", t.shape(), p, classes.array().data<int64_t>());
    Tensor used, loss = picked(x, classes, weight, ignore_index, used);
    if (reduction == LossReduction::None) return unbatched ? squeeze(loss, 0) : loss;
    return reduction == LossReduction::Sum ? sum(loss) : div(sum(loss), sum(used));
}

}  // namespace cc
