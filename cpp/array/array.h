// Array: shape, strides and dtype over a storage. Knows no gradient; views share the storage.
#pragma once

#include <optional>

#include "array/storage.h"
#include "base/dtype.h"
#include "base/shape.h"

namespace cc {

// Shapes are logical (batch, channels, spatial…); the format is the order of the strides. ChannelsLast puts axis 1 innermost and
// needs rank ≥ 3; below that it means RowMajor.
enum class Format { RowMajor, ChannelsLast };

Shape strides_for(const Shape& shape, Format format);
// Those of a smaller array seen in `shape`: sizes of one and new leading axes broadcast with stride 0.
Shape broadcast_strides(const Shape& from, const Shape& strides, const Shape& shape);

class Array {
public:
    Array() = default;
    Array(Ref<Storage> storage, const Shape& shape, const Shape& strides, int64_t offset, Dtype dtype)
        : storage_(std::move(storage)), shape_(shape), strides_(strides), offset_(offset), dtype_(dtype) {}

    static Array empty(const Shape& shape, Dtype dtype, Format format = Format::RowMajor);
    static Array deferred(const Shape& shape, Dtype dtype, Format format, Ref<Deferred> contents);
    static Array full(const Shape& shape, Dtype dtype, double value, Format format = Format::RowMajor);
    static Array zeros(const Shape& shape, Dtype dtype, Format format = Format::RowMajor);
    template <class T>
    static Array scalar(T value) {
        Array a = empty({}, dtype_of<T>);
        *a.data<T>() = value;
        return a;
    }

    bool defined() const { return static_cast<bool>(storage_); }
    const Shape& shape() const { return shape_; }
    const Shape& strides() const { return strides_; }
    int rank() const { return shape_.rank(); }
    int64_t size(int axis) const { return shape_[axis]; }
    int64_t numel() const { return shape_.numel(); }
    int64_t offset() const { return offset_; }
    Dtype dtype() const { return dtype_; }
    Storage& storage() const { return *storage_; }
    const Ref<Storage>& storage_ref() const { return storage_; }

    void* raw() const { return static_cast<char*>(storage_->data()) + offset_ * static_cast<int64_t>(itemsize(dtype_)); }
    template <class T>
    T* data() const { return static_cast<T*>(raw()); }

    // Sizes of one never count, so an array can be both.
    bool is(Format format) const;
    bool is_contiguous() const { return is(Format::RowMajor); }
    Format format() const;  // of a result that follows this array

    // All of a memory that nobody else holds: it may be written over unseen.
    bool sole() const {
        return (is(Format::RowMajor) || is(Format::ChannelsLast)) &&
               storage_->sole_data(static_cast<size_t>(numel()) * itemsize(dtype_));
    }

    // Views.
    Array permute(const Shape& order) const;
    Array transpose(int a, int b) const;
    Array expand(const Shape& shape) const;              // sizes of one (and new leading axes) broadcast with stride 0
    Array slice(int axis, int64_t start, int64_t count, int64_t step) const;
    Array select(int axis, int64_t index) const;
    Array squeeze(int axis) const;
    Array unsqueeze(int axis) const;
    Array as_strided(const Shape& shape, const Shape& strides, int64_t offset) const {
        return {storage_, shape, strides, offset, dtype_};
    }
    bool overlaps() const;  // several elements may share a place: strides of zero, windows
    std::optional<Array> try_view(const Shape& shape) const;  // none where no strides describe it

    // Copies where needed.
    Array to(Format format) const;      // itself when it already is
    Array contiguous() const { return to(Format::RowMajor); }
    Array to(Dtype dtype) const;        // itself when it already is; keeps the format
    Array clone() const;                // dense, keeps the format
    Array reshape(const Shape& shape) const;
    void copy_from(const Array& source) const;  // broadcasts and converts; raises the version
    void fill(double value) const;

    double item() const;  // of an array with one element

private:
    Ref<Storage> storage_;
    Shape shape_, strides_;
    int64_t offset_ = 0;
    Dtype dtype_ = Dtype::Float32;
};

// An array, or none, as a kernel reads it: itself where it is of that dtype and lies in that format, else a copy.
class InFormat {
public:
    InFormat() : array_(&copy_) {}
    InFormat(const Array& array, Format format) : array_(&array) {
        if (!array.is(format)) copy_ = array.to(format), array_ = &copy_;
    }
    InFormat(const Array& array, Dtype dtype, Format format) : array_(&array) {
        if (array.dtype() != dtype || !array.is(format)) copy_ = array.to(dtype).to(format), array_ = &copy_;
    }
    InFormat(Array&& array, Format format) : copy_(array.is(format) ? std::move(array) : array.to(format)), array_(&copy_) {}
    InFormat(const InFormat&) = delete;
    InFormat& operator=(const InFormat&) = delete;
    const Array& operator*() const { return *array_; }
    void* raw() const { return array_->defined() ? array_->raw() : nullptr; }

private:
    Array copy_;
    const Array* array_;
};

Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b);
int normalize_axis(const char* op, const char* argument, int64_t axis, int rank);
Shape resolve_shape(const char* op, const Shape& shape, int64_t numel);  // one -1 is inferred

}  // namespace cc
