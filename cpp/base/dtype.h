// Element types, their promotion (PyTorch's table) and the switch from a run-time dtype to a compile-time type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ostream>

#include "base/error.h"

namespace cc {

enum class Dtype : uint8_t { Bool, UInt8, Int32, Int64, BFloat16, Float32, Float64 };

constexpr size_t itemsize(Dtype dtype) {
    constexpr size_t sizes[] = {1, 1, 4, 8, 2, 4, 8};
    return sizes[static_cast<int>(dtype)];
}

constexpr bool is_floating(Dtype dtype) { return dtype >= Dtype::BFloat16; }
constexpr bool is_integral(Dtype dtype) { return dtype > Dtype::Bool && dtype < Dtype::BFloat16; }
// bfloat16 is a way to store: whoever computes with it does so in float32 and rounds the result.
constexpr Dtype computed_in(Dtype dtype) { return dtype == Dtype::BFloat16 ? Dtype::Float32 : dtype; }

const char* name(Dtype dtype);
Dtype promote(Dtype a, Dtype b);

inline std::ostream& operator<<(std::ostream& out, Dtype dtype) { return out << name(dtype); }

// The upper half of a float, rounded to nearest even; NaN stays NaN. Static: compiled anew for each instruction set.
static inline uint16_t bfloat16_bits(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    const uint32_t rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16, quiet = bits >> 16 | 0x40;
    return static_cast<uint16_t>((bits & 0x7FFFFFFF) > 0x7F800000 ? quiet : rounded);
}
static inline float from_bfloat16_bits(uint16_t stored) {
    const uint32_t bits = static_cast<uint32_t>(stored) << 16;
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

struct BFloat16 {
    uint16_t bits;
    BFloat16() = default;
    explicit BFloat16(float value) : bits(bfloat16_bits(value)) {}
    operator float() const { return from_bfloat16_bits(bits); }
};

template <class T>
struct dtype_of_t;
template <>
struct dtype_of_t<bool> { static constexpr Dtype value = Dtype::Bool; };
template <>
struct dtype_of_t<uint8_t> { static constexpr Dtype value = Dtype::UInt8; };
template <>
struct dtype_of_t<int32_t> { static constexpr Dtype value = Dtype::Int32; };
template <>
struct dtype_of_t<int64_t> { static constexpr Dtype value = Dtype::Int64; };
template <>
struct dtype_of_t<BFloat16> { static constexpr Dtype value = Dtype::BFloat16; };
template <>
struct dtype_of_t<float> { static constexpr Dtype value = Dtype::Float32; };
template <>
struct dtype_of_t<double> { static constexpr Dtype value = Dtype::Float64; };
template <class T>
constexpr Dtype dtype_of = dtype_of_t<T>::value;

// Calls f with a value of the C++ type that dtype stands for: visit_dtype(d, [&](auto zero) { using T = decltype(zero); … }).
// Of the types that are computed with; whoever moves or converts elements takes visit_element, which knows bfloat16 too.
template <class F>
decltype(auto) visit_dtype(Dtype dtype, F&& f) {
    switch (dtype) {
        case Dtype::Bool: return f(bool{});
        case Dtype::UInt8: return f(uint8_t{});
        case Dtype::Int32: return f(int32_t{});
        case Dtype::Int64: return f(int64_t{});
        case Dtype::BFloat16: fail(ErrorKind::NotImplemented, "bfloat16 is stored, but not computed with, here");
        case Dtype::Float32: return f(float{});
        default: return f(double{});
    }
}

template <class F>
decltype(auto) visit_element(Dtype dtype, F&& f) {
    return dtype == Dtype::BFloat16 ? f(BFloat16{}) : visit_dtype(dtype, f);
}

template <class F>
decltype(auto) visit_floating(const char* op, Dtype dtype, F&& f) {
    check_type(is_floating(dtype), op, ": expected a floating-point dtype, got ", dtype);
    if (dtype == Dtype::BFloat16) fail(ErrorKind::NotImplemented, op, ": bfloat16 is stored, but not computed with, here");
    return dtype == Dtype::Float32 ? f(float{}) : f(double{});
}

}  // namespace cc
