// Memory for tensors and scratch: 64-byte aligned, cached in size classes, counted by purpose.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cc {

enum class MemoryUse { Tensor, Pack, Workspace };

// Never returns null: MemoryError (naming bytes and purpose) after the cache was emptied and the system still refused.
void* allocate(size_t bytes, MemoryUse use);
void deallocate(void* data, size_t bytes, MemoryUse use) noexcept;

struct MemoryStats {
    int64_t tensors, packs, workspace;  // bytes in use
    int64_t cached;                     // bytes kept for reuse
    int64_t peak;                       // highest sum of bytes in use
};
MemoryStats memory_stats();
void reset_peak_memory();
void empty_cache();

// Scratch of one task: uninitialised, given back at the end of the scope.
template <class T>
class Scratch {
public:
    explicit Scratch(int64_t count)
        : bytes_(static_cast<size_t>(count) * sizeof(T)),
          data_(static_cast<T*>(allocate(bytes_, MemoryUse::Workspace))) {}
    ~Scratch() { deallocate(data_, bytes_, MemoryUse::Workspace); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    T* data() const { return data_; }
    T& operator[](int64_t i) const { return data_[i]; }

private:
    size_t bytes_;
    T* data_;
};

}  // namespace cc
