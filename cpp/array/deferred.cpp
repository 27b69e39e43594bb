#include "array/deferred.h"

#include "base/allocator.h"

namespace cc {

void* Deferred::data() {
    if (void* there = data_.load(std::memory_order_acquire)) return there;
    std::lock_guard lock(mutex_);
    if (over_) return data_.load(std::memory_order_relaxed);
    void* borrowed = borrow();
    void* out = borrowed ? borrowed : allocate(bytes_, MemoryUse::Tensor);
    try {
        compute(out);
    } catch (...) {
        if (!borrowed) deallocate(out, bytes_, MemoryUse::Tensor);
        throw;
    }
    over_ = true;
    data_.store(out, std::memory_order_release);
    release();
    return out;
}

void* Deferred::abandon() {
    std::lock_guard lock(mutex_);
    if (!over_) {
        unread();
        release();
    }
    over_ = true;
    return data_.load(std::memory_order_relaxed);
}

}  // namespace cc
