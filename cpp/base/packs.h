// What kernels compute from weights alone (panels, transforms), kept with the weights from one call to the next.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/allocator.h"
#include "base/ref.h"

namespace cc {

// Says all that a pack depends on besides the contents of the weights at `from`.
struct PackKey {
    const char* what;  // a literal of the kernel's own
    const void* from;
    int64_t sizes[8];
};

// The packs of one block of memory in one state; any thread may find and keep.
class Packs : public Counted {
public:
    struct Pack {
        PackKey key;
        size_t bytes;
        void* data;
        Pack(const PackKey& key, size_t bytes) : key(key), bytes(bytes), data(allocate(bytes, MemoryUse::Pack)) {}
        ~Pack() { deallocate(data, bytes, MemoryUse::Pack); }
        Pack(const Pack&) = delete;
        Pack& operator=(const Pack&) = delete;
    };

    std::shared_ptr<Pack> find(const PackKey& key) const;
    void keep(std::shared_ptr<Pack> pack);  // filled; the first of one key stays
    // The same of something that counts its own memory; here the last of one key stays.
    Ref<Counted> find_object(const PackKey& key) const;
    void keep_object(const PackKey& key, Ref<Counted> object);

private:
    mutable std::mutex mutex_;
    std::vector<std::shared_ptr<Pack>> all_;
    std::vector<std::pair<PackKey, Ref<Counted>>> objects_;
};

// Memory for a pack: what an earlier call kept, or memory to fill, and then to keep().
template <class T>
class Packed {
public:
    Packed(Packs* packs, const PackKey& key, int64_t count)
        : packs_(packs), pack_(packs ? packs->find(key) : nullptr), filled_(pack_ != nullptr) {
        if (filled_) return;
        if (packs_)
            pack_ = std::make_shared<Packs::Pack>(key, static_cast<size_t>(count) * sizeof(T));
        else
            scratch_.emplace(count);
    }
    T* data() const { return pack_ ? static_cast<T*>(pack_->data) : scratch_->data(); }
    bool filled() const { return filled_; }
    void keep() {
        if (packs_ && !filled_) packs_->keep(pack_);
        filled_ = true;
    }

private:
    Packs* packs_;
    std::shared_ptr<Packs::Pack> pack_;
    std::optional<Scratch<T>> scratch_;
    bool filled_;
};

}  // namespace cc
