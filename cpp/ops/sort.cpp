// Sorting and selecting find indices; the values are gathered by them, which is what puts them on the tape. NaN counts as the
// greatest value.
#include "kernels/sort/sort.h"

#include <limits>

#include "base/allocator.h"
#include "kernels/index/index.h"
#include "kernels/sort/search.h"
#include "ops/lines.h"
#include "ops/ops.h"
#include "ops/recast.h"

namespace cc {

namespace {

SortProblem problem_for(const Lines& lines) { return {lines.array.dtype(), lines.outer, lines.dim, lines.inner}; }

int64_t size_along(const Tensor& x, int axis) { return x.rank() ? x.size(axis) : 1; }

Tensor ordered(const Tensor& x, int axis, int64_t count, bool descending) {
    Lines lines = lines_along(x.array(), axis, Format::RowMajor);
    Shape shape = x.shape();
    if (x.rank()) shape[axis] = count;
    Array out = Array::empty(shape, Dtype::Int64);
    first_places(problem_for(lines), count, descending, lines.array.raw(), out.data<int64_t>());
    return Tensor(out);
}

std::pair<Tensor, Tensor> picked(const Tensor& x, int axis, bool keepdim, Pick pick, int64_t rank = 0) {
    Lines lines = lines_along(x.array(), axis, Format::RowMajor);
    Shape shape = x.shape();
    if (x.rank()) shape[axis] = 1;
    Array out = Array::empty(shape, Dtype::Int64);
    picked_place(problem_for(lines), pick, rank, lines.array.raw(), out.data<int64_t>());
    Tensor indices(out), values = gather(x, axis, indices);
    if (keepdim || x.rank() == 0) return {values, indices};
    return {squeeze(values, axis), squeeze(indices, axis)};
}

std::pair<Tensor, Tensor> middle(const char* op, const Tensor& x, int64_t dim, bool keepdim, Pick pick) {
    int axis = normalize_axis(op, "dim", dim, x.rank());
    check_index(size_along(x, axis) > 0, op, ": dim ", axis, " is empty, input has shape ", x.shape());
    return picked(x, axis, keepdim, pick);
}

}  // namespace

std::pair<Tensor, Tensor> sort(const Tensor& input, int64_t dim, bool descending) {
    if (auto y = recast("sort", [&](auto& a) { return sort(a, dim, descending); }, input)) return *y;
    int axis = normalize_axis("sort", "dim", dim, input.rank());
    Tensor indices = ordered(input, axis, size_along(input, axis), descending);
    return {gather(input, axis, indices), indices};
}

Tensor argsort(const Tensor& input, int64_t dim, bool descending) {
    if (auto y = recast("argsort", [&](auto& a) { return argsort(a, dim, descending); }, input)) return *y;
    int axis = normalize_axis("argsort", "dim", dim, input.rank());
    return ordered(input, axis, size_along(input, axis), descending);
}

std::pair<Tensor, Tensor> topk(const Tensor& input, int64_t k, int64_t dim, bool largest) {
    if (auto y = recast("topk", [&](auto& a) { return topk(a, k, dim, largest); }, input)) return *y;
    int axis = normalize_axis("topk", "dim", dim, input.rank());
    int64_t size = size_along(input, axis);
    check(k >= 0 && k <= size, "topk: k must be between 0 and ", size, ", the size of dimension ", axis, ", got ", k);
    Tensor indices = ordered(input, axis, k, largest);
    return {gather(input, axis, indices), indices};
}

std::pair<Tensor, Tensor> kthvalue(const Tensor& input, int64_t k, int64_t dim, bool keepdim) {
    if (auto y = recast("kthvalue", [&](auto& a) { return kthvalue(a, k, dim, keepdim); }, input)) return *y;
    int axis = normalize_axis("kthvalue", "dim", dim, input.rank());
    int64_t size = size_along(input, axis);
    check(k >= 1 && k <= size, "kthvalue: k must be between 1 and ", size, ", got ", k);
    return picked(input, axis, keepdim, Pick::Ranked, k - 1);
}

std::pair<Tensor, Tensor> median(const Tensor& input, int64_t dim, bool keepdim) {
    if (auto y = recast("median", [&](auto& a) { return median(a, dim, keepdim); }, input)) return *y;
    return middle("median", input, dim, keepdim, Pick::Median);
}

std::pair<Tensor, Tensor> nanmedian(const Tensor& input, int64_t dim, bool keepdim) {
    if (auto y = recast("nanmedian", [&](auto& a) { return nanmedian(a, dim, keepdim); }, input)) return *y;
    return middle("nanmedian", input, dim, keepdim, Pick::NanMedian);
}

Tensors unique(const Tensor& input, bool sorted, bool return_inverse, bool return_counts) {
    if (auto y = recast("unique", [&](auto& a) { return unique(a, sorted, return_inverse, return_counts); }, input)) return *y;
    Array x = input.array().contiguous(), inverse, counts;
    const int64_t size = x.numel();
    Scratch<int64_t> first(size);
    if (return_inverse) inverse = Array::empty(x.shape(), Dtype::Int64);
    if (return_counts) counts = Array::empty({size}, Dtype::Int64);
    auto data = [](const Array& a) { return a.defined() ? a.data<int64_t>() : nullptr; };
    const int64_t runs = find_runs({x.dtype(), 1, size, 1}, sorted, x.raw(), first.data(), data(counts), data(inverse));
    Array values = Array::empty({runs}, x.dtype());
    take(x.dtype(), x.raw(), first.data(), runs, 1, values.raw());
    Tensors out{Tensor(values)};
    if (return_inverse) out.push_back(Tensor(inverse));
    if (return_counts) out.push_back(Tensor(counts.slice(0, 0, runs, 1).clone()));
    return out;
}

Tensor searchsorted(const Tensor& sorted_sequence, const Tensor& input, bool right) {
    auto here = [&](auto& a, auto& b) { return searchsorted(a, b, right); };
    if (auto y = recast("searchsorted", here, sorted_sequence, input)) return *y;
    constexpr const char* kOp = "searchsorted";
    const Shape &rows = sorted_sequence.shape(), &sought = input.shape();
    check(rows.rank() > 0, kOp, ": sorted_sequence must have at least 1 dimension");
    const bool one_row = rows.rank() == 1;
    bool match = one_row || rows.rank() == sought.rank();
    for (int i = 0; match && i + 1 < rows.rank(); ++i) match = rows[i] == sought[i];
    check(match, kOp, ": rows must match, got shapes ", rows, " and ", sought);
    const Dtype dtype = result_type(sorted_sequence, input);
    Array table = to(sorted_sequence, dtype).array().contiguous(), values = to(input, dtype).array().contiguous();
    Array out = Array::empty(sought, Dtype::Int64);
    const int64_t length = rows[rows.rank() - 1], count = one_row ? values.numel() : sought[sought.rank() - 1];
    search_sorted({dtype, count ? values.numel() / count : 0, length, count, one_row, right}, table.raw(), values.raw(),
                  out.data<int64_t>());
    return Tensor(out);
}

Tensor bincount(const Tensor& input, int64_t minlength) {
    constexpr const char* kOp = "bincount";
    check(input.rank() == 1 && !is_floating(input.dtype()), kOp, ": expected a vector of whole numbers, got shape ", input.shape(),
          " of ", input.dtype());
    check(minlength >= 0, kOp, ": minlength must not be negative, got ", minlength);
    Array x = to(input, Dtype::Int64).array().contiguous();
    if (x.numel()) {
        const auto [least, greatest] = extremes_of(x.data<int64_t>(), x.numel());
        check(least >= 0, kOp, ": input must not be negative, got ", least);
        check(greatest < std::numeric_limits<int64_t>::max(), kOp, ": ", greatest, " is too large");
        minlength = std::max(minlength, greatest + 1);
    }
    Array out = Array::zeros({minlength}, Dtype::Int64);
    count_values(x.data<int64_t>(), x.numel(), minlength, out.data<int64_t>());
    return Tensor(out);
}

}  // namespace cc
