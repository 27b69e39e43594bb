// Losses of margins between scores or distances, of closed ops.
#include <cmath>

#include "autograd/node.h"
#include "kernels/multilabel_margin/multilabel_margin.h"
#include "ops/loss.h"
#include "ops/ops.h"
#include "ops/recast.h"

namespace cc {

namespace {

Tensor plain(double value) { return number(value, Dtype::Float64); }

Tensor not_below_zero(const Tensor& x) { return clamp(x, 0, INFINITY); }

void check_floating(const char* op, const char* argument, const Tensor& x) {
    check_type(is_floating(x.dtype()), op, ": ", argument, " must have a floating-point dtype, got ", x.dtype());
}

}  // namespace

// max(0, margin − t·(x1 − x2))
Tensor margin_ranking_loss(const Tensor& input1, const Tensor& input2, const Tensor& target, double margin,
                           LossReduction reduction) {
    auto here = [&](auto& a, auto& b, auto& c) { return margin_ranking_loss(a, b, c, margin, reduction); };
    if (auto y = recast("margin_ranking_loss", here, input1, input2, target)) return *y;
    const char* op = "margin_ranking_loss";
    check_floating(op, "input1", input1);
    check(input1.rank() == input2.rank() && input1.rank() == target.rank(),
          op, ": input1, input2 and target must have the same number of dimensions, got shapes ", input1.shape(), ", ",
          input2.shape(), " and ", target.shape());
    return reduced(not_below_zero(add(mul(target, sub(input2, input1)), plain(margin))), reduction);
}

// 1 − cos(x1, x2) for targets 1, max(0, cos(x1, x2) − margin) for targets −1.
Tensor cosine_embedding_loss(const Tensor& input1, const Tensor& input2, const Tensor& target, double margin,
                             LossReduction reduction) {
    auto here = [&](auto& a, auto& b, auto& c) { return cosine_embedding_loss(a, b, c, margin, reduction); };
    if (auto y = recast("cosine_embedding_loss", here, input1, input2, target)) return *y;
    const char* op = "cosine_embedding_loss";
    check_floating(op, "input1", input1);
    bool single = target.rank() == 0;
    check(target.rank() <= 1, op, ": target must have 0 or 1 dimensions, got shape ", target.shape());
    check(input1.rank() == target.rank() + 1 && input2.rank() == input1.rank(), op, ": input1 and input2 must have ",
          target.rank() + 1, " dimensions beside a target of shape ", target.shape(), ", got ", input1.shape(), " and ",
          input2.shape());
    constexpr double eps = 1e-12;
    auto squares = [&](const Tensor& x) { return add(sum(unary(Unary::Square, x), {single ? 0 : 1}), plain(eps)); };
    Tensor scale = unary(Unary::Sqrt, mul(squares(input1), squares(input2)));
    Tensor cosine = div(sum(mul(input1, input2), {single ? 0 : 1}), scale);
    Tensor near = where(binary(Binary::Equal, target, plain(1)), sub(plain(1), cosine), plain(0));
    Tensor far = where(binary(Binary::Equal, target, plain(-1)), not_below_zero(sub(cosine, plain(margin))), plain(0));
    return reduced(add(near, far), reduction);
}

// Σ max(0, margin − x[t] + x[i])^p/C over the classes i other than t.
Tensor multi_margin_loss(const Tensor& input, const Tensor& target, int64_t p, double margin, const Tensor& weight,
                         LossReduction reduction) {
    auto here = [&](auto& a, auto& b) { return multi_margin_loss(a, target, p, margin, b, reduction); };
    if (auto y = recast("multi_margin_loss", here, input, weight)) return *y;
    const char* op = "multi_margin_loss";
    check(p == 1 || p == 2, op, ": p must be 1 or 2, got ", p);
    check_floating(op, "input", input);
    check(input.rank() == 1 || input.rank() == 2, op, ": input must have shape (N, C) or (C,), got ", input.shape());
    check(input.numel() > 0 || input.size(input.rank() - 1) > 0, op, ": input of shape ", input.shape(), " has no classes");
    Tensor x = input.rank() == 1 ? unsqueeze(input, 0) : input;
    Tensor t = target.rank() == 0 ? unsqueeze(target, 0) : target;
    check(t.rank() == 1 && t.size(0) == x.size(0), op, ": target must have shape (", x.size(0), ",), one class for each row, got ",
          target.shape());
    t = Tensor(class_indices(op, t, x.size(1)));
    Tensor place = unsqueeze(t, 1);
    Tensor short_of = unary(Unary::Relu, add(sub(x, gather(x, 1, place)), plain(margin)));
    if (p == 2) short_of = unary(Unary::Square, short_of);
    Tensor classes = unsqueeze(arange(0, static_cast<double>(x.size(1)), 1, Dtype::Int64), 0);
    Tensor loss = mean(where(binary(Binary::NotEqual, classes, place), short_of, plain(0)), {1});
    if (weight.defined()) {
        check(weight.rank() == 1 && weight.size(0) == x.size(1), op, ": weight must have shape (", x.size(1),
              ",), one value per class, got ", weight.shape());
        loss = mul(loss, index_select(weight, 0, t));
    }
    return reduced(input.rank() == 1 && target.rank() == 0 ? squeeze(loss, 0) : loss, reduction);
}

// 1/C·Σ max(0, 1 − x[t] + x[i]) over the listed classes t, up to the first −1, and the classes i that are not listed.
Tensor multilabel_margin_loss(const Tensor& input, const Tensor& target, LossReduction reduction) {
    auto here = [&](auto& a) { return multilabel_margin_loss(a, target, reduction); };
    if (auto y = recast("multilabel_margin_loss", here, input)) return *y;
    const char* op = "multilabel_margin_loss";
    check_floating(op, "input", input);
    check(input.rank() <= 2, op, ": input must have shape (N, C) or (C,), got ", input.shape());
    check(target.shape() == input.shape(), op, ": target must have the input's shape ", input.shape(), ", got ", target.shape());
    int64_t classes = input.rank() > 0 ? input.size(input.rank() - 1) : 1, rows = input.rank() == 2 ? input.size(0) : 1;
    Array listed = class_indices(op, target, classes, -1);
    Array x = input.array().contiguous(), loss = Array::empty({rows}, input.dtype());
    bool wanted = grad_enabled() && input.requires_grad();
    Array slope = wanted ? Array::empty({rows, classes}, input.dtype()) : Array();
    multilabel_margin({input.dtype(), rows, classes}, x.raw(), listed.data<int64_t>(), loss.raw(), wanted ? slope.raw() : nullptr);
    Tensor out = record(op, std::move(loss), {input}, [slope = Tensor(slope), shape = input.shape()](Backward& g) {
        g[0] = reshape(mul(unsqueeze(g.grad(), 1), slope), shape);
    });
    return reduced(input.rank() < 2 ? squeeze(out, 0) : out, reduction);
}

// max(0, d(a, p) − d(a, n) + margin); with swap, the negative's distance is the lesser of those to a and to p.
Tensor triplet_margin_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative, double margin, double p,
                           double eps, bool swap, LossReduction reduction) {
    auto here = [&](auto& a, auto& b, auto& c) { return triplet_margin_loss(a, b, c, margin, p, eps, swap, reduction); };
    if (auto y = recast("triplet_margin_loss", here, anchor, positive, negative)) return *y;
    const char* op = "triplet_margin_loss";
    check_floating(op, "anchor", anchor);
    check(margin > 0, op, ": margin must be greater than 0, got ", margin);
    check(anchor.rank() == positive.rank() && anchor.rank() == negative.rank(),
          op, ": anchor, positive and negative must have the same number of dimensions, got shapes ", anchor.shape(), ", ",
          positive.shape(), " and ", negative.shape());
    Tensor near = pairwise_distance(anchor, positive, p, eps, false), far = pairwise_distance(anchor, negative, p, eps, false);
    if (swap) far = binary(Binary::Minimum, far, pairwise_distance(positive, negative, p, eps, false));
    return reduced(not_below_zero(add(sub(near, far), plain(margin))), reduction);
}

}  // namespace cc
