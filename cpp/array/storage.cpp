#include "array/storage.h"

#include <algorithm>
#include <mutex>

#include "base/allocator.h"

namespace cc {

Storage::Storage(size_t bytes) : data_(allocate(bytes, MemoryUse::Tensor)), bytes_(bytes) {}

Storage::Storage(void* data, size_t bytes, std::function<void()> release)
    : data_(data), bytes_(bytes), release_(std::move(release)) {}

Storage::Storage(size_t bytes, Ref<Deferred> contents) : data_(nullptr), bytes_(bytes), deferred_(std::move(contents)) {}

Storage::~Storage() {
    if (release_) {
        release_();
        return;
    }
    void* data = deferred_ ? deferred_->abandon() : data_;
    if (data) deallocate(data, bytes_, MemoryUse::Tensor);
}

namespace {

// Guards the packs and the readers of all storages, for moments.
std::mutex& lists_mutex() {
    static std::mutex& mutex = *new std::mutex;
    return mutex;
}

}  // namespace

uint64_t Storage::serial() const {
    static std::atomic<uint64_t> last{0};
    uint64_t serial = serial_.load(std::memory_order_relaxed);
    if (serial) return serial;
    const uint64_t fresh = last.fetch_add(1, std::memory_order_relaxed) + 1;
    return serial_.compare_exchange_strong(serial, fresh, std::memory_order_relaxed) ? fresh : serial;
}

void Storage::add_reader(Ref<Deferred> reader) {
    std::lock_guard lock(lists_mutex());
    readers_.erase(std::remove_if(readers_.begin(), readers_.end(), [](const Ref<Deferred>& r) { return r->over(); }),
                   readers_.end());
    readers_.push_back(std::move(reader));
    has_readers_.store(true, std::memory_order_relaxed);
}

void Storage::settle_readers() {
    std::vector<Ref<Deferred>> readers;
    {
        std::lock_guard lock(lists_mutex());
        readers.swap(readers_);
        has_readers_.store(false, std::memory_order_relaxed);
    }
    for (const Ref<Deferred>& reader : readers) reader->data();
}

void Storage::drop_packs() {
    std::lock_guard lock(lists_mutex());
    packs_ = nullptr;
    has_packs_.store(false, std::memory_order_relaxed);
}

Ref<Packs> Storage::packs() const {
    if (!cacheable()) return nullptr;
    std::lock_guard lock(lists_mutex());
    if (!packs_ || packs_key_ != cache_key()) {
        packs_ = make_ref<Packs>();
        packs_key_ = cache_key();
        has_packs_.store(true, std::memory_order_relaxed);
    }
    return packs_;
}

}  // namespace cc
