// dst[i…] = (dst_dtype) src[i…] for strided arrays. The loops run in the destination's memory order with mergeable axes merged:
// dense to dense is memcpy or one conversion loop; anything else passes blocks of kBlock elements through the first-level cache.
#include "kernels/copy/copy.h"

#include <algorithm>
#include <cstring>

#include "base/parallel.h"
#include "kernels/strided.h"

namespace cc {

namespace {

constexpr int64_t kBlock = 1024;
constexpr int64_t kGrain = 16 * 1024;

template <class To, class From>
To converted(From value) {
    if constexpr (std::is_same_v<To, bool>) return value != From{};
    else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>)
        // The value outside To's range is undefined in C++; through int64 it wraps, as on the machine.
        return static_cast<To>(value > From(-0x1p63) && value < From(0x1p63) ? static_cast<int64_t>(value) : INT64_MIN);
    else return static_cast<To>(value);
}

void convert(Dtype from, Dtype to, const void* src, void* dst, int64_t n) {
    visit_dtype(from, [&](auto f) {
        visit_dtype(to, [&](auto t) {
            using From = decltype(f);
            using To = decltype(t);
            const From* s = static_cast<const From*>(src);
            To* d = static_cast<To*>(dst);
            for (int64_t i = 0; i < n; ++i) d[i] = converted<To>(s[i]);
        });
    });
}

bool dense(const Strided& s, int array) {
    int64_t expected = 1;
    for (int i = s.rank - 1; i >= 0; --i) {
        if (s.stride[array][i] != expected) return false;
        expected *= s.size[i];
    }
    return true;
}

}  // namespace

void copy(const CopyProblem& p, const void* src, void* dst) {
    const int64_t n = p.shape.numel();
    if (n == 0) return;
    const Shape* strides[] = {&p.dst_strides, &p.src_strides};
    const Strided s(p.shape, strides, 2);
    const bool dst_dense = dense(s, 0), src_dense = dense(s, 1), same = p.src_dtype == p.dst_dtype;
    const int64_t src_item = itemsize(p.src_dtype), dst_item = itemsize(p.dst_dtype);
    const char* in = static_cast<const char*>(src);
    char* out = static_cast<char*>(dst);
    const int64_t blocks = (n + kBlock - 1) / kBlock;
    parallel_for(blocks, kGrain / kBlock, [&](int64_t first, int64_t last) {
        const int64_t begin = first * kBlock, end = std::min(n, last * kBlock);
        if (same && dst_dense && src_dense) {
            std::memcpy(out + (s.offset[0] + begin) * dst_item, in + (s.offset[1] + begin) * src_item, (end - begin) * src_item);
            return;
        }
        alignas(64) char from[kBlock * 8], to[kBlock * 8];
        for (int64_t i = begin; i < end; i += kBlock) {
            const int64_t count = std::min(kBlock, end - i);
            const void* values = in + (s.offset[1] + i) * src_item;
            if (!src_dense) gather(s, 1, src_item, src, i, count, from), values = from;
            if (dst_dense) {
                convert(p.src_dtype, p.dst_dtype, values, out + (s.offset[0] + i) * dst_item, count);
            } else {
                if (!same) convert(p.src_dtype, p.dst_dtype, values, to, count), values = to;
                scatter(s, 0, dst_item, values, i, count, dst);
            }
        }
    });
}

void fill(const Shape& shape, const Shape& strides, Dtype dtype, void* dst, const void* value) {
    const int64_t n = shape.numel();
    if (n == 0) return;
    const Shape* list[] = {&strides};
    const Strided s(shape, list, 1);
    parallel_for((n + kGrain - 1) / kGrain, 1, [&](int64_t first, int64_t last) {
        visit_dtype(dtype, [&](auto zero) {
            using T = decltype(zero);
            const T v = *static_cast<const T*>(value);
            s.walk(0, first * kGrain, std::min(n, last * kGrain) - first * kGrain, [&](int64_t at, int64_t count, int64_t step) {
                T* to = static_cast<T*>(dst) + at;
                if (step == 1) std::fill(to, to + count, v);
                else for (int64_t i = 0; i < count; ++i) to[i * step] = v;
            });
        });
    });
}

}  // namespace cc
