#include "kernels/reduce/layout.h"

#include "base/cpu.h"

namespace cc {

const ReductionTable& reductions() {
#ifdef CONVCORE_X86
    if (isa() == Isa::Avx512) return avx512::reductions;
    if (isa() == Isa::Avx2) return avx2::reductions;
#endif
    return generic::reductions;
}

Shape dense_strides(const Shape& shape) {
    Shape strides = shape;
    int64_t step = 1;
    for (int i = shape.rank() - 1; i >= 0; --i) {
        strides[i] = step;
        step *= shape[i];
    }
    return strides;
}

int64_t offset_of(const Strided& s, int array, int64_t index, int axes) {
    int64_t at = s.offset[array];
    for (int i = axes - 1; i >= 0; --i) {
        at += index % s.size[i] * s.stride[array][i];
        index /= s.size[i];
    }
    return at;
}

namespace {

template <class T>
void turn_as(const Strided& kept, int array, const T* x, int64_t first, int64_t n,
             const int64_t* at_value, int64_t length, T* turned) {
    kept.walk(array, first, n, [&](int64_t at, int64_t run, int64_t step) {
        const T* from = x + at;
        for (int64_t i = 0; i < run; ++i, from += step, ++turned)
            for (int64_t k = 0; k < length; ++k) turned[k * n] = from[at_value[k]];
    });
}

}  // namespace

void turn(const Strided& kept, int array, int64_t item, const void* x, int64_t first, int64_t n,
          const int64_t* at_value, int64_t length, void* turned) {
    auto as = [&](auto zero) {
        using T = decltype(zero);
        turn_as(kept, array, static_cast<const T*>(x), first, n, at_value, length,
                static_cast<T*>(turned));
    };
    if (item == 1) as(uint8_t{});
    else if (item == 4) as(uint32_t{});
    else as(uint64_t{});
}

void offsets_of_values(const Strided& reduced, int array, int64_t* at_value) {
    reduced.walk(array, 0, reduced.numel(), [&](int64_t at, int64_t run, int64_t step) {
        for (int64_t i = 0; i < run; ++i) *at_value++ = at + i * step;
    });
}

}  // namespace cc
