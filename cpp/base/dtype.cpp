#include "base/dtype.h"

#include <algorithm>

namespace cc {

const char* name(Dtype dtype) {
    static constexpr const char* names[] = {"bool", "uint8", "int32", "int64", "bfloat16", "float32", "float64"};
    return names[static_cast<int>(dtype)];
}

// The enum is ordered so that the wider type of PyTorch's table is the larger value for every pair we have.
Dtype promote(Dtype a, Dtype b) { return std::max(a, b); }

}  // namespace cc
