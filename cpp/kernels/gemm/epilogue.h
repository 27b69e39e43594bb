// What may follow a sum of products, done while it is still in registers.
#pragma once

#include <stdint.h>

namespace cc {

// y = min(high, max(low, y·scale + shift (+ added))), scale and shift per channel of the result: in
// every bit what affine() (kernels/norm) makes of y in a pass of its own.
struct Epilogue {
    const void *scale, *shift;  // null: 1 and none
    const void* added;          // null, or laid out as the result
    double low, high;
};

template <class T>
struct EpilogueOf {
    const T *scale, *shift, *added;
    const T* result;  // what is stored at result + i has added[i] added
    T low, high;

    EpilogueOf from_column(int64_t j) const {
        return {scale ? scale + j : nullptr, shift ? shift + j : nullptr, added, result, low, high};
    }
};

// A kernel's own copy of the epilogue of a call, or of none.
template <class T>
class EpilogueFor {
public:
    EpilogueFor(const Epilogue* e, const void* result) : given_(e) {
        if (e)
            of_ = {static_cast<const T*>(e->scale), static_cast<const T*>(e->shift),
                   static_cast<const T*>(e->added), static_cast<const T*>(result),
                   static_cast<T>(e->low), static_cast<T>(e->high)};
    }
    const EpilogueOf<T>* get() const { return given_ ? &of_ : nullptr; }

private:
    bool given_;
    EpilogueOf<T> of_{};
};

}  // namespace cc
