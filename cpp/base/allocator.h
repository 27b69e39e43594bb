// Memory for tensors and scratch: 64-byte aligned, cached in size classes, counted by purpose.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace cc {

enum class MemoryUse { Tensor, Pack, Workspace };

// Never returns null: MemoryError (naming bytes, purpose and op) where the request exceeds the machine's memory, or the
// system refuses even after the cache was emptied. No bytes are as good as any: the pointer is valid and to be given back.
void* allocate(size_t bytes, MemoryUse use);
void deallocate(void* data, size_t bytes, MemoryUse use) noexcept;

struct MemoryStats {
    int64_t tensors, packs, workspace;  // bytes in use
    int64_t cached;                     // bytes kept for reuse
    int64_t peak;                       // highest sum of bytes in use
};
MemoryStats memory_stats();
void reset_peak_memory();
int64_t workspace_peak();           // the most bytes of workspace in use since the last restart
int64_t restart_workspace_peak();   // to what is in use now, which it tells
void empty_cache();

int64_t cache_limit();             // bytes kept at most; at first a quarter of the memory, up to 2 GiB
void set_cache_limit(int64_t bytes);
void set_poison(bool on);          // fill new memory with NaN; on in builds with assertions
extern std::atomic<bool> poisoned;

// While it lives, a MemoryError of this thread names `op`.
class OpName {
public:
    explicit OpName(const char* op);
    ~OpName();
    OpName(const OpName&) = delete;
    OpName& operator=(const OpName&) = delete;

private:
    const char* previous_;
};

// Sanitizers and poison watch blocks of their own: then nothing is kept, or lies in the frame.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// Scratch of one task: uninitialised, given back at the end of the scope. A little lies in the frame, uncounted.
template <class T>
class Scratch {
public:
    explicit Scratch(int64_t count)
        : bytes_(size_of(count)), data_(reinterpret_cast<T*>(near_)) {
        if (bytes_ > sizeof near_ || kSanitized || poisoned.load(std::memory_order_relaxed))
            data_ = static_cast<T*>(allocate(bytes_, MemoryUse::Workspace));
    }
    ~Scratch() {
        if (data_ != reinterpret_cast<T*>(near_)) deallocate(data_, bytes_, MemoryUse::Workspace);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    T* data() const { return data_; }
    T& operator[](int64_t i) const { return data_[i]; }

private:
    static size_t size_of(int64_t count) {
        constexpr int64_t most = std::numeric_limits<int64_t>::max() / static_cast<int64_t>(sizeof(T));
        return count < 0 || count > most ? std::numeric_limits<size_t>::max() : static_cast<size_t>(count) * sizeof(T);
    }

    size_t bytes_;
    T* data_;
    alignas(64) char near_[256];
};

}  // namespace cc
