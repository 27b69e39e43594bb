// Negative log-likelihood of class indices, and what all losses of class indices check.
#include "kernels/nll/nll.h"

#include "autograd/node.h"
#include "ops/loss.h"
#include "ops/ops.h"
#include "ops/recast.h"

namespace cc {

namespace {

// Position of element i of a row-major array.
Shape unravelled(int64_t i, const Shape& shape) {
    Shape place(shape.rank(), 0);
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
        place[axis] = i % shape[axis];
        i /= shape[axis];
    }
    return place;
}

NllProblem problem_for(const Shape& scores, Dtype dtype, Format format, int64_t ignore_index) {
    int64_t inner = 1;
    for (int i = 2; i < scores.rank(); ++i) inner *= scores[i];
    bool last = format == Format::ChannelsLast;
    return {dtype, scores[0] * (last ? inner : 1), scores[1], last ? 1 : inner, ignore_index};
}

const void* raw(const Array& weight) { return weight.defined() ? weight.raw() : nullptr; }

Tensor placed(const Tensor& g, const Array& target, const Array& weight, int64_t ignore_index, const Shape& scores, Format format);

Tensor picked(const Tensor& x, const Array& target, const Array& weight, int64_t ignore_index) {
    Format format = x.array().format();
    Array scores = x.array().to(format), out = Array::empty(target.shape(), x.dtype());
    nll_pick(problem_for(x.shape(), x.dtype(), format, ignore_index), scores.raw(), target.data<int64_t>(), raw(weight), out.raw());
    return record("nll_loss", out, {x}, [=, shape = x.shape()](Backward& g) {
        g[0] = placed(g.grad(), target, weight, ignore_index, shape, format);
    });
}

// The adjoint of picked.
Tensor placed(const Tensor& g, const Array& target, const Array& weight, int64_t ignore_index, const Shape& scores, Format format) {
    Array out = Array::empty(scores, g.dtype(), format);
    nll_place(problem_for(scores, g.dtype(), format, ignore_index), g.array().contiguous().raw(), target.data<int64_t>(), raw(weight),
              out.raw());
    return record("nll_loss_backward", out, {g}, [=](Backward& gg) { gg[0] = picked(gg.grad(), target, weight, ignore_index); });
}

Array row_major(const Tensor& weight) { return weight.defined() ? weight.array().contiguous() : Array(); }

}  // namespace

Array class_indices(const char* op, const Tensor& target, int64_t classes, std::optional<int64_t> ignore_index) {
    check_type(is_integral(target.dtype()), op, ": target of class indices must have dtype int64, got ", target.dtype());
    Array copy = Array::empty(target.shape(), Dtype::Int64);
    copy.copy_from(target.array());
    CrossEntropyProblem p{Dtype::Float32, false, LossReduction::None, copy.numel(), classes, 1, ignore_index.value_or(0), 0};
    int64_t bad = first_bad_target(p, copy.data<int64_t>());
    if (bad < 0) return copy;
    std::string ignored = ignore_index ? " or ignore_index=" + std::to_string(*ignore_index) : "";
    check_index(false, op, ": target must hold classes from 0 to ", classes - 1, ignored, ", got ", copy.data<int64_t>()[bad], " at ",
                unravelled(bad, copy.shape()));
    return copy;
}

void check_class_weight(const char* op, const Tensor& weight, const Tensor& x) {
    if (!weight.defined()) return;
    check(weight.rank() == 1 && weight.size(0) == x.size(1), op, ": weight must have shape (", x.size(1),
          ",), one value per class, got ", weight.shape());
    check_type(weight.dtype() == x.dtype(), op, ": input has dtype ", x.dtype(), ", weight ", weight.dtype());
}

bool add_batch_axis(const char* op, Tensor& x, Tensor& target) {
    check_type(is_floating(x.dtype()), op, ": input must have a floating-point dtype, got ", x.dtype());
    check(x.rank() >= 1, op, ": input must have at least 1 dimension (C,) or (N, C, …), got a 0-d tensor");
    const Shape& given = target.shape();
    Shape expected = x.shape();
    expected.erase(x.rank() == 1 ? 0 : 1);
    check(given == expected, op, ": target of class indices must have shape ", expected, " for input of shape ", x.shape(),
          ", got ", given);
    if (x.rank() > 1) return false;
    x = unsqueeze(x, 0);
    target = unsqueeze(target, 0);
    return true;
}

Tensor picked_nll(const Tensor& x, const Array& target, const Tensor& weight, int64_t ignore_index) {
    return picked(x, target, row_major(weight), ignore_index);
}

Tensor reduced_nll(const Tensor& loss, const Tensor& x, const Array& target, const Tensor& weight, int64_t ignore_index,
                   LossReduction reduction) {
    if (reduction != LossReduction::Mean) return reduced(loss, reduction);
    NllProblem problem = problem_for(x.shape(), x.dtype(), Format::RowMajor, ignore_index);
    return scale(sum(loss), 1 / nll_total(problem, target.data<int64_t>(), raw(row_major(weight))));
}

Tensor nll_loss(const Tensor& input, const Tensor& target, const Tensor& weight, int64_t ignore_index,
                LossReduction reduction) {
    auto here = [&](auto& a, auto& b) { return nll_loss(a, target, b, ignore_index, reduction); };
    if (auto y = recast("nll_loss", here, input, weight)) return *y;
    Tensor x = input, t = target;
    bool unbatched = add_batch_axis("nll_loss", x, t);
    check_class_weight("nll_loss", weight, x);
    Array classes = class_indices("nll_loss", t, x.size(1), ignore_index);
    Tensor loss = picked_nll(x, classes, weight, ignore_index);
    if (unbatched && reduction == LossReduction::None) return squeeze(loss, 0);
    return reduced_nll(loss, x, classes, weight, ignore_index, reduction);
}

}  // namespace cc
