#include "kernels/strided.h"

#include <cstdlib>
#include <cstring>

namespace cc {

Strided::Strided(const Shape& shape, const Shape* const* strides, int arrays) : arrays(arrays) {
    for (int a = 0; a < arrays; ++a) {
        offset[a] = 0;
        for (int i = 0, r = 0; i < shape.rank(); ++i)
            if (shape[i] != 1) stride[a][r++] = (*strides[a])[i];
    }
    for (int64_t n : shape)
        if (n != 1) size[rank++] = n;

    auto swap_axes = [&](int i, int j) {
        std::swap(size[i], size[j]);
        for (int a = 0; a < arrays; ++a) std::swap(stride[a][i], stride[a][j]);
    };
    for (int i = 0; i < rank; ++i) {
        if (stride[0][i] >= 0) continue;
        for (int a = 0; a < arrays; ++a) {
            offset[a] += (size[i] - 1) * stride[a][i];
            stride[a][i] = -stride[a][i];
        }
    }
    for (int i = 1; i < rank; ++i)
        for (int j = i; j > 0 && stride[0][j - 1] < stride[0][j]; --j) swap_axes(j - 1, j);

    int kept = 0;
    for (int i = 1; i < rank; ++i) {
        bool one = true;
        for (int a = 0; a < arrays; ++a) one = one && stride[a][kept] == stride[a][i] * size[i];
        if (one) {
            size[kept] *= size[i];
        } else {
            ++kept;
            size[kept] = size[i];
        }
        for (int a = 0; a < arrays; ++a) stride[a][kept] = stride[a][i];
    }
    if (rank > 0) rank = kept + 1;
    if (rank == 0) {
        rank = 1;
        size[0] = 1;
        for (int a = 0; a < arrays; ++a) stride[a][0] = 1;
    }
}

namespace {

template <class T>
void gather_as(const Strided& layout, int array, const T* src, int64_t begin, int64_t n, T* dst) {
    layout.walk(array, begin, n, [&](int64_t at, int64_t count, int64_t step) {
        const T* from = src + at;
        if (step == 1) {
            std::memcpy(dst, from, count * sizeof(T));
        } else if (step == 0) {
            std::fill(dst, dst + count, *from);
        } else {
            for (int64_t i = 0; i < count; ++i) dst[i] = from[i * step];
        }
        dst += count;
    });
}

template <class T>
void scatter_as(const Strided& layout, int array, const T* src, int64_t begin, int64_t n, T* dst) {
    layout.walk(array, begin, n, [&](int64_t at, int64_t count, int64_t step) {
        T* to = dst + at;
        if (step == 1) {
            std::memcpy(to, src, count * sizeof(T));
        } else {
            for (int64_t i = 0; i < count; ++i) to[i * step] = src[i];
        }
        src += count;
    });
}

}  // namespace

void gather(const Strided& layout, int array, size_t itemsize, const void* src, int64_t begin,
            int64_t n, void* dst) {
    switch (itemsize) {
        case 1:
            return gather_as(layout, array, static_cast<const uint8_t*>(src), begin, n,
                             static_cast<uint8_t*>(dst));
        case 2:
            return gather_as(layout, array, static_cast<const uint16_t*>(src), begin, n,
                             static_cast<uint16_t*>(dst));
        case 4:
            return gather_as(layout, array, static_cast<const uint32_t*>(src), begin, n,
                             static_cast<uint32_t*>(dst));
        default:
            return gather_as(layout, array, static_cast<const uint64_t*>(src), begin, n,
                             static_cast<uint64_t*>(dst));
    }
}

void scatter(const Strided& layout, int array, size_t itemsize, const void* src, int64_t begin,
             int64_t n, void* dst) {
    switch (itemsize) {
        case 1:
            return scatter_as(layout, array, static_cast<const uint8_t*>(src), begin, n,
                              static_cast<uint8_t*>(dst));
        case 2:
            return scatter_as(layout, array, static_cast<const uint16_t*>(src), begin, n,
                              static_cast<uint16_t*>(dst));
        case 4:
            return scatter_as(layout, array, static_cast<const uint32_t*>(src), begin, n,
                              static_cast<uint32_t*>(dst));
        default:
            return scatter_as(layout, array, static_cast<const uint64_t*>(src), begin, n,
                              static_cast<uint64_t*>(dst));
    }
}

}  // namespace cc
