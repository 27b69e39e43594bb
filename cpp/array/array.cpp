#include "array/array.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "kernels/copy/copy.h"

namespace cc {

namespace {

size_t checked_bytes(const Shape& shape, Dtype dtype) {
    int64_t n = static_cast<int64_t>(itemsize(dtype));
    for (int64_t size : shape) {
        check(size >= 0, "a tensor's sizes must not be negative, got shape ", shape);
        if (__builtin_mul_overflow(n, size, &n))
            fail(ErrorKind::Memory, "a tensor of shape ", shape, " and dtype ", dtype, " does not fit in memory");
    }
    return static_cast<size_t>(n);
}

}  // namespace

Shape strides_for(const Shape& shape, Format format) {
    int rank = shape.rank();
    Shape strides(rank, 1);
    int64_t stride = 1;
    auto place = [&](int axis) {
        strides[axis] = stride;
        stride *= std::max<int64_t>(shape[axis], 1);
    };
    bool channels_last = format == Format::ChannelsLast && rank >= 3;
    if (channels_last) place(1);
    for (int axis = rank - 1; axis >= 0; --axis)
        if (!(channels_last && axis == 1)) place(axis);
    return strides;
}

Array Array::empty(const Shape& shape, Dtype dtype, Format format) {
    return {make_ref<Storage>(checked_bytes(shape, dtype)), shape, strides_for(shape, format), 0, dtype};
}

Array Array::deferred(const Shape& shape, Dtype dtype, Format format, Ref<Deferred> contents) {
    return {make_ref<Storage>(checked_bytes(shape, dtype), std::move(contents)), shape, strides_for(shape, format), 0, dtype};
}

Array Array::full(const Shape& shape, Dtype dtype, double value, Format format) {
    Array out = empty(shape, dtype, format);
    out.fill(value);
    return out;
}

Array Array::zeros(const Shape& shape, Dtype dtype, Format format) { return full(shape, dtype, 0, format); }

bool Array::is(Format format) const {
    int64_t stride = 1;
    auto lies = [&](int axis) {
        const bool there = shape_[axis] == 1 || strides_[axis] == stride;
        stride *= shape_[axis];
        return there;
    };
    const bool channels_last = format == Format::ChannelsLast && rank() >= 3;
    bool all = !channels_last || lies(1);
    for (int axis = rank() - 1; axis >= 0 && all; --axis)
        if (!(channels_last && axis == 1)) all = lies(axis);
    return all || numel() == 0;
}

Format Array::format() const {
    if (is(Format::RowMajor) || rank() < 3) return Format::RowMajor;
    if (is(Format::ChannelsLast)) return Format::ChannelsLast;
    // Part of a larger array: do channels stand closer together than pixels?
    Format format = Format::RowMajor;
    for (int i = 2; i < rank(); ++i) {
        if (shape_[i] == 1) continue;
        if (strides_[i] <= strides_[1]) return Format::RowMajor;
        format = Format::ChannelsLast;
    }
    return format;
}

Array Array::permute(const Shape& order) const {
    Array out = *this;
    for (int i = 0; i < rank(); ++i) {
        out.shape_[i] = shape_[static_cast<int>(order[i])];
        out.strides_[i] = strides_[static_cast<int>(order[i])];
    }
    return out;
}

Array Array::transpose(int a, int b) const {
    Array out = *this;
    std::swap(out.shape_[a], out.shape_[b]);
    std::swap(out.strides_[a], out.strides_[b]);
    return out;
}

Shape broadcast_strides(const Shape& from, const Shape& strides, const Shape& shape) {
    if (from == shape) return strides;
    check(shape.rank() >= from.rank(), "expand: shape ", shape, " has fewer dimensions than the tensor's ", from);
    Shape out(shape.rank(), 0);
    int lead = shape.rank() - from.rank();
    for (int i = 0; i < from.rank(); ++i) {
        check(from[i] == shape[lead + i] || from[i] == 1, "expand: shape ", shape, " does not follow from the tensor's ", from,
              ": only sizes of 1 expand");
        if (from[i] == shape[lead + i]) out[lead + i] = strides[i];
    }
    return out;
}

Array Array::expand(const Shape& shape) const {
    if (shape == shape_) return *this;
    checked_bytes(shape, dtype_);
    return as_strided(shape, broadcast_strides(shape_, strides_, shape), offset_);
}

Array Array::slice(int axis, int64_t start, int64_t count, int64_t step) const {
    Array out = *this;
    out.offset_ += start * strides_[axis];
    out.shape_[axis] = count;
    out.strides_[axis] *= step;
    return out;
}

Array Array::select(int axis, int64_t index) const {
    Array out = *this;
    out.offset_ += index * strides_[axis];
    out.shape_.erase(axis);
    out.strides_.erase(axis);
    return out;
}

Array Array::squeeze(int axis) const {
    Array out = *this;
    out.shape_.erase(axis);
    out.strides_.erase(axis);
    return out;
}

Array Array::unsqueeze(int axis) const {
    Array out = *this;
    out.strides_.insert(axis, axis < rank() ? strides_[axis] * shape_[axis] : 1);
    out.shape_.insert(axis, 1);
    return out;
}

// Walks old and new sizes together: a group of old axes that is dense among itself may be cut anew.
std::optional<Array> Array::try_view(const Shape& shape) const {
    Array out = *this;
    out.shape_ = shape;
    if (numel() == 0) {
        out.strides_ = strides_for(shape, Format::RowMajor);
        return out;
    }
    Shape old_sizes, old_strides;
    for (int i = 0; i < rank(); ++i) {
        if (shape_[i] == 1) continue;
        if (!old_sizes.empty() && old_strides.back() == strides_[i] * shape_[i]) {
            old_sizes[old_sizes.rank() - 1] *= shape_[i];
            old_strides[old_strides.rank() - 1] = strides_[i];
        } else {
            old_sizes.push_back(shape_[i]);
            old_strides.push_back(strides_[i]);
        }
    }
    out.strides_ = Shape(shape.rank(), 1);
    int group = old_sizes.rank() - 1;
    int64_t left = group >= 0 ? old_sizes[group] : 1;
    int64_t stride = group >= 0 ? old_strides[group] : 1;
    for (int i = shape.rank() - 1; i >= 0; --i) {
        if (shape[i] != 1 && left == 1) {
            if (--group < 0) return std::nullopt;
            left = old_sizes[group];
            stride = old_strides[group];
        }
        if (left % shape[i] != 0) return std::nullopt;
        out.strides_[i] = stride;
        stride *= shape[i];
        left /= shape[i];
    }
    return out;
}

// Free of overlap is what lies, axis by axis from the smallest stride, beyond all that the axes before can reach.
bool Array::overlaps() const {
    int axes[kMaxRank], count = 0;
    for (int i = 0; i < rank(); ++i) {
        if (shape_[i] == 0) return false;
        if (shape_[i] > 1) axes[count++] = i;
    }
    std::sort(axes, axes + count, [&](int a, int b) { return std::abs(strides_[a]) < std::abs(strides_[b]); });
    int64_t reach = 0;
    for (int k = 0; k < count; ++k) {
        int64_t stride = std::abs(strides_[axes[k]]);
        if (stride <= reach) return true;
        reach += stride * (shape_[axes[k]] - 1);
    }
    return false;
}

Array Array::to(Format format) const {
    if (is(format)) return *this;
    Array out = empty(shape_, dtype_, format);
    copy({shape_, dtype_, dtype_, strides_, out.strides_}, raw(), out.raw());
    return out;
}

Array Array::to(Dtype dtype) const {
    if (dtype == dtype_) return *this;
    Array out = empty(shape_, dtype, format());
    copy({shape_, dtype_, dtype, strides_, out.strides_}, raw(), out.raw());
    return out;
}

Array Array::clone() const {
    Array out = empty(shape_, dtype_, format());
    copy({shape_, dtype_, dtype_, strides_, out.strides_}, raw(), out.raw());
    return out;
}

Array Array::reshape(const Shape& shape) const {
    if (auto view = try_view(shape)) return *view;
    return *contiguous().try_view(shape);
}

void Array::copy_from(const Array& source) const {
    const Shape strides = broadcast_strides(source.shape_, source.strides_, shape_);
    if (source.storage_ == storage_ && !(source.offset_ == offset_ && strides == strides_ && source.dtype_ == dtype_))
        return copy_from(source.clone());  // the two may overlap
    storage_->before_write();
    copy({shape_, source.dtype_, dtype_, strides, strides_}, source.raw(), raw());
    storage_->bump_version();
}

void Array::fill(double value) const {
    storage_->before_write();
    visit_element(dtype_, [&](auto zero) {
        using T = decltype(zero);
        T element = std::is_same_v<T, bool> ? static_cast<T>(value != 0) : static_cast<T>(value);
        cc::fill(shape_, strides_, dtype_, raw(), &element);
    });
    storage_->bump_version();
}

double Array::item() const {
    return visit_element(dtype_, [&](auto zero) { return static_cast<double>(*data<decltype(zero)>()); });
}

Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b) {
    if (a == b) return a;
    const Shape& longer = a.rank() >= b.rank() ? a : b;
    const Shape& shorter = a.rank() >= b.rank() ? b : a;
    Shape out = longer;
    int lead = longer.rank() - shorter.rank();
    for (int i = 0; i < shorter.rank(); ++i) {
        int64_t p = longer[lead + i], q = shorter[i];
        check(p == q || p == 1 || q == 1, op, ": shapes ", a, " and ", b, " do not broadcast: sizes ", p, " and ", q,
              " meet at dimension ", lead + i);
        out[lead + i] = p == 1 ? q : p;
    }
    return out;
}

