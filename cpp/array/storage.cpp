#include "array/storage.h"

#include <mutex>

#include "base/allocator.h"

namespace cc {

Storage::Storage(size_t bytes) : data_(allocate(bytes, MemoryUse::Tensor)), bytes_(bytes) {}

Storage::Storage(void* data, size_t bytes, std::function<void()> release)
    : data_(data), bytes_(bytes), release_(std::move(release)) {}

Storage::~Storage() {
    if (release_)
        release_();
    else
        deallocate(data_, bytes_, MemoryUse::Tensor);
}

namespace {

std::mutex& packs_mutex() {
    static std::mutex& mutex = *new std::mutex;
    return mutex;
}

}  // namespace

void Storage::drop_packs() {
    std::lock_guard lock(packs_mutex());
    packs_ = nullptr;
    has_packs_.store(false, std::memory_order_relaxed);
}

Ref<Packs> Storage::packs() const {
    if (!cacheable()) return nullptr;
    std::lock_guard lock(packs_mutex());
    if (!packs_ || packs_key_ != cache_key()) {
        packs_ = make_ref<Packs>();
        packs_key_ = cache_key();
        has_packs_.store(true, std::memory_order_relaxed);
    }
    return packs_;
}

}  // namespace cc
