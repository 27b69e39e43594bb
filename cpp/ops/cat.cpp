#include <algorithm>

#include "autograd/node.h"
#include "kernels/copy/copy.h"
#include "ops/ops.h"

namespace cc {

namespace {

// PyTorch's old rule: an empty 1-d tensor joins anything.
bool is_nothing(const Tensor& x) { return x.rank() == 1 && x.size(0) == 0; }

// In one pass where memory holds many rows, each of which has a piece from every part.
bool join_rows(const Tensors& parts, int axis, const Array& out) {
    constexpr int64_t kManyRows = 64, kPieceBytes = 32;
    const Format format = out.format();
    int64_t rows = 1;
    for (int i = 0; i < out.rank(); ++i)
        if (format == Format::RowMajor ? i < axis : i == 0 ? axis > 0 : i > 1 && (axis == 1 || i < axis))
            rows *= out.size(i);
    if (rows < kManyRows) return false;
    std::vector<JoinPart> pieces;
    for (const Tensor& part : parts) {
        const int64_t bytes = part.numel() / rows * static_cast<int64_t>(itemsize(part.dtype()));
        if (!part.array().is(format) || bytes < kPieceBytes) return false;
        pieces.push_back({part.array().raw(), bytes});
    }
    join(rows, pieces, out.raw());
    return true;
}

Tensor joined(const Tensors& parts, int axis) {
    Shape shape = parts[0].shape();
    shape[axis] = 0;
    for (const Tensor& part : parts) shape[axis] += part.size(axis);
    Array out = Array::empty(shape, parts[0].dtype(), parts[0].array().format());
    if (!join_rows(parts, axis, out)) {
        int64_t start = 0;
        for (const Tensor& part : parts) {
            out.slice(axis, start, part.size(axis), 1).copy_from(part.array());
            start += part.size(axis);
        }
    }
    Sizes sizes;
    for (const Tensor& part : parts) sizes.push_back(part.size(axis));
    return record("cat", std::move(out), parts, [axis, sizes](Backward& g) {
        int64_t start = 0;
        for (size_t i = 0; i < sizes.size(); ++i) {
            if (g.wants(static_cast<int>(i))) g[static_cast<int>(i)] = slice(g.grad(), axis, start, sizes[i], 1);
            start += sizes[i];
        }
    });
}

}  // namespace

Tensor cat(const Tensors& tensors, int64_t dim) {
    check(!tensors.empty(), "cat: tensors must not be empty");
    Tensors parts;
    parts.reserve(tensors.size());
    for (const Tensor& x : tensors)
        if (!is_nothing(x)) parts.push_back(x);
    if (parts.empty()) parts.push_back(tensors[0]);
    const Shape& first = parts[0].shape();
    check(first.rank() > 0, "cat: a 0-d tensor cannot be joined; use stack");
    int axis = normalize_axis("cat", "dim", dim, first.rank());
    Dtype dtype = tensors[0].dtype();
    for (const Tensor& x : tensors) dtype = promote(dtype, x.dtype());
    for (Tensor& part : parts) {
        bool same = part.rank() == first.rank();
        for (int i = 0; same && i < first.rank(); ++i) same = i == axis || part.size(i) == first[i];
        check(same, "cat: tensors must have one shape apart from dim ", axis, ", got ", first, " and ", part.shape());
        part = to(part, dtype);
    }
    return joined(parts, axis);
}

Tensor stack(const Tensors& tensors, int64_t dim) {
    check(!tensors.empty(), "stack: tensors must not be empty");
    int axis = normalize_axis("stack", "dim", dim, tensors[0].rank() + 1);
    Tensors parts;
    for (const Tensor& x : tensors) {
        check(x.shape() == tensors[0].shape(), "stack: tensors must have one shape, got ", tensors[0].shape(), " and ",
              x.shape());
        parts.push_back(unsqueeze(x, axis));
    }
    return cat(parts, axis);
}

Tensors split_with_sizes(const Tensor& x, const Sizes& sizes, int64_t dim) {
    check(x.rank() > 0, "split: input must have at least 1 dimension, got a 0-d tensor");
    int axis = normalize_axis("split", "dim", dim, x.rank());
    int64_t total = 0;
    for (int64_t size : sizes) {
        check(size >= 0, "split: split_size must not be negative, got ", size);
        total += size;
    }
    check(total == x.size(axis), "split: sizes add up to ", total, ", dimension ", axis, " of shape ", x.shape(), " has ",
          x.size(axis));
    Tensors parts;
    int64_t start = 0;
    for (int64_t size : sizes) {
        parts.push_back(slice(x, axis, start, size, 1));
        start += size;
    }
    return parts;
}

Tensors split(const Tensor& x, int64_t size, int64_t dim) {
    check(x.rank() > 0, "split: input must have at least 1 dimension, got a 0-d tensor");
    int64_t length = x.size(normalize_axis("split", "dim", dim, x.rank()));
    check(size > 0 || (size == 0 && length == 0), "split: split_size must be positive, got ", size);
    Sizes sizes;
    for (int64_t left = length; left > 0; left -= size) sizes.push_back(std::min(size, left));
    if (sizes.empty()) sizes.push_back(0);
    return split_with_sizes(x, sizes, dim);
}

// As in PyTorch the parts have ⌈length/chunks⌉ elements, so there may be fewer of them.
Tensors chunk(const Tensor& x, int64_t chunks, int64_t dim) {
    check(chunks > 0, "chunk: chunks must be positive, got ", chunks);
    check(x.rank() > 0, "chunk: input must have at least 1 dimension, got a 0-d tensor");
    int64_t length = x.size(normalize_axis("chunk", "dim", dim, x.rank()));
    if (length == 0) return split_with_sizes(x, Sizes(chunks, 0), dim);
    return split(x, (length + chunks - 1) / chunks, dim);
}

Tensors unbind(const Tensor& x, int64_t dim) {
    check(x.rank() > 0, "unbind: input must have at least 1 dimension, got a 0-d tensor");
    int axis = normalize_axis("unbind", "dim", dim, x.rank());
    Tensors parts;
    for (int64_t i = 0; i < x.size(axis); ++i) parts.push_back(select(x, axis, i));
    return parts;
}

}  // namespace cc