int normalize_axis(const char* op, const char* argument, int64_t axis, int rank) {
    int64_t limit = std::max(rank, 1);
    check_index(axis >= -limit && axis < limit, op, ": ", argument, " must be in [", -limit, ", ", limit - 1, "], got ",
                axis);
    return static_cast<int>(axis < 0 ? axis + limit : axis);
}

Shape resolve_shape(const char* op, const Shape& shape, int64_t numel) {
    Shape out = shape;
    int inferred = -1;
    int64_t known = 1;
    for (int i = 0; i < shape.rank(); ++i) {
        if (shape[i] == -1) {
            check(inferred < 0, op, ": only one size of shape may be -1, got ", shape);
            inferred = i;
        } else {
            check(shape[i] >= 0, op, ": sizes of shape must not be negative, got ", shape);
            check(!__builtin_mul_overflow(known, shape[i], &known), op, ": shape ", shape, " does not fit ", numel, " elements");
        }
    }
    if (inferred >= 0) {
        check(known > 0 && numel % known == 0, op, ": shape ", shape, " does not fit ", numel, " elements");
        out[inferred] = numel / known;
    }
    check(out.numel() == numel, op, ": shape ", shape, " has ", out.numel(), " elements, the tensor has ", numel);
    return out;
}

}  // namespace cc
