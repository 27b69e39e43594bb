// What the units of kernels/index share.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/dtype.h"

namespace cc {

constexpr int64_t kIndexGrain = 16384;  // elements worth waking a thread for
constexpr int64_t kIndexParts = 8;      // ranges of a destination that tasks own

// f(a value as wide as the dtype's elements): moving needs no more types than widths.
template <class F>
void visit_width(Dtype dtype, F&& f) {
    switch (itemsize(dtype)) {
        case 1: return f(uint8_t{});
        case 2: return f(uint16_t{});
        case 4: return f(uint32_t{});
        default: return f(uint64_t{});
    }
}

inline int64_t index_grain(int64_t elements_per_item) {
    return std::max<int64_t>(1, kIndexGrain / std::max<int64_t>(1, elements_per_item));
}

struct Assign {
    template <class T>
    void operator()(T& to, T from) const { to = from; }
};
struct Add {
    template <class T>
    void operator()(T& to, T from) const { to = static_cast<T>(to + from); }
    void operator()(bool& to, bool from) const { to = to || from; }
};

}  // namespace cc
