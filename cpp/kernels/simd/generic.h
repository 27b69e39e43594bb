// The vector vocabulary of kernels/simd with one lane, for every element type: the plain-C++ build
// of a templated kernel body.
//
// Every simd/<isa>.h offers the same names, all in an anonymous namespace inside cc::<isa> so that
// no two translation units share compiled code:
//   V                F32, F64; here also Lane<T> of integers. V::Scalar, V::lanes, V::Mask, V::Int
//   memory           V::load(p), V::load(p, n) with zeros behind, V::load(p, n, rest), v.store(p),
//                    v.store(p, n), load_mask<V>(p), store_mask(m, p) with a byte per lane;
//                    V::whole(p) of int32 numbers, v.store_whole(p) of whole numbers below 2³¹
//   values           V::set(s), V::parameter(double), select(m, a, b)
//   arithmetic       + − · /, fma(a, b, c) = a·b + c, fnma(a, b, c) = c − a·b, sqrt, abs, floor,
//                    ceil, trunc, round (half to even), max(a, b) = a > b ? a : b and min alike, so
//                    b when either is NaN
//   masks            < <= > >= == !=, & | ^ !, any(m)
//   bits             bits(v), V::from_bits(i), Int: + − & | ^ shl<n> shr<n> (logical)
//   float ↔ double   low(f32), high(f32), join(f64, f64)
//   across lanes     fold_lanes(merge, v), and map(f, v…) for what only C's library offers;
//                    v.spread<n>(i): every n lanes hold their lane i, n < lanes
//   scattered memory gather(m, p, at): p[at] where m, else 0; `at` holds whole numbers below 2³¹;
//                    unzip(a, b, even, odd) parts the elements of a and b behind each other
// The functions of math.inl and trigonometric.inl (exp, log, sum, tanh, sin, …) are written once on top of these.
#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

