// Panels for the register tiles: B as [panel][depth][width], zeros beyond the last column.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "kernels/gemm/micro.h"

namespace cc {

// Columns in panels of two vectors. A vector left over makes the last panel one of three, which only row tiles take, or of one.
struct Panels {
    int64_t lanes, cols;
    bool triples = true;

    int64_t vectors() const { return (cols + lanes - 1) / lanes; }
    int64_t count() const { return triples && vectors() > 1 ? vectors() / 2 : (vectors() + 1) / 2; }
    int64_t begin(int64_t panel) const { return panel * 2 * lanes; }
    int64_t size(int64_t panel) const { return panel + 1 < count() ? 2 * lanes : cols - begin(panel); }
    int64_t width(int64_t panel) const { return (size(panel) + lanes - 1) / lanes * lanes; }
    int64_t padded() const { return vectors() * lanes; }  // where the panels end
};

// to[panel][l][j] = b[l·row + (begin(panel) + j)·col] for panels [first, last). Lines of B that run along
// the columns are read once, as they lie.
template <class T>
void pack_panels(const Micro<T>& micro, const T* b, int64_t row, int64_t col, int64_t depth,
                 const Panels& panels, int64_t first, int64_t last, T* to) {
    constexpr size_t piece = 32;  // bytes that any two vectors are made of; a copy of known size is a few instructions
    constexpr int64_t step = piece / sizeof(T);
    const int64_t pair = 2 * panels.lanes;
    int64_t whole = first;  // panels before it are copied line by line
    if (col == 1) {
        while (whole < last && panels.size(whole) == pair) ++whole;
        for (int64_t l = 0; l < depth; ++l)
            for (int64_t panel = first; panel < whole; ++panel) {
                const T* from = b + l * row + panel * pair;
                T* line = to + (panel * depth + l) * pair;
                for (int64_t j = 0; j < pair; j += step) std::memcpy(line + j, from + j, piece);
            }
    }
    for (int64_t panel = whole; panel < last; ++panel) {
        const int64_t cols = panels.size(panel), width = panels.width(panel);
        const T* from = b + panels.begin(panel) * col;
        T* packed = to + panels.begin(panel) * depth;
        if (row == 1 && col != 1)
            micro.transpose(from, col, packed, width, cols, depth);
        else
            for (int64_t l = 0; l < depth; ++l)
                for (int64_t j = 0; j < cols; ++j) packed[l * width + j] = from[l * row + j * col];
        if (cols < width)
            for (int64_t l = 0; l < depth; ++l)
                std::fill(packed + l * width + cols, packed + (l + 1) * width, T{});
    }
}

// Asks for the lines of a run that is read soon, into the cache of a level: 3 the first, 2 the second.
template <int Level = 3, class T>
void fetch(const T* from, int64_t count) {
    for (int64_t i = 0; i < count; i += 64 / static_cast<int64_t>(sizeof(T))) __builtin_prefetch(from + i, 0, Level);
}

// Asks for the lines of a run that is written soon.
template <class T>
void fetch_to_write(const T* to, int64_t count) {
    for (int64_t i = 0; i < count; i += 64 / static_cast<int64_t>(sizeof(T))) __builtin_prefetch(to + i, 1);
}

// Near-equal parts: [begin(i), begin(i + 1)) of total, none larger than most.
struct Parts {
    int64_t total, count;
    static Parts at_most(int64_t total, int64_t most) {
        return {total, std::max<int64_t>(1, (total + most - 1) / most)};
    }
    int64_t begin(int64_t i) const { return i * (total / count) + std::min(i, total % count); }
    int64_t size(int64_t i) const { return begin(i + 1) - begin(i); }
};

}  // namespace cc
