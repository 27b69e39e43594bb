// dst[i…] = (dst_dtype) src[i…] for strided arrays. Axes are put in the destination's memory order
// and merged; then
//   dense       both are dense: memcpy, or one conversion loop;
//   transposed  the destination's inner axis is strided in the source and another one contiguous
//               there (NCHW ↔ NHWC): tiles, in registers where the instruction set has it;
//   gathered    runs along the inner axis, straight from one side to the other where one of them is
//               dense and the dtype stays;
//   buffered    otherwise, through a block in the first-level cache.
#include "kernels/copy/copy.h"

#include <algorithm>
#include <cstring>

#include "base/cpu.h"
#include "base/parallel.h"
#include "kernels/copy/loops.h"
#include "kernels/strided.h"

namespace cc {

namespace {

constexpr int64_t kBlock = 1024;
constexpr int64_t kGrain = 16 * 1024;
constexpr int64_t kTile = 64;

template <class To, class From> To converted(From value) {
    if constexpr (std::is_same_v<From, BFloat16>) return converted<To>(float{value});
    else if constexpr (std::is_same_v<To, bool>) return value != From{};
    else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>)
        // Out of int64's range C++ leaves the result open; this is the machine's.
        return static_cast<To>(value >= From(-0x1p63) && value < From(0x1p63)
                                   ? static_cast<int64_t>(value)
                                   : INT64_MIN);
    else return static_cast<To>(value);
}

void convert(Dtype from, Dtype to, const void* src, void* dst, int64_t n) {
#ifdef CONVCORE_X86
    if (from == Dtype::UInt8 && to == Dtype::Float32 && isa() >= Isa::Avx2)
        return avx2::convert_uint8_float32(static_cast<const uint8_t*>(src),
                                           static_cast<float*>(dst), n);
    if (from == Dtype::Float32 && to == Dtype::UInt8 && isa() >= Isa::Avx2)
        return avx2::convert_float32_uint8(static_cast<const float*>(src),
                                           static_cast<uint8_t*>(dst), n);
#endif
    if (from == Dtype::BFloat16 && to == Dtype::Float32)
        return widen_bfloat16(static_cast<const uint16_t*>(src), static_cast<float*>(dst), n);
    if (from == Dtype::Float32 && to == Dtype::BFloat16)
        return narrow_bfloat16(static_cast<const float*>(src), static_cast<uint16_t*>(dst), n);
    visit_element(from, [&](auto f) {
        visit_element(to, [&](auto t) {
            using From = decltype(f);
            using To = decltype(t);
            const From* s = static_cast<const From*>(src);
            To* d = static_cast<To*>(dst);
            for (int64_t i = 0; i < n; ++i) d[i] = converted<To>(s[i]);
        });
    });
}

template <class T>
void transpose(const char* src, int64_t from, char* dst, int64_t to, int64_t rows,
               int64_t columns) {
#ifdef CONVCORE_X86
    if (sizeof(T) == 4 && isa() >= Isa::Avx2)
        return avx2::transpose32(src, from, dst, to, rows, columns);
#endif
    const T* s = reinterpret_cast<const T*>(src);
    T* d = reinterpret_cast<T*>(dst);
    for (int64_t c = 0; c < columns; ++c)
        for (int64_t r = 0; r < rows; ++r) d[c * to + r] = s[r * from + c];
}

// The axis that is contiguous in the source where that is not the destination's own; −1 if there is
// none worth tiling for.
int transposed_axis(const Strided& s) {
    const int last = s.rank - 1;
    if (s.stride[0][last] != 1 || s.stride[1][last] == 1 || s.stride[1][last] == 0) return -1;
    for (int i = 0; i < last; ++i)
        if (s.stride[1][i] == 1 && s.size[i] >= 4) return i;
    return -1;
}

void copy_transposed(const Strided& s, int axis, size_t item, const char* src, char* dst) {
    const int last = s.rank - 1;
    const int64_t rows = s.size[last], columns = s.size[axis];
    const int64_t tile_rows = std::min(rows, kTile),
                  tile_columns = std::min(columns, kTile * kTile / tile_rows / 8 * 8);
    const int64_t down = (rows + tile_rows - 1) / tile_rows,
                  across = (columns + tile_columns - 1) / tile_columns;
    const int64_t outer = s.numel() / (rows * columns), work = tile_rows * tile_columns;
    parallel_for(
        outer * down * across, std::max<int64_t>(1, kGrain / work),
        [&](int64_t begin, int64_t end) {
            for (int64_t task = begin; task < end; ++task) {
                const int64_t r = task % down * tile_rows, c = task / down % across * tile_columns;
                int64_t rest = task / down / across, from = s.offset[1] + r * s.stride[1][last] + c,
                        to = s.offset[0] + c * s.stride[0][axis] + r;
                for (int i = last - 1; i >= 0; --i) {
                    if (i == axis) continue;
                    from += rest % s.size[i] * s.stride[1][i];
                    to += rest % s.size[i] * s.stride[0][i];
                    rest /= s.size[i];
                }
                auto* run = item == 1   ? transpose<uint8_t>
                            : item == 2 ? transpose<uint16_t>
                            : item == 4 ? transpose<uint32_t>
                                        : transpose<uint64_t>;
                const int64_t bytes = static_cast<int64_t>(item);
                run(src + from * bytes, s.stride[1][last], dst + to * bytes, s.stride[0][axis],
                    std::min(tile_rows, rows - r), std::min(tile_columns, columns - c));
            }
        });
}

}  // namespace

