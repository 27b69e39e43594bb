// A block of memory, its version and who else may write to it.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <vector>

#include "array/deferred.h"
#include "base/packs.h"
#include "base/ref.h"

namespace cc {

// Views, detach() and .data share one storage and so one version: every in-place write raises it, and whatever was computed
// from an older version (saved activations, packed weights) can tell. While a writable alias lives outside (numpy(), DLPack,
// foreign memory), writes go unseen, so nothing computed from the contents may be cached: cacheable() is false.
class Storage : public Counted {
public:
    explicit Storage(size_t bytes);
    Storage(void* data, size_t bytes, std::function<void()> release);  // foreign memory; release() gives it back
    Storage(size_t bytes, Ref<Deferred> contents);
    ~Storage() override;

    void* data() const { return deferred_ ? deferred_->data() : data_; }
    size_t bytes() const { return bytes_; }
    bool foreign() const { return static_cast<bool>(release_); }

    uint32_t version() const { return version_.load(std::memory_order_relaxed); }
    void bump_version() {
        version_.fetch_add(1, std::memory_order_relaxed);
        if (has_packs_.load(std::memory_order_relaxed)) drop_packs();
    }

    // The memory, if there are so many bytes of it and the caller alone holds the storage; else null.
    void* sole_data(size_t bytes) const { return !deferred_ && cacheable() && bytes_ == bytes && use_count() == 1 ? data_ : nullptr; }
    void give_up() { data_ = nullptr; }  // the memory is somebody else's from now on

    // Contents that are not computed yet, else null.
    Deferred* deferred() const { return deferred_ && deferred_->pending() ? deferred_.get() : nullptr; }
    // What the contents were, or are to be, computed by; null where no pass waited.
    Deferred* origin() const { return deferred_.get(); }
    uint64_t serial() const;  // no other storage has it
    // Whoever writes lets those go first that still read the old contents.
    void add_reader(Ref<Deferred> reader);
    void before_write() {
        if (has_readers_.load(std::memory_order_relaxed)) settle_readers();
    }

    void add_export() {
        before_write();
        exports_.fetch_add(1, std::memory_order_relaxed);
    }
    void drop_export() {
        ended_exports_.fetch_add(1, std::memory_order_relaxed);
        exports_.fetch_sub(1, std::memory_order_relaxed);
    }
    bool cacheable() const { return !foreign() && exports_.load(std::memory_order_relaxed) == 0; }
    // What a cache of something computed from the contents compares. An export may have written unseen, most only read: one that
    // ends changes this key, not the version, so that looking at a tensor with numpy() does not spoil a gradient.
    uint64_t cache_key() const {
        return uint64_t{ended_exports_.load(std::memory_order_relaxed)} << 32 | version();
    }

    // Where kernels keep what they compute from the contents as they are now; none where writes may go unseen.
    Ref<Packs> packs() const;

private:
    void drop_packs();
    void settle_readers();

    void* data_;
    size_t bytes_;
    mutable std::atomic<uint64_t> serial_{0};  // 0: nobody asked yet
    std::atomic<uint32_t> version_{0};
    std::atomic<int> exports_{0};
    std::atomic<uint32_t> ended_exports_{0};
    std::function<void()> release_;
    const Ref<Deferred> deferred_;
    std::atomic<bool> has_readers_{false};
    std::vector<Ref<Deferred>> readers_;
    mutable std::atomic<bool> has_packs_{false};
    mutable Ref<Packs> packs_;
    mutable uint64_t packs_key_ = 0;
};

}  // namespace cc
