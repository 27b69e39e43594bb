// A dense array as [outer][dim][inner] around one axis, in the order its memory has, so that channels-last stays channels-last.
#pragma once

#include "array/array.h"

namespace cc {

struct Lines {
    Array array;
    int64_t outer = 1, dim = 1, inner = 1;
};

inline Lines lines_along(const Array& x, int axis, Format format) {
    Lines lines{x.to(format)};
    bool after = false;
    auto pass = [&](int i) {
        if (i == axis) lines.dim = x.size(i), after = true;
        else (after ? lines.inner : lines.outer) *= x.size(i);
    };
    bool last = format == Format::ChannelsLast && x.rank() >= 3;
    for (int i = 0; i < x.rank(); ++i)
        if (!(last && i == 1)) pass(i);
    if (last) pass(1);
    return lines;
}

}  // namespace cc
