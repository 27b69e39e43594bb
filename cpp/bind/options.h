// Options of an operator cross to Python as one tuple.
#pragma once

#include <nanobind/stl/tuple.h>

#include <tuple>

#include "bind/bind.h"

namespace nanobind::detail {

// Members of an aggregate in the order of its declaration.
template <class Options, class... Members>
struct tuple_options_caster {
    NB_TYPE_CASTER(Options, make_caster<std::tuple<Members...>>::Name)

    bool from_python(handle src, uint8_t, cleanup_list*) noexcept {
        std::tuple<Members...> members;
        if (!try_cast(src, members)) return false;
        value = std::apply([](auto&... member) { return Options{std::move(member)...}; }, members);
        return true;
    }
};

template <>
struct type_caster<cc::ConvOptions> : tuple_options_caster<cc::ConvOptions, cc::Sizes, std::variant<std::string, cc::Sizes>,
                                                           cc::Sizes, int64_t, bool, std::string> {};
template <>
struct type_caster<cc::PoolOptions>
    : tuple_options_caster<cc::PoolOptions, cc::Sizes, cc::Sizes, cc::Sizes, cc::Sizes, bool, bool, int64_t> {};
template <>
struct type_caster<cc::FoldOptions> : tuple_options_caster<cc::FoldOptions, cc::Sizes, cc::Sizes, cc::Sizes, cc::Sizes> {};
template <>
struct type_caster<cc::InterpolateOptions>
    : tuple_options_caster<cc::InterpolateOptions, std::optional<cc::Sizes>, std::optional<std::vector<double>>, std::string,
                           std::optional<bool>, std::optional<bool>, bool> {};

}  // namespace nanobind::detail