void widen_bfloat16(const uint16_t* src, float* dst, int64_t n) {
#ifdef CONVCORE_X86
    if (isa() == Isa::Avx512) return avx512::widen_bfloat16(src, dst, n);
    if (isa() == Isa::Avx2) return avx2::widen_bfloat16(src, dst, n);
#endif
    for (int64_t i = 0; i < n; ++i) dst[i] = from_bfloat16_bits(src[i]);
}

void narrow_bfloat16(const float* src, uint16_t* dst, int64_t n) {
#ifdef CONVCORE_X86
    if (isa() == Isa::Avx512) return avx512::narrow_bfloat16(src, dst, n);
    if (isa() == Isa::Avx2) return avx2::narrow_bfloat16(src, dst, n);
#endif
    for (int64_t i = 0; i < n; ++i) dst[i] = bfloat16_bits(src[i]);
}

void copy(const CopyProblem& p, const void* src, void* dst) {
    const int64_t n = p.shape.numel();
    if (n == 0) return;
    const Shape* strides[] = {&p.dst_strides, &p.src_strides};
    const Strided s(p.shape, strides, 2);
    const bool dst_dense = s.dense(0), src_dense = s.dense(1), same = p.src_dtype == p.dst_dtype;
    const int64_t src_item = itemsize(p.src_dtype), dst_item = itemsize(p.dst_dtype);
    const char* in = static_cast<const char*>(src);
    char* out = static_cast<char*>(dst);
    const int axis = same ? transposed_axis(s) : -1;
    if (axis >= 0) return copy_transposed(s, axis, dst_item, in, out);

    parallel_for((n + kBlock - 1) / kBlock, kGrain / kBlock, [&](int64_t first, int64_t last) {
        const int64_t begin = first * kBlock, end = std::min(n, last * kBlock), count = end - begin;
        const char* from = in + (s.offset[1] + begin) * src_item;
        char* to = out + (s.offset[0] + begin) * dst_item;
        if (src_dense && dst_dense) {
            if (same) std::memcpy(to, from, count * dst_item);
            else convert(p.src_dtype, p.dst_dtype, from, to, count);
            return;
        }
        if (same && dst_dense) return gather(s, 1, src_item, src, begin, count, to);
        if (same && src_dense) return scatter(s, 0, dst_item, from, begin, count, dst);
        alignas(64) char gathered[kBlock * 8], converted[kBlock * 8];
        for (int64_t i = begin; i < end; i += kBlock) {
            const int64_t m = std::min(kBlock, end - i);
            const void* values = in + (s.offset[1] + i) * src_item;
            if (!src_dense) {
                gather(s, 1, src_item, src, i, m, gathered);
                values = gathered;
            }
            if (dst_dense) {
                convert(p.src_dtype, p.dst_dtype, values, out + (s.offset[0] + i) * dst_item, m);
                continue;
            }
            if (!same) {
                convert(p.src_dtype, p.dst_dtype, values, converted, m);
                values = converted;
            }
            scatter(s, 0, dst_item, values, i, m, dst);
        }
    });
}

void join(int64_t rows, const std::vector<JoinPart>& parts, void* dst) {
    int64_t row_bytes = 0;
    for (const JoinPart& part : parts) row_bytes += part.bytes;
    const int64_t grain = kGrain * static_cast<int64_t>(sizeof(float)) / std::max<int64_t>(1, row_bytes);
    parallel_for(rows, grain, [&](int64_t begin, int64_t end) {
        char* to = static_cast<char*>(dst) + begin * row_bytes;
        for (int64_t row = begin; row < end; ++row)
            for (const JoinPart& part : parts) {
                std::memcpy(to, static_cast<const char*>(part.rows) + row * part.bytes, part.bytes);
                to += part.bytes;
            }
    });
}

void fill(const Shape& shape, const Shape& strides, Dtype dtype, void* dst, const void* value) {
    const int64_t n = shape.numel();
    if (n == 0) return;
    const Shape* list[] = {&strides};
    const Strided s(shape, list, 1);
    parallel_for((n + kBlock - 1) / kBlock, kGrain / kBlock, [&](int64_t first, int64_t last) {
        const int64_t begin = first * kBlock, count = std::min(n, last * kBlock) - begin;
        visit_element(dtype, [&](auto zero) {
            using T = decltype(zero);
            const T v = *static_cast<const T*>(value);
            s.walk(0, begin, count, [&](int64_t at, int64_t run, int64_t step) {
                T* to = static_cast<T*>(dst) + at;
                if (step == 1) std::fill(to, to + run, v);
                else
                    for (int64_t i = 0; i < run; ++i) to[i * step] = v;
            });
        });
    });
}

void triangle(const TriangleProblem& p, const void* src_, void* dst_) {
    const int64_t item = static_cast<int64_t>(itemsize(p.dtype)), bytes = p.columns * item;
    const char* src = static_cast<const char*>(src_);
    char* dst = static_cast<char*>(dst_);
    const int64_t grain = std::max<int64_t>(1, kGrain / std::max<int64_t>(1, p.columns));
    // Diagonals beyond the matrix are its corners.
    const int64_t diagonal = std::clamp(p.diagonal, -p.rows - 1, p.columns + 1);
    parallel_for(p.matrices * p.rows, grain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            const char* from = src + i * bytes;
            char* to = dst + i * bytes;
            const int64_t cut = i % p.rows + diagonal + (p.lower ? 1 : 0);
            const int64_t middle = std::clamp<int64_t>(cut, 0, p.columns) * item;
            if (p.lower) {
                std::memcpy(to, from, middle);
                std::memset(to + middle, 0, bytes - middle);
            } else {
                std::memset(to, 0, middle);
                std::memcpy(to + middle, from + middle, bytes - middle);
            }
        }
    });
}

}  // namespace cc
