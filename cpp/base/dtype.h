// Element types, their promotion (PyTorch's table) and the switch from a run-time dtype to a compile-time type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>

#include "base/error.h"

namespace cc {

enum class Dtype : uint8_t { Bool, UInt8, Int32, Int64, Float32, Float64 };

constexpr size_t itemsize(Dtype dtype) {
    constexpr size_t sizes[] = {1, 1, 4, 8, 4, 8};
    return sizes[static_cast<int>(dtype)];
}

constexpr bool is_floating(Dtype dtype) { return dtype >= Dtype::Float32; }
constexpr bool is_integral(Dtype dtype) { return dtype > Dtype::Bool && dtype < Dtype::Float32; }

const char* name(Dtype dtype);
Dtype promote(Dtype a, Dtype b);

inline std::ostream& operator<<(std::ostream& out, Dtype dtype) { return out << name(dtype); }

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
struct dtype_of_t<float> { static constexpr Dtype value = Dtype::Float32; };
template <>
struct dtype_of_t<double> { static constexpr Dtype value = Dtype::Float64; };
template <class T>
constexpr Dtype dtype_of = dtype_of_t<T>::value;

// Calls f with a value of the C++ type that dtype stands for: visit_dtype(d, [&](auto zero) { using T = decltype(zero); … }).
template <class F>
decltype(auto) visit_dtype(Dtype dtype, F&& f) {
    switch (dtype) {
        case Dtype::Bool: return f(bool{});
        case Dtype::UInt8: return f(uint8_t{});
        case Dtype::Int32: return f(int32_t{});
        case Dtype::Int64: return f(int64_t{});
        case Dtype::Float32: return f(float{});
        default: return f(double{});
    }
}

template <class F>
decltype(auto) visit_floating(const char* op, Dtype dtype, F&& f) {
    check_type(is_floating(dtype), op, ": expected a floating-point dtype, got ", dtype);
    return dtype == Dtype::Float32 ? f(float{}) : f(double{});
}

}  // namespace cc
