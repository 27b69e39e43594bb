// Vectors of 16 bytes for kernels whose plain build gains by them: part of the vocabulary of
// simd/generic.h.
#pragma once

#include <stdint.h>

namespace cc::generic {
namespace {

// 16 bytes in the compiler's own vector arithmetic, which every machine has. No fused multiply-add
// is assumed.
template <class T>
struct Vector {
    static constexpr int64_t lanes = 16 / sizeof(T);
    typedef T Type __attribute__((vector_size(16)));
    typedef T Unaligned __attribute__((vector_size(16), aligned(alignof(T)), may_alias));
    Type v;
    using Scalar = T;
    static Vector set(T x) { return {Type{} + x}; }
    static Vector broadcast(const T* p) { return set(*p); }
    static Vector load(const T* p) { return {*reinterpret_cast<const Unaligned*>(p)}; }
    static Vector load(const T* p, int64_t n) {
        if (n >= lanes) return load(p);
        Type v{};
        for (int i = 0; i < lanes - 1; ++i)  // a loop to n would be a call, before which registers are stored
            if (i < n) v[i] = p[i];
        return {v};
    }
    void store(T* p) const { *reinterpret_cast<Unaligned*>(p) = v; }
    void store(T* p, int64_t n) const {
        for (int64_t i = 0; i < n; ++i) p[i] = v[i];
    }
    template <class F>
    friend T fold_lanes(F, Vector a) {
        if constexpr (lanes == 4)
            return (a.v[0] + a.v[2]) + (a.v[1] + a.v[3]);
        else
            return a.v[0] + a.v[1];
    }
    template <int N>
    Vector spread(int lane) const {
        Type r{};
        for (int i = 0; i < lanes; ++i) r[i] = v[i / N * N + lane];
        return {r};
    }
    friend Vector operator+(Vector a, Vector b) { return {a.v + b.v}; }
    friend Vector operator-(Vector a, Vector b) { return {a.v - b.v}; }
    friend Vector operator*(Vector a, Vector b) { return {a.v * b.v}; }
    friend Vector max(Vector a, Vector b) { return {a.v > b.v ? a.v : b.v}; }
    friend Vector min(Vector a, Vector b) { return {a.v < b.v ? a.v : b.v}; }
    friend Vector fma(Vector a, Vector b, Vector c) { return {a.v * b.v + c.v}; }
    friend Vector fnma(Vector a, Vector b, Vector c) { return {c.v - a.v * b.v}; }
};

}  // namespace
}  // namespace cc::generic