namespace cc::generic {
namespace {

struct LaneMask {
    bool v;
};
inline LaneMask operator&(LaneMask a, LaneMask b) { return {static_cast<bool>(a.v & b.v)}; }
inline LaneMask operator|(LaneMask a, LaneMask b) { return {static_cast<bool>(a.v | b.v)}; }
inline LaneMask operator^(LaneMask a, LaneMask b) { return {a.v != b.v}; }
inline LaneMask operator!(LaneMask a) { return {!a.v}; }
inline void store_mask(LaneMask m, uint8_t* p) { *p = m.v; }
inline void store_mask(LaneMask m, uint8_t* p, int64_t n) {
    if (n > 0) *p = m.v;
}

// Bits of a float: unsigned arithmetic of the same width.
template <class U> struct LaneBits {
    U v;
    friend LaneBits operator+(LaneBits a, LaneBits b) { return {static_cast<U>(a.v + b.v)}; }
    friend LaneBits operator-(LaneBits a, LaneBits b) { return {static_cast<U>(a.v - b.v)}; }
    friend LaneBits operator&(LaneBits a, LaneBits b) { return {static_cast<U>(a.v & b.v)}; }
    friend LaneBits operator|(LaneBits a, LaneBits b) { return {static_cast<U>(a.v | b.v)}; }
    friend LaneBits operator^(LaneBits a, LaneBits b) { return {static_cast<U>(a.v ^ b.v)}; }
    template <int N> LaneBits shl() const { return {static_cast<U>(v << N)}; }
    template <int N> LaneBits shr() const { return {static_cast<U>(v >> N)}; }
    static LaneBits set(U value) { return {value}; }
};

template <class T> struct LaneTraits {
    static constexpr bool floating = false;
    using Bits = LaneBits<uint64_t>;
    using Wrap = uint64_t;
};
template <> struct LaneTraits<float> {
    static constexpr bool floating = true;
    using Bits = LaneBits<uint32_t>;
    using Wrap = float;
};
template <> struct LaneTraits<double> {
    static constexpr bool floating = true;
    using Bits = LaneBits<uint64_t>;
    using Wrap = double;
};

template <class T> struct Lane {
    using Scalar = T;
    using Mask = LaneMask;
    using Int = typename LaneTraits<T>::Bits;
    using Wrap =
        typename LaneTraits<T>::Wrap;  // integers wrap around on overflow, as unsigned ones do
    static constexpr int lanes = 1;
    static constexpr bool floating = LaneTraits<T>::floating;
    T v;

    static Lane load(const T* p) { return {*p}; }
    static Lane whole(const int32_t* p) { return {static_cast<T>(*p)}; }
    void store_whole(int32_t* p) const { *p = static_cast<int32_t>(v); }
    static Lane load(const T* p, int64_t n) { return {n > 0 ? *p : T{}}; }
    static Lane load(const T* p, int64_t n, Lane rest) { return n > 0 ? Lane{*p} : rest; }
    void store(T* p) const { *p = v; }
    void store(T* p, int64_t n) const {
        if (n > 0) *p = v;
    }
    static Lane set(T value) { return {value}; }
    // A double argument as an element: saturated where T is an integer.
    static Lane parameter(double value) {
        if constexpr (floating) {
            return {static_cast<T>(value)};
        } else if constexpr (sizeof(T) == 1) {
            return {static_cast<T>(value > 0 ? (value < 255 ? value : 255) : 0)};
        } else {
            constexpr T least = static_cast<T>(T{1} << (8 * sizeof(T) - 1)),
                        most = static_cast<T>(~least);
            if (value != value) return {0};
            if (value <= static_cast<double>(least)) return {least};
            if (value >= static_cast<double>(most)) return {most};
            return {static_cast<T>(value)};
        }
    }
    static Lane from_bits(Int i) {
        Lane r;
        memcpy(&r.v, &i.v, sizeof(T));
        return r;
    }

    // bool: + is or, · is and, which is what conversion of the integer result to bool gives.
    friend Lane operator+(Lane a, Lane b) {
        return {static_cast<T>(static_cast<Wrap>(a.v) + static_cast<Wrap>(b.v))};
    }
    friend Lane operator-(Lane a, Lane b) {
        return {static_cast<T>(static_cast<Wrap>(a.v) - static_cast<Wrap>(b.v))};
    }
    friend Lane operator*(Lane a, Lane b) {
        return {static_cast<T>(static_cast<Wrap>(a.v) * static_cast<Wrap>(b.v))};
    }
    friend Lane operator/(Lane a, Lane b) {
        if constexpr (!floating) {
            check(b.v != 0, "integer division by zero");
            if (b.v == static_cast<T>(-1)) return -a;
        }
        return {static_cast<T>(a.v / b.v)};
    }
    friend Lane operator-(Lane a) {
        if constexpr (floating) return {-a.v};
        else return {static_cast<T>(Wrap{0} - static_cast<Wrap>(a.v))};
    }
    friend LaneMask operator<(Lane a, Lane b) { return {a.v < b.v}; }
    friend LaneMask operator<=(Lane a, Lane b) { return {a.v <= b.v}; }
    friend LaneMask operator>(Lane a, Lane b) { return {a.v > b.v}; }
    friend LaneMask operator>=(Lane a, Lane b) { return {a.v >= b.v}; }
    friend LaneMask operator==(Lane a, Lane b) { return {a.v == b.v}; }
    friend LaneMask operator!=(Lane a, Lane b) { return {a.v != b.v}; }
};

using F32 = Lane<float>;
using F64 = Lane<double>;

template <> inline Lane<bool> Lane<bool>::parameter(double value) { return {value != 0}; }

template <class T> Lane<T> select(LaneMask m, Lane<T> a, Lane<T> b) { return {m.v ? a.v : b.v}; }
template <class T> Lane<T> max(Lane<T> a, Lane<T> b) { return {a.v > b.v ? a.v : b.v}; }
template <class T> Lane<T> min(Lane<T> a, Lane<T> b) { return {a.v < b.v ? a.v : b.v}; }
template <class T> Lane<T> fma(Lane<T> a, Lane<T> b, Lane<T> c) { return a * b + c; }
template <class T> Lane<T> fnma(Lane<T> a, Lane<T> b, Lane<T> c) { return c - a * b; }
template <class T> typename Lane<T>::Int bits(Lane<T> a) {
    typename Lane<T>::Int r;
    memcpy(&r.v, &a.v, sizeof(T));
    return r;
}
template <class T> void unzip(Lane<T> a, Lane<T> b, Lane<T>& even, Lane<T>& odd) { even = a, odd = b; }
inline F32 gather(LaneMask m, const float* p, F32 at) { return {m.v ? p[static_cast<int32_t>(at.v)] : 0}; }
inline F64 gather(LaneMask m, const double* p, F64 at) { return {m.v ? p[static_cast<int32_t>(at.v)] : 0}; }
template <class V> LaneMask load_mask(const uint8_t* p) { return {*p != 0}; }
template <class V> LaneMask load_mask(const uint8_t* p, int64_t n) { return {n > 0 && *p != 0}; }

inline F32 sqrt(F32 a) { return {sqrtf(a.v)}; }
inline F64 sqrt(F64 a) { return {::sqrt(a.v)}; }
inline F32 abs(F32 a) { return {fabsf(a.v)}; }
inline F64 abs(F64 a) { return {fabs(a.v)}; }
inline F32 floor(F32 a) { return {floorf(a.v)}; }
inline F64 floor(F64 a) { return {::floor(a.v)}; }
inline F32 ceil(F32 a) { return {ceilf(a.v)}; }
inline F64 ceil(F64 a) { return {::ceil(a.v)}; }
inline F32 trunc(F32 a) { return {truncf(a.v)}; }
inline F64 trunc(F64 a) { return {::trunc(a.v)}; }
inline F32 round(F32 a) { return {rintf(a.v)}; }
inline F64 round(F64 a) { return {rint(a.v)}; }
template <class T> Lane<T> abs(Lane<T> a) { return a.v < T{} ? -a : a; }
template <class T> Lane<T> floor(Lane<T> a) { return a; }
template <class T> Lane<T> ceil(Lane<T> a) { return a; }
template <class T> Lane<T> trunc(Lane<T> a) { return a; }
template <class T> Lane<T> round(Lane<T> a) { return a; }

template <class F, class T> Lane<T> map(F f, Lane<T> a) { return {static_cast<T>(f(a.v))}; }
template <class F, class T> Lane<T> map(F f, Lane<T> a, Lane<T> b) {
    return {static_cast<T>(f(a.v, b.v))};
}
inline F64 low(F32 a) { return {static_cast<double>(a.v)}; }
inline F64 high(F32) { return {0}; }
inline F32 join(F64 low, F64) { return {static_cast<float>(low.v)}; }
template <class F, class T> T fold_lanes(F, Lane<T> a) { return a.v; }
inline bool any(LaneMask m) { return m.v; }

#include "kernels/simd/math.inl"
#include "kernels/simd/trigonometric.inl"

}  // namespace
}  // namespace cc::generic
