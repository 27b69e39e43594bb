// Rows of a table by their numbers: one each, or bags of them as a sum, a mean or the greatest. Taking rows and adding rows up are
// one another's gradients, so the tape is closed.
#include "kernels/embedding/embedding.h"

#include <algorithm>
#include <vector>

#include "array/compute.h"
#include "autograd/node.h"
#include "kernels/index/index.h"
#include "ops/recast.h"

namespace cc {

namespace {

using Numbers = std::vector<int64_t>;

Tensor as_tensor(const Numbers& numbers) {
    Array out = Array::empty({static_cast<int64_t>(numbers.size())}, Dtype::Int64);
    std::copy(numbers.begin(), numbers.end(), out.data<int64_t>());
    return Tensor(out);
}

Numbers as_numbers(const char* op, const char* name, const Tensor& x) {
    check_type(is_integral(x.dtype()), op, ": ", name, " must have dtype int64 or int32, got ", x.dtype());
    Array dense = to(x, Dtype::Int64).array().contiguous();
    return Numbers(dense.data<int64_t>(), dense.data<int64_t>() + dense.numel());
}

void check_table(const char* op, const Tensor& weight) {
    check_type(is_floating(weight.dtype()), op, ": weight must have a floating-point dtype, got ", weight.dtype());
    check(weight.rank() == 2, op, ": weight must have 2 dimensions, got shape ", weight.shape());
}

void check_rows(const char* op, const Numbers& rows, int64_t size) {
    const int64_t count = static_cast<int64_t>(rows.size()), bad = find_out_of_range(rows.data(), count, 0, size);
    if (bad >= 0) check_index(false, op, ": input holds ", rows[bad], ", but weight has ", size, " rows");
}

// Rows longer than max_norm are shortened to it, in the table itself.
void shorten(const Tensor& weight, const Numbers& rows, double max_norm, double norm_type) {
    GradMode off(false);
    Numbers once = rows;
    std::sort(once.begin(), once.end());
    once.erase(std::unique(once.begin(), once.end()), once.end());
    Array lengths = norm(index_select(weight.detach(), 0, as_tensor(once)), norm_type, {1}).array().to(Dtype::Float64);
    for (size_t i = 0; i < once.size(); ++i) {
        const double length = lengths.data<double>()[i];
        if (!(length > max_norm)) continue;
        Array row = weight.array().slice(0, once[i], 1, 1);
        row.copy_from(scale(Tensor(row), max_norm / (length + 1e-7)).array());
    }
}

// 1/how often each row was taken, for each of them.
Tensor by_frequency(const Tensor& weight, const Numbers& rows) {
    Numbers times(weight.size(0));
    for (int64_t row : rows) ++times[row];
    Array inverse = Array::empty({static_cast<int64_t>(rows.size()), 1}, Dtype::Float64);
    for (size_t i = 0; i < rows.size(); ++i) inverse.data<double>()[i] = 1.0 / static_cast<double>(times[rows[i]]);
    return Tensor(inverse.to(weight.dtype()));
}

bool recorded(const Tensor& weight) { return grad_enabled() && weight.requires_grad(); }

// The gradient of the table is the sum of the rows' own, without those of the padding, each divided by how often its row was
// taken where frequency says so.
Tensor take_rows(const char* op, const Tensor& weight, const Numbers& rows, int64_t padding, bool frequency) {
    Tensor taken, places = as_tensor(rows), positions;
    {
        GradMode off(false);
        taken = index_select(weight, 0, places);
    }
    if (!recorded(weight)) return taken;
    Numbers kept, at;
    const bool padded = std::find(rows.begin(), rows.end(), padding) != rows.end();
    for (size_t i = 0; padded && i < rows.size(); ++i)
        if (rows[i] != padding) kept.push_back(rows[i]), at.push_back(static_cast<int64_t>(i));
    if (padded) places = as_tensor(kept), positions = as_tensor(at);
    Tensor factors = frequency ? by_frequency(weight, padded ? kept : rows) : Tensor();
    return record(op, taken.array(), {weight}, [=, shape = weight.shape()](Backward& g) {
        Tensor grad = positions.defined() ? index_select(g.grad(), 0, positions) : g.grad();
        g[0] = index_sum(shape, 0, places, factors.defined() ? mul(grad, factors) : grad);
    });
}

// The number of each row's bag.
Tensor bag_numbers(const Numbers& starts) {
    Numbers bags(starts.back());
    for (size_t bag = 0; bag + 1 < starts.size(); ++bag)
        std::fill(bags.begin() + starts[bag], bags.begin() + starts[bag + 1], static_cast<int64_t>(bag));
    return as_tensor(bags);
}

// The sums of bags of rows, which are nowhere put beside each other.
Tensor sum_rows(const char* op, const Tensor& weight, const Numbers& rows, const Numbers& starts, bool frequency) {
    if (auto y = recast(op, [&](auto& a) { return sum_rows(op, a, rows, starts, frequency); }, weight)) return *y;
    Array table = weight.array().contiguous();
    const int64_t bags = static_cast<int64_t>(starts.size()) - 1;
    Array out = Array::empty({bags, weight.size(1)}, weight.dtype());
    bag_sum({weight.dtype(), bags, weight.size(1), starts.data()}, table.raw(), rows.data(), out.raw());
    if (!recorded(weight)) return Tensor(out);
    Tensor factors = frequency ? by_frequency(weight, rows) : Tensor();
    return record(op, std::move(out), {weight},
                  [=, places = as_tensor(rows), bag_of = bag_numbers(starts), shape = weight.shape()](Backward& g) {
        Tensor grad = index_select(g.grad(), 0, bag_of);
        g[0] = index_sum(shape, 0, places, factors.defined() ? mul(grad, factors) : grad);
    });
}

// Where each bag starts and the last one ends.
Numbers bag_starts(const char* op, const Tensor& input, const Tensor& offsets, bool include_last) {
    if (input.rank() == 2) {
        check(!offsets.defined(), op, ": offsets must be None where input has 2 dimensions");
        Numbers starts(input.size(0) + 1);
        for (int64_t i = 0; i <= input.size(0); ++i) starts[i] = i * input.size(1);
        return starts;
    }
    check(input.rank() == 1, op, ": input must have 1 or 2 dimensions, got shape ", input.shape());
    check(offsets.defined(), op, ": offsets must be given where input has 1 dimension");
    check(offsets.rank() == 1, op, ": offsets must have 1 dimension, got shape ", offsets.shape());
    Numbers starts = as_numbers(op, "offsets", offsets);
    check(!include_last || !starts.empty(), op, ": offsets must not be empty with include_last_offset");
    if (!include_last) starts.push_back(input.numel());
    check(starts[0] == 0, op, ": offsets must start with 0, got ", starts[0]);
    for (size_t i = 1; i < starts.size(); ++i)
        check(starts[i] >= starts[i - 1] && starts[i] <= input.numel(), op, ": offsets must rise and not pass the end of input, ",
              input.numel(), "; got ", starts[i], " after ", starts[i - 1]);
    return starts;
}

// The first greatest value of each column in each bag, 0 for empty bags.
Tensor greatest(const Tensor& rows, const Numbers& starts) {
    Numbers bags, kept{0};
    for (size_t bag = 0; bag + 1 < starts.size(); ++bag)
        if (starts[bag + 1] > starts[bag]) bags.push_back(static_cast<int64_t>(bag)), kept.push_back(starts[bag + 1]);
    const int64_t count = static_cast<int64_t>(bags.size()), columns = rows.size(1);
    Array at = Array::empty({count, columns}, Dtype::Int64), dense = rows.array().to(computed_in(rows.dtype())).contiguous();
    bag_argmax({dense.dtype(), count, columns, kept.data()}, dense.raw(), at.data<int64_t>());
    Tensor values = gather(rows, 0, Tensor(at));
    const int64_t all = static_cast<int64_t>(starts.size()) - 1;
    return count == all ? values : index_sum({all, columns}, 0, as_tensor(bags), values);
}

// The row that gets no gradient, −1 for none.
int64_t padding_or_none(const char* op, std::optional<int64_t> padding_idx, int64_t rows) {
    return padding_idx ? padding_row(op, *padding_idx, rows) : -1;
}

}  // namespace

int64_t padding_row(const char* op, int64_t padding_idx, int64_t rows) {
    check(padding_idx >= -rows && padding_idx < rows, op, ": padding_idx must be from ", -rows, " to ", rows - 1, ", got ",
          padding_idx);
    return padding_idx < 0 ? padding_idx + rows : padding_idx;
}

Tensor embedding(const Tensor& input, const Tensor& weight, std::optional<int64_t> padding_idx, std::optional<double> max_norm,
                 double norm_type, bool scale_grad_by_freq) {
    constexpr const char* kOp = "embedding";
    check_table(kOp, weight);
    Numbers rows = as_numbers(kOp, "input", input);
    check_rows(kOp, rows, weight.size(0));
    const int64_t padding = padding_or_none(kOp, padding_idx, weight.size(0));
    if (max_norm) shorten(weight, rows, *max_norm, norm_type);
    Shape shape = input.shape();
    shape.push_back(weight.size(1));
    return reshape(take_rows(kOp, weight, rows, padding, scale_grad_by_freq), shape);
}

Tensor embedding_bag(const Tensor& input, const Tensor& weight, const Tensor& offsets, std::optional<double> max_norm,
                     double norm_type, bool scale_grad_by_freq, const std::string& mode, const Tensor& per_sample_weights,
                     bool include_last_offset, std::optional<int64_t> padding_idx) {
    constexpr const char* kOp = "embedding_bag";
    check_table(kOp, weight);
    check(mode == "sum" || mode == "mean" || mode == "max", kOp, ": mode must be \"sum\", \"mean\" or \"max\", got \"", mode, "\"");
    check(mode != "max" || !scale_grad_by_freq, kOp, ": scale_grad_by_freq does not go with mode \"max\"");
    Numbers rows = as_numbers(kOp, "input", input), starts = bag_starts(kOp, input, offsets, include_last_offset);
    check_rows(kOp, rows, weight.size(0));
    const int64_t padding = padding_or_none(kOp, padding_idx, weight.size(0)), bags = static_cast<int64_t>(starts.size()) - 1;
    Tensor factors = per_sample_weights;
    if (factors.defined()) {
        check(mode == "sum", kOp, ": per_sample_weights goes with mode \"sum\" alone, got \"", mode, "\"");
        check(factors.shape() == input.shape(), kOp, ": per_sample_weights must have the shape of input, ", input.shape(), ", got ",
              factors.shape());
        check_type(factors.dtype() == weight.dtype(), kOp, ": weight has dtype ", weight.dtype(), ", per_sample_weights ",
                   factors.dtype());
        factors = reshape(factors, {-1, 1});
    }
    if (max_norm) shorten(weight, rows, *max_norm, norm_type);

    // Neither the padding nor what lies behind the last bag belongs to one.
    if (padding >= 0 || starts.back() < static_cast<int64_t>(rows.size())) {
        Numbers kept, at, kept_starts{0};
        for (int64_t bag = 0; bag < bags; ++bag) {
            for (int64_t i = starts[bag]; i < starts[bag + 1]; ++i)
                if (rows[i] != padding) kept.push_back(rows[i]), at.push_back(i);
            kept_starts.push_back(static_cast<int64_t>(kept.size()));
        }
        if (factors.defined()) factors = index_select(factors, 0, as_tensor(at));
        rows = std::move(kept);
        starts = std::move(kept_starts);
    }
    if (mode == "max") return greatest(take_rows(kOp, weight, rows, -1, scale_grad_by_freq), starts);
    if (factors.defined()) {
        Tensor taken = take_rows(kOp, weight, rows, -1, scale_grad_by_freq);
        return index_sum({bags, weight.size(1)}, 0, bag_numbers(starts), mul(taken, factors));
    }
    Tensor sums = sum_rows(kOp, weight, rows, starts, scale_grad_by_freq);
    if (mode == "sum") return sums;
    Numbers lengths(bags);
    for (int64_t bag = 0; bag < bags; ++bag) lengths[bag] = std::max<int64_t>(1, starts[bag + 1] - starts[bag]);
    return div(sums, to(reshape(as_tensor(lengths), {-1, 1}), weight.dtype()));
}

}  // namespace cc
