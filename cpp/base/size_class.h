// Sizes memory is handed out in: multiples of 64 bytes, from 512 bytes on eight steps an octave (at most 12.5 % is lost).
#pragma once

#include <cstddef>

namespace cc {

constexpr int kSizeClasses = 8 + 8 * (47 - 9);
constexpr size_t kLargestBlock = size_t{1} << 47;

inline int size_class(size_t bytes) {
    if (bytes <= 512) return bytes ? static_cast<int>((bytes - 1) / 64) : 0;
    int octave = 63 - __builtin_clzll(bytes - 1);
    return 8 + 8 * (octave - 9) + static_cast<int>((bytes - 1) >> (octave - 3) & 7);
}

inline size_t class_bytes(int size_class) {
    if (size_class < 8) return 64 * (static_cast<size_t>(size_class) + 1);
    return static_cast<size_t>(9 + size_class % 8) << (6 + (size_class - 8) / 8);
}

}  // namespace cc
