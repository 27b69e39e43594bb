#include "kernels/ctc/ctc.h"

#include <algorithm>
#include <cmath>

#include "array/compute.h"
#include "autograd/node.h"
#include "ops/loss.h"
#include "ops/ops.h"
#include "ops/recast.h"

namespace cc {

namespace {

constexpr const char* kOp = "ctc_loss";

// The labels of all sequences, one behind the other, and where each begins.
struct Labels {
    Array values;
    std::vector<int64_t> starts, lengths, input_lengths;
};

// targets: all labels joined, or a row for each sequence, filled up behind its labels.
Labels labels_of(const Tensor& targets, std::vector<int64_t> input_lengths, std::vector<int64_t> lengths, int64_t batch) {
    check_type(is_integral(targets.dtype()), kOp, ": targets must have dtype int64, got ", targets.dtype());
    Labels labels{Array::empty(targets.shape(), Dtype::Int64), {}, std::move(lengths), std::move(input_lengths)};
    labels.values.copy_from(targets.array());
    auto expect = [&](const char* name, const std::vector<int64_t>& given) {
        check(static_cast<int64_t>(given.size()) == batch, kOp, ": ", name, " must have ", batch, " values, one for each sequence, got ",
              given.size());
    };
    expect("input_lengths", labels.input_lengths);
    expect("target_lengths", labels.lengths);
    bool rows = targets.rank() == 2;
    check(rows ? targets.size(0) == batch : targets.rank() == 1, kOp, ": targets must have shape (", batch,
          ", S) or be the labels of all sequences joined, got ", targets.shape());
    int64_t start = 0;
    for (int64_t b = 0; b < batch; ++b) {
        int64_t length = labels.lengths[b], most = rows ? targets.size(1) : targets.size(0) - start;
        check(length >= 0 && length <= most, kOp, ": target_lengths[", b, "] must be from 0 to ", most, ", got ", length);
        labels.starts.push_back(rows ? b * targets.size(1) : start);
        start += length;
    }
    return labels;
}

void check_labels(const Labels& labels, int64_t steps, int64_t classes) {
    const int64_t* values = labels.values.data<int64_t>();
    for (size_t b = 0; b < labels.lengths.size(); ++b) {
        int64_t used = labels.input_lengths[b];
        check(used >= 0 && used <= steps, kOp, ": input_lengths[", b, "] must be from 0 to ", steps, ", got ", used);
        for (int64_t i = 0; i < labels.lengths[b]; ++i) {
            int64_t label = values[labels.starts[b] + i];
            check_index(label >= 0 && label < classes, kOp, ": targets must hold classes from 0 to ", classes - 1, ", got ", label,
                        " in sequence ", b);
        }
    }
}

// −ln p of each sequence.
Tensor losses(const Tensor& x, Labels labels, int64_t blank, bool zero_infinity) {
    int64_t longest = 0;
    for (int64_t length : labels.lengths) longest = std::max(longest, length);
    CtcProblem problem{x.dtype(), x.size(0), x.size(1), x.size(2), blank, longest, nullptr, nullptr, nullptr, nullptr};
    auto filled = [problem](const Labels& from) {  // the labels move with the node
        CtcProblem p = problem;
        p.labels = from.values.data<int64_t>(), p.starts = from.starts.data();
        p.lengths = from.lengths.data(), p.input_lengths = from.input_lengths.data();
        return p;
    };
    Array alpha = Array::empty({problem.batch, problem.steps, 2 * longest + 1}, Dtype::Float64);
    Array loss = Array::empty({problem.batch}, Dtype::Float64);
    ctc_forward(filled(labels), x.array().contiguous().raw(), alpha.data<double>(), loss.data<double>());
    Array out = loss.clone();
    for (int64_t b = 0; zero_infinity && b < problem.batch; ++b)
        if (std::isinf(out.data<double>()[b])) out.data<double>()[b] = 0;
    return record(kOp, out.to(x.dtype()), {x}, [=, labels = std::move(labels), x = Saved(x)](Backward& g) {
        Tensor at = x.get();
        Array log_probs = at.array().contiguous(), grad = compute(Unary::Exp, log_probs), weight = g.grad().array().to(Dtype::Float64).contiguous();
        ctc_backward(filled(labels), log_probs.raw(), alpha.data<double>(), loss.data<double>(), weight.data<double>(), zero_infinity,
                     grad.raw());
        g[0] = record("ctc_loss_backward", grad, {g.grad(), at}, [](Backward&) {
            fail(ErrorKind::NotImplemented, kOp, ": second gradients are not there");
        });
    });
}

}  // namespace

Tensor ctc_loss(const Tensor& log_probs, const Tensor& targets, const std::vector<int64_t>& input_lengths,
                const std::vector<int64_t>& target_lengths, int64_t blank, LossReduction reduction, bool zero_infinity) {
    auto here = [&](auto& a) { return ctc_loss(a, targets, input_lengths, target_lengths, blank, reduction, zero_infinity); };
    if (auto y = recast("ctc_loss", here, log_probs)) return *y;
    check_type(is_floating(log_probs.dtype()), kOp, ": log_probs must have a floating-point dtype, got ", log_probs.dtype());
    bool unbatched = log_probs.rank() == 2;
    check(unbatched || log_probs.rank() == 3, kOp, ": log_probs must have shape (T, N, C) or (T, C), got ", log_probs.shape());
    Tensor x = unbatched ? unsqueeze(log_probs, 1) : log_probs;
    check(blank >= 0 && blank < x.size(2), kOp, ": blank must be a class from 0 to ", x.size(2) - 1, ", got ", blank);
    Labels labels = labels_of(unbatched && targets.rank() == 1 ? unsqueeze(targets, 0) : targets, input_lengths, target_lengths, x.size(1));
    check_labels(labels, x.size(0), x.size(2));
    Array lengths = Array::empty({x.size(1)}, Dtype::Float64);
    for (int64_t b = 0; b < x.size(1); ++b) lengths.data<double>()[b] = static_cast<double>(std::max<int64_t>(1, target_lengths[b]));
    Tensor loss = losses(x, std::move(labels), blank, zero_infinity);
    if (reduction == LossReduction::Mean) return mean(div(loss, to(Tensor(lengths), loss.dtype())));
    if (reduction == LossReduction::Sum) return sum(loss);
    return unbatched ? squeeze(loss, 0) : loss;
}

}  // namespace cc
