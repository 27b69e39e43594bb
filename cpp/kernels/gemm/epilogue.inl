// The epilogue of one vector of columns, for the vector types of any instruction set.
#pragma once

#include "kernels/gemm/epilogue.h"

namespace cc {
namespace {

template <class V>
struct ColumnEpilogue {
    using T = typename V::Scalar;

    // Columns [j, j + n) of the epilogue's.
    ColumnEpilogue(const EpilogueOf<T>& e, int64_t j, int64_t n)
        : scale(e.scale ? load(e.scale + j, n) : V::set(1)),
          shift(e.shift ? load(e.shift + j, n) : V::set(-T{})),  // −0 leaves even a −0 as it is
          low(V::set(e.low)), high(V::set(e.high)), added(e.added), result(e.result), left(n) {}

    V scaled(V y) const { return fma(y, scale, shift); }
    V clamped(V y) const { return min(high, max(low, y)); }
    V operator()(V y, const T* at) const {
        y = scaled(y);
        if (added) y = y + load(added + (at - result), left);
        return clamped(y);
    }

private:
    static V load(const T* p, int64_t n) { return n >= V::lanes ? V::load(p) : V::load(p, n); }

    const V scale, shift, low, high;
    const T *const added, *const result;
    const int64_t left;
};

}  // namespace
}  // namespace cc
